#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_zero_padding1d(ctx, VISML_OPTS(visml_zero_padding1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("zero_padding1d/plain", visml_zero_padding1d(ctx, NULL, &err), &err);
    test_layer_golden("zero_padding1d/each", LAYER(.padding = {0, 3}), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.padding = {1}), VISML_SHAPE(2, 3, 4), 1, "input [2, 3, 4] must have two dimensions: time steps and channels");
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
