#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("subtract/two", visml_subtract(ctx, NULL, &err), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    const visml_shape in[] = {*VISML_SHAPE(2, 3), *VISML_SHAPE(3, 2)};
    test_layer_refuses(visml_subtract(ctx, NULL, &err), in, 2, "input 2 is [3, 2], must be [2, 3] as the first");
    test_layer_refuses(visml_subtract(ctx, NULL, &err), in, 1, "has 1 inputs, must have 2");
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
