#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_global_avgpool1d(ctx, VISML_OPTS(visml_global_pool1d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("global_avgpool1d/plain", visml_global_avgpool1d(ctx, NULL, &err), &err);
    test_layer_golden("global_avgpool1d/keepdims", LAYER(.keepdims = 1), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.keepdims = 0), VISML_SHAPE(3, 2), VISML_INFERENCE, (float[]){1, 10, 3, 30, 5, 20}, (float[]){3, 20});
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.keepdims = 0), VISML_SHAPE(4), 1, "input [4] must be [steps, channels]");
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
