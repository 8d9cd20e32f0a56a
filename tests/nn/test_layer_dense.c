#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_dense(ctx, VISML_OPTS(visml_dense_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("dense/plain", LAYER(.units = 5), &err);
    test_layer_golden("dense/rank3", LAYER(.units = 4, .activation = VISML_LEAKY_RELU, .no_bias = 1), &err);
    test_layer_golden("dense/softmax", LAYER(.units = 4, .activation = VISML_SOFTMAX), &err);
    test_layer_golden("dense/log_softmax", LAYER(.units = 5, .activation = VISML_LOG_SOFTMAX), &err);
}

/* kernel 1 2 / 3 4 / 5 6, bias 1 2 */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.units = 2), VISML_SHAPE(3), VISML_INFERENCE, (float[]){1, 0, 2}, (float[]){12, 16});
    test_layer_by_hand(LAYER(.units = 2, .activation = VISML_RELU), VISML_SHAPE(3), VISML_INFERENCE, (float[]){1, 0, -1}, (float[]){0, 0});
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_null(visml_dense(ctx, NULL, &err));
    assert_string_equal(err.message, "dense: units is not set; it is required, at least 1");
    test_layer_refuses(LAYER(.units = 4, .bias_initializer = VISML_INIT_ORTHOGONAL), VISML_SHAPE(3), 1,
                       "bias_initializer is orthogonal, which needs two dimensions or more; bias is [4]");
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
