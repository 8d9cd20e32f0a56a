/* Masks, from the layer that makes them through the layers between to the recurrent layers that obey them, against Keras. */
#include <math.h>
#include <stdio.h>

#include "model/exec.h"
#include "model/networks.h"
#include "support/golden.h"

static visml_context *ctx;
static visml_error err;

static test_array find(const test_golden *g, const char *name, const char *part, int64_t count) {
    test_array a = test_golden_find(g, "%s/%s", name, part);
    if (!a.values || a.count != count)
        fail_msg("%s/%s: the golden has %lld values, wanted %lld", name, part, (long long)a.count, (long long)count);
    return a;
}

static void load_params(const test_golden *g, const char *name, visml_model *m) {
    for (size_t i = 0; i < m->param_count; i++) {
        char part[24];
        snprintf(part, sizeof part, "p%zu", i);
        test_array a = find(g, name, part, (int64_t)m->params[i].count);
        memcpy(m->values + m->params[i].offset, a.values, m->params[i].count * sizeof *a.values);
        free(a.values);
    }
    visml_model_changed(m);
}

static void compare_gradients(const test_golden *g, const char *name, visml_model *m, const visml_train_batch *batch) {
    visml_loss *loss = assert_made(visml_mean_squared_error(ctx, NULL, &err), &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, batch->rows + 2, 1, &err), &err);
    visml_trainer_gradients(t, batch);
    for (size_t i = 0; i < m->param_count; i++) {
        char part[24];
        snprintf(part, sizeof part, "g%zu", i);
        test_array a = find(g, name, part, (int64_t)m->params[i].count);
        test_assert_close(m->params[i].name, visml_trainer_grads(t) + m->params[i].offset, a.values, a.count, 1e-5);
        free(a.values);
    }
    visml_trainer_free(t);
    visml_loss_free(loss);
}

/* max_batch: of the session; the golden's batch goes through in parts of it. */
static void agrees(const char *name, visml_model *m, int32_t max_batch) {
    test_golden g = test_golden_open("layers.bin");
    built(m, &err);
    load_params(&g, name, m);
    const visml_shape *out = visml_model_output_shape(m);
    test_array x = test_golden_find(&g, "%s/x0", name);
    visml_shape full = visml_shape_with_batch(out, x.dims[0]), in = visml_shape_make(x.rank, x.dims);
    test_array y = find(&g, name, "y", visml_shape_count(&full)), target = find(&g, name, "t", y.count);
    visml_tensor *got = assert_made(visml_tensor_new(ctx, VISML_F32, &full, &err), &err);
    visml_tensor *given = assert_made(visml_tensor_new(ctx, VISML_F32, &in, &err), &err);
    memcpy(given->data, x.values, (size_t)x.count * sizeof *x.values);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = max_batch), &err), &err);
    assert_ok(visml_session_run(s, given, got, &err), &err);
    test_assert_close(name, (const float *)(const void *)got->data, y.values, y.count, 1e-5);
    compare_gradients(&g, name, m, &(visml_train_batch){.rows = x.dims[0], .x = x.values, .x_dtype = VISML_F32, .targets = target.values,
                                                        .divisor = (double)x.dims[0]});
    visml_session_free(s);
    visml_tensor_release(got);
    visml_tensor_release(given);
    visml_model_free(m);
    free(x.values);
    free(y.values);
    free(target.values);
    test_golden_close(&g);
}

static visml_model *masked(double value) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    visml_model_add(m, visml_masking(ctx, OPTS(visml_masking_opts, .mask_value = value), &err), &err);
    return m;
}

/* The last steps, the first ones, some between, all of them: rows of the golden. */
static void recurrent_layers_pass_over(void **state) {
    (void)state;
    visml_model *m = masked(0);
    visml_model_add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 5), &err), &err);
    agrees("masking/lstm", m, 8);
    m = masked(0.5);
    visml_model_add(m, visml_gru(ctx, OPTS(visml_gru_opts, .units = 5, .return_sequences = 1), &err), &err);
    agrees("masking/gru", m, 3);
    m = masked(0);
    visml_model_add(m, visml_gru(ctx, OPTS(visml_gru_opts, .units = 5, .no_reset_after = 1, .go_backwards = 1), &err), &err);
    agrees("masking/gru_first", m, 1);
    m = masked(0);
    visml_model_add(m, visml_bidirectional(ctx, visml_simple_rnn(ctx, OPTS(visml_simple_rnn_opts, .units = 4, .return_sequences = 1), &err),
                                           NULL, &err), &err);
    agrees("masking/bidirectional", m, 8);
}

static void layers_between_hand_it_on(void **state) {
    (void)state;
    visml_model *m = masked(0);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4, .activation = VISML_TANH), &err), &err);
    visml_model_add(m, visml_dropout(ctx, OPTS(visml_dropout_opts, .rate = VISML_ZERO), &err), &err);
    visml_model_add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 5, .return_sequences = 1), &err), &err);
    visml_model_add(m, visml_time_distributed(ctx, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4), &err), NULL, &err), &err);
    visml_model_add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err), &err);
    agrees("masking/stack", m, 2);
}

static int32_t mask_behind(const visml_session *s, size_t node) {
    return visml_session_inside(s)->plan.nodes[node].mask;
}

/* Sums of what has one mask have it; of what has two, or one and none, have none; and a layer without time ends it. */
static void masks_end(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    const visml_masking_opts *o = OPTS(visml_masking_opts, .mask_value = 1);
    int32_t a = visml_model_apply(m, visml_masking(ctx, o, &err), AFTER(0), &err);
    int32_t b = visml_model_apply(m, visml_masking(ctx, NULL, &err), AFTER(0), &err);
    int32_t same = visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(a, a), &err);
    int32_t two = visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(same, b), &err);
    int32_t none = visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(two, 0), &err);
    int32_t longer = visml_model_apply(m, visml_concatenate(ctx, OPTS(visml_concatenate_opts, .axis = 1), &err), AFTER(a, a), &err);
    int32_t flat = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(longer), &err);
    int32_t short_one = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(none), &err);
    visml_model_apply(m, visml_concatenate(ctx, NULL, &err), AFTER(flat, short_one), &err);
    built(m, &err);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    assert_true(mask_behind(s, (size_t)a) >= 0 && mask_behind(s, (size_t)b) >= 0 && mask_behind(s, (size_t)a) != mask_behind(s, (size_t)b));
    assert_int_equal(mask_behind(s, (size_t)same), mask_behind(s, (size_t)a));
    assert_int_equal(mask_behind(s, (size_t)two), -1);
    assert_int_equal(mask_behind(s, (size_t)none), -1);
    assert_int_equal(mask_behind(s, (size_t)longer), -1);
    assert_int_equal(mask_behind(s, (size_t)flat), -1);
    visml_session_free(s);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recurrent_layers_pass_over),
        cmocka_unit_test(layers_between_hand_it_on),
        cmocka_unit_test(masks_end),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
