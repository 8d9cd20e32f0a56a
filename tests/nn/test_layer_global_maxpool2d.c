#include "support/layer_golden.h"
#include <math.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_global_maxpool2d(ctx, VISML_OPTS(visml_global_pool2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("global_maxpool2d/plain", visml_global_maxpool2d(ctx, NULL, &err), &err);
    test_layer_golden("global_maxpool2d/keepdims", LAYER(.keepdims = 1), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.keepdims = 0), VISML_SHAPE(3, 1, 2), VISML_INFERENCE, (float[]){1, -10, 3, -30, 2, -20}, (float[]){3, -10});
}

static void the_first_maximum_gets_the_gradient_and_nan_wins(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.keepdims = 0), 1, VISML_SHAPE(3, 1, 2), 1);
    memcpy(t.x[0], (float[]){5, 1, 7, NAN, 7, 9}, 6 * sizeof(float));
    memcpy(t.dy, (float[]){2, 3}, 2 * sizeof(float));
    test_layer_forward(&t, VISML_TRAINING);
    assert_true(t.y[0] == 7 && isnan(t.y[1]));
    test_layer_backward(&t);
    assert_memory_equal(t.dx[0], ((float[]){0, 0, 2, 3, 0, 0}), 6 * sizeof(float));
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.keepdims = 0), VISML_SHAPE(4, 4), 1, "input [4, 4] must be [height, width, channels]");
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
