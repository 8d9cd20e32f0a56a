#include "support/layer_golden.h"
#include <math.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_batchnorm(ctx, VISML_OPTS(visml_batchnorm_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("batchnorm/plain", visml_batchnorm(ctx, NULL, &err), &err);
    test_layer_golden("batchnorm/bare", LAYER(.no_center = 1, .no_scale = 1, .momentum = 0.8, .epsilon = 0.1), &err);
    test_layer_golden("batchnorm/first", LAYER(.axis = 1), &err);
    test_layer_golden("batchnorm/middle", LAYER(.axis = -2, .momentum = 0.7, .no_scale = 1), &err);
}

/* gamma, beta, moving mean and moving variance are all {1, 2}. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.epsilon = 2), VISML_SHAPE(2, 2), VISML_INFERENCE, (float[]){1, 2, 4, 8},
                       (float[]){1, 2, 1 + 3 / sqrtf(3), 2 + 2 * 6 / sqrtf(4)});
    /* the batch: means 2 and 20, variances 1 and 100 */
    test_layer_by_hand(LAYER(.epsilon = 1e-30), VISML_SHAPE(2, 2), VISML_TRAINING, (float[]){1, 10, 3, 30}, (float[]){0, 0, 2, 4});
}

static void momentum_of_zero_keeps_the_last_batch_alone(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.momentum = VISML_ZERO), 2, VISML_SHAPE(1), 1);
    t.x[0][0] = 4;
    t.x[0][1] = 8;
    test_layer_forward(&t, VISML_TRAINING);
    assert_true(t.params[2][0] == 6 && t.params[3][0] == 4);
    test_layer_forward(&t, VISML_INFERENCE);
    assert_true(t.params[2][0] == 6 && t.params[3][0] == 4);
    test_layer_close(&t);
}

static void a_constant_channel_stays_finite(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, visml_batchnorm(ctx, NULL, &err), 3, VISML_SHAPE(1), 1);
    for (int i = 0; i < 3; i++)
        t.x[0][i] = 1e6f;
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(t.y[i]) <= 4 && isfinite(t.dx[0][i])); /* 1e6 in float32 is known to 0.06, times 1 / sqrt(1e-3) */
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.axis = 3), VISML_SHAPE(4, 5), 1, "axis is 3, must be -2 to -1 or 1 to 2 for input [4, 5]");
    test_layer_refuses(LAYER(.gamma_initializer = VISML_INIT_ORTHOGONAL), VISML_SHAPE(4, 5), 1,
                       "gamma_initializer is orthogonal, which needs two dimensions or more; gamma is [5]");
}

static void initialisers_make_the_first_values(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.beta_initializer = VISML_INIT_ONES, .gamma_initializer = VISML_INIT_ZEROS,
                              .moving_mean_initializer = VISML_INIT_ONES, .moving_variance_initializer = VISML_INIT_ZEROS), 1,
                    VISML_SHAPE(1), 1);
    assert_true(t.params[0][0] == 0 && t.params[1][0] == 1 && t.params[2][0] == 1 && t.params[3][0] == 0);
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
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(momentum_of_zero_keeps_the_last_batch_alone),
        cmocka_unit_test(a_constant_channel_stays_finite),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(initialisers_make_the_first_values),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
