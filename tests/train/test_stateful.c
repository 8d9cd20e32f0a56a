/* Stateful layers in training and evaluation: the state goes from batch to batch, begins at 0 in each epoch, is in checkpoints, and wants
 * batches of one size. */
#include "train/toy.h"

enum { SAMPLES = 24, BATCH = 4, EPOCHS = 3, STEPS = SAMPLES / BATCH };

static visml_error err;

/* Waves of [5, 2] with a number to be found for each. */
static visml_dataset *waves(visml_context *ctx, int64_t n) {
    uint64_t seed = 4;
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, 5, 2), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, 1), &err), &err);
    for (int64_t i = 0; i < n * 10; i++)
        ((float *)visml_tensor_data(x))[i] = test_random_float(&seed);
    for (int64_t i = 0; i < n; i++)
        ((float *)visml_tensor_data(y))[i] = test_random_float(&seed);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

static visml_model *network(visml_context *ctx, int32_t stateful) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(5, 2), &err);
    visml_model_add(m, visml_bidirectional(ctx, visml_gru(ctx, VISML_OPTS(visml_gru_opts, .units = 3, .stateful = stateful,
                                                                          .return_sequences = 1), &err), NULL, &err), &err);
    visml_model_add(m, visml_lstm(ctx, VISML_OPTS(visml_lstm_opts, .units = 4, .stateful = stateful, .name = "memory"), &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 1), &err), &err);
    assert_ok(visml_model_build(m, 3, &err), &err);
    return m;
}

/* ---- one run in pieces ---- */

static int32_t stop(void *user, visml_model *m, const visml_progress *p) {
    const int *at = user;
    (void)m;
    return p->epoch == at[0] && p->step == at[1];
}

static visml_status run_piece(const char *folder, int32_t threads, int epoch, int step, uint32_t *hash) {
    visml_context *ctx = test_context(threads);
    visml_dataset *ds = waves(ctx, SAMPLES);
    visml_model *m = network(ctx, 1);
    int at[2] = {epoch, step};
    const visml_callback c = {.size = sizeof c, .user = at, .batch_end = stop};
    visml_status status = visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = EPOCHS, .batch_size = BATCH, .no_shuffle = 1,
                                                      .validation = ds, .callbacks = &c, .callback_count = 1,
                                                      .checkpoint_dir = folder, .resume = folder != NULL), NULL, &err);
    if (hash)
        *hash = toy_hash(m);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return status;
}

static void a_resumed_run_gives_the_same_bits(void **state) {
    (void)state;
    uint32_t straight, resumed;
    assert_ok(run_piece(NULL, 1, -1, 0, &straight), &err);
    for (int step = 1; step <= STEPS; step += 2) {
        char *folder = test_folder();
        assert_status(run_piece(folder, 2, 0, step, NULL), VISML_ECANCELLED, &err);
        assert_status(run_piece(folder, 1, 1, step + 1, NULL), VISML_ECANCELLED, &err);
        assert_ok(run_piece(folder, 2, -1, 0, &resumed), &err);
        assert_int_equal(straight, resumed);
        test_folder_remove(folder);
    }
}

/* In steps of a number that does not divide an epoch. */
static uint32_t run_to(const char *folder, int64_t steps) {
    visml_context *ctx = test_context(1);
    visml_dataset *ds = waves(ctx, SAMPLES);
    visml_model *m = network(ctx, 1);
    const visml_train_opts *train = VISML_OPTS(visml_train_opts, .data = ds, .batch_size = BATCH, .max_steps = steps, .no_shuffle = 1);
    assert_ok(visml_train_and_evaluate(m, train, VISML_OPTS(visml_eval_opts, .data = ds, .every_steps = 4),
                                       VISML_OPTS(visml_run_opts, .model_dir = folder, .seed = 5), NULL, &err), &err);
    uint32_t hash = toy_hash(m);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return hash;
}

static void train_and_evaluate_goes_on(void **state) {
    (void)state;
    char *straight = test_folder(), *pieces = test_folder();
    uint32_t want = run_to(straight, 2 * STEPS + 1);
    run_to(pieces, 3);
    run_to(pieces, STEPS);
    run_to(pieces, STEPS + 2);
    assert_int_equal(run_to(pieces, 2 * STEPS + 1), want);
    test_folder_remove(straight);
    test_folder_remove(pieces);
}

/* ---- what the state is ---- */

static double epoch_loss(visml_context *ctx, int32_t stateful, size_t epoch) {
    visml_dataset *ds = waves(ctx, SAMPLES);
    visml_model *m = network(ctx, stateful);
    visml_optimizer *still = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = VISML_ZERO), &err);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 2, .batch_size = BATCH, .no_shuffle = 1, .optimizer = still,
                                          .validation = ds), &h, &err), &err);
    double loss = visml_history_get(h, "loss", epoch);
    assert_true(fabs(loss - visml_history_get(h, "val_loss", epoch)) < 1e-6); /* which has a state of its own, and begins at 0 too */
    visml_history_free(h);
    visml_optimizer_free(still);
    visml_model_free(m);
    visml_dataset_free(ds);
    return loss;
}

static void an_epoch_begins_without_a_state(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    double first = epoch_loss(ctx, 1, 0), second = epoch_loss(ctx, 1, 1);
    assert_memory_equal(&first, &second, sizeof first);
    assert_true(fabs(first - epoch_loss(ctx, 0, 0)) > 1e-4);
    visml_context_free(ctx);
}

static void predictions_go_on(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = waves(ctx, SAMPLES);
    visml_model *m = network(ctx, 1);
    visml_tensor *all = assert_made(visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = BATCH), &err), &err);
    visml_session *s = assert_made(visml_session_new(m, VISML_OPTS(visml_session_opts, .max_batch = BATCH), &err), &err);
    visml_loader *loader = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = BATCH), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(BATCH, 1), &err), &err);
    for (int i = 0; i < STEPS; i++) {
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(loader, &b, &err), &err);
        assert_ok(visml_session_run(s, visml_batch_images(b), y, &err), &err);
        assert_memory_equal((float *)visml_tensor_data(all) + i * BATCH, visml_tensor_data(y), BATCH * sizeof(float));
        visml_batch_free(b);
    }
    visml_tensor_release(y);
    visml_tensor_release(all);
    visml_loader_free(loader);
    visml_session_free(s);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void batches_have_one_size(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = waves(ctx, SAMPLES), *other = waves(ctx, BATCH + 1), *few = waves(ctx, BATCH - 1);
    visml_model *m = network(ctx, 1);
    const visml_evaluate_opts *o = VISML_OPTS(visml_evaluate_opts, .batch_size = 5);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .batch_size = 5), NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "fit: 24 samples are no multiple of batch_size, 5: \"bidirectional\" is stateful, so that all "
                        "batches must have as many samples");
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .batch_size = BATCH, .validation = other), NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "fit: validation: 5 samples are no multiple of batch_size, 4: \"bidirectional\" is stateful, so that "
                        "all batches must have as many samples");
    assert_status(visml_evaluate(m, ds, o, NULL, NULL, &err), VISML_EINVAL, &err);
    assert_null(visml_predict(m, ds, o, &err));
    assert_string_equal(err.message, "predict: 24 samples are no multiple of batch_size, 5: \"bidirectional\" is stateful, so that all "
                        "batches must have as many samples");
    assert_ok(visml_fit(m, few, VISML_OPTS(visml_fit_opts, .batch_size = BATCH, .validation = ds), NULL, &err), &err); /* one batch */
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(other);
    visml_dataset_free(few);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_gives_the_same_bits),
        cmocka_unit_test(train_and_evaluate_goes_on),
        cmocka_unit_test(an_epoch_begins_without_a_state),
        cmocka_unit_test(predictions_go_on),
        cmocka_unit_test(batches_have_one_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
