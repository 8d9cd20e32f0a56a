/* train_and_evaluate: evaluations, exports and checkpoints come when they were asked for; a run that is killed comes to the same end. And
 * the traps of the API that it is like, one test each: they are not here. */
#include "train/toy.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES 70 /* batches of 16: five an epoch */
#define STEPS 5

static visml_error err;

/* One call with everything new; what a test changes comes before. */
typedef struct call {
    visml_train_opts train;
    visml_eval_opts eval;
    visml_run_opts run;
    visml_monitor *monitor; /* freed by the caller */
    int32_t threads;
    uint32_t hash;
    visml_run_result *result;
    visml_context *ctx; /* of the result */
} call;

static const visml_exporter_opts exporters[] = {
    {.size = sizeof *exporters, .keep = 2},
    {.size = sizeof *exporters, .kind = VISML_EXPORT_BEST, .keep = 2, .monitor = "val_loss"},
    {.size = sizeof *exporters, .kind = VISML_EXPORT_FINAL},
};

static call call_of(const char *folder) {
    return (call){
        .train = {.size = sizeof(visml_train_opts), .max_steps = 12, .batch_size = 16},
        .eval = {.size = sizeof(visml_eval_opts), .every_steps = 3, .exporters = exporters, .exporter_count = 3},
        .run = {.size = sizeof(visml_run_opts), .model_dir = folder, .seed = 5},
        .threads = 1,
    };
}

static void forget(call *c) {
    visml_run_result_free(c->result);
    visml_context_free(c->ctx);
    c->result = NULL;
    c->ctx = NULL;
}

static visml_status run(call *c) {
    forget(c);
    visml_context *ctx = test_context(c->threads);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    c->train.data = ds;
    c->eval.data = val;
    visml_status status = visml_train_and_evaluate(m, &c->train, &c->eval, &c->run, &c->result, &err);
    c->hash = toy_hash(m);
    c->ctx = ctx;
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    return status;
}

static double get(const call *c, const char *name) {
    return visml_run_result_get(c->result, name);
}

/* ---- folders ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in folder/sub in order, with a blank behind each; those of a writer that was killed are in nobody's way. */
static void list(const char *folder, const char *sub, char *text, size_t room) {
    char *path = test_path(folder, sub), *names[64];
    size_t n = 0;
    DIR *d = opendir(path);
    *text = 0;
    for (struct dirent *e; d && n < 64 && (e = readdir(d));)
        if (e->d_name[0] != '.' && !strstr(e->d_name, ".tmp.") && strstr(e->d_name, ".visml"))
            names[n++] = strdup(e->d_name);
    if (d)
        closedir(d);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        snprintf(text + strlen(text), room - strlen(text), "%s ", names[i]);
        free(names[i]);
    }
    free(path);
}

static void assert_files(const char *folder, const char *sub, const char *names) {
    char text[2000];
    list(folder, sub, text, sizeof text);
    assert_string_equal(text, names);
}

/* Name and bytes of all exports. */
static uint32_t hash_exports(const char *folder) {
    static const char *const subs[] = {"export/latest", "export/best", "export/final"};
    uint32_t hash = 0;
    for (size_t i = 0; i < 3; i++) {
        char text[2000], *next = text;
        list(folder, subs[i], text, sizeof text);
        hash = visml_crc32(hash, text, strlen(text));
        for (char *name; (name = strtok_r(next, " ", &next));) {
            char sub[300];
            size_t n;
            snprintf(sub, sizeof sub, "%s/%s", subs[i], name);
            char *path = test_path(folder, sub);
            void *bytes = test_read_file(path, &n);
            hash = visml_crc32(hash, bytes, n);
            free(bytes);
            free(path);
        }
    }
    return hash;
}

static uint32_t hash_of_file(const char *folder, const char *sub) {
    visml_context *ctx = test_context(1);
    char *path = test_path(folder, sub);
    visml_model *m = assert_made(visml_model_load(ctx, path, &err), &err);
    uint32_t hash = toy_hash(m);
    visml_model_free(m);
    visml_context_free(ctx);
    free(path);
    return hash;
}

/* ---- what comes out ---- */

static void a_run_tells_all_of_itself(void **state) {
    (void)state;
    char *folder = test_folder(), path[600];
    call c = call_of(folder);
    c.run.keep_checkpoints = 3;
    assert_ok(run(&c), &err);
    assert_string_equal(visml_run_result_ended_by(c.result), "max_steps");
    assert_int_equal(get(&c, "global_step"), 12);
    assert_int_equal(get(&c, "epochs"), 2);
    assert_int_equal(get(&c, "evaluations"), 4);
    const visml_history *h = visml_run_result_history(c.result);
    assert_int_equal(visml_history_epochs(h), 4);
    assert_true(get(&c, "val_loss") == visml_history_get(h, "val_loss", 3));
    assert_true(get(&c, "accuracy") == visml_history_get(h, "accuracy", 3));
    size_t best = 0;
    for (size_t i = 1; i < 4; i++)
        best = visml_history_get(h, "val_loss", i) < visml_history_get(h, "val_loss", best) ? i : best;
    assert_true(get(&c, "best_val_loss") == visml_history_get(h, "val_loss", best));
    assert_int_equal(get(&c, "best_step"), 3 * ((int)best + 1));
    assert_true(isnan(get(&c, "f1")));
    snprintf(path, sizeof path, "%s/export/best/step-%09d.visml", folder, 3 * ((int)best + 1));
    assert_string_equal(visml_run_result_best_export(c.result), path);
    assert_null(visml_run_result_passed_over(c.result));
    assert_files(folder, ".", "checkpoint-12.visml checkpoint-6.visml checkpoint-9.visml ");
    assert_files(folder, "export/latest", "step-000000009.visml step-000000012.visml ");
    assert_files(folder, "export/final", "step-000000012.visml ");
    assert_int_equal(hash_of_file(folder, "export/final/step-000000012.visml"), c.hash);
    assert_int_equal(hash_of_file(folder, "export/latest/step-000000012.visml"), c.hash);
    forget(&c);
    test_folder_remove(folder);
}

/* The same steps as fit takes: evaluating between them changes nothing. */
static void the_weights_are_those_of_fit(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 2, .batch_size = 16, .seed = 5, .validation = val), &h, &err), &err);
    for (int i = 0; i < 2; i++) {
        call c = call_of(folder);
        c.train.max_steps = 2 * STEPS;
        c.eval.every_steps = i ? 3 : 0;
        assert_ok(run(&c), &err);
        assert_int_equal(c.hash, toy_hash(m));
        assert_int_equal(get(&c, "evaluations"), i ? 4 : 2);
        assert_true(get(&c, "val_loss") == visml_history_get(h, "val_loss", 1));
        if (!i)
            assert_true(get(&c, "loss") == visml_history_get(h, "loss", 1));
        forget(&c);
        test_folder_remove(folder);
        folder = test_folder();
    }
    visml_history_free(h);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

static void again_after_the_end_changes_nothing(void **state) {
    (void)state;
    char *folder = test_folder();
    call a = call_of(folder), b = a;
    assert_ok(run(&a), &err);
    uint32_t exports = hash_exports(folder);
    assert_ok(run(&b), &err);
    static const char *const names[] = {"global_step", "epochs", "evaluations", "loss", "accuracy", "val_loss", "val_accuracy", "best_step",
                                        "best_loss", "best_val_loss", "best_val_accuracy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(get(&a, names[i]) == get(&b, names[i]));
    assert_string_equal(visml_run_result_ended_by(a.result), visml_run_result_ended_by(b.result));
    assert_string_equal(visml_run_result_best_export(a.result), visml_run_result_best_export(b.result));
    assert_int_equal(a.hash, b.hash);
    assert_int_equal(hash_exports(folder), exports);
    b.train.max_steps = 20; /* but more may be asked for */
    assert_ok(run(&b), &err);
    assert_int_equal(get(&b, "global_step"), 20);
    assert_files(folder, "export/final", "step-000000020.visml ");
    forget(&a);
    forget(&b);
    test_folder_remove(folder);
}

/* ---- traps that are not here ---- */

/* "Only max_steps ends it reliably": so do the end of the input, and early stopping, which ends everything, and for good. */
static void everything_ends_it(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    call c = call_of(folder);
    c.train.max_steps = 1000000000;
    c.train.epochs = 2;
    assert_ok(run(&c), &err);
    assert_string_equal(visml_run_result_ended_by(c.result), "end_of_input");
    assert_int_equal(get(&c, "global_step"), 2 * STEPS);
    test_folder_remove(folder);
    folder = test_folder();
    c.run.model_dir = folder;
    c.train.epochs = 0;
    c.monitor = assert_made(visml_early_stopping(ctx, VISML_OPTS(visml_early_stopping_opts, .patience = 1, .min_delta = 1e9,
                                                                 .restore_best_weights = 1), &err), &err);
    c.train.monitors = &c.monitor;
    c.train.monitor_count = 1;
    for (int again = 0; again < 2; again++) {
        assert_ok(run(&c), &err);
        assert_string_equal(visml_run_result_ended_by(c.result), "early_stopping");
        assert_int_equal(get(&c, "evaluations"), 2); /* the first is better than none, the second is not */
        assert_int_equal(get(&c, "global_step"), 6);
        assert_int_equal(hash_of_file(folder, "export/final/step-000000006.visml"), c.hash);
    }
    forget(&c);
    visml_monitor_free(c.monitor);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

/* "With N workers an epoch of input is N epochs." */
static void workers_do_not_multiply_the_input(void **state) {
    (void)state;
    uint32_t hash = 0;
    for (int32_t workers = 1; workers <= 4; workers += 3) {
        char *folder = test_folder();
        call c = call_of(folder);
        c.train.max_steps = 1000;
        c.train.epochs = 1;
        c.run.workers = c.threads = workers;
        assert_ok(run(&c), &err);
        assert_int_equal(get(&c, "global_step"), STEPS);
        assert_int_equal(get(&c, "epochs"), 1);
        assert_true(workers == 1 || hash == c.hash);
        hash = c.hash;
        forget(&c);
        test_folder_remove(folder);
    }
}

static int32_t stop_at(void *user, visml_model *m, const visml_progress *p) {
    (void)m;
    return p->epoch == ((int32_t *)user)[0] && p->step == ((int32_t *)user)[1];
}

/* "What it returns is not defined": it always is, also when it was stopped or has failed. */
static void there_is_always_a_result(void **state) {
    (void)state;
    char *folder = test_folder();
    call c = call_of(folder);
    const visml_callback callback = {.size = sizeof callback, .user = (int32_t[]){1, 2}, .batch_end = stop_at};
    c.train.callbacks = &callback;
    c.train.callback_count = 1;
    assert_status(run(&c), VISML_ECANCELLED, &err);
    assert_null(visml_run_result_ended_by(c.result));
    assert_int_equal(get(&c, "global_step"), 5);
    assert_int_equal(get(&c, "evaluations"), 1);
    c.train.callback_count = 0;
    c.train.batch_size = 17; /* the checkpoint is of another run: nothing is thrown away */
    assert_status(run(&c), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "batch_size was 16, is 17"));
    assert_non_null(c.result);
    assert_null(visml_run_result_ended_by(c.result));
    assert_files(folder, ".", "checkpoint-3.visml checkpoint-5.visml ");
    c.train.batch_size = 16;
    assert_ok(run(&c), &err);
    assert_int_equal(get(&c, "evaluations"), 4);
    forget(&c);
    test_folder_remove(folder);
}

/* "Evaluations are throttled, and left out without a word": each has its row, at the step that was asked for, and the end has one, too. */
static int32_t note_step(void *user, visml_model *m, const visml_progress *p) {
    int64_t *notes = user;
    (void)m;
    assert_int_equal(p->epoch, notes[0]);
    assert_int_equal(p->step, p->steps);
    notes[++notes[0]] = p->step;
    notes[20] = p->epochs;
    return 0;
}

static void no_evaluation_is_left_out(void **state) {
    (void)state;
    static const struct {
        int32_t epochs;
        int64_t steps, limit, n, at[8], all;
    } rows[] = {
        {0, 0, 12, 3, {5, 5, 2}, 3},
        {0, 1, 4, 4, {1, 1, 1, 1}, 4},
        {0, 4, 12, 3, {4, 4, 4}, 3},
        {1, 4, 12, 5, {4, 1, 3, 2, 2}, 0},
        {2, 0, 11, 2, {10, 1}, 2},
        {0, 100, 7, 1, {7}, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = test_folder();
        int64_t notes[21] = {0};
        call c = call_of(folder);
        const visml_callback callback = {.size = sizeof callback, .user = notes, .epoch_end = note_step};
        c.train.callbacks = &callback;
        c.train.callback_count = 1;
        c.train.max_steps = rows[i].limit;
        c.eval.every_epochs = rows[i].epochs;
        c.eval.every_steps = rows[i].steps;
        assert_ok(run(&c), &err);
        assert_int_equal(notes[0], rows[i].n);
        assert_int_equal(get(&c, "evaluations"), rows[i].n);
        assert_memory_equal(notes + 1, rows[i].at, (size_t)rows[i].n * sizeof *notes);
        assert_int_equal(notes[20], rows[i].all);
        forget(&c);
        test_folder_remove(folder);
    }
}

static void seconds_are_kept_too(void **state) {
    (void)state;
    char *folder = test_folder();
    call c = call_of(folder), counted = c;
    assert_ok(run(&counted), &err);
    test_folder_remove(folder);
    folder = test_folder();
    c.run.model_dir = folder;
    c.eval.every_steps = 0;
    c.eval.every_seconds = 1e-9; /* has always gone by */
    c.run.checkpoint_seconds = 1e-9;
    assert_ok(run(&c), &err);
    assert_int_equal(get(&c, "evaluations"), 12);
    assert_int_equal(c.hash, counted.hash);
    test_folder_remove(folder);
    folder = test_folder();
    c.run.model_dir = folder;
    c.eval.every_seconds = 1e9;
    assert_ok(run(&c), &err);
    assert_int_equal(get(&c, "evaluations"), 1); /* the end has one */
    forget(&c);
    forget(&counted);
    test_folder_remove(folder);
}

/* "A loss that is NaN raises and leaves no evaluation." */
static void a_loss_that_is_not_a_number_is_an_end_with_an_evaluation(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    visml_optimizer *wild = assert_made(visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 1e18), &err), &err);
    call c = call_of(folder);
    c.train.optimizer = wild;
    c.monitor = assert_made(visml_terminate_on_nan(ctx, NULL, &err), &err);
    c.train.monitors = &c.monitor;
    c.train.monitor_count = 1;
    for (int again = 0; again < 2; again++) {
        visml_status status = run(&c);
        if (status == VISML_ENONFINITE) /* the weights themselves went beyond floats: there is nothing to evaluate with */
            break;
        assert_ok(status, &err);
        assert_string_equal(visml_run_result_ended_by(c.result), "terminate_on_nan");
        assert_true(get(&c, "evaluations") >= 1);
    }
    assert_non_null(c.result);
    forget(&c);
    visml_monitor_free(c.monitor);
    visml_optimizer_free(wild);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

/* ---- damage ---- */

static void damage(const char *folder, const char *name, size_t keep) {
    char *path = test_path(folder, name);
    size_t n;
    void *bytes = test_read_file(path, &n);
    test_write_file(path, bytes, keep < n ? keep : n);
    free(bytes);
    free(path);
}

static void a_damaged_checkpoint_is_passed_over_and_told(void **state) {
    (void)state;
    char *folder = test_folder();
    call c = call_of(folder);
    assert_ok(run(&c), &err);
    uint32_t hash = c.hash, exports = hash_exports(folder);
    damage(folder, "checkpoint-12.visml", 0);
    damage(folder, "checkpoint-9.visml", 1000);
    assert_ok(run(&c), &err);
    const char *told = visml_run_result_passed_over(c.result);
    assert_non_null(told);
    assert_non_null(strstr(told, "checkpoint-12.visml: "));
    assert_non_null(strstr(told, "\n"));
    assert_non_null(strstr(told, "checkpoint-9.visml: "));
    assert_int_equal(c.hash, hash);
    assert_int_equal(get(&c, "evaluations"), 4);
    assert_int_equal(hash_exports(folder), exports);
    assert_ok(run(&c), &err); /* and has been made anew */
    assert_null(visml_run_result_passed_over(c.result));
    static const char *const all[] = {"checkpoint-3.visml", "checkpoint-6.visml", "checkpoint-9.visml", "checkpoint-12.visml"};
    for (size_t i = 0; i < 4; i++)
        damage(folder, all[i], 100);
    assert_status(run(&c), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "none of the 4 checkpoints is whole"));
    assert_int_equal(hash_exports(folder), exports);
    forget(&c);
    test_folder_remove(folder);
}

/* The newest is damaged, and only one is kept: the sound one stays until there is a newer sound one. */
static void a_damaged_checkpoint_pushes_nothing_out(void **state) {
    (void)state;
    char *folder = test_folder();
    call c = call_of(folder);
    c.run.keep_checkpoints = 2;
    c.train.max_steps = 9;
    assert_ok(run(&c), &err);
    damage(folder, "checkpoint-9.visml", 7);
    const visml_callback callback = {.size = sizeof callback, .user = (int32_t[]){2, 1}, .batch_end = stop_at};
    c.run.keep_checkpoints = 1;
    c.train.callbacks = &callback;
    c.train.callback_count = 1;
    assert_status(run(&c), VISML_ECANCELLED, &err);
    assert_files(folder, ".", "checkpoint-7.visml checkpoint-9.visml ");
    c.train.callback_count = 0;
    assert_ok(run(&c), &err);
    assert_files(folder, ".", "checkpoint-9.visml ");
    forget(&c);
    test_folder_remove(folder);
}

/* Files of an exporter that nobody knows of, and one that somebody has removed. */
static void an_exporters_folder_is_its_own(void **state) {
    (void)state;
    char *folder = test_folder(), *gone = test_path(folder, "export/latest/step-000000006.visml"),
         *stray = test_path(folder, "export/latest/step-000000999.visml"), *other = test_path(folder, "export/latest/notes.visml");
    call c = call_of(folder);
    c.train.max_steps = 6;
    assert_ok(run(&c), &err);
    assert_int_equal(unlink(gone), 0);
    test_write_file(stray, "x", 1);
    test_write_file(other, "x", 1);
    c.train.max_steps = 9;
    assert_ok(run(&c), &err);
    assert_files(folder, "export/latest", "notes.visml step-000000003.visml step-000000009.visml ");
    forget(&c);
    free(gone);
    free(stray);
    free(other);
    test_folder_remove(folder);
}

/* ---- what is refused ---- */

static void refused(const call *given, const char *message) {
    call c = *given;
    assert_status(run(&c), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
    assert_null(c.result);
    forget(&c);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_exporter_opts two[2] = {{.size = sizeof *two}, {.size = sizeof *two}};
    call c = call_of(folder);
    c.eval.exporters = two;
    c.eval.exporter_count = 2;
    refused(&c, "train_and_evaluate: exporters[1]: name \"latest\" is that of exporters[0], too; give each its own");
    two[1].name = "a/b";
    refused(&c, "train_and_evaluate: exporters[1]: name is \"a/b\", must be the name of a folder without '/' that does not begin with '.'");
    two[1].name = "x";
    two[1].monitor = "f1";
    refused(&c, "train_and_evaluate: exporters: monitor is \"f1\", must be loss, accuracy, val_loss or val_accuracy");
    two[1].monitor = NULL;
    two[1].keep = 101;
    refused(&c, "train_and_evaluate: exporters: keep is 101, must be 1 to 100");
    c.eval.exporter_count = 0;
    c.train.max_steps = (int64_t)1 << 50;
    refused(&c, "train_and_evaluate: train: max_steps is 1125899906842624, must be at most 10737418235: 2147483647 epochs");
    c = call_of(folder);
    c.train.callback_count = 1;
    refused(&c, "train_and_evaluate: callbacks is NULL, callback_count is 1");
    c.train.callbacks = &(const visml_callback){.size = sizeof(visml_callback), .reserved = 1};
    refused(&c, "train_and_evaluate: callbacks: reserved is 1, must be 0: it has no meaning in this version");
    c.train.callback_count = 0;
    c.train.monitors = &c.monitor;
    c.train.monitor_count = 1;
    refused(&c, "train_and_evaluate: monitors[0] is NULL, must be a monitor");
    test_folder_remove(folder);
}

/* ---- kill -9 ---- */

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static call killed_call(const char *folder, int32_t threads) {
    call c = call_of(folder);
    c.threads = threads;
    c.run.checkpoint_steps = 2;
    c.run.keep_checkpoints = 2;
    return c;
}

static int train_and_kill(const char *folder, int32_t threads, double after) {
    int how;
    pid_t child = fork();
    if (child == 0) {
        call c = killed_call(folder, threads);
        _exit(run(&c) == VISML_OK && !visml_run_result_passed_over(c.result) ? 0 : 1);
    }
    usleep((useconds_t)(after * 1e6));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how))
        assert_int_equal(WEXITSTATUS(how), 0); /* no checkpoint was passed over: none is ever half written */
    return WIFEXITED(how);
}

/* All exports can be read at any moment: hash_of_file fails if not. */
static void read_exports(const char *folder) {
    static const char *const subs[] = {"export/latest", "export/best", "export/final"};
    for (size_t i = 0; i < 3; i++) {
        char text[2000], *next = text, sub[300];
        list(folder, subs[i], text, sizeof text);
        for (char *name; (name = strtok_r(next, " ", &next));) {
            snprintf(sub, sizeof sub, "%s/%s", subs[i], name);
            hash_of_file(folder, sub);
        }
    }
}

static void a_killed_run_comes_to_the_same_end(void **state) {
    (void)state;
    uint64_t random = 11;
    char *folder = test_folder();
    double began = seconds_now();
    call straight = killed_call(folder, 1);
    assert_ok(run(&straight), &err);
    double whole = seconds_now() - began; /* kills come at any moment of a third of this */
    uint32_t exports = hash_exports(folder);
    test_folder_remove(folder);
    int killed = 0;
    for (int round = 0; round < 4; round++) {
        folder = test_folder();
        for (int i = 0, ended = 0; i < 60 && !ended; i++) {
            ended = train_and_kill(folder, 1 + i % 3, whole / 3 * (1 + (double)test_random_float(&random)));
            killed += !ended;
            read_exports(folder);
        }
        call c = killed_call(folder, 2);
        assert_ok(run(&c), &err);
        assert_null(visml_run_result_passed_over(c.result));
        assert_int_equal(c.hash, straight.hash);
        assert_int_equal(hash_exports(folder), exports);
        assert_int_equal(get(&c, "evaluations"), 4);
        assert_true(get(&c, "best_val_loss") == get(&straight, "best_val_loss"));
        assert_true(get(&c, "loss") == get(&straight, "loss"));
        forget(&c);
        test_folder_remove(folder);
    }
    print_message("killed %d times\n", killed);
    assert_true(killed > 0);
    forget(&straight);
}

/* Stopped after each single step in turn, checkpoint or not: as good as a kill at that place, and always the same places. */
static void any_step_may_be_the_last_of_a_process(void **state) {
    (void)state;
    char *folder = test_folder();
    call straight = call_of(folder);
    assert_ok(run(&straight), &err);
    uint32_t exports = hash_exports(folder);
    test_folder_remove(folder);
    folder = test_folder();
    call c = call_of(folder);
    for (int32_t round = 0; round < 4; round++)
        for (int32_t step = 1; step <= 3; step++) {
            const visml_callback callback = {.size = sizeof callback, .user = (int32_t[]){round, step}, .batch_end = stop_at};
            c.train.callbacks = &callback;
            c.train.callback_count = 1;
            c.threads = 1 + step;
            assert_status(run(&c), VISML_ECANCELLED, &err);
        }
    c.train.callback_count = 0;
    assert_ok(run(&c), &err);
    assert_int_equal(c.hash, straight.hash);
    assert_int_equal(hash_exports(folder), exports);
    assert_true(get(&c, "loss") == get(&straight, "loss"));
    forget(&c);
    forget(&straight);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_tells_all_of_itself),
        cmocka_unit_test(the_weights_are_those_of_fit),
        cmocka_unit_test(again_after_the_end_changes_nothing),
        cmocka_unit_test(everything_ends_it),
        cmocka_unit_test(workers_do_not_multiply_the_input),
        cmocka_unit_test(there_is_always_a_result),
        cmocka_unit_test(no_evaluation_is_left_out),
        cmocka_unit_test(seconds_are_kept_too),
        cmocka_unit_test(a_loss_that_is_not_a_number_is_an_end_with_an_evaluation),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over_and_told),
        cmocka_unit_test(a_damaged_checkpoint_pushes_nothing_out),
        cmocka_unit_test(an_exporters_folder_is_its_own),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(any_step_may_be_the_last_of_a_process),
        cmocka_unit_test(a_killed_run_comes_to_the_same_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
