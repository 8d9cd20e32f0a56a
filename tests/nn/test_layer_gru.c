#include "support/layer_golden.h"

#include <math.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_gru(ctx, VISML_OPTS(visml_gru_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("gru/plain", LAYER(.units = 5), &err);
    test_layer_golden("gru/sequences", LAYER(.units = 18, .return_sequences = 1), &err);
    test_layer_golden("gru/backwards", LAYER(.units = 3, .go_backwards = 1, .no_bias = 1), &err);
    test_layer_golden("gru/first", LAYER(.units = 18, .no_reset_after = 1, .return_sequences = 1), &err);
    test_layer_golden("gru/first_backwards", LAYER(.units = 3, .no_reset_after = 1, .go_backwards = 1, .return_sequences = 1, .no_bias = 1),
                      &err);
    test_layer_golden("gru/activations", LAYER(.units = 4, .activation = VISML_IDENTITY, .recurrent_activation = VISML_TANH,
                                               .return_sequences = 1), &err);
    test_layer_golden("gru/sequences_state", LAYER(.units = 5, .return_state = 1, .return_sequences = 1), &err);
}

#define DROPPED(name, ...) test_layer_golden_in("recurrent.bin", name, LAYER(__VA_ARGS__), &err)

/* Keras' cell with the same masks: one for all gates, or with recurrent_dropout one for each. */
static void drops_as_keras(void **state) {
    (void)state;
    DROPPED("gru/dropout", .units = 5, .dropout = 0.4);
    DROPPED("gru/both_dropouts", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.3, .return_sequences = 1);
    DROPPED("gru/first_dropouts", .units = 5, .dropout = 0.3, .recurrent_dropout = 0.4, .no_reset_after = 1, .return_sequences = 1);
}

/* One unit without activations: kernel and recurrent kernel are 1 2 3 (z r c), the biases 1 2 3 and 4 5 6.
 * x = 1, h = 0: z = 1 + 1 + 4 = 6, r = 2 + 2 + 5 = 9, c = 3 + 3 + 9 6 = 60, h = (1 - 6) 60 = -300.
 * Without reset_after, bias 1 2 3: z = 2, r = 4, c = 6, h = -6; x = 0: z = 1 - 6, r = 2 - 12, c = 3 + 3 60, h = 30 + 6 183. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_IDENTITY, .recurrent_activation = VISML_IDENTITY), VISML_SHAPE(1, 1),
                       VISML_INFERENCE, (float[]){1}, (float[]){-300});
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_IDENTITY, .recurrent_activation = VISML_IDENTITY, .no_reset_after = 1,
                             .return_sequences = 1), VISML_SHAPE(2, 1), VISML_INFERENCE, (float[]){1, 0}, (float[]){-6, 30 + 6 * 183});
}

static void has_two_biases(void **state) {
    (void)state;
    test_layer t;
    test_layer_open(&t, LAYER(.units = 3), 1, VISML_SHAPE(4, 2), 1);
    assert_int_equal(t.layer->param_count, 3);
    assert_true(visml_shape_equal(&t.layer->params[2].shape, VISML_SHAPE(2, 9)));
    test_layer_close(&t);
    test_layer_open(&t, LAYER(.units = 3, .no_reset_after = 1), 1, VISML_SHAPE(4, 2), 1);
    assert_true(visml_shape_equal(&t.layer->params[2].shape, VISML_SHAPE(9)));
    test_layer_close(&t);
}

/* One sample, all channels and units dropped or doubled: the same factors at all steps, others in the next batch. */
static void dropout_is_drawn_once_a_batch(void **state) {
    (void)state;
    test_layer t;
    float first[3 * 40], second[3 * 40];
    test_layer_open(&t, LAYER(.units = 40, .dropout = 0.5, .recurrent_dropout = 0.5, .return_sequences = 1), 1, VISML_SHAPE(3, 8), 1);
    t.key = 5;
    test_layer_forward(&t, VISML_TRAINING);
    memcpy(first, t.y, sizeof first);
    test_layer_forward(&t, VISML_TRAINING);
    assert_memory_equal(t.y, first, sizeof first);
    t.step = 1;
    test_layer_forward(&t, VISML_TRAINING);
    memcpy(second, t.y, sizeof second);
    assert_memory_not_equal(second, first, sizeof first);
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_null(visml_gru(ctx, NULL, &err));
    assert_string_equal(err.message, "gru: units is not set; it is required, at least 1");
    assert_null(LAYER(.units = 3, .recurrent_dropout = 1));
    assert_string_equal(err.message, "gru: recurrent_dropout is 1, must be 0 to below 1");
    test_layer_refuses(LAYER(.units = 4), VISML_SHAPE(3), 1, "input [3] must have two dimensions: time steps and channels");
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
        cmocka_unit_test(has_two_biases),
        cmocka_unit_test(dropout_is_drawn_once_a_batch),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
