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

/* The loss too, where the golden has it; behind a training pass, what it leaves in parameters that are not trained. */
static void compare_gradients(const test_golden *g, const char *name, visml_model *m, const visml_loss *loss,
                              const visml_train_batch *batch) {
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, batch->rows + 2, 1, &err), &err);
    float mean = (float)(visml_trainer_gradients(t, batch) / (double)batch->rows);
    test_array want = test_golden_find(g, "%s/loss", name);
    if (want.values)
        test_assert_close(name, &mean, want.values, 1, 1e-5);
    free(want.values);
    for (size_t i = 0; i < m->param_count; i++) {
        char part[24];
        int trained = m->params[i].spec->trainable;
        snprintf(part, sizeof part, "%c%zu", trained ? 'g' : 's', i);
        test_array a = find(g, name, part, (int64_t)m->params[i].count);
        test_assert_close(m->params[i].name, (trained ? visml_trainer_grads(t) : m->values) + m->params[i].offset, a.values, a.count, 1e-5);
        free(a.values);
    }
    visml_trainer_free(t);
}

typedef struct network {
    const char *file, *name;
    visml_model *model; /* consumed, and so is the loss; NULL: mean squared error */
    visml_loss *loss;
    int32_t max_batch;  /* of the session; the golden's batch goes through in parts of it */
} network;

static void agrees_in(network n) {
    test_golden g = test_golden_open(n.file);
    visml_model *m = built(n.model, &err);
    load_params(&g, n.name, m);
    visml_loss *loss = assert_made(n.loss ? n.loss : visml_mean_squared_error(ctx, NULL, &err), &err);
    test_array x = test_golden_find(&g, "%s/x0", n.name), w = test_golden_find(&g, "%s/w", n.name);
    visml_shape full = visml_shape_with_batch(visml_model_output_shape(m), x.dims[0]), in = visml_shape_make(x.rank, x.dims);
    test_array y = find(&g, n.name, "y", visml_shape_count(&full)), target = find(&g, n.name, "t", y.count);
    visml_tensor *got = assert_made(visml_tensor_new(ctx, VISML_F32, &full, &err), &err);
    visml_tensor *given = assert_made(visml_tensor_new(ctx, VISML_F32, &in, &err), &err);
    memcpy(given->data, x.values, (size_t)x.count * sizeof *x.values);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = n.max_batch), &err), &err);
    assert_ok(visml_session_run(s, given, got, &err), &err);
    test_assert_close(n.name, (const float *)(const void *)got->data, y.values, y.count, 1e-5);
    compare_gradients(&g, n.name, m, loss, &(visml_train_batch){.rows = x.dims[0], .x = x.values, .x_dtype = VISML_F32, .weights = w.values,
                                                                .targets = target.values, .divisor = (double)x.dims[0]});
    visml_session_free(s);
    visml_tensor_release(got);
    visml_tensor_release(given);
    visml_loss_free(loss);
    visml_model_free(m);
    free(x.values);
    free(w.values);
    free(y.values);
    free(target.values);
    test_golden_close(&g);
}

static void agrees(const char *name, visml_model *m, int32_t max_batch) {
    agrees_in((network){"layers.bin", name, m, NULL, max_batch});
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

#define ADD(layer) visml_model_add(m, layer, &err)
#define DENSE(...) visml_dense(ctx, OPTS(visml_dense_opts, __VA_ARGS__), &err)
#define MASKING(value) visml_masking(ctx, OPTS(visml_masking_opts, .mask_value = value), &err)
#define PLAIN(kind) visml_##kind(ctx, NULL, &err)

static visml_model *words(int32_t mask_zero) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6), &err);
    ADD(visml_embedding(ctx, OPTS(visml_embedding_opts, .input_dim = 7, .output_dim = 4, .mask_zero = mask_zero), &err));
    return m;
}

static void passes(const char *name, visml_model *m) {
    agrees_in((network){"recurrent.bin", name, m, NULL, 2});
}

static void embeddings_make_masks(void **state) {
    (void)state;
    visml_model *m = words(1);
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 5), &err));
    passes("pass/embedding", m);
    m = words(0);
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 5), &err));
    passes("pass/no_mask", m);
    m = visml_model_new(ctx, VISML_SHAPE(3, 2), &err);
    ADD(visml_embedding(ctx, OPTS(visml_embedding_opts, .input_dim = 7, .output_dim = 4, .mask_zero = 1), &err));
    ADD(visml_time_distributed(ctx, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err), NULL, &err));
    ADD(PLAIN(flatten));
    ADD(DENSE(.units = 3));
    passes("pass/hierarchy", m);
}

static void all_that_keras_passes(void **state) {
    (void)state;
    const visml_dropout_opts *none = OPTS(visml_dropout_opts, .rate = VISML_ZERO);
    visml_model *m = words(1);
    ADD(visml_spatial_dropout1d(ctx, none, &err));
    ADD(visml_gaussian_noise(ctx, OPTS(visml_gaussian_noise_opts, .stddev = VISML_ZERO), &err));
    ADD(visml_gaussian_dropout(ctx, none, &err));
    ADD(visml_dropout(ctx, none, &err));
    ADD(PLAIN(layernorm));
    ADD(visml_groupnorm(ctx, OPTS(visml_groupnorm_opts, .groups = 2), &err));
    ADD(PLAIN(prelu));
    ADD(visml_rescaling(ctx, OPTS(visml_rescaling_opts, .scale = 0.9, .offset = 0.1), &err));
    ADD(visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_TANH), &err));
    ADD(DENSE(.units = 4));
    ADD(visml_gru(ctx, OPTS(visml_gru_opts, .units = 3, .return_sequences = 1), &err));
    ADD(visml_time_distributed(ctx, DENSE(.units = 4), NULL, &err));
    ADD(visml_bidirectional(ctx, visml_simple_rnn(ctx, OPTS(visml_simple_rnn_opts, .units = 3), &err), NULL, &err));
    passes("pass/all", m);
}

static void pooling_and_where_masks_end(void **state) {
    (void)state;
    visml_model *m = words(1);
    ADD(PLAIN(global_avgpool1d));
    ADD(DENSE(.units = 3));
    passes("pass/pooled", m);
    m = masked(0.5);
    ADD(visml_global_avgpool1d(ctx, OPTS(visml_global_pool1d_opts, .keepdims = 1), &err));
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err));
    passes("pass/keepdims", m);
    m = masked(0.5);
    ADD(PLAIN(global_maxpool1d));
    ADD(DENSE(.units = 3));
    passes("pass/largest", m);
    m = masked(0.5);
    ADD(visml_conv1d(ctx, OPTS(visml_conv1d_opts, .filters = 4, .kernel_size = 2), &err));
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err));
    passes("pass/ends", m);
}

/* The mean of nothing, as in Keras. */
static void an_empty_sequence_has_no_mean(void **state) {
    (void)state;
    visml_model *m = masked(0);
    ADD(PLAIN(global_avgpool1d));
    built(m, &err);
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 6, 3), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 3), &err), &err);
    float *v = (float *)(void *)x->data, *mean = (float *)(void *)y->data;
    memset(v, 0, 36 * sizeof *v);
    v[0] = 3;
    v[5] = 5;
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    assert_ok(visml_session_run(s, x, y, &err), &err);
    assert_true(mean[0] == 1.5f && mean[1] == 0 && mean[2] == 2.5f);
    for (int i = 3; i < 6; i++)
        assert_true(isnan(mean[i]));
    visml_session_free(s);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_model_free(m);
}

#define PUT(layer, ...) visml_model_apply(m, layer, AFTER(__VA_ARGS__), &err)

static void masks_of_several_inputs(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    int32_t a = PUT(MASKING(0.5), 0), b = PUT(PLAIN(masking), 0), y = PUT(PLAIN(add), a, b);
    y = PUT(PLAIN(subtract), y, b);
    y = PUT(PLAIN(multiply), y, a);
    y = PUT(PLAIN(average), b, y);
    y = PUT(PLAIN(maximum), y, b);
    y = PUT(PLAIN(minimum), y, a);
    PUT(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err), y);
    passes("merge/or", m);
    m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    PUT(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err), PUT(PLAIN(add), PUT(MASKING(0.5), 0), 0));
    passes("merge/none", m);
}

static void joined(const char *name, int32_t axis, int with_other, int with_input, int with_itself) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    int32_t a = PUT(MASKING(0.5), 0), inputs[3] = {a};
    size_t n = 1;
    if (with_other)
        inputs[n++] = PUT(PLAIN(masking), 0);
    if (with_input)
        inputs[n++] = 0;
    if (with_itself)
        inputs[n++] = a;
    int32_t y = visml_model_apply(m, visml_concatenate(ctx, OPTS(visml_concatenate_opts, .axis = axis), &err), inputs, n, &err);
    PUT(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err), y);
    passes(name, m);
}

static void masks_are_joined_as_inputs_are(void **state) {
    (void)state;
    joined("concatenate/last", -1, 1, 0, 0);
    joined("concatenate/last_open", -1, 0, 1, 0);
    joined("concatenate/first", 1, 1, 0, 0);
    joined("concatenate/first_open", 1, 0, 1, 1);
}

static void counts_steps(const char *name, int32_t activation, visml_loss *loss) {
    visml_model *m = masked(0.5);
    ADD(DENSE(.units = 4, .activation = activation));
    agrees_in((network){"recurrent.bin", name, m, loss, 8});
}

static void losses_know_masks(void **state) {
    (void)state;
    const visml_crossentropy_opts *logits = OPTS(visml_crossentropy_opts, .from_logits = 1, .label_smoothing = 0.1);
    counts_steps("loss/mse", VISML_LINEAR, NULL);
    counts_steps("loss/huber", VISML_LINEAR, PLAIN(huber));
    counts_steps("loss/bce", VISML_SIGMOID, PLAIN(binary_crossentropy));
    counts_steps("loss/cce", VISML_SOFTMAX, PLAIN(categorical_crossentropy));
    counts_steps("loss/cce_logits", VISML_LINEAR, visml_categorical_crossentropy(ctx, logits, &err));
    counts_steps("loss/kl", VISML_SOFTMAX, PLAIN(kl_divergence));
    counts_steps("loss/cosine", VISML_LINEAR, PLAIN(cosine_similarity));
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    ADD(DENSE(.units = 4, .activation = VISML_SOFTMAX));
    agrees_in((network){"recurrent.bin", "loss/unmasked", m, PLAIN(categorical_crossentropy), 8});
    m = masked(0.5);
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 4, .return_sequences = 1), &err));
    passes("loss/recurrent", m);
    m = masked(0.5);
    ADD(DENSE(.units = 4));
    passes("loss/nothing", m);
}

static void batch_normalisation_counts(void **state) {
    (void)state;
    visml_model *m = masked(0.5);
    ADD(DENSE(.units = 4, .activation = VISML_RELU));
    ADD(visml_batchnorm(ctx, OPTS(visml_batchnorm_opts, .momentum = 0.7), &err));
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err));
    passes("norm/last", m);
    m = masked(0.5);
    ADD(visml_batchnorm(ctx, OPTS(visml_batchnorm_opts, .momentum = 0.7, .axis = 1), &err));
    ADD(visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 3), &err));
    passes("norm/first", m);
}

static int32_t mask_behind(const visml_session *s, size_t node) {
    return visml_session_inside(s)->plan.nodes[node].mask;
}

/* Sums of what has one mask have it; of what has two, one of their own; and a layer without time ends it. */
static void masks_end(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 3), &err);
    int32_t a = PUT(MASKING(1), 0), b = PUT(PLAIN(masking), 0), same = PUT(PLAIN(add), a, a), two = PUT(PLAIN(add), same, b);
    int32_t none = PUT(PLAIN(add), two, 0);
    int32_t longer = PUT(visml_concatenate(ctx, OPTS(visml_concatenate_opts, .axis = 1), &err), a, a);
    int32_t flat = PUT(PLAIN(flatten), longer), short_one = PUT(PLAIN(flatten), none);
    PUT(PLAIN(concatenate), flat, short_one);
    built(m, &err);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    assert_true(mask_behind(s, (size_t)a) >= 0 && mask_behind(s, (size_t)b) >= 0 && mask_behind(s, (size_t)a) != mask_behind(s, (size_t)b));
    assert_int_equal(mask_behind(s, (size_t)same), mask_behind(s, (size_t)a));
    assert_true(mask_behind(s, (size_t)two) > mask_behind(s, (size_t)b));
    assert_int_equal(mask_behind(s, (size_t)none), -1);
    assert_true(mask_behind(s, (size_t)longer) > mask_behind(s, (size_t)two));
    assert_int_equal(mask_behind(s, (size_t)flat), -1);
    visml_session_free(s);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recurrent_layers_pass_over),
        cmocka_unit_test(layers_between_hand_it_on),
        cmocka_unit_test(embeddings_make_masks),
        cmocka_unit_test(all_that_keras_passes),
        cmocka_unit_test(pooling_and_where_masks_end),
        cmocka_unit_test(an_empty_sequence_has_no_mean),
        cmocka_unit_test(masks_of_several_inputs),
        cmocka_unit_test(masks_are_joined_as_inputs_are),
        cmocka_unit_test(losses_know_masks),
        cmocka_unit_test(batch_normalisation_counts),
        cmocka_unit_test(masks_end),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
