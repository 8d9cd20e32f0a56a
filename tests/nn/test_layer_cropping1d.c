#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_cropping1d(ctx, VISML_OPTS(visml_cropping1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("cropping1d/plain", visml_cropping1d(ctx, NULL, &err), &err);
    test_layer_golden("cropping1d/each", LAYER(.cropping = {3, 0}), &err);
}

static void something_must_be_left(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.cropping = {1, 2}), VISML_SHAPE(3, 1), 1, "nothing is left of input [3, 1]; cropping must take away less");
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
        cmocka_unit_test(something_must_be_left),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
