#include "support/layer_golden.h"
#include <math.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_layernorm(ctx, VISML_OPTS(visml_layernorm_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("layernorm/plain", visml_layernorm(ctx, NULL, &err), &err);
    test_layer_golden("layernorm/axes", LAYER(.axis = {-2, -1}, .epsilon = 0.1), &err);
    test_layer_golden("layernorm/all", LAYER(.axis = {1, 2, 3}, .no_center = 1), &err);
    test_layer_golden("layernorm/bare", LAYER(.no_center = 1, .no_scale = 1), &err);
    test_layer_golden("layernorm/rms", LAYER(.rms_scaling = 1, .epsilon = 0.01), &err);
}

/* gamma and beta are {1, 2}. */
static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {1, 3, 10, 30};
    test_layer_by_hand(LAYER(.epsilon = 1e-30), VISML_SHAPE(2, 2), VISML_INFERENCE, x, (float[]){-1 + 1, 2 + 2, -1 + 1, 2 + 2});
    test_layer_by_hand(LAYER(.epsilon = 3), VISML_SHAPE(1, 2), VISML_TRAINING, x, (float[]){-0.5f + 1, 2 * 0.5f + 2});
    /* by the root of the variance, 1 and 10, the mean being kept */
    test_layer_by_hand(LAYER(.epsilon = 1e-30, .rms_scaling = 1), VISML_SHAPE(2, 2), VISML_INFERENCE, x, (float[]){1, 6, 1, 6});
}

static void a_constant_row_stays_finite(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, visml_layernorm(ctx, NULL, &err), 1, VISML_SHAPE(3), 1);
    for (int i = 0; i < 3; i++)
        t.x[0][i] = 1e6f;
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(t.y[i]) <= 4 && isfinite(t.dx[0][i])); /* 1e6 in float32 is known to 0.06, times 1 / sqrt(1e-3) */
    test_layer_close(&t);
}

static void promises_shapes_and_fans(void **state) {
    (void)state;
    visml_shape out, in = *VISML_SHAPE(4, 5, 6);
    visml_layer *l = assert_made(LAYER(.axis = {3, 1, -2}), &err);
    assert_ok(visml_layer_build(l, &in, 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, &in));
    assert_int_equal(l->param_count, 2);
    assert_true(visml_shape_equal(&l->params[0].shape, &in) && visml_shape_equal(&l->params[1].shape, &in));
    assert_int_equal(l->params[0].fan_in, 4 * 5);
    assert_int_equal(l->params[0].fan_out, 4 * 6);
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.axis = {3}), VISML_SHAPE(4, 5), 1, "axis is 3, must be -2 to -1 or 1 to 2 for input [4, 5]");
    test_layer_refuses(LAYER(.axis = {1}), VISML_SHAPE(4, 5), 1,
                       "axis[0] is 1, must be one of the last 1 dimensions of input [4, 5]: axis holds 1");
    test_layer_refuses(LAYER(.axis = {-1, 1}), VISML_SHAPE(4, 5, 6), 1,
                       "axis[1] is 1, must be one of the last 2 dimensions of input [4, 5, 6]: axis holds 2");
    test_layer_refuses(LAYER(.axis = {2, -1}), VISML_SHAPE(4, 5), 1, "axis[1] is -1, which is named twice for input [4, 5]");
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
        cmocka_unit_test(a_constant_row_stays_finite),
        cmocka_unit_test(promises_shapes_and_fans),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
