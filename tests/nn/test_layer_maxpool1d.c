#include "support/layer_golden.h"
#include <math.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_maxpool1d(ctx, VISML_OPTS(visml_pool1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("maxpool1d/plain", visml_maxpool1d(ctx, NULL, &err), &err);
    test_layer_golden("maxpool1d/same", LAYER(.pool_size = 3, .strides = 2, .padding = VISML_SAME), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {-4, -1, -2, -3, -9};
    test_layer_by_hand(LAYER(.strides = 0), VISML_SHAPE(5, 1), VISML_INFERENCE, x, (float[]){-1, -2});
    /* zeros of the padding do not take part */
    test_layer_by_hand(LAYER(.strides = 1, .padding = VISML_SAME), VISML_SHAPE(5, 1), VISML_INFERENCE, x, (float[]){-1, -1, -2, -3, -9});
}

static void the_first_maximum_gets_the_gradient_and_nan_wins(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.pool_size = 3), 1, VISML_SHAPE(6, 1), 1);
    memcpy(t.x[0], (float[]){5, 7, 7, 1, NAN, 9}, 6 * sizeof(float));
    memcpy(t.dy, (float[]){2, 3}, 2 * sizeof(float));
    test_layer_forward(&t, VISML_TRAINING);
    assert_true(t.y[0] == 7 && isnan(t.y[1]));
    test_layer_backward(&t);
    assert_memory_equal(t.dx[0], ((float[]){0, 2, 0, 0, 3, 0}), 6 * sizeof(float));
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.pool_size = 4), VISML_SHAPE(3, 1), 1, "pool 4 does not fit input [3, 1]; use padding=same or a smaller pool");
    test_layer_refuses(LAYER(.pool_size = 4), VISML_SHAPE(8, 8, 1), 1, "input [8, 8, 1] must be [steps, channels]");
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
        cmocka_unit_test(the_first_maximum_gets_the_gradient_and_nan_wins),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
