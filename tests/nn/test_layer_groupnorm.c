#include "support/layer_golden.h"
#include <math.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_groupnorm(ctx, VISML_OPTS(visml_groupnorm_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("groupnorm/plain", visml_groupnorm(ctx, NULL, &err), &err);
    test_layer_golden("groupnorm/three", LAYER(.groups = 3, .epsilon = 0.1), &err);
    test_layer_golden("groupnorm/instance", LAYER(.groups = -1, .no_center = 1), &err);
    test_layer_golden("groupnorm/one", LAYER(.groups = 1, .no_scale = 1), &err);
    test_layer_golden("groupnorm/bare", LAYER(.groups = 2, .no_center = 1, .no_scale = 1), &err);
}

/* gamma and beta are {1, 2}. */
static void values_by_hand(void **state) {
    (void)state;
    /* of each channel: means 2 and 20 */
    test_layer_by_hand(LAYER(.epsilon = 1e-30, .groups = 2), VISML_SHAPE(2, 2), VISML_INFERENCE, (float[]){1, 10, 3, 30},
                       (float[]){-1 + 1, -2 + 2, 1 + 1, 2 + 2});
    /* of both: mean 2, variance 1 */
    test_layer_by_hand(LAYER(.epsilon = 3, .groups = 1), VISML_SHAPE(2, 2), VISML_TRAINING, (float[]){1, 3, 3, 1},
                       (float[]){-0.5f + 1, 1 + 2, 0.5f + 1, -1 + 2});
}

static void a_constant_group_stays_finite(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.groups = 1), 1, VISML_SHAPE(3, 2), 1);
    for (int i = 0; i < 6; i++)
        t.x[0][i] = 1e6f;
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    for (int i = 0; i < 6; i++)
        assert_true(fabsf(t.y[i]) <= 4 && isfinite(t.dx[0][i])); /* 1e6 in float32 is known to 0.06, times 1 / sqrt(1e-3) */
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(visml_groupnorm(ctx, NULL, &err), VISML_SHAPE(4, 4, 48), 1,
                       "input [4, 4, 48] has 48 channels, must be a multiple of groups, 32");
    test_layer_refuses(LAYER(.groups = 7), VISML_SHAPE(6), 1, "input [6] has 6 channels, must be a multiple of groups, 7");
    assert_null(LAYER(.groups = -2));
    assert_string_equal(err.message, "group_normalization: groups is -2, must be at least -1");
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
        cmocka_unit_test(a_constant_group_stays_finite),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
