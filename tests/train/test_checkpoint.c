/* A run that is stopped or killed and resumed ends in the same bits as one that never was. */
#include "train/toy.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#define EPOCHS 3
#define SAMPLES 70 /* batches of 16: 16, 16, 16, 16, 6 */
#define STEPS 5

static visml_error err;

/* ---- one run in pieces ---- */

typedef struct stopper {
    int32_t epoch;
    int64_t step; /* stop after this batch; -1: at the beginning of the epoch; STEPS + 1: at its end; STEPS + 2: in its validation */
} stopper;

static int32_t stop_begin(void *user, visml_model *m, const visml_progress *p) {
    const stopper *s = user;
    (void)m;
    return p->epoch == s->epoch && s->step == -1;
}

static int32_t stop_batch(void *user, visml_model *m, const visml_progress *p) {
    const stopper *s = user;
    (void)m;
    return p->epoch == s->epoch && (p->validating ? s->step == STEPS + 2 : p->step == s->step);
}

static int32_t stop_end(void *user, visml_model *m, const visml_progress *p) {
    const stopper *s = user;
    (void)m;
    return p->epoch == s->epoch && s->step == STEPS + 1;
}

static const stopper never = {-1, 0};

/* One process' share of a run: with new objects, as many threads, and a model that knows nothing. */
static visml_status run_piece(const char *folder, int32_t threads, stopper stop, int64_t checkpoint_steps, int which, uint32_t *hash,
                              visml_history **h) {
    visml_context *ctx = test_context(threads);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    static const char *const optimizers[] = {
        NULL, "{\"class\": \"sgd\", \"learning_rate\": 0.05, \"momentum\": 0.9}",
        "{\"class\": \"adam\", \"amsgrad\": true, \"use_ema\": true, \"ema_overwrite_frequency\": 3, \"weight_decay\": 0.01, "
        "\"gradient_accumulation_steps\": 2, \"exclude_from_weight_decay\": \"bias\", \"clipnorm\": 0.5, \"schedule\": {\"class\": "
        "\"warmup\", \"warmup_steps\": 3, \"then\": {\"class\": \"exponential_decay\", \"initial_learning_rate\": 0.01, "
        "\"decay_steps\": 4, \"decay_rate\": 0.8}}}",
        "adagrad", "nadam", "{\"class\": \"rmsprop\", \"centered\": true, \"use_ema\": true}",
    };
    const char *json = optimizers[which];
    visml_optimizer *optimizer = json ? assert_made(visml_optimizer_from_json(ctx, json, strlen(json), &err), &err) : NULL;
    const visml_callback c = {.size = sizeof c, .user = &stop, .epoch_begin = stop_begin, .batch_end = stop_batch, .epoch_end = stop_end};
    visml_status status = visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = EPOCHS, .batch_size = 16, .seed = 5, .validation = val,
                                                      .optimizer = optimizer, .callbacks = &c, .callback_count = 1,
                                                      .class_weight = (double[]){1, 2, 3}, .checkpoint_dir = folder,
                                                      .resume = folder != NULL,
                                                      .checkpoint_steps = checkpoint_steps), h, &err);
    if (hash)
        *hash = toy_hash(m);
    visml_optimizer_free(optimizer);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    return status;
}

static void assert_same_history(const visml_history *a, const visml_history *b) {
    static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"};
    assert_int_equal(visml_history_epochs(a), visml_history_epochs(b));
    for (size_t e = 0; e < visml_history_epochs(a); e++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            double x = visml_history_get(a, names[i], e), y = visml_history_get(b, names[i], e);
            assert_memory_equal(&x, &y, sizeof x);
        }
}

static void stopped_and_resumed(stopper first, stopper second, int32_t threads, int which) {
    char *folder = test_folder();
    uint32_t straight, resumed;
    visml_history *a = NULL, *b = NULL;
    assert_ok(run_piece(NULL, 1, never, 0, which, &straight, &a), &err);
    assert_status(run_piece(folder, 1, first, 0, which, NULL, NULL), VISML_ECANCELLED, &err);
    assert_status(run_piece(folder, threads, second, 0, which, NULL, NULL), VISML_ECANCELLED, &err);
    assert_ok(run_piece(folder, 2, never, 0, which, &resumed, &b), &err);
    assert_int_equal(straight, resumed);
    assert_same_history(a, b);
    visml_history_free(a);
    visml_history_free(b);
    test_folder_remove(folder);
}

static void a_resumed_run_gives_the_same_bits(void **state) {
    (void)state;
    stopped_and_resumed((stopper){0, 2}, (stopper){1, 4}, 2, 0);
    stopped_and_resumed((stopper){0, -1}, (stopper){0, STEPS}, 3, 0);
    stopped_and_resumed((stopper){0, STEPS + 1}, (stopper){1, -1}, 8, 0);
    stopped_and_resumed((stopper){1, 1}, (stopper){1, STEPS + 2}, 1, 0);
    stopped_and_resumed((stopper){1, 3}, (stopper){2, STEPS + 1}, 2, 0);
    stopped_and_resumed((stopper){0, 1}, (stopper){2, 4}, 2, 1);
    for (int which = 2; which < 6; which++) {
        stopped_and_resumed((stopper){0, 2}, (stopper){1, 4}, 2, which);
        stopped_and_resumed((stopper){1, 3}, (stopper){2, STEPS + 1}, 3, which); /* done, but for the average */
    }
}

static void a_run_that_is_done_stays_as_it_is(void **state) {
    (void)state;
    char *folder = test_folder();
    uint32_t first, again;
    visml_history *a = NULL, *b = NULL;
    assert_ok(run_piece(folder, 1, never, 0, 0, &first, &a), &err);
    assert_ok(run_piece(folder, 1, never, 0, 0, &again, &b), &err);
    assert_int_equal(first, again);
    assert_same_history(a, b);
    visml_history_free(a);
    visml_history_free(b);
    test_folder_remove(folder);
}

/* A checkpoint is written at each step and after each epoch: a run stopped without notice has lost one step at the most. */
static int32_t leave_copy(void *user, visml_model *m, const visml_progress *p) {
    (void)m;
    if (p->validating || p->step != 4)
        return 0;
    size_t n;
    void *bytes = test_read_file(((char **)user)[0], &n);
    test_write_file(((char **)user)[1], bytes, n);
    free(bytes);
    return 0;
}

static void steps_leave_checkpoints(void **state) {
    (void)state;
    char *folder = test_folder(), *other = test_folder(), *paths[] = {test_path(folder, "checkpoint.visml"),
                                                                      test_path(other, "checkpoint.visml")};
    uint32_t straight, resumed;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1);
    visml_model *m = toy_cnn(ctx);
    visml_fit_opts opts = {.size = sizeof opts, .epochs = 2, .batch_size = 16, .checkpoint_dir = folder, .checkpoint_steps = 3};
    visml_callback c = {.size = sizeof c, .user = paths, .batch_end = leave_copy}; /* at step 4 the checkpoint of step 3 stands */
    opts.callbacks = &c;
    opts.callback_count = 1;
    assert_ok(visml_fit(m, ds, &opts, NULL, &err), &err);
    straight = toy_hash(m);
    visml_model_free(m);
    m = toy_cnn(ctx);
    opts.callback_count = 0;
    opts.checkpoint_dir = other;
    opts.checkpoint_steps = 0;
    opts.resume = 1;
    assert_ok(visml_fit(m, ds, &opts, NULL, &err), &err);
    resumed = toy_hash(m);
    assert_int_equal(straight, resumed);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    for (int i = 0; i < 2; i++)
        free(paths[i]);
    test_folder_remove(folder);
    test_folder_remove(other);
}

static void more_epochs_can_be_asked_for(void **state) {
    (void)state;
    char *folder = test_folder();
    uint32_t hashes[2];
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1);
    for (int i = 0; i < 2; i++) {
        visml_model *m = toy_cnn(ctx);
        visml_fit_opts opts = {.size = sizeof opts, .epochs = 1, .checkpoint_dir = i ? folder : NULL, .resume = i};
        visml_history *h = NULL;
        if (i)
            assert_ok(visml_fit(m, ds, &opts, NULL, &err), &err);
        opts.epochs = 3;
        assert_ok(visml_fit(m, ds, &opts, &h, &err), &err);
        assert_int_equal(visml_history_epochs(h), 3);
        visml_history_free(h);
        hashes[i] = toy_hash(m);
        visml_model_free(m);
    }
    assert_int_equal(hashes[0], hashes[1]);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

/* ---- a checkpoint of something else ---- */

/* Replaces one thing and says how the message ends. */
static void refused(visml_model *m, visml_dataset *ds, const visml_fit_opts *opts, const char *message) {
    uint32_t before = toy_hash(m);
    char want[600];
    visml_history *h = NULL;
    assert_status(visml_fit(m, ds, opts, &h, &err), VISML_EFORMAT, &err);
    snprintf(want, sizeof want, "%s/checkpoint.visml: %s", opts->checkpoint_dir, message);
    assert_string_equal(err.message, want);
    assert_int_equal(toy_hash(m), before);
    assert_null(h);
}

static void what_differs_is_named(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, SAMPLES, 1), *more = toy_lines(ctx, SAMPLES + 1, 1);
    visml_model *m = toy_cnn(ctx);
    const visml_fit_opts same = {.size = sizeof same, .epochs = 1, .batch_size = 16, .seed = 5, .checkpoint_dir = folder, .resume = 1};
    assert_ok(visml_fit(m, ds, &same, NULL, &err), &err);
#define OTHER(field, value, text)                                                                                     \
    do {                                                                                                              \
        visml_fit_opts other = same;                                                                                  \
        other.field = value;                                                                                          \
        refused(m, ds, &other, "of a run with other options: " text "; use the same, or another checkpoint_dir");     \
    } while (0)
    OTHER(batch_size, 17, "batch_size was 16, is 17");
    OTHER(seed, 6, "seed was 5, is 6");
    OTHER(no_shuffle, 1, "no_shuffle was false, is true");
    visml_optimizer *sgd = visml_sgd(ctx, NULL, &err);
    OTHER(optimizer, sgd, "optimizer was {\"class\":\"adam\"}, is {\"class\":\"sgd\"}");
    visml_loss *mse = visml_mean_squared_error(ctx, NULL, &err);
    OTHER(loss, mse, "loss was {\"class\":\"sparse_categorical_crossentropy\"}, is {\"class\":\"mean_squared_error\"}");
    const double ones[] = {1, 1, 1};
    visml_fit_opts weighted = same;
    weighted.class_weight = ones;
    assert_status(visml_fit(m, ds, &weighted, NULL, &err), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "class_weight (CRC-32) was null, is \""));
    refused(m, more, &same, "of a run with other options: samples was 70, is 71; use the same, or another checkpoint_dir");
    visml_dataset *turned = visml_dataset_with_classes(ds, (const char *[]){"column", "row", "diagonal"}, 3, &err);
    assert_status(visml_fit(m, turned, &same, NULL, &err), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "targets (CRC-32) was"));
    assert_ok(visml_fit(m, ds, &same, NULL, &err), &err); /* nothing was lost by all that */
#undef OTHER
    visml_dataset_free(turned);
    visml_loss_free(mse);
    visml_optimizer_free(sgd);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(more);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

static visml_model *flat_model(visml_context *ctx, int32_t units, const visml_shape *input) {
    visml_model *m = visml_model_new(ctx, input, &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = units, .activation = VISML_RELU), &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = TOY_CLASSES, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(m, 0, &err), &err);
    return m;
}

static void another_model_is_refused(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 12, 1);
    const visml_shape *input = VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1);
    visml_model *a = flat_model(ctx, 4, input), *b = flat_model(ctx, 5, input), *c = toy_cnn(ctx);
    const visml_fit_opts opts = {.size = sizeof opts, .checkpoint_dir = folder, .resume = 1};
    assert_ok(visml_fit(a, ds, &opts, NULL, &err), &err);
    refused(b, ds, &opts, "of another model: layer 2 differs (3 layers there, 3 here); use another checkpoint_dir");
    refused(c, ds, &opts, "of another model: layer 1 differs (3 layers there, 7 here); use another checkpoint_dir");
    visml_model_free(a);
    visml_model_free(b);
    visml_model_free(c);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
}

/* ---- damage ---- */

static void every_flipped_bit_and_every_cut_is_noticed(void **state) {
    (void)state;
    char *folder = test_folder(), *path = test_path(folder, "checkpoint.visml");
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 12, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    const visml_fit_opts opts = {.size = sizeof opts, .checkpoint_dir = folder, .resume = 1};
    size_t n;
    assert_ok(visml_fit(m, ds, &opts, NULL, &err), &err);
    unsigned char *bytes = test_read_file(path, &n);
    uint32_t before = toy_hash(m);
    for (size_t i = 0; i < n; i += 7) {
        bytes[i] ^= 0x10;
        test_write_file(path, bytes, n);
        visml_status status = visml_fit(m, ds, &opts, NULL, &err);
        assert_true(status == VISML_EFORMAT || status == VISML_EUNSUPPORTED || status == VISML_ELIMIT);
        assert_int_equal(toy_hash(m), before);
        bytes[i] ^= 0x10;
        test_write_file(path, bytes, i);
        assert_status(visml_fit(m, ds, &opts, NULL, &err), VISML_EFORMAT, &err);
        assert_int_equal(toy_hash(m), before);
    }
    assert_ok(visml_model_save(m, path, &err), &err); /* whole, but no checkpoint */
    assert_status(visml_fit(m, ds, &opts, NULL, &err), VISML_EFORMAT, &err);
    free(bytes);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
}

/* A checkpoint with sound checksums and a wrong description. */
static void edited(visml_context *ctx, const char *folder, const char *key, json_t *value, const char *message) {
    char *path = test_path(folder, "checkpoint.visml");
    visml_bundle b;
    visml_dataset *ds = toy_blobs(ctx, 12, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    size_t n;
    void *bytes = test_read_file(path, &n);
    assert_ok(visml_bundle_read(ctx, path, "checkpoint", &b, &err), &err);
    json_t *training = json_object_get(b.description, "training"), *place = json_object_get(training, "place");
    json_object_set_new(json_object_get(place, key) ? place : training, key, value);
    assert_ok(visml_bundle_write(ctx, path, "checkpoint", b.description, b.tensors, b.count, &err), &err);
    visml_bundle_clear(&b);
    refused(m, ds, VISML_OPTS(visml_fit_opts, .checkpoint_dir = folder, .resume = 1), message);
    test_write_file(path, bytes, n);
    free(bytes);
    visml_model_free(m);
    visml_dataset_free(ds);
    free(path);
}

static void nothing_in_the_file_is_trusted(void **state) {
    (void)state;
    char *folder = test_folder();
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 12, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .checkpoint_dir = folder), NULL, &err), &err);
    visml_model_free(m);
    visml_dataset_free(ds);
    edited(ctx, folder, "epoch", json_integer(-1), "\"epoch\" is -1, must be 0 to 2147483647");
    edited(ctx, folder, "epoch", json_integer(2000000000), "history: 1 rows, but 2000000000 epochs are done");
    edited(ctx, folder, "step", json_integer(2), "\"step\" is 2, must be 0 to 1");
    edited(ctx, folder, "rows", json_integer(13), "\"rows\" is 13, must be 0 to 12");
    edited(ctx, folder, "correct", json_integer(1), "\"correct\" is 1, must be 0 to 0");
    edited(ctx, folder, "updates", json_string("x"), "\"updates\" must be a whole number");
    edited(ctx, folder, "loss_sum", json_null(), "\"loss_sum\" must be a number");
    edited(ctx, folder, "place", json_null(), "\"place\" must be an object");
    edited(ctx, folder, "history", json_array(), "\"history\" must be an object");
    edited(ctx, folder, "settings", json_array(), "\"settings\" must be an object");
    visml_context_free(ctx);
    test_folder_remove(folder);
}

static void a_missing_slot_is_named(void **state) {
    (void)state;
    char *folder = test_folder(), *path = test_path(folder, "checkpoint.visml");
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 12, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_bundle b;
    const visml_fit_opts opts = {.size = sizeof opts, .checkpoint_dir = folder, .resume = 1};
    assert_ok(visml_fit(m, ds, &opts, NULL, &err), &err);
    assert_ok(visml_bundle_read(ctx, path, "checkpoint", &b, &err), &err);
    assert_int_equal(b.count, 6);
    assert_ok(visml_bundle_write(ctx, path, "checkpoint", b.description, b.tensors, 5, &err), &err);
    visml_bundle_clear(&b);
    refused(m, ds, &opts, "\"optimizer.velocity.dense.bias\" is missing, must be a float32 tensor of [2]");
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
}

/* ---- the disk ---- */

static size_t count_files(const char *folder) {
    size_t n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* In a child, whose files may grow no further than a part of a checkpoint. Exits with 0 when all is as it should be. */
static int train_on_a_full_disk(const char *folder, size_t limit) {
    struct rlimit r = {limit, limit};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &r) != 0)
        return 2;
    uint32_t hash;
    visml_status status = run_piece(folder, 1, never, 1, 0, &hash, NULL);
    return status != VISML_EIO ? 3 : !strstr(err.message, "checkpoint.visml") ? 4 : 0;
}

static void a_full_disk_loses_nothing(void **state) {
    (void)state;
    char *folder = test_folder(), *path = test_path(folder, "checkpoint.visml");
    uint32_t straight, resumed;
    size_t n, m;
    int how;
    assert_ok(run_piece(NULL, 1, never, 0, 0, &straight, NULL), &err);
    assert_status(run_piece(folder, 1, (stopper){1, 2}, 0, 0, NULL, NULL), VISML_ECANCELLED, &err);
    void *before = test_read_file(path, &n);
    /* The new checkpoint may be some bytes shorter (the seconds in it have fewer digits): no limit lies close to its whole length. */
    for (size_t limit = 1; limit < n - n / 10; limit += n / 5) {
        pid_t child = fork();
        if (child == 0)
            _exit(train_on_a_full_disk(folder, limit));
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how));
        assert_int_equal(WEXITSTATUS(how), 0);
        void *after = test_read_file(path, &m);
        assert_int_equal(n, m);
        assert_memory_equal(before, after, n);
        assert_int_equal(count_files(folder), 1); /* the temporary file is gone too */
        free(after);
    }
    assert_ok(run_piece(folder, 1, never, 0, 0, &resumed, NULL), &err);
    assert_int_equal(straight, resumed);
    free(before);
    free(path);
    test_folder_remove(folder);
}

static void folders_that_cannot_be_used_are_named(void **state) {
    (void)state;
    char *folder = test_folder(), *file = test_path(folder, "file"), *below = test_path(folder, "a/b/c");
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 12, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    uint32_t before = toy_hash(m);
    test_write_file(file, "x", 1);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .checkpoint_dir = file), NULL, &err), VISML_EIO, &err);
    assert_non_null(strstr(err.message, "exists and is not a folder"));
    assert_int_equal(toy_hash(m), before);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .checkpoint_dir = below, .resume = 1), NULL, &err), &err);
    assert_int_equal(count_files(below), 1);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(file);
    free(below);
}

/* ---- kill -9 ---- */

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A child that trains, killed after so many seconds. Returns 1 when it had come to its end. */
static int train_and_kill(const char *folder, int32_t threads, double after) {
    int how;
    pid_t child = fork();
    if (child == 0)
        _exit(run_piece(folder, threads, never, 1, 0, NULL, NULL) == VISML_OK ? 0 : 1);
    usleep((useconds_t)(after * 1e6));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how))
        assert_int_equal(WEXITSTATUS(how), 0);
    return WIFEXITED(how);
}

/* Batches that the checkpoint has behind it; 0 when there is none yet. */
static int64_t steps_done(const char *folder) {
    char *path = test_path(folder, "checkpoint.visml");
    visml_context *ctx = test_context(1);
    int64_t steps = 0;
    visml_bundle b;
    if (access(path, F_OK) == 0) {
        assert_ok(visml_bundle_read(ctx, path, "checkpoint", &b, &err), &err); /* whole at any moment */
        const json_t *place = json_object_get(json_object_get(b.description, "training"), "place");
        steps = json_integer_value(json_object_get(place, "epoch")) * STEPS + json_integer_value(json_object_get(place, "step"));
        visml_bundle_clear(&b);
    }
    visml_context_free(ctx);
    free(path);
    return steps;
}

static void a_killed_run_resumes_to_the_same_bits(void **state) {
    (void)state;
    uint64_t random = 11;
    uint32_t straight, resumed;
    visml_history *a = NULL, *b = NULL;
    char *folder = test_folder();
    double began = seconds_now();
    assert_ok(run_piece(folder, 1, never, 1, 0, &straight, &a), &err);
    double whole = seconds_now() - began; /* kills come at any moment of a third of this */
    test_folder_remove(folder);
    int killed = 0, between = 0;
    for (int round = 0; round < 4; round++) {
        folder = test_folder();
        int ended = 0;
        int64_t before = 0;
        for (int i = 0; i < 60 && !ended; i++) {
            ended = train_and_kill(folder, 1 + i % 3, whole / 3 * (1 + (double)test_random_float(&random)));
            int64_t now = steps_done(folder);
            assert_true(now >= before); /* what was reached is never lost */
            killed += !ended;
            between += !ended && now > 0 && now < EPOCHS * STEPS;
            before = now;
        }
        assert_ok(run_piece(folder, 2, never, 1, 0, &resumed, &b), &err);
        assert_int_equal(straight, resumed);
        assert_same_history(a, b);
        visml_history_free(b);
        b = NULL;
        test_folder_remove(folder);
    }
    print_message("killed %d times, %d of them in the middle\n", killed, between);
    assert_true(between > 0);
    visml_history_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_gives_the_same_bits),
        cmocka_unit_test(a_run_that_is_done_stays_as_it_is),
        cmocka_unit_test(steps_leave_checkpoints),
        cmocka_unit_test(more_epochs_can_be_asked_for),
        cmocka_unit_test(what_differs_is_named),
        cmocka_unit_test(another_model_is_refused),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_noticed),
        cmocka_unit_test(nothing_in_the_file_is_trusted),
        cmocka_unit_test(a_missing_slot_is_named),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(folders_that_cannot_be_used_are_named),
        cmocka_unit_test(a_killed_run_resumes_to_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
