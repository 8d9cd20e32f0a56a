#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_separable_conv2d(ctx, VISML_OPTS(visml_separable_conv2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("separable_conv2d/plain", LAYER(.filters = 5, .kernel_size = {3}), &err);
    test_layer_golden("separable_conv2d/multiplier", LAYER(.filters = 4, .kernel_size = {2, 3}, .padding = VISML_SAME,
                                                           .depth_multiplier = 2, .activation = VISML_RELU), &err);
    test_layer_golden("separable_conv2d/strides",
                      LAYER(.filters = 3, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME, .no_bias = 1), &err);
    test_layer_golden("separable_conv2d/dilation",
                      LAYER(.filters = 3, .kernel_size = {2}, .dilation_rate = {2}, .activation = VISML_SIGMOID), &err);
}

/* Two channels with the kernels 1 3 and 2 4; then 1 of the first and 2 of the second; bias 1. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = {1, 2}), VISML_SHAPE(1, 3, 2), VISML_INFERENCE,
                       (float[]){1, 10, 2, 20, 3, 30}, (float[]){7 + 2 * 100 + 1, 11 + 2 * 160 + 1});
}

static void promises_shapes_and_fans(void **state) {
    (void)state;
    visml_shape out, in = *VISML_SHAPE(7, 8, 6);
    visml_layer *l = assert_made(LAYER(.filters = 5, .kernel_size = {3, 2}, .strides = {2, 3}, .depth_multiplier = 4), &err);
    assert_ok(visml_layer_build(l, &in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(3, 3, 5)));
    assert_int_equal(l->param_count, 3);
    assert_string_equal(l->params[0].name, "depthwise_kernel");
    assert_true(visml_shape_equal(&l->params[0].shape, VISML_SHAPE(3, 2, 6, 4)));
    assert_int_equal(l->params[0].fan_in, 3 * 2 * 6);
    assert_int_equal(l->params[0].fan_out, 3 * 2 * 4);
    assert_string_equal(l->params[1].name, "pointwise_kernel");
    assert_true(visml_shape_equal(&l->params[1].shape, VISML_SHAPE(1, 1, 24, 5)));
    assert_int_equal(l->params[1].fan_in, 24);
    assert_int_equal(l->params[1].fan_out, 5);
    assert_int_equal(visml_layer_bias(l), 2);
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = {5}), VISML_SHAPE(3, 3, 32), 1,
                       "kernel 5x5 does not fit input [3, 3, 32]; use padding=same or a smaller kernel");
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = {1}), VISML_SHAPE(4, 4), 1, "input [4, 4] must be [height, width, channels]");
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = {1}, .depth_multiplier = 2147483647), VISML_SHAPE(1 << 20, 1 << 10, 1 << 10), 1,
                       "result of the depthwise convolution: [1048576, 1024, 2199023254528] has more elements than can be addressed");
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
