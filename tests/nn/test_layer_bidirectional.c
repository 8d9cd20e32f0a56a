#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LSTM(...) visml_lstm(ctx, VISML_OPTS(visml_lstm_opts, __VA_ARGS__), &err)
#define GRU(...) visml_gru(ctx, VISML_OPTS(visml_gru_opts, __VA_ARGS__), &err)
#define SIMPLE(...) visml_simple_rnn(ctx, VISML_OPTS(visml_simple_rnn_opts, __VA_ARGS__), &err)
#define LAYER(inner, mode) visml_bidirectional(ctx, inner, VISML_OPTS(visml_bidirectional_opts, .merge_mode = mode), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("bidirectional/concat", LAYER(LSTM(.units = 5), VISML_MERGE_CONCAT), &err);
    test_layer_golden("bidirectional/sequences", LAYER(LSTM(.units = 3, .return_sequences = 1), VISML_MERGE_CONCAT), &err);
    test_layer_golden("bidirectional/sum", LAYER(GRU(.units = 4, .return_sequences = 1), VISML_MERGE_SUM), &err);
    test_layer_golden("bidirectional/mul", LAYER(SIMPLE(.units = 4, .return_sequences = 1), VISML_MERGE_MUL), &err);
    test_layer_golden("bidirectional/ave", LAYER(GRU(.units = 4, .no_bias = 1), VISML_MERGE_AVE), &err);
}

#define WITH_STATE(name, inner, mode) test_layer_golden_in("recurrent.bin", "bidirectional/" name, LAYER(inner, mode), &err)

/* The states of both: beside each other where the outputs are, else one behind the other. */
static void states_agree_with_keras(void **state) {
    (void)state;
    WITH_STATE("state", LSTM(.units = 3, .return_state = 1), VISML_MERGE_CONCAT);
    WITH_STATE("sequences_state", LSTM(.units = 3, .return_sequences = 1, .return_state = 1), VISML_MERGE_CONCAT);
    WITH_STATE("sum_state", LSTM(.units = 3, .return_state = 1), VISML_MERGE_SUM);
    WITH_STATE("mul_state", GRU(.units = 3, .return_sequences = 1, .return_state = 1), VISML_MERGE_MUL);
    WITH_STATE("ave_state", LSTM(.units = 3, .return_sequences = 1, .return_state = 1), VISML_MERGE_AVE);
}

/* All weights 1: h = x + 1, then that + x + 1, from either end. */
static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(SIMPLE(.units = 1, .activation = VISML_IDENTITY, .return_sequences = 1), VISML_MERGE_CONCAT),
                       VISML_SHAPE(2, 1), VISML_INFERENCE, (float[]){5, 7}, (float[]){6, 14, 14, 8});
    test_layer_by_hand(LAYER(SIMPLE(.units = 1, .activation = VISML_IDENTITY, .return_sequences = 1), VISML_MERGE_MUL),
                       VISML_SHAPE(2, 1), VISML_TRAINING, (float[]){5, 7}, (float[]){6 * 14, 14 * 8});
}

static void parameters_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"forward_kernel", "forward_recurrent_kernel", "forward_bias", "backward_kernel",
                                        "backward_recurrent_kernel", "backward_bias"};
    const visml_layer_opts *with = VISML_OPTS(visml_layer_opts, .kernel_l2 = 1, .recurrent_l2 = 2, .bias_l2 = 3);
    visml_layer *l = visml_layer_with(LSTM(.units = 3), with, &err);
    visml_shape out;
    l = assert_made(LAYER(l, VISML_MERGE_SUM), &err);
    assert_ok(visml_layer_build(l, VISML_SHAPE(4, 2), 1, &out, &err), &err);
    assert_int_equal(l->param_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(l->params[i].name, names[i]);
        assert_true(visml_layer_rule(l, i).l2 == (double)(i % 3 + 1)); /* what the inner layer was given */
    }
    assert_true(visml_shape_equal(&out, VISML_SHAPE(3)));
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    visml_layer *dense = assert_made(visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 3), &err), &err);
    assert_null(LAYER(dense, VISML_MERGE_SUM));
    assert_string_equal(err.message, "bidirectional: the inner layer is dense, must be lstm, gru or simple_rnn");
    assert_null(LAYER(LSTM(.units = 3), 4));
    assert_string_equal(err.message, "bidirectional: merge_mode is 4, must be one of the named constants, 0 to 3");
    assert_null(LAYER(LSTM(.units = 0), VISML_MERGE_SUM));
    assert_string_equal(err.message, "lstm: units is not set; it is required, at least 1");
    test_layer_refuses(LAYER(LSTM(.units = 3), VISML_MERGE_SUM), VISML_SHAPE(3), 1,
                       "input [3] must have two dimensions: time steps and channels");
    assert_null(LAYER(GRU(.units = 3, .go_backwards = 1), VISML_MERGE_SUM));
    assert_string_equal(err.message, "bidirectional: go_backwards of the inner layer must be 0");
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
        cmocka_unit_test(states_agree_with_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(parameters_are_named),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
