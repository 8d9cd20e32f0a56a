/* Monitors: against Keras' on given curves, in real runs, across checkpoints, under bad options. */
#include "train/toy.h"

#include <stdio.h>
#include <sys/stat.h>

#include "golden/monitor_goldens.h"
#include "train/monitor.h"

static visml_context *ctx;
static visml_error err;

/* ---- curves ---- */

/* As much of a run as monitors look at: validation data there, a model whose weights are the number of the epoch. */
static void pretend(visml_training *r, visml_model *m, visml_optimizer *o, visml_dataset *data) {
    memset(r, 0, sizeof *r);
    r->context = ctx;
    r->model = m;
    r->optimizer = o;
    r->rate = NAN;
    r->validation.data = data;
    r->feed.labelled = 1;
}

static void walk_stop(visml_training *r, size_t i) {
    visml_monitor *m = assert_made(visml_early_stopping(ctx, &stops[i].opts, &err), &err);
    const int accuracy = stops[i].opts.monitor != NULL;
    r->opts.monitors = &m;
    r->opts.monitor_count = 1;
    r->stopped_by = NULL;
    assert_ok(visml_monitors_begin(r, &err), &err);
    int epoch = 0;
    for (; epoch < 16 && !r->stopped_by; epoch++) {
        visml_progress p = {.size = sizeof p, .epoch = epoch, .val_loss = accuracy ? NAN : stops[i].curve[epoch],
                            .val_accuracy = accuracy ? stops[i].curve[epoch] : NAN, .loss = NAN, .accuracy = NAN};
        r->model->values[0] = (float)epoch;
        assert_ok(visml_monitors_tell(r, VISML_EPOCH_END, &p, &err), &err);
    }
    assert_ok(visml_monitors_train_end(r, &err), &err);
    if (epoch != stops[i].epochs || r->model->values[0] != (float)stops[i].best)
        fail_msg("stop %zu: %d epochs with the best %g, must be %d and %d", i, epoch, (double)r->model->values[0], stops[i].epochs,
                 stops[i].best);
    visml_monitors_clear(r);
    visml_monitor_free(m);
}

static void walk_plateau(visml_training *r, size_t i) {
    visml_monitor *m = assert_made(visml_reduce_lr_on_plateau(ctx, &plateaus[i].opts, &err), &err);
    r->opts.monitors = &m;
    r->opts.monitor_count = 1;
    r->rate = 0.1;
    assert_ok(visml_monitors_begin(r, &err), &err);
    for (int epoch = 0; epoch < 16; epoch++) {
        visml_progress p = {.size = sizeof p, .epoch = epoch, .val_loss = plateaus[i].curve[epoch]};
        assert_ok(visml_monitors_tell(r, VISML_EPOCH_END, &p, &err), &err);
        if (fabs(r->rate - plateaus[i].rates[epoch]) > 1e-6 * plateaus[i].rates[epoch]) /* Keras' is a float */
            fail_msg("plateau %zu, epoch %d: %g, must be %g", i, epoch, r->rate, plateaus[i].rates[epoch]);
    }
    visml_monitors_clear(r);
    visml_monitor_free(m);
}

static void curves_as_in_keras(void **state) {
    (void)state;
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_optimizer *o = assert_made(visml_sgd(ctx, NULL, &err), &err);
    visml_dataset *data = toy_blobs(ctx, 4, 1);
    visml_training r;
    pretend(&r, m, o, data);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        walk_stop(&r, i);
    for (size_t i = 0; i < sizeof plateaus / sizeof *plateaus; i++)
        walk_plateau(&r, i);
    visml_dataset_free(data);
    visml_optimizer_free(o);
    visml_model_free(m);
}

/* ---- real runs ---- */

static double halve(void *user, int32_t epoch, double rate) {
    (*(int32_t *)user) += epoch;
    return epoch ? rate / 2 : rate;
}

static void the_rate_follows_a_function(void **state) {
    (void)state;
    int32_t sum = 0;
    visml_dataset *ds = toy_blobs(ctx, 40, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_history *h = NULL;
    visml_monitor *s = assert_made(visml_learning_rate_scheduler(ctx, VISML_OPTS(visml_learning_rate_scheduler_opts, .user = &sum,
                                                                                 .schedule = halve), &err), &err);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 4, .monitors = &s, .monitor_count = 1), &h, &err), &err);
    for (size_t i = 0; i < 4; i++)
        assert_true(visml_history_get(h, "learning_rate", i) == 0.001 / (1 << i));
    assert_int_equal(sum, 6);
    assert_null(visml_history_stopped_by(h));
    visml_history_free(h);
    visml_monitor_free(s);
    visml_model_free(m);
    visml_dataset_free(ds);
}

static void not_a_number_is_an_end(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 40, 1);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    visml_monitor *nan = assert_made(visml_terminate_on_nan(ctx, NULL, &err), &err);
    visml_optimizer *o = assert_made(visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 1e30), &err), &err);
    visml_error untouched = {.size = 7};
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 4, .optimizer = o, .monitors = &nan, .monitor_count = 1), &h,
                        &untouched), &untouched);
    assert_int_equal(untouched.size, 7);
    assert_string_equal(visml_history_stopped_by(h), "terminate_on_nan");
    for (size_t i = 0; i < m->value_count; i++)
        assert_true(isfinite(m->values[i]));
    visml_history_free(h);
    visml_optimizer_free(o);
    visml_monitor_free(nan);
    visml_model_free(m);
    visml_dataset_free(ds);
}

static int exists(const char *folder, const char *name) {
    struct stat st;
    char *path = test_path(folder, name);
    int there = stat(path, &st) == 0;
    free(path);
    return there;
}

static char *text_of(const char *folder, const char *name) {
    size_t n;
    char *path = test_path(folder, name), *bytes = test_read_file(path, &n), *text = malloc(n + 1);
    memcpy(text, bytes, n);
    text[n] = '\0';
    free(bytes);
    free(path);
    return text;
}

/* ---- all of them in a run that is interrupted ---- */

typedef struct kit {
    visml_monitor *all[6];
    size_t n;
    char *paths[4];
} kit;

static kit make_kit(visml_context *c, const char *folder) {
    kit k = {.n = 6, .paths = {test_path(folder, "log.csv"), test_path(folder, "log.jsonl"), test_path(folder, "board"),
                               test_path(folder, "epochs")}};
    k.all[0] = visml_csv_logger(c, VISML_OPTS(visml_csv_logger_opts, .path = k.paths[0]), &err);
    k.all[1] = visml_json_logger(c, VISML_OPTS(visml_json_logger_opts, .path = k.paths[1]), &err);
    k.all[2] = visml_tensorboard(c, VISML_OPTS(visml_tensorboard_opts, .log_dir = k.paths[2], .update_freq = 2), &err);
    k.all[3] = visml_model_checkpoint(c, VISML_OPTS(visml_model_checkpoint_opts, .folder = k.paths[3], .keep = 2, .save_best_only = 1),
                                      &err);
    k.all[4] = visml_reduce_lr_on_plateau(c, VISML_OPTS(visml_reduce_lr_on_plateau_opts, .patience = 1, .factor = 0.5, .min_delta = 0.2),
                                          &err);
    k.all[5] = visml_early_stopping(c, VISML_OPTS(visml_early_stopping_opts, .patience = 3, .min_delta = 0.1, .restore_best_weights = 1),
                                    &err);
    for (size_t i = 0; i < k.n; i++)
        assert_made(k.all[i], &err);
    return k;
}

static void drop_kit(kit *k) {
    for (size_t i = 0; i < k->n; i++)
        visml_monitor_free(k->all[i]);
    for (size_t i = 0; i < 4; i++)
        free(k->paths[i]);
}

static int32_t stop_at(void *user, visml_model *m, const visml_progress *p) {
    (void)m;
    return p->epoch == *(int32_t *)user && p->step == 2;
}

static visml_status run(const char *folder, int32_t stop_epoch, uint32_t *hash, char stopped[32]) {
    visml_context *c = test_context(2);
    visml_dataset *ds = toy_lines(c, 60, 1), *val = toy_lines(c, 30, 2);
    visml_model *m = toy_cnn(c);
    kit k = make_kit(c, folder);
    char *checkpoints = test_path(folder, "run");
    visml_history *h = NULL;
    const visml_callback cb = {.size = sizeof cb, .user = &stop_epoch, .batch_end = stop_at};
    visml_status status = visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 40, .batch_size = 16, .seed = 5, .validation = val,
                                                      .callbacks = &cb, .callback_count = 1, .monitors = k.all, .monitor_count = k.n,
                                                      .checkpoint_dir = checkpoints, .resume = 1), &h, &err);
    *hash = toy_hash(m);
    if (h)
        snprintf(stopped, 32, "%s", visml_history_stopped_by(h) ? visml_history_stopped_by(h) : "");
    visml_history_free(h);
    free(checkpoints);
    drop_kit(&k);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(c);
    return status;
}

/* Without the times, which are nobody's twice. */
static char *comparable(char *csv) {
    char *out = calloc(1, strlen(csv) + 1);
    for (char *line = strtok(csv, "\n"); line; line = strtok(NULL, "\n")) {
        char *cells[8], *at = line;
        for (int i = 0; i < 8; i++) {
            cells[i] = at;
            at += strcspn(at, ",");
            if (*at)
                *at++ = '\0';
        }
        sprintf(out + strlen(out), "%s %s %s %s %s %s\n", cells[0], cells[1], cells[3], cells[4], cells[6], cells[7]);
    }
    free(csv);
    return out;
}

static void a_run_in_pieces_ends_the_same(void **state) {
    (void)state;
    char *whole = test_folder(), *pieces = test_folder(), stopped[32] = "", again[32] = "";
    uint32_t want, got;
    assert_ok(run(whole, -1, &want, stopped), &err);
    assert_string_equal(stopped, "early_stopping");
    int32_t cut = 0; /* in every epoch */
    while (run(pieces, cut, &got, again) == VISML_ECANCELLED)
        cut++;
    assert_true(cut >= 4);
    assert_int_equal(got, want);
    assert_string_equal(again, stopped);
    char *a = comparable(text_of(whole, "log.csv")), *b = comparable(text_of(pieces, "log.csv"));
    assert_string_equal(a, b);
    /* A run that has ended stays ended, whatever is asked. */
    assert_ok(run(pieces, 0, &got, again), &err);
    assert_int_equal(got, want);
    free(a);
    free(b);
    test_folder_remove(whole);
    test_folder_remove(pieces);
}

static void files_are_as_promised(void **state) {
    (void)state;
    char *folder = test_folder(), stopped[32];
    uint32_t hash;
    assert_ok(run(folder, -1, &hash, stopped), &err);
    char *csv = text_of(folder, "log.csv"), *json = text_of(folder, "log.jsonl");
    assert_ptr_equal(strstr(csv, "epoch,accuracy,images_per_second,learning_rate,loss,seconds,val_accuracy,val_loss\n0,"), csv);
    assert_ptr_equal(strstr(json, "{\"epoch\": 0, \"loss\": "), json);
    int lines = 0, objects = 0, models = 0;
    for (const char *p = csv; *p; p++)
        lines += *p == '\n';
    for (const char *p = json; *p; p++)
        objects += *p == '\n';
    assert_int_equal(lines, objects + 1);
    for (int i = 1; i <= 40; i++) {
        char name[40];
        snprintf(name, sizeof name, "epochs/epoch-%04d.visml", i);
        models += exists(folder, name);
    }
    assert_int_equal(models, 2);
    assert_true(exists(folder, "board/train") && exists(folder, "board/validation"));
    free(csv);
    free(json);
    test_folder_remove(folder);
}

/* ---- from JSON, and what is refused ---- */

static void from_json(void **state) {
    (void)state;
    static const char good[] = "{\"class\": \"early_stopping\", \"patience\": 3, \"monitor\": \"val_accuracy\", \"mode\": \"max\"}";
    static const char *const bad[][2] = {
        {"{\"class\": \"early_stoping\"}", "early_stopping"}, {"{\"class\": \"early_stopping\", \"patiense\": 1}", "patiense"},
        {"{\"class\": \"early_stopping\", \"patience\": -1}", "patience"}, {"{\"class\": \"csv_logger\"}", "path"},
        {"{\"class\": \"early_stopping\", \"monitor\": \"val_f1\"}", "val_f1"}, {"[]", "object"}, {"{", "line"},
        {"{\"class\": \"learning_rate_scheduler\"}", "schedule"}, {"{\"class\": \"tensorboard\"}", "log_dir"},
        {"{\"class\": \"model_checkpoint\", \"folder\": \"x\", \"keep\": 101}", "keep"},
    };
    visml_monitor *m = assert_made(visml_monitor_from_json(ctx, good, sizeof good - 1, &err), &err);
    const visml_early_stopping_opts *o = m->opts;
    assert_true(o->patience == 3 && o->mode == VISML_MODE_MAX && strcmp(o->monitor, "val_accuracy") == 0);
    visml_monitor_free(m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(visml_monitor_from_json(ctx, bad[i][0], strlen(bad[i][0]), &err));
        if (!strstr(err.message, bad[i][1]))
            fail_msg("\"%s\" does not name %s", err.message, bad[i][1]);
    }
}

static void runs_that_cannot_be_watched(void **state) {
    (void)state;
    visml_dataset *ds = toy_blobs(ctx, 40, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_monitor *both[2] = {assert_made(visml_early_stopping(ctx, NULL, &err), &err), NULL};
    uint32_t before = toy_hash(m);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .monitors = both, .monitor_count = 1), NULL, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "no validation data"));
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .monitors = both, .monitor_count = 2, .validation = ds), NULL, &err),
                  VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "monitors[1] is NULL"));
    both[1] = both[0];
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .monitors = both, .monitor_count = 2, .validation = ds), NULL, &err),
                  VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "in a run already"));
    assert_int_equal(toy_hash(m), before);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .monitors = both, .monitor_count = 1, .validation = ds), NULL, &err), &err);
    visml_monitor_free(both[0]);
    visml_model_free(m);
    visml_dataset_free(ds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_as_in_keras),     cmocka_unit_test(the_rate_follows_a_function),
        cmocka_unit_test(not_a_number_is_an_end), cmocka_unit_test(a_run_in_pieces_ends_the_same),
        cmocka_unit_test(files_are_as_promised),  cmocka_unit_test(from_json),
        cmocka_unit_test(runs_that_cannot_be_watched),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
