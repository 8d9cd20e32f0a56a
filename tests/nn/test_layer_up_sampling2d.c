#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_up_sampling2d(ctx, VISML_OPTS(visml_up_sampling2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("up_sampling2d/plain", visml_up_sampling2d(ctx, NULL, &err), &err);
    test_layer_golden("up_sampling2d/sizes", LAYER(.sizes = {3, 1}), &err);
    test_layer_golden("up_sampling2d/one_channel", LAYER(.sizes = {2, 3}), &err);
    test_layer_golden("up_sampling2d/bilinear", LAYER(.interpolation = VISML_UP_BILINEAR), &err);
    test_layer_golden("up_sampling2d/bilinear_sizes", LAYER(.sizes = {3, 4}, .interpolation = VISML_UP_BILINEAR), &err);
    test_layer_golden("up_sampling2d/bilinear_one", LAYER(.sizes = {5}, .interpolation = VISML_UP_BILINEAR), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.sizes = {1, 2}), VISML_SHAPE(1, 2, 1), VISML_INFERENCE, (float[]){1, 5}, (float[]){1, 1, 5, 5});
    test_layer_by_hand(LAYER(.sizes = {1, 2}, .interpolation = VISML_UP_BILINEAR), VISML_SHAPE(1, 2, 1), VISML_INFERENCE,
                       (float[]){1, 5}, (float[]){1, 2, 4, 5});
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.sizes = {2}), VISML_SHAPE(3), 1, "input [3] must have three dimensions: height, width and channels");
    test_layer_refuses(LAYER(.sizes = {INT32_MAX}), VISML_SHAPE(1LL << 40, 1, 1), 1,
                       "input [1099511627776, 1, 1] times sizes is more than can be addressed");
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
