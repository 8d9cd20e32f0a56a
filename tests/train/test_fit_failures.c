/* Runs of fit that fail: without memory, and on numbers that are not finite. */
#include "train/listener.h"

#include <unistd.h>

static visml_error err;

/* Every allocation of fit fails in turn, once: an error, no leak, and before the first step the model as it was. */
static void failing_allocations_do_no_harm(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err);
    visml_dataset *ds = toy_lines(ctx, 40, 1), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    char *folder = test_folder();
    record r = {0};
    const visml_callback c = listen(&r);
    const visml_fit_opts opts = {.size = sizeof opts, .epochs = 1, .validation = val, .checkpoint_dir = folder, .callbacks = &c,
                                 .callback_count = 1, .checkpoint_steps = 1, .class_weight = (double[]){1, 2, 3}};
    int64_t live = a.live;
    visml_status status = VISML_ENOMEM;
    int64_t n = 1;
    for (; status != VISML_OK; n++) {
        assert_true(n < 5000);
        memset(&err, 0, sizeof err);
        uint32_t before = toy_hash(m);
        visml_history *h = NULL;
        r.count = 0;
        a.countdown = n;
        status = visml_fit(m, ds, &opts, &h, &err);
        int failed = a.countdown == 0;
        a.countdown = -1;
        if (status == VISML_OK) {
            assert_non_null(h);
            visml_history_free(h);
            assert_false(failed && n < 20);
        } else {
            assert_status(status, VISML_ENOMEM, &err);
            assert_int_equal(err.code, VISML_ENOMEM);
            assert_null(h);
            if (r.count <= 1)
                assert_int_equal(toy_hash(m), before);
        }
        assert_int_equal(a.live, live);
    }
    assert_true(n > 30);
    test_folder_remove(folder);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

/* ---- losses that are not finite ---- */

typedef struct poison {
    int64_t at;
    float value;
} poison;

static int32_t poisoned_sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    const poison *p = user;
    uint64_t random = (uint64_t)index + 1;
    (void)reason;
    float *x = pixels;
    for (int i = 0; i < TOY_SIZE * TOY_SIZE; i++)
        x[i] = 100 * test_random_float(&random);
    if (index == p->at)
        x[3] = p->value;
    *label = (int32_t)(index % TOY_CLASSES);
    return 0;
}

typedef struct snapshot {
    uint32_t hash; /* after the last good step */
    int64_t steps;
} snapshot;

static int32_t remember(void *user, visml_model *m, const visml_progress *p) {
    snapshot *s = user;
    (void)p;
    s->hash = toy_hash(m);
    s->steps++;
    return 0;
}

static void check_poison(float value, const char *what) {
    char *folder = test_folder(), *path = test_path(folder, "checkpoint.visml"), want[300];
    poison p = {70, value};
    snapshot s = {0};
    size_t n[2];
    visml_context *ctx = test_context(1);
    visml_dataset *ds = visml_dataset_from_callback(ctx, 100, VISML_F32, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), NULL, TOY_CLASSES,
                                                    poisoned_sample, &p, NULL, &err);
    assert_made(ds, &err);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    const visml_callback c = {.size = sizeof c, .user = &s, .batch_end = remember};
    visml_fit_opts opts = {.size = sizeof opts, .epochs = 2, .no_shuffle = 1, .callbacks = &c, .callback_count = 1, .workers = -1,
                           .checkpoint_dir = folder, .checkpoint_steps = 2};
    assert_status(visml_fit(m, ds, &opts, &h, &err), VISML_ENONFINITE, &err);
    snprintf(want, sizeof want, "fit: epoch 1/2, step 3/4: %s; the model keeps the weights from before this step. A learning rate below "
              "0.001 or pixels scaled to 0 ... 1 (visml_rescaling) usually help", what);
    assert_string_equal(err.message, want);
    assert_int_equal(s.steps, 2);
    assert_int_equal(toy_hash(m), s.hash); /* moving averages too: the hash is over all values */
    assert_int_equal(visml_history_epochs(h), 0);
    visml_history_free(h);
    /* the checkpoint of step 2 is whole: from it the run ends in the same place */
    void *before = test_read_file(path, &n[0]);
    visml_model *again = toy_cnn(ctx);
    opts.resume = 1;
    assert_status(visml_fit(again, ds, &opts, NULL, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, want);
    assert_int_equal(toy_hash(again), s.hash);
    void *after = test_read_file(path, &n[1]);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(before, after, n[0]);
    free(before);
    free(after);
    visml_model_free(again);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
}

static void a_loss_that_is_not_finite_stops_before_the_step(void **state) {
    (void)state;
    check_poison(NAN, "the loss is NaN");
    check_poison(INFINITY, "the loss is NaN"); /* infinity minus the mean, which is infinite */
}

/* An infinite weight for one sample's loss would be refused; a huge one overflows. */
static void a_gradient_that_is_not_finite_stops_before_the_step(void **state) {
    (void)state;
    static const float x[] = {1e30f, 3}, y[] = {2e30f, 1};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_rows(ctx, 2, 1, x, 1, y);
    visml_model *m = toy_dense(ctx, 1, 1, VISML_LINEAR);
    uint32_t before = toy_hash(m);
    assert_status(visml_fit(m, ds, NULL, NULL, &err), VISML_ENONFINITE, &err);
    assert_non_null(strstr(err.message, "fit: epoch 1/1, step 1/1: the loss is infinite"));
    assert_int_equal(toy_hash(m), before);
    visml_model_free(m);
    visml_dataset_free(ds);
    static const float large[] = {1e25f, 3}, small[] = {1, 1};
    ds = toy_rows(ctx, 2, 1, large, 1, small);
    m = toy_dense(ctx, 1, 1, VISML_LINEAR);
    m->values[m->params[0].offset] = 1e-8f; /* y = 1e17: the loss 1e34 is finite, its gradient 1e17 * 1e25 is not */
    before = toy_hash(m);
    assert_status(visml_fit(m, ds, NULL, NULL, &err), VISML_ENONFINITE, &err);
    assert_non_null(strstr(err.message, "the gradient is not finite"));
    assert_int_equal(toy_hash(m), before);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* Pixels as class numbers: learnt where the table has a row for each; a number without one is found at the first step. */
static void embeddings_say_when_a_number_has_no_row(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 12, 1);
    for (int32_t rows = 256; rows > 0; rows -= 200) {
        visml_model *m = visml_model_new(ctx, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), &err);
        visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
        visml_model_add(m, visml_embedding(ctx, VISML_OPTS(visml_embedding_opts, .input_dim = rows, .output_dim = 2), &err), &err);
        visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
        visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = TOY_CLASSES, .activation = VISML_SOFTMAX), &err), &err);
        assert_ok(visml_model_build(m, 1, &err), &err);
        uint32_t before = toy_hash(m);
        visml_status status = visml_fit(m, ds, NULL, NULL, &err);
        assert_int_equal(status, rows == 256 ? VISML_OK : VISML_ENONFINITE);
        assert_int_equal(toy_hash(m) != before, rows == 256);
        if (status < 0)
            assert_non_null(strstr(err.message, "fit: epoch 1/1, step 1/1: the loss is NaN"));
        visml_model_free(m);
    }
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* The step itself can overflow: then no checkpoint is written over a good one. */
static void weights_that_overflow_reach_no_checkpoint(void **state) {
    (void)state;
    char *folder = test_folder(), *path = test_path(folder, "checkpoint.visml");
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 8, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_optimizer *o = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 1e300), &err);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .optimizer = o, .checkpoint_dir = folder, .checkpoint_steps = 1), NULL, &err),
                  VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "fit: epoch 1/1, step 1/1: the weights are no longer finite after this step; a smaller learning rate "
                        "usually helps");
    assert_int_equal(access(path, F_OK), -1);
    visml_optimizer_free(o);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations_do_no_harm),
        cmocka_unit_test(a_loss_that_is_not_finite_stops_before_the_step),
        cmocka_unit_test(a_gradient_that_is_not_finite_stops_before_the_step),
        cmocka_unit_test(embeddings_say_when_a_number_has_no_row),
        cmocka_unit_test(weights_that_overflow_reach_no_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
