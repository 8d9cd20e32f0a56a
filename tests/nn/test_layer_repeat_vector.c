#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_repeat_vector(ctx, VISML_OPTS(visml_repeat_vector_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("repeat_vector/plain", LAYER(.n = 4), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.n = 2), VISML_SHAPE(3, 1), 1, "input [3, 1] must have one dimension");
    assert_null(visml_repeat_vector(ctx, NULL, &err));
    assert_string_equal(err.message, "repeat_vector: n is not set; it is required, at least 1");
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
