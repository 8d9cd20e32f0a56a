#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_prelu(ctx, VISML_OPTS(visml_prelu_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("prelu/plain", visml_prelu(ctx, NULL, &err), &err);
    test_layer_golden("prelu/channels", LAYER(.shared_axes = {1, 2}), &err);
    test_layer_golden("prelu/places", LAYER(.shared_axes = {3}), &err);
    test_layer_golden("prelu/every_other", LAYER(.shared_axes = {2}), &err);
    test_layer_golden("prelu/one", LAYER(.shared_axes = {1, 2, 3}), &err);
}

/* Slopes 1, 2, ... in the order of the elements, and one for all. */
static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {-2, -3, 4};
    test_layer_by_hand(visml_prelu(ctx, NULL, &err), VISML_SHAPE(3), VISML_INFERENCE, x, (float[]){-2, -6, 4});
    test_layer_by_hand(LAYER(.shared_axes = {1}), VISML_SHAPE(3), VISML_INFERENCE, x, (float[]){-2, -3, 4});
}

static void alpha_starts_as_asked(void **state) {
    (void)state;
    for (int ones = 0; ones < 2; ones++) {
        test_layer t;
        test_layer_open(&t, LAYER(.alpha_initializer = ones ? VISML_INIT_ONES : VISML_INIT_DEFAULT), 1, VISML_SHAPE(3, 2), 1);
        assert_int_equal(test_layer_param_count(&t, 0), 6);
        for (int i = 0; i < 6; i++)
            assert_true(t.params[0][i] == (float)ones);
        test_layer_close(&t);
    }
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.shared_axes = {1, 3}), VISML_SHAPE(4, 5), 1, "shared_axes holds 3, must hold 1 to 2 for input [4, 5]");
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
        cmocka_unit_test(alpha_starts_as_asked),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
