#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#include <string.h>

#define LAYER(...) visml_sliding_window(ctx, VISML_OPTS(visml_sliding_window_opts, __VA_ARGS__), &err)

static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    test_layer_by_hand(LAYER(.window = {2}, .strides = {1, 2}), VISML_SHAPE(3, 4, 1), VISML_INFERENCE, x,
                       (float[]){1, 2, 5, 6, 3, 4, 7, 8, 5, 6, 9, 10, 7, 8, 11, 12});
    test_layer_by_hand(LAYER(.window = {3, 1}), VISML_SHAPE(3, 2, 2), VISML_INFERENCE, x, (float[]){1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12});
    test_layer_by_hand(visml_rows(ctx, NULL, &err), VISML_SHAPE(3, 2, 2), VISML_INFERENCE, x, x);
}

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("sliding_window/overlapping", LAYER(.window = {3, 2}, .strides = {2, 1}), &err);
}

static void shapes_are_sequences(void **state) {
    (void)state;
    visml_shape out;
    visml_layer *l = assert_made(LAYER(.window = {2, 3}), &err), *rows = assert_made(visml_rows(ctx, NULL, &err), &err);
    assert_ok(visml_layer_infer(l, VISML_SHAPE(7, 9, 4), 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(9, 24)));
    assert_ok(visml_layer_infer(rows, VISML_SHAPE(7, 9, 4), 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(7, 36)));
    visml_layer_free(l);
    visml_layer_free(rows);
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_null(visml_sliding_window(ctx, NULL, &err));
    test_layer_refuses(LAYER(.window = {8}), VISML_SHAPE(7, 9, 4), 1,
                       "window 8x8 does not fit input [7, 9, 4]; use padding=same or a smaller window");
    test_layer_refuses(LAYER(.window = {2}), VISML_SHAPE(7, 9), 1, "input [7, 9] must be [height, width, channels]");
    test_layer_refuses(visml_rows(ctx, NULL, &err), VISML_SHAPE(7, 9), 1, "input [7, 9] must be [height, width, channels]");
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
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(shapes_are_sequences),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
