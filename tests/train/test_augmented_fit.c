/* Training on augmented data: the same bits for any number of workers and threads, and for a run that was stopped; mixed targets. */
#include "train/toy.h"

#define SAMPLES 70 /* batches of 16: 16, 16, 16, 16, 6 */

static visml_error err;

#define SINGLES "{\"class\": \"random_rotation\", \"factor\": 0.05}, " \
                "{\"class\": \"random_translation\", \"height_factor\": 0.1, \"width_factor\": 0.1}"

typedef struct stopper {
    int32_t epoch;
    int64_t step; /* stop after this batch; -1: never */
} stopper;

static int32_t stop_batch(void *user, visml_model *m, const visml_progress *p) {
    const stopper *s = user;
    (void)m;
    return p->epoch == s->epoch && !p->validating && p->step == s->step;
}

static visml_dataset *augmented_lines(visml_context *ctx, const char *json) {
    visml_dataset *plain = toy_lines(ctx, SAMPLES, 1);
    visml_augmentation *a = assert_made(visml_augmentation_from_json(ctx, json, strlen(json), &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_augment(plain, a, &err), &err);
    visml_augmentation_free(a);
    visml_dataset_free(plain);
    return ds;
}

/* A run, or a part of it: the parameters' fingerprint, and the accuracy of the last epoch. */
static visml_status run(const char *json, int32_t threads, int32_t workers, const char *folder, stopper stop, uint32_t *hash) {
    visml_context *ctx = test_context(threads);
    visml_dataset *ds = augmented_lines(ctx, json), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    const visml_callback c = {.size = sizeof c, .user = &stop, .batch_end = stop_batch};
    visml_status status = visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .batch_size = 16, .seed = 5, .validation = val,
                                                      .workers = workers, .callbacks = &c, .callback_count = 1, .checkpoint_dir = folder,
                                                      .resume = folder != NULL), NULL, &err);
    *hash = toy_hash(m);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    return status;
}

static const char *const chains[] = {"[" SINGLES "]", "[" SINGLES ", {\"class\": \"mix_up\"}]", "[{\"class\": \"cut_mix\"}]"};

static void workers_threads_and_a_stop_change_nothing(void **state) {
    static const int32_t counts[][2] = {{1, 1}, {2, 2}, {8, 8}, {2, 0}};
    const stopper never = {0, -1};
    (void)state;
    for (size_t k = 0; k < sizeof chains / sizeof *chains; k++) {
        uint32_t want, got;
        assert_ok(run(chains[k], 1, -1, NULL, never, &want), &err);
        for (size_t i = 0; i < 4; i++) {
            assert_ok(run(chains[k], counts[i][0], counts[i][1], NULL, never, &got), &err);
            assert_int_equal(got, want);
        }
        char *folder = test_folder();
        assert_status(run(chains[k], 1, 2, folder, (stopper){0, 3}, &got), VISML_ECANCELLED, &err);
        assert_status(run(chains[k], 2, -1, folder, (stopper){2, 1}, &got), VISML_ECANCELLED, &err);
        assert_ok(run(chains[k], 2, 1, folder, never, &got), &err);
        assert_int_equal(got, want);
        test_folder_remove(folder);
    }
}

static void another_chain_does_not_resume(void **state) {
    (void)state;
    uint32_t hash;
    char *folder = test_folder();
    assert_status(run(chains[0], 1, -1, folder, (stopper){0, 2}, &hash), VISML_ECANCELLED, &err);
    assert_status(run("[{\"class\": \"random_flip\"}]", 1, -1, folder, (stopper){0, -1}, &hash), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "augmentation was"));
    visml_context *ctx = test_context(1);
    visml_dataset *plain = toy_lines(ctx, SAMPLES, 1);
    visml_model *m = toy_cnn(ctx);
    assert_status(visml_fit(m, plain, VISML_OPTS(visml_fit_opts, .epochs = 3, .batch_size = 16, .seed = 5, .checkpoint_dir = folder,
                                                 .resume = 1), NULL, &err), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "augmentation"));
    visml_model_free(m);
    visml_dataset_free(plain);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

/* Lines are learned from mixtures of them, and the accuracy counts the larger share. */
static void mixtures_are_learned(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *plain = toy_lines(ctx, 300, 1), *val = toy_lines(ctx, 90, 2);
    visml_augmentation *mix = assert_made(visml_mix_up(ctx, NULL, &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_augment(plain, mix, &err), &err);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 15, .validation = val), &h, &err), &err);
    assert_true(visml_history_get(h, "val_accuracy", 14) > 0.95);
    assert_true(visml_history_get(h, "accuracy", 14) > 0.75 && visml_history_get(h, "accuracy", 14) <= 1);
    visml_history_free(h);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(plain);
    visml_dataset_free(val);
    visml_augmentation_free(mix);
    visml_context_free(ctx);
}

static void refuse_fit(visml_context *ctx, visml_dataset *ds, visml_fit_opts opts, const char *part) {
    visml_model *m = toy_cnn(ctx);
    opts.size = sizeof opts;
    assert_status(visml_fit(m, ds, &opts, NULL, &err), VISML_EINVAL, &err);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, part);
    visml_model_free(m);
}

static void refuses_what_does_not_go_together(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = augmented_lines(ctx, chains[1]), *plain = toy_lines(ctx, SAMPLES, 1);
    visml_loss *sparse = assert_made(visml_sparse_categorical_crossentropy(ctx, NULL, &err), &err);
    visml_model *m = toy_cnn(ctx);
    refuse_fit(ctx, ds, (visml_fit_opts){.loss = sparse}, "use visml_categorical_crossentropy");
    refuse_fit(ctx, ds, (visml_fit_opts){.class_weight = (double[]){1, 1, 1}}, "class_weight");
    refuse_fit(ctx, plain, (visml_fit_opts){.validation = ds}, "fit: validation: the dataset is augmented");
    assert_status(visml_evaluate(m, ds, NULL, NULL, NULL, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "augmented"));
    assert_null(visml_predict(m, ds, NULL, &err));
    assert_non_null(strstr(err.message, "augmented"));
    assert_null(visml_quantize(m, ds, NULL, &err));
    assert_non_null(strstr(err.message, "augmented"));
    visml_model_free(m);
    visml_loss_free(sparse);
    visml_dataset_free(ds);
    visml_dataset_free(plain);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_threads_and_a_stop_change_nothing),
        cmocka_unit_test(another_chain_does_not_resume),
        cmocka_unit_test(mixtures_are_learned),
        cmocka_unit_test(refuses_what_does_not_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
