#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_flatten(ctx, VISML_OPTS(visml_plain_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("flatten/plain", visml_flatten(ctx, NULL, &err), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    const visml_shape two[] = {*VISML_SHAPE(2), *VISML_SHAPE(2)};
    test_layer_refuses(LAYER(.name = "f"), two, 2, "has 2 inputs, must have 1");
    test_layer_refuses(LAYER(.name = "f"), VISML_SHAPE(1, 1, 1, 1, 1, 1, 1, 1), 1,
                       "input [1, 1, 1, 1, 1, 1, 1, 1] must have 1 to 7 dimensions");
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
