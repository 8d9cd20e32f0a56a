#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_zero_padding2d(ctx, VISML_OPTS(visml_zero_padding2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("zero_padding2d/plain", visml_zero_padding2d(ctx, NULL, &err), &err);
    test_layer_golden("zero_padding2d/each", LAYER(.padding = {2, 0, 1, 3}), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.padding = {1}), VISML_SHAPE(2, 3), 1,
                       "input [2, 3] must have three dimensions: height, width and channels");
    assert_null(LAYER(.padding = {0, -1}));
    assert_string_equal(err.message, "zero_padding2d: padding[1] is -1, must be at least 0");
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
