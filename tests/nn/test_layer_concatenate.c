#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_concatenate(ctx, VISML_OPTS(visml_concatenate_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("concatenate/last", visml_concatenate(ctx, NULL, &err), &err);
    test_layer_golden("concatenate/first", LAYER(.axis = 1), &err);
    test_layer_golden("concatenate/middle", LAYER(.axis = -2), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    const visml_shape in[] = {*VISML_SHAPE(2, 3), *VISML_SHAPE(3, 3), *VISML_SHAPE(3, 2)};
    test_layer_refuses(LAYER(.axis = 1), in, 3, "input 3 is [3, 2], may differ from the first, [2, 3], along axis 1 only");
    test_layer_refuses(LAYER(.axis = 3), in, 2, "axis is 3, must be -2 to -1 or 1 to 2 for input [2, 3]");
    test_layer_refuses(LAYER(.axis = -3), in, 2, "axis is -3, must be -2 to -1 or 1 to 2 for input [2, 3]");
    const visml_shape ranks[] = {*VISML_SHAPE(2, 3), *VISML_SHAPE(2, 3, 1)};
    test_layer_refuses(LAYER(.axis = 1), ranks, 2, "input 2 is [2, 3, 1], may differ from the first, [2, 3], along axis 1 only");
    visml_shape vast[40];
    for (int i = 0; i < 40; i++)
        vast[i] = *VISML_SHAPE(1LL << 58);
    test_layer_refuses(LAYER(.axis = 1), vast, 40, "the inputs together are longer than can be addressed");
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
