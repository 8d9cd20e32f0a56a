#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define CONV2D(...) visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("conv2d/plain", CONV2D(.filters = 4, .kernel_size = {3}), &err);
    test_layer_golden("conv2d/same", CONV2D(.filters = 4, .kernel_size = {2, 3}, .padding = VISML_SAME, .activation = VISML_RELU), &err);
    test_layer_golden("conv2d/strides", CONV2D(.filters = 3, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME, .no_bias = 1),
                      &err);
    test_layer_golden("conv2d/strides_valid",
                      CONV2D(.filters = 3, .kernel_size = {3, 2}, .strides = {2, 3}, .activation = VISML_TANH), &err);
    test_layer_golden("conv2d/dilation", CONV2D(.filters = 3, .kernel_size = {3}, .dilation_rate = {2}, .padding = VISML_SAME), &err);
    test_layer_golden("conv2d/groups", CONV2D(.filters = 6, .kernel_size = {3}, .groups = 2, .activation = VISML_SIGMOID), &err);
    test_layer_golden("conv2d/one", CONV2D(.filters = 5, .kernel_size = {1}, .activation = VISML_SOFTMAX), &err);
    test_layer_golden("conv2d/gelu", CONV2D(.filters = 4, .kernel_size = {3}, .activation = VISML_GELU), &err);
}

/* Kernel 1 2 / 3 4, bias 1: the window's corners are weighted by their place. */
static void values_by_hand(void **state) {
    (void)state;
    const visml_shape *in = VISML_SHAPE(2, 3, 1);
    const float x[] = {1, 0, 2, 0, 1, 3};
    test_layer_by_hand(CONV2D(.filters = 1, .kernel_size = {2}), in, VISML_INFERENCE, x, (float[]){1 + 4 + 1, 4 + 3 + 12 + 1});
    /* same: the odd zero goes to the bottom and right */
    test_layer_by_hand(CONV2D(.filters = 1, .kernel_size = {2}, .padding = VISML_SAME, .no_bias = 1), in, VISML_INFERENCE, x,
                       (float[]){1 + 4, 4 + 3 + 12, 2 + 9, 2, 1 + 6, 3});
}

static void promises_shapes_and_fans(void **state) {
    (void)state;
    visml_shape out, in = *VISML_SHAPE(7, 8, 6);
    visml_layer *l = assert_made(CONV2D(.filters = 4, .kernel_size = {3, 2}, .strides = {2, 3}, .groups = 2), &err);
    assert_ok(visml_layer_build(l, &in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(3, 3, 4)));
    assert_int_equal(l->param_count, 2);
    assert_true(visml_shape_equal(&l->params[0].shape, VISML_SHAPE(3, 2, 3, 4)));
    assert_int_equal(l->params[0].fan_in, 3 * 2 * 3);
    assert_int_equal(l->params[0].fan_out, 3 * 2 * 4);
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(CONV2D(.filters = 1, .kernel_size = {5}), VISML_SHAPE(3, 3, 32), 1,
                       "kernel 5x5 does not fit input [3, 3, 32]; use padding=same or a smaller kernel");
    test_layer_refuses(CONV2D(.filters = 1, .kernel_size = {2}, .dilation_rate = {1, 4}), VISML_SHAPE(4, 4, 1), 1,
                       "kernel 2x2 (dilated to 2x5) does not fit input [4, 4, 1]; use padding=same or a smaller kernel");
    test_layer_refuses(CONV2D(.filters = 4, .kernel_size = {1}, .groups = 2), VISML_SHAPE(4, 4, 3), 1,
                       "input [4, 4, 3] has 3 channels, must be a multiple of groups, 2");
    test_layer_refuses(CONV2D(.filters = 4, .kernel_size = {1}), VISML_SHAPE(16), 1, "input [16] must be [height, width, channels]");
    test_layer_refuses(CONV2D(.filters = 2147483647, .kernel_size = {2147483647}, .padding = VISML_SAME), VISML_SHAPE(4, 4, 1), 1,
                       "kernel: [2147483647, 2147483647, 1, 2147483647] has more elements than can be addressed");
    assert_null(CONV2D(.filters = 5, .kernel_size = {1}, .groups = 2));
    assert_string_equal(err.message, "conv2d: filters is 5, must be a multiple of groups, 2");
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
        cmocka_unit_test(promises_shapes_and_fans),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
