#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_avgpool1d(ctx, VISML_OPTS(visml_pool1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("avgpool1d/plain", LAYER(.pool_size = 3, .strides = 1), &err);
    test_layer_golden("avgpool1d/same", LAYER(.pool_size = 3, .strides = 2, .padding = VISML_SAME), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {4, 2, 8, 6, 9};
    test_layer_by_hand(LAYER(.strides = 0), VISML_SHAPE(5, 1), VISML_INFERENCE, x, (float[]){3, 7});
    /* the padding does not count */
    test_layer_by_hand(LAYER(.strides = 1, .padding = VISML_SAME), VISML_SHAPE(5, 1), VISML_INFERENCE, x, (float[]){3, 5, 7, 7.5f, 9});
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.pool_size = 4), VISML_SHAPE(3, 1), 1, "pool 4 does not fit input [3, 1]; use padding=same or a smaller pool");
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
