#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_conv1d(ctx, VISML_OPTS(visml_conv1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("conv1d/plain", LAYER(.filters = 4, .kernel_size = 3), &err);
    test_layer_golden("conv1d/same", LAYER(.filters = 4, .kernel_size = 2, .padding = VISML_SAME, .strides = 2, .activation = VISML_RELU),
                      &err);
    test_layer_golden("conv1d/causal", LAYER(.filters = 3, .kernel_size = 3, .padding = VISML_CAUSAL, .dilation_rate = 2, .no_bias = 1),
                      &err);
    test_layer_golden("conv1d/causal_strides", LAYER(.filters = 3, .kernel_size = 4, .padding = VISML_CAUSAL, .strides = 3), &err);
    test_layer_golden("conv1d/groups", LAYER(.filters = 6, .kernel_size = 3, .groups = 2, .activation = VISML_TANH), &err);
}

/* Kernel 1 2, bias 1. */
static void values_by_hand(void **state) {
    (void)state;
    const visml_shape *in = VISML_SHAPE(4, 1);
    const float x[] = {1, 0, 2, 3};
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = 2), in, VISML_INFERENCE, x, (float[]){2, 5, 9});
    /* causal: nothing of what comes later */
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = 2, .padding = VISML_CAUSAL), in, VISML_INFERENCE, x, (float[]){3, 2, 5, 9});
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = 2, .padding = VISML_CAUSAL, .dilation_rate = 2, .no_bias = 1), in,
                       VISML_INFERENCE, x, (float[]){2, 0, 5, 6});
}

static void promises_shapes_and_fans(void **state) {
    (void)state;
    visml_shape out, in = *VISML_SHAPE(9, 6);
    visml_layer *l = assert_made(LAYER(.filters = 4, .kernel_size = 3, .strides = 2, .groups = 2, .padding = VISML_CAUSAL), &err);
    assert_ok(visml_layer_build(l, &in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(5, 4)));
    assert_int_equal(l->param_count, 2);
    assert_true(visml_shape_equal(&l->params[0].shape, VISML_SHAPE(3, 3, 4)));
    assert_int_equal(l->params[0].fan_in, 3 * 3);
    assert_int_equal(l->params[0].fan_out, 3 * 4);
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = 5), VISML_SHAPE(3, 32), 1,
                       "kernel 5 does not fit input [3, 32]; use padding=same or a smaller kernel");
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = 2, .dilation_rate = 4), VISML_SHAPE(4, 1), 1,
                       "kernel 2 (dilated to 5) does not fit input [4, 1]; use padding=same or a smaller kernel");
    test_layer_refuses(LAYER(.filters = 4, .kernel_size = 1, .groups = 2), VISML_SHAPE(4, 3), 1,
                       "input [4, 3] has 3 channels, must be a multiple of groups, 2");
    test_layer_refuses(LAYER(.filters = 4, .kernel_size = 1), VISML_SHAPE(4, 4, 3), 1, "input [4, 4, 3] must be [steps, channels]");
    assert_null(LAYER(.filters = 5, .kernel_size = 1, .groups = 2));
    assert_string_equal(err.message, "conv1d: filters is 5, must be a multiple of groups, 2");
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
