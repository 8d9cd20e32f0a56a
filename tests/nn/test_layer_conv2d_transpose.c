#include "support/layer_golden.h"
#include <stdlib.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_conv2d_transpose(ctx, VISML_OPTS(visml_conv2d_transpose_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("conv2d_transpose/plain", LAYER(.filters = 4, .kernel_size = {3}), &err);
    test_layer_golden("conv2d_transpose/strides", LAYER(.filters = 3, .kernel_size = {3, 2}, .strides = {2}, .activation = VISML_RELU),
                      &err);
    test_layer_golden("conv2d_transpose/past", LAYER(.filters = 3, .kernel_size = {2}, .strides = {3}, .no_bias = 1), &err);
    test_layer_golden("conv2d_transpose/same",
                      LAYER(.filters = 4, .kernel_size = {3}, .padding = VISML_SAME, .activation = VISML_SOFTMAX), &err);
    test_layer_golden("conv2d_transpose/same_strides",
                      LAYER(.filters = 4, .kernel_size = {4, 3}, .strides = {2}, .padding = VISML_SAME), &err);
    test_layer_golden("conv2d_transpose/dilation", LAYER(.filters = 2, .kernel_size = {3}, .dilation_rate = {2}), &err);
    test_layer_golden("conv2d_transpose/wide", LAYER(.filters = 17, .kernel_size = {3}, .padding = VISML_SAME), &err);
}

static void agrees_with_keras_in_its_output_padding(void **state) {
    (void)state;
    test_layer_golden("conv2d_transpose/output_padding",
                      LAYER(.filters = 2, .kernel_size = {3}, .strides = {3}, .padding = VISML_SAME, .output_padding = {1}), &err);
    test_layer_golden("conv2d_transpose/no_output_padding",
                      LAYER(.filters = 2, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME, .output_padding = {VISML_ZERO}), &err);
    test_layer_golden("conv2d_transpose/valid_output_padding",
                      LAYER(.filters = 2, .kernel_size = {2, 3}, .strides = {3}, .output_padding = {VISML_ZERO}), &err);
}

/* Kernel 1 2 / 3 4, bias 1: each input spreads it over the output. */
static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {1, 10};
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = {2}), VISML_SHAPE(1, 2, 1), VISML_INFERENCE, x,
                       (float[]){2, 1 + 2 + 10, 21, 4, 1 + 4 + 30, 41});
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = {2}, .strides = {2}, .no_bias = 1), VISML_SHAPE(1, 2, 1), VISML_INFERENCE, x,
                       (float[]){1, 2, 10, 20, 3, 4, 30, 40});
    /* places that no window reaches hold the bias */
    test_layer_by_hand(LAYER(.filters = 1, .kernel_size = {1}, .strides = {2}), VISML_SHAPE(1, 2, 1), VISML_INFERENCE, x,
                       (float[]){2, 1, 11, 1, 1, 1, 1, 1});
}

static void out_of(visml_layer *layer, const visml_shape *in, const visml_shape *want) {
    visml_shape out;
    assert_made(layer, &err);
    assert_ok(visml_layer_build(layer, in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, want));
    visml_layer_free(layer);
}

static void promises_shapes_and_fans(void **state) {
    (void)state;
    visml_shape out, in = *VISML_SHAPE(7, 8, 6);
    visml_layer *l = assert_made(LAYER(.filters = 4, .kernel_size = {3, 2}, .strides = {2, 3}), &err);
    assert_ok(visml_layer_build(l, &in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(15, 24, 4)));
    assert_true(visml_shape_equal(&l->params[0].shape, VISML_SHAPE(3, 2, 4, 6)));
    assert_int_equal(l->params[0].fan_in, 3 * 2 * 4);
    assert_int_equal(l->params[0].fan_out, 3 * 2 * 6);
    visml_layer_free(l);
    out_of(LAYER(.filters = 4, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME), &in, VISML_SHAPE(14, 16, 4));
    out_of(LAYER(.filters = 4, .kernel_size = {3}, .strides = {2}, .padding = VISML_SAME, .output_padding = {VISML_ZERO}), &in,
           VISML_SHAPE(13, 15, 4));
    out_of(LAYER(.filters = 4, .kernel_size = {2}, .strides = {3}, .output_padding = {1, 2}), &in, VISML_SHAPE(21, 25, 4));
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.filters = 4, .kernel_size = {1}), VISML_SHAPE(16), 1, "input [16] must be [height, width, channels]");
    test_layer_refuses(LAYER(.filters = 4, .kernel_size = {2}, .padding = VISML_SAME, .output_padding = {VISML_ZERO}), VISML_SHAPE(1, 4, 3),
                       1, "output_padding 0x0 leaves nothing of input [1, 4, 3]; leave it out or use padding=valid");
    test_layer_refuses(LAYER(.filters = 1, .kernel_size = {1}, .strides = {2147483647}), VISML_SHAPE(1LL << 32, 1, 1), 1,
                       "input [4294967296, 1, 1] with strides 2147483647x2147483647 gives more elements than can be addressed");
    assert_null(LAYER(.filters = 1, .kernel_size = {3}, .strides = {2}, .output_padding = {1, 2}));
    assert_string_equal(err.message, "conv2d_transpose: output_padding[1] is 2, must be less than strides[1], 2");
    assert_null(LAYER(.filters = 1, .kernel_size = {3}, .strides = {2}, .output_padding = {0, 1}));
    assert_string_equal(err.message,
                        "conv2d_transpose: output_padding[0] is not set and output_padding[1] is; set both or none");
    assert_null(LAYER(.filters = 1, .kernel_size = {3}, .strides = {2}, .output_padding = {0.5}));
    assert_string_equal(err.message, "conv2d_transpose: output_padding[0] is 0.5, must be a whole number");
}

/* A 0 that is written down is meant. */
static void zero_in_json_is_not_the_default(void **state) {
    (void)state;
    visml_layer *l = assert_made(LAYER(.filters = 1, .kernel_size = {3}, .strides = {2}, .output_padding = {VISML_ZERO}), &err), *again;
    json_t *object = visml_layer_to_json(l);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_non_null(strstr(text, "\"output_padding\":[0.0,0.0]"));
    again = assert_made(visml_layer_from_json(ctx, object, NULL, &err), &err);
    assert_memory_equal(l->opts, again->opts, sizeof(visml_conv2d_transpose_opts));
    free(text);
    json_decref(object);
    visml_layer_free(again);
    visml_layer_free(l);
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
        cmocka_unit_test(agrees_with_keras_in_its_output_padding),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(promises_shapes_and_fans),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(zero_in_json_is_not_the_default),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
