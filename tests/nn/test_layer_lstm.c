#include "support/layer_golden.h"

#include <math.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_lstm(ctx, VISML_OPTS(visml_lstm_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("lstm/plain", LAYER(.units = 5), &err);
    test_layer_golden("lstm/sequences", LAYER(.units = 18, .return_sequences = 1), &err);
    test_layer_golden("lstm/backwards", LAYER(.units = 3, .go_backwards = 1, .no_bias = 1), &err);
    test_layer_golden("lstm/backwards_sequences", LAYER(.units = 3, .go_backwards = 1, .return_sequences = 1), &err);
    test_layer_golden("lstm/activations", LAYER(.units = 4, .activation = VISML_IDENTITY, .recurrent_activation = VISML_TANH,
                                                .return_sequences = 1), &err);
    test_layer_golden("lstm/relu", LAYER(.units = 4, .activation = VISML_RELU, .recurrent_activation = VISML_LEAKY_RELU), &err);
    test_layer_golden("lstm/state", LAYER(.units = 5, .return_state = 1), &err);
    test_layer_golden("lstm/sequences_state", LAYER(.units = 5, .return_state = 1, .return_sequences = 1, .go_backwards = 1), &err);
}

#define DROPPED(name, ...) test_layer_golden_in("recurrent.bin", name, LAYER(__VA_ARGS__), &err)

/* Keras' cell with the same masks: one for all gates, or with recurrent_dropout one for each. */
static void drops_as_keras(void **state) {
    (void)state;
    DROPPED("lstm/dropout", .units = 5, .dropout = 0.4, .return_sequences = 1);
    DROPPED("lstm/both_dropouts", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.3, .return_sequences = 1);
    DROPPED("lstm/recurrent_dropout", .units = 5, .recurrent_dropout = 0.4, .go_backwards = 1);
}

/* One unit without activations: kernel, recurrent kernel and bias are 1 2 3 4 (i f c' o).
 * x = 1: i = 2, f = 4, c' = 6, o = 8: c = 12, h = 96. x = 0: i = 97, f = 194, c' = 291, o = 388: c = 194 12 + 97 291, h = 388 c. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_IDENTITY, .recurrent_activation = VISML_IDENTITY, .return_sequences = 1),
                       VISML_SHAPE(2, 1), VISML_INFERENCE, (float[]){1, 0}, (float[]){96, 388.0f * (194 * 12 + 97 * 291)});
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_IDENTITY, .recurrent_activation = VISML_IDENTITY, .go_backwards = 1),
                       VISML_SHAPE(2, 1), VISML_INFERENCE, (float[]){0, 1}, (float[]){388.0f * (194 * 12 + 97 * 291)});
    float i = 1 / (1 + expf(-2)), o = 1 / (1 + expf(-8));
    test_layer_by_hand(LAYER(.units = 1), VISML_SHAPE(1, 1), VISML_TRAINING, (float[]){1}, (float[]){o * tanhf(i * tanhf(6))});
}

static void starts_as_in_keras(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.units = 3), 1, VISML_SHAPE(4, 2), 1);
    assert_int_equal(t.layer->param_count, 3);
    for (int64_t j = 0; j < 12; j++)
        assert_true(t.params[2][j] == (j >= 3 && j < 6));
    for (int64_t a = 0; a < 3; a++) /* the rows of the recurrent kernel are orthonormal */
        for (int64_t b = 0; b <= a; b++) {
            double dot = 0;
            for (int64_t j = 0; j < 12; j++)
                dot += (double)t.params[1][a * 12 + j] * (double)t.params[1][b * 12 + j];
            assert_true(fabs(dot - (a == b)) < 1e-6);
        }
    test_layer_close(&t);
    test_layer_open(&t, LAYER(.units = 3, .no_unit_forget_bias = 1), 1, VISML_SHAPE(4, 2), 1);
    for (int64_t j = 0; j < 12; j++)
        assert_true(t.params[2][j] == 0);
    test_layer_close(&t);
}

/* Gates far out: nothing overflows. */
static void large_inputs_stay_finite(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.units = 3, .return_sequences = 1), 2, VISML_SHAPE(5, 2), 1);
    for (int i = 0; i < 20; i++)
        t.x[0][i] *= 1e30f;
    test_layer_forward(&t, VISML_TRAINING);
    test_layer_backward(&t);
    for (int i = 0; i < 30; i++)
        assert_true(fabsf(t.y[i]) <= 1);
    for (int i = 0; i < 20; i++)
        assert_true(isfinite(t.dx[0][i]));
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_null(visml_lstm(ctx, NULL, &err));
    assert_string_equal(err.message, "lstm: units is not set; it is required, at least 1");
    assert_null(LAYER(.units = 3, .activation = VISML_SOFTMAX));
    assert_string_equal(err.message, "lstm: activation is 5, must be one of the named constants, 0 to 7");
    test_layer_refuses(LAYER(.units = 4), VISML_SHAPE(3), 1, "input [3] must have two dimensions: time steps and channels");
    test_layer_refuses(LAYER(.units = 4), VISML_SHAPE(3, 4, 2), 1, "input [3, 4, 2] must have two dimensions: time steps and channels");
    test_layer_refuses(LAYER(.units = 4, .bias_initializer = VISML_INIT_ORTHOGONAL), VISML_SHAPE(3, 2), 1,
                       "bias_initializer is orthogonal, which needs two dimensions or more; bias is [16]");
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
        cmocka_unit_test(drops_as_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(starts_as_in_keras),
        cmocka_unit_test(large_inputs_stay_finite),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
