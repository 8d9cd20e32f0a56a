/* Layers that go on where the batch before ended, against Keras: in a session, and the gradient of a second batch in training. */
#include <stdio.h>

#include "model/exec.h"
#include "model/networks.h"
#include "support/golden.h"

enum { ROWS = 3 };

static visml_context *ctx;
static visml_error err;

#define LSTM(...) visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3, .stateful = 1, __VA_ARGS__), &err)
#define GRU(...) visml_gru(ctx, OPTS(visml_gru_opts, .units = 3, .stateful = 1, __VA_ARGS__), &err)

static visml_tensor *tensor_of(const visml_shape *row, int64_t rows, const float *values) {
    visml_shape shape = visml_shape_with_batch(row, rows);
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, &shape, &err), &err);
    if (values)
        memcpy(t->data, values, (size_t)t->count * sizeof *values);
    return t;
}

static visml_model *of_layer(visml_layer *layer, int masked) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(4, 2), &err);
    if (masked)
        visml_model_add(m, visml_masking(ctx, OPTS(visml_masking_opts, .mask_value = 0.5), &err), &err);
    visml_model_add(m, layer, &err);
    return built(m, &err);
}

static void load_params(const test_golden *g, const char *name, visml_model *m) {
    for (size_t i = 0; i < m->param_count; i++) {
        test_array a = test_golden_find(g, "%s/p%zu", name, i);
        assert_int_equal(a.count, m->params[i].count);
        memcpy(m->values + m->params[i].offset, a.values, m->params[i].count * sizeof *a.values);
        free(a.values);
    }
    visml_model_changed(m);
}

/* Three batches, one after the other. */
static void run_three(const test_golden *g, const char *name, const visml_model *m, visml_session *s) {
    for (int i = 0; i < 3; i++) {
        test_array x = test_golden_find(g, "%s/x%d", name, i), y = test_golden_find(g, "%s/y%d", name, i);
        visml_tensor *given = tensor_of(visml_model_input_shape(m), ROWS, x.values);
        visml_tensor *got = tensor_of(visml_model_output_shape(m), ROWS, NULL);
        assert_int_equal(got->count, y.count);
        assert_ok(visml_session_run(s, given, got, &err), &err);
        test_assert_close(name, (const float *)(const void *)got->data, y.values, y.count, 1e-5);
        visml_tensor_release(given);
        visml_tensor_release(got);
        free(x.values);
        free(y.values);
    }
}

static void train_two(const test_golden *g, const char *name, visml_model *m) {
    visml_loss *loss = assert_made(visml_mean_squared_error(ctx, NULL, &err), &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, ROWS + 1, 1, &err), &err);
    test_array target = test_golden_find(g, "%s/t", name), want = test_golden_find(g, "%s/loss", name);
    float mean = 0;
    for (int i = 0; i < 2; i++) {
        test_array x = test_golden_find(g, "%s/x%d", name, i);
        const visml_train_batch batch = {.rows = ROWS, .x = x.values, .x_dtype = VISML_F32, .targets = target.values, .divisor = ROWS};
        mean = (float)(visml_trainer_gradients(t, &batch) / ROWS);
        free(x.values);
    }
    test_assert_close(name, &mean, want.values, 1, 1e-5);
    for (size_t i = 0; i < m->param_count; i++) {
        test_array a = test_golden_find(g, "%s/g%zu", name, i);
        test_assert_close(m->params[i].name, visml_trainer_grads(t) + m->params[i].offset, a.values, a.count, 1e-5);
        free(a.values);
    }
    free(target.values);
    free(want.values);
    visml_trainer_free(t);
    visml_loss_free(loss);
}

static void agrees(const char *name, visml_layer *layer, int masked) {
    test_golden g = test_golden_open("recurrent.bin");
    visml_model *m = of_layer(layer, masked);
    load_params(&g, name, m);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = ROWS), &err), &err);
    run_three(&g, name, m, s);
    visml_session_reset(s);
    run_three(&g, name, m, s);
    visml_session_free(s);
    train_two(&g, name, m);
    visml_model_free(m);
    test_golden_close(&g);
}

static void agrees_with_keras(void **state) {
    (void)state;
    agrees("stateful/lstm", LSTM(.return_sequences = 0), 0);
    agrees("stateful/gru", GRU(.return_sequences = 1), 0);
    agrees("stateful/gru_first", GRU(.no_reset_after = 1, .go_backwards = 1), 0);
    agrees("stateful/simple", visml_simple_rnn(ctx, OPTS(visml_simple_rnn_opts, .units = 3, .stateful = 1), &err), 0);
    agrees("stateful/bidirectional", visml_bidirectional(ctx, LSTM(.return_sequences = 1), NULL, &err), 0);
    agrees("stateful/state", LSTM(.return_state = 1), 0);
}

static void masked_steps_leave_the_state(void **state) {
    (void)state;
    agrees("stateful/masked", LSTM(.return_sequences = 1), 1);
    agrees("stateful/masked_gru", GRU(.return_sequences = 0), 1);
}

static void runs(visml_session *s, int64_t rows, visml_status want) {
    visml_tensor *x = tensor_of(VISML_SHAPE(4, 2), rows, NULL), *y = tensor_of(VISML_SHAPE(3), rows, NULL);
    memset(x->data, 0, (size_t)x->count * sizeof(float));
    assert_status(visml_session_run(s, x, y, &err), want, &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static void batches_have_one_size(void **state) {
    (void)state;
    visml_model *m = of_layer(LSTM(.name = "memory"), 0);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 4), &err), &err);
    runs(s, 5, VISML_EINVAL);
    assert_string_equal(err.message, "session: a batch of 5 samples, but layer 1 (lstm \"memory\") is stateful and max_batch is 4: a batch "
                        "cannot be run in pieces");
    runs(s, 3, VISML_OK);
    runs(s, 0, VISML_OK);
    runs(s, 4, VISML_EINVAL);
    assert_string_equal(err.message, "session: a batch of 4 samples, but layer 1 (lstm \"memory\") is stateful and the batches before had "
                        "3: sample i goes on where sample i ended");
    runs(s, 3, VISML_OK);
    visml_session_reset(s);
    runs(s, 4, VISML_OK);
    visml_session_free(s);
    visml_session_reset(NULL);
    visml_model_free(m);
}

/* A network in which the layers before go through in groups: the state of sample i is found wherever its group is. */
static void groups_find_their_states(void **state) {
    (void)state;
    enum { MANY = 40 };
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(32, 32, 8), &err);
    visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 8, .kernel_size = {3}, .padding = VISML_SAME), &err), &err);
    visml_model_add(m, visml_rows(ctx, NULL, &err), &err);
    visml_model_add(m, LSTM(.go_backwards = 1), &err);
    built(m, &err);
    visml_tensor *x = random_input(ctx, VISML_SHAPE(32, 32, 8), MANY, VISML_F32, 3), *y = tensor_of(VISML_SHAPE(3), MANY, NULL);
    visml_tensor *one = tensor_of(VISML_SHAPE(32, 32, 8), 1, NULL), *want = tensor_of(VISML_SHAPE(3), 1, NULL);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = MANY), &err), &err);
    visml_session *alone = assert_made(visml_session_new(m, NULL, &err), &err);
    assert_true(visml_plan_groups(&visml_session_inside(s)->plan, &visml_session_inside(s)->plan.stretches[0]));
    assert_ok(visml_session_run(s, x, y, &err), &err);
    assert_ok(visml_session_run(s, x, y, &err), &err);
    for (int i = 0; i < MANY; i++) {
        memcpy(one->data, x->data + (size_t)(i * one->count) * sizeof(float), (size_t)one->count * sizeof(float));
        visml_session_reset(alone);
        for (int k = 0; k < 2; k++)
            assert_ok(visml_session_run(alone, one, want, &err), &err);
        test_assert_close("state", (const float *)(const void *)y->data + 3 * i, (const float *)(const void *)want->data, 3, 1e-6);
    }
    visml_session_free(s);
    visml_session_free(alone);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(one);
    visml_tensor_release(want);
    visml_model_free(m);
}

static void a_step_has_no_state(void **state) {
    (void)state;
    assert_null(visml_time_distributed(ctx, LSTM(.return_sequences = 0), NULL, &err));
    assert_string_equal(err.message, "time_distributed: stateful of the inner layer must be 0: steps have no order here");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(masked_steps_leave_the_state),
        cmocka_unit_test(batches_have_one_size),
        cmocka_unit_test(groups_find_their_states),
        cmocka_unit_test(a_step_has_no_state),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
