#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_reshape(ctx, VISML_OPTS(visml_reshape_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("reshape/plain", LAYER(.target_shape = {3, -1, 2}), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.target_shape = {5, 2}), VISML_SHAPE(4, 3), 1,
                       "target_shape [5, 2] does not fit input [4, 3], which has 12 elements");
    test_layer_refuses(LAYER(.target_shape = {5, -1}), VISML_SHAPE(4, 3), 1,
                       "target_shape [5, -1] does not fit input [4, 3], which has 12 elements");
    test_layer_refuses(LAYER(.target_shape = {1LL << 40, 1LL << 40}), VISML_SHAPE(4), 1,
                       "target_shape [1099511627776, 1099511627776] does not fit input [4], which has 4 elements");
    assert_null(LAYER(.target_shape = {-1, 2, -1}));
    assert_string_equal(err.message, "reshape: target_shape is [-1, 2, -1], must hold -1 only once");
    assert_null(visml_reshape(ctx, NULL, &err));
    assert_string_equal(err.message, "reshape: target_shape is empty; at least one number is required");
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
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
