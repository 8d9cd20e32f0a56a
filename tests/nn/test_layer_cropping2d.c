#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_cropping2d(ctx, VISML_OPTS(visml_cropping2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("cropping2d/plain", visml_cropping2d(ctx, NULL, &err), &err);
    test_layer_golden("cropping2d/each", LAYER(.cropping = {2, 1, 0, 3}), &err);
}

static void something_must_be_left(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.cropping = {1, 2}), VISML_SHAPE(3, 3, 1), 1,
                       "nothing is left of input [3, 3, 1]; cropping must take away less");
    test_layer_refuses(LAYER(.cropping = {0, 0, INT32_MAX, INT32_MAX}), VISML_SHAPE(3, 3, 1), 1,
                       "nothing is left of input [3, 3, 1]; cropping must take away less");
    test_layer_refuses(LAYER(.cropping = {1}), VISML_SHAPE(3), 1, "input [3] must have three dimensions: height, width and channels");
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
        cmocka_unit_test(something_must_be_left),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
