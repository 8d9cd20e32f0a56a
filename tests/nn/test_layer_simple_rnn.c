#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_simple_rnn(ctx, VISML_OPTS(visml_simple_rnn_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("simple_rnn/plain", LAYER(.units = 5), &err);
    test_layer_golden("simple_rnn/sequences", LAYER(.units = 18, .return_sequences = 1), &err);
    test_layer_golden("simple_rnn/backwards", LAYER(.units = 3, .go_backwards = 1, .no_bias = 1), &err);
    test_layer_golden("simple_rnn/relu", LAYER(.units = 4, .activation = VISML_RELU, .go_backwards = 1, .return_sequences = 1), &err);
    test_layer_golden("simple_rnn/state", LAYER(.units = 5, .return_state = 1), &err);
}

#define DROPPED(name, ...) test_layer_golden_in("recurrent.bin", name, LAYER(__VA_ARGS__), &err)

/* Keras' cell with the same masks: one of x, one of h. */
static void drops_as_keras(void **state) {
    (void)state;
    DROPPED("simple_rnn/both_dropouts", .units = 5, .dropout = 0.4, .recurrent_dropout = 0.3, .return_sequences = 1);
}

/* Kernel, recurrent kernel and bias are 1: h = x + 1, then that + x + 1. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_IDENTITY, .return_sequences = 1), VISML_SHAPE(2, 1), VISML_INFERENCE,
                       (float[]){5, 7}, (float[]){6, 14});
    test_layer_by_hand(LAYER(.units = 1, .activation = VISML_RELU, .go_backwards = 1, .return_sequences = 1), VISML_SHAPE(2, 1),
                       VISML_TRAINING, (float[]){5, -9}, (float[]){0, 6});
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_null(visml_simple_rnn(ctx, NULL, &err));
    assert_string_equal(err.message, "simple_rnn: units is not set; it is required, at least 1");
    test_layer_refuses(LAYER(.units = 4), VISML_SHAPE(3, 4, 2), 1, "input [3, 4, 2] must have two dimensions: time steps and channels");
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
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
