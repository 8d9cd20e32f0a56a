#include "support/layer_golden.h"
#include <math.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("maximum/three", visml_maximum(ctx, NULL, &err), &err);
    test_layer_golden("maximum/two", visml_maximum(ctx, NULL, &err), &err);
}

static void mistakes_are_named(void **state) {
    (void)state;
    const visml_shape in[] = {*VISML_SHAPE(2, 3), *VISML_SHAPE(3, 2)};
    test_layer_refuses(visml_maximum(ctx, NULL, &err), in, 2, "input 2 is [3, 2], must be [2, 3] as the first");
    test_layer_refuses(visml_maximum(ctx, NULL, &err), in, 1, "has 1 inputs, must have 2 to 64");
}

/* Equal inputs, one that is larger, and a NaN. */
static void ties_go_to_the_first(void **state) {
    (void)state;
    test_layer t;
    const visml_shape in[] = {*VISML_SHAPE(4), *VISML_SHAPE(4), *VISML_SHAPE(4)};
    const float x[3][4] = {{1, 0, 5, 0}, {1, 2, 5, NAN}, {1, 2, 1, 3}};
    const float want[3][4] = {{7, 0, 7, 0}, {0, 7, 0, 7}, {0, 0, 0, 0}};
    test_layer_open(&t, visml_maximum(ctx, NULL, &err), 1, in, 3);
    for (int i = 0; i < 3; i++)
        memcpy(t.x[i], x[i], sizeof x[i]);
    for (int i = 0; i < 4; i++)
        t.dy[i] = 7;
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    assert_true(t.y[0] == 1 && t.y[1] == 2 && t.y[2] == 5 && isnan(t.y[3]));
    for (int i = 0; i < 3; i++)
        assert_memory_equal(t.dx[i], want[i], sizeof want[i]);
    test_layer_close(&t);
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
        cmocka_unit_test(ties_go_to_the_first),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
