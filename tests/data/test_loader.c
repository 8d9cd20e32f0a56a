#include "support/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "visml/data.h"

#define SAMPLES 103

/* Sample i is [i, i + 1, i * 3] of class i % 5; those that `bad` tells are invalid. */
static int is_bad(int64_t i) {
    return i % 10 == 7;
}

static int32_t make_sample(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    unsigned char *p = pixels;
    if (user && is_bad(i)) {
        p[0] = 250; /* must not be seen */
        snprintf(reason, 256, "number %d is bad", (int)i);
        return 1;
    }
    p[0] = (unsigned char)i;
    p[1] = (unsigned char)(i + 1);
    p[2] = (unsigned char)(i * 3);
    *label = (int32_t)(i % 5);
    return 0;
}

static visml_dataset *samples(visml_context *ctx, int bad, visml_on_invalid on_invalid) {
    visml_error err = {0};
    visml_source_opts o = VISML_OPTS_INIT(visml_source_opts);
    o.on_invalid = on_invalid;
    return assert_made(
        visml_dataset_from_callback(ctx, SAMPLES, VISML_U8, VISML_SHAPE(3), NULL, 5, make_sample, bad ? ctx : NULL, &o, &err), &err);
}

/* All that a loader gives, as text that can be compared: epoch, step, rows, and each row. */
static char *transcript(visml_dataset *ds, const visml_loader_opts *o, int64_t most) {
    visml_error err = {0};
    visml_loader *l = assert_made(visml_loader_new(ds, o, &err), &err);
    size_t room = 1 << 20, n = 0;
    char *text = malloc(room);
    text[0] = '\0';
    for (int64_t k = 0; k < most; k++) {
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        const unsigned char *x = visml_tensor_data(visml_batch_images(b));
        const int32_t *y = visml_tensor_data(visml_batch_targets(b));
        n += (size_t)snprintf(text + n, room - n, "%d.%d:", (int)visml_batch_epoch(b), (int)visml_batch_step(b));
        assert_int_equal(visml_tensor_shape(visml_batch_images(b))->dims[0], visml_batch_count(b));
        assert_int_equal(visml_tensor_count(visml_batch_targets(b)), visml_batch_count(b));
        for (int64_t r = 0; r < visml_batch_count(b); r++)
            n += (size_t)snprintf(text + n, room - n, " %d(%d %d %d)%d", (int)visml_batch_indices(b)[r], x[3 * r], x[3 * r + 1],
                                  x[3 * r + 2], y[r]);
        n += (size_t)snprintf(text + n, room - n, "\n");
        visml_batch_free(b);
    }
    visml_loader_free(l);
    return text;
}

static void goes_over_all_in_order(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_error err = {0};
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 10), &err), &err);
    visml_dataset_free(ds); /* the loader keeps it */
    assert_int_equal(visml_loader_steps(l), 11);
    int64_t seen = 0;
    for (int k = 0; k < 11; k++) {
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(l, &b, &err), &err);
        assert_int_equal(visml_batch_count(b), k < 10 ? 10 : 3);
        assert_int_equal(visml_batch_step(b), k);
        for (int64_t r = 0; r < visml_batch_count(b); r++, seen++) {
            assert_int_equal(visml_batch_indices(b)[r], seen);
            assert_int_equal(((unsigned char *)visml_tensor_data(visml_batch_images(b)))[3 * r], seen);
            assert_int_equal(((int32_t *)visml_tensor_data(visml_batch_targets(b)))[r], seen % 5);
        }
        visml_batch_free(b);
    }
    visml_batch *b = (visml_batch *)ctx;
    assert_ok(visml_loader_next(l, &b, &err), &err);
    assert_null(b);
    assert_ok(visml_loader_next(l, &b, &err), &err); /* the end stays the end */
    assert_null(b);
    visml_loader_free(l);
    visml_context_free(ctx);
}

static void is_the_same_for_any_number_of_workers(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    for (int bad = 0; bad < 2; bad++) {
        visml_dataset *ds = samples(ctx, bad, VISML_INVALID_DROP);
        visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
        o.batch_size = 8;
        o.shuffle = 1;
        o.epochs = 3;
        o.seed = 12;
        o.workers = -1;
        char *want = transcript(ds, &o, INT64_MAX);
        assert_int_equal(visml_dataset_dropped_count(ds), bad ? 10 : 0);
        const int32_t workers[] = {1, 2, 5, 16};
        for (size_t i = 0; i < 4; i++)
            for (int32_t prefetch = 0; prefetch < 8; prefetch += 3) {
                o.workers = workers[i];
                o.prefetch = prefetch;
                char *got = transcript(ds, &o, INT64_MAX);
                assert_string_equal(got, want);
                free(got);
            }
        free(want);
        visml_dataset_free(ds);
    }
    visml_context_free(ctx);
}

static void goes_on_where_a_run_stopped(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 1, VISML_INVALID_DROP);
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = 20;
    o.shuffle = 1;
    o.epochs = 3;
    o.workers = 2;
    char *whole = transcript(ds, &o, INT64_MAX), *rest = whole;
    for (int64_t k = 0; k <= 18; k++) {
        for (int32_t workers = -1; workers <= 5; workers += 3) {
            o.workers = workers ? workers : 1;
            o.start_epoch = k / 6;
            o.start_batch = k % 6;
            char *got = transcript(ds, &o, INT64_MAX);
            assert_string_equal(got, rest);
            free(got);
            if (k && k % 6 == 0) { /* the end of an epoch is the beginning of the next */
                o.start_epoch = k / 6 - 1;
                o.start_batch = 6;
                got = transcript(ds, &o, INT64_MAX);
                assert_string_equal(got, rest);
                free(got);
            }
        }
        char *line = strchr(rest, '\n');
        rest = line ? line + 1 : rest;
    }
    assert_string_equal(rest, "");
    free(whole);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void shuffles_by_seed_and_epoch(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = SAMPLES;
    o.shuffle = 1;
    char *a = transcript(ds, &o, 1);
    o.start_epoch = 1;
    o.epochs = 2;
    char *b = transcript(ds, &o, 1);
    o.start_epoch = 0;
    o.seed = 5;
    char *c = transcript(ds, &o, 1);
    assert_string_not_equal(a + 4, b + 4);
    assert_string_not_equal(a, c);
    for (int i = 0; i < SAMPLES; i++) { /* each sample once */
        char want[40];
        snprintf(want, sizeof want, " %d(", i);
        assert_non_null(strstr(a, want));
        assert_null(strstr(strstr(a, want) + 1, want));
    }
    free(a);
    free(b);
    free(c);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* The order is part of the promise (a run goes on after an upgrade); these numbers must never change. */
static void keeps_its_order_for_ever(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = samples(ctx, 0, 0);
    const int64_t first[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    visml_error err = {0};
    visml_dataset *ten = assert_made(visml_dataset_subset(ds, first, 10, &err), &err);
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = 10;
    o.shuffle = 1;
    o.epochs = 2;
    o.seed = 1;
    visml_loader *l = assert_made(visml_loader_new(ten, &o, &err), &err);
    const int64_t want[2][10] = {{2, 5, 7, 0, 9, 4, 3, 6, 8, 1}, {7, 8, 3, 5, 2, 0, 1, 4, 6, 9}}; /* tests/golden/order.py */
    for (int e = 0; e < 2; e++) {
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(l, &b, &err), &err);
        assert_memory_equal(visml_batch_indices(b), want[e], sizeof want[e]);
        visml_batch_free(b);
    }
    visml_loader_free(l);
    visml_dataset_free(ten);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void leaves_out_the_remainder(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_error err = {0};
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = 10;
    o.drop_remainder = 1;
    o.epochs = -1;
    visml_loader *l = assert_made(visml_loader_new(ds, &o, &err), &err);
    assert_int_equal(visml_loader_steps(l), 10);
    for (int k = 0; k < 45; k++) { /* for ever, as far as can be seen */
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(l, &b, &err), &err);
        assert_int_equal(visml_batch_count(b), 10);
        assert_int_equal(visml_batch_epoch(b), k / 10);
        visml_batch_free(b);
    }
    visml_loader_free(l);
    o.batch_size = 200; /* no whole batch: no batch, also for ever */
    l = assert_made(visml_loader_new(ds, &o, &err), &err);
    visml_batch *b = (visml_batch *)ctx;
    assert_int_equal(visml_loader_steps(l), 0);
    assert_ok(visml_loader_next(l, &b, &err), &err);
    assert_null(b);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- invalid samples ---- */

static void drops_invalid_samples_and_lists_them(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 1, VISML_INVALID_DROP);
    visml_error err = {0};
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = 16;
    o.shuffle = 1;
    o.epochs = 2;
    o.workers = 3;
    char *text = transcript(ds, &o, INT64_MAX);
    assert_null(strstr(text, "(250 "));
    assert_null(strstr(text, " 17("));
    free(text);
    assert_int_equal(visml_dataset_dropped_count(ds), 10);
    for (size_t i = 0; i < 10; i++) {
        char path[40], reason[40], want[40];
        assert_ok(visml_dataset_dropped(ds, i, path, sizeof path, reason, sizeof reason, &err), &err);
        snprintf(want, sizeof want, "sample %d", (int)(10 * i + 7));
        assert_string_equal(path, want);
        snprintf(want, sizeof want, "number %d is bad", (int)(10 * i + 7));
        assert_string_equal(reason, want);
    }
    char shortened[4];
    assert_ok(visml_dataset_dropped(ds, 0, shortened, sizeof shortened, NULL, 0, &err), &err);
    assert_string_equal(shortened, "sam");
    assert_status(visml_dataset_dropped(ds, 10, NULL, 0, NULL, 0, &err), VISML_EINVAL, &err);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void keeps_invalid_samples_as_zeros(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 1, VISML_INVALID_KEEP);
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = SAMPLES;
    char *text = transcript(ds, &o, INT64_MAX);
    assert_non_null(strstr(text, " 6(6 7 18)1 7(0 0 0)-1 8(8 9 24)3 "));
    free(text);
    assert_int_equal(visml_dataset_dropped_count(ds), 10);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void fails_at_the_first_invalid_sample(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 1, VISML_INVALID_ERROR);
    for (int32_t workers = -1; workers <= 5; workers += 2) {
        visml_error err = {0};
        visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
        o.batch_size = 3;
        o.workers = workers;
        visml_loader *l = assert_made(visml_loader_new(ds, &o, &err), &err);
        visml_batch *b = NULL;
        for (int k = 0; k < 2; k++) {
            assert_ok(visml_loader_next(l, &b, &err), &err);
            visml_batch_free(b);
        }
        b = (visml_batch *)ctx;
        assert_status(visml_loader_next(l, &b, &err), VISML_EFORMAT, &err);
        assert_string_equal(err.message, "sample 7: number 7 is bad");
        assert_ptr_equal(b, ctx);
        assert_status(visml_loader_next(l, &b, &err), VISML_ESTATE, &err);
        visml_loader_free(l);
    }
    assert_int_equal(visml_dataset_dropped_count(ds), 0);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static int32_t all_bad(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    (void)i;
    (void)pixels;
    (void)reason;
    *label = 7;
    return user ? 3 : 0;
}

static void gives_batches_without_rows(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_error err = {0};
    for (int k = 0; k < 2; k++) { /* fails without a reason; a label out of range */
        visml_dataset *ds = assert_made(
            visml_dataset_from_callback(ctx, 5, VISML_F32, VISML_SHAPE(2, 2, 1), NULL, 7, all_bad, k ? NULL : ctx, NULL, &err), &err);
        visml_loader *l = assert_made(visml_loader_new(ds, NULL, &err), &err);
        visml_batch *b = NULL;
        char reason[80];
        assert_ok(visml_loader_next(l, &b, &err), &err);
        assert_int_equal(visml_batch_count(b), 0);
        assert_int_equal(visml_tensor_count(visml_batch_images(b)), 0);
        assert_int_equal(visml_tensor_shape(visml_batch_images(b))->rank, 4);
        visml_batch_free(b);
        assert_int_equal(visml_dataset_dropped_count(ds), 5);
        assert_ok(visml_dataset_dropped(ds, 4, NULL, 0, reason, sizeof reason, &err), &err);
        assert_string_equal(reason, k ? "the label is 7, must be 0 to 6" : "the callback returned 3");
        visml_loader_free(l);
        visml_dataset_free(ds);
    }
    visml_context_free(ctx);
}

/* ---- memory ---- */

static void allocates_nothing_once_it_runs(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_error err = {0};
    visml_context_opts co = VISML_OPTS_INIT(visml_context_opts);
    co.allocator = &a.table;
    co.threads = 2;
    visml_context *ctx = assert_made(visml_context_new(&co, &err), &err);
    visml_dataset *ds = samples(ctx, 0, 0);
    for (int32_t workers = -1; workers <= 3; workers += 2) {
        visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
        o.workers = workers;
        o.shuffle = 1;
        o.epochs = -1;
        visml_loader *l = assert_made(visml_loader_new(ds, &o, &err), &err);
        int64_t calls = 0;
        for (int k = 0; k < 100; k++) {
            visml_batch *b = NULL;
            assert_ok(visml_loader_next(l, &b, &err), &err);
            visml_batch_free(b);
            if (k == 1)
                calls = atomic_load(&a.calls);
        }
        assert_int_equal(atomic_load(&a.calls), calls);
        visml_loader_free(l);
    }
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(atomic_load(&a.live), 0);
}

static void leaves_tensors_to_who_holds_them(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_error err = {0};
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 4), &err), &err);
    visml_batch *b = NULL, *held[2];
    assert_ok(visml_loader_next(l, &b, &err), &err);
    visml_tensor *x = visml_tensor_retain(visml_batch_images(b)), *y = visml_tensor_slice(visml_batch_targets(b), 1, 3, &err);
    visml_batch_free(b);
    for (int k = 0; k < 2; k++)
        assert_ok(visml_loader_next(l, &held[k], &err), &err);
    for (int k = 0; k < 20; k++) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        visml_batch_free(b);
    }
    const unsigned char *pixels = visml_tensor_data(x);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pixels[3 * i], i);
    assert_int_equal(((int32_t *)visml_tensor_data(y))[1], 2);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    for (int k = 0; k < 2; k++) { /* batches outlive their loader */
        assert_int_equal(visml_batch_indices(held[k])[0], 4 + 4 * k);
        assert_int_equal(((unsigned char *)visml_tensor_data(visml_batch_images(held[k])))[0], 4 + 4 * k);
        visml_batch_free(held[k]);
    }
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static int run_all(visml_dataset *ds, int32_t workers) {
    visml_error err;
    visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
    o.batch_size = 16;
    o.shuffle = 1;
    o.workers = workers;
    visml_loader *l = visml_loader_new(ds, &o, &err);
    int64_t rows = 0;
    for (visml_batch *b = NULL; l;) {
        visml_status status = visml_loader_next(l, &b, &err);
        if (status == VISML_ENOMEM) { /* of listing, or of a row: the loader may be at its end */
            status = visml_loader_next(l, &b, &err);
            if (status == VISML_ESTATE)
                break;
        }
        if (status < 0 || !b)
            break;
        rows += visml_batch_count(b);
        visml_batch_free(b);
    }
    visml_loader_free(l);
    return l && rows == 93;
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context_opts co = VISML_OPTS_INIT(visml_context_opts);
    co.allocator = &a.table;
    for (int32_t workers = -1; workers <= 2; workers += 3)
        for (int sticky = 0; sticky < 2; sticky++)
            for (int64_t n = 1, done = 0; !done; n++) {
                visml_context *ctx = visml_context_new(&co, NULL);
                visml_dataset *ds = samples(ctx, 1, VISML_INVALID_DROP);
                atomic_store(&a.sticky, sticky);
                atomic_store(&a.countdown, n);
                int ok = run_all(ds, workers);
                done = ok && atomic_load(&a.countdown) > 0;
                atomic_store(&a.countdown, -1);
                assert_true(run_all(ds, workers)); /* nothing is broken for the next */
                assert_int_equal(visml_dataset_dropped_count(ds), 10);
                visml_dataset_free(ds);
                visml_context_free(ctx);
                assert_int_equal(atomic_load(&a.live), 0);
                assert_true(n < 1000);
            }
}

/* ---- threads and processes ---- */

static int32_t slow_sample(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    (void)reason;
    usleep(2000);
    atomic_fetch_add((_Atomic int *)user, 1);
    *(unsigned char *)pixels = (unsigned char)i;
    *label = 0;
    return 0;
}

static void ends_in_the_middle_of_work(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_error err = {0};
    _Atomic int calls = 0;
    visml_dataset *ds = assert_made(
        visml_dataset_from_callback(ctx, 100000, VISML_U8, VISML_SHAPE(1), NULL, 1, slow_sample, &calls, NULL, &err), &err);
    for (int k = 0; k < 10; k++) {
        visml_loader_opts o = VISML_OPTS_INIT(visml_loader_opts);
        o.workers = 4;
        o.batch_size = k < 5 ? 1000 : 2;
        visml_loader *l = assert_made(visml_loader_new(ds, &o, &err), &err);
        if (k % 5)
            usleep((useconds_t)(k % 5) * 1500);
        if (k >= 5) {
            visml_batch *b = NULL;
            assert_ok(visml_loader_next(l, &b, &err), &err);
            visml_batch_free(b);
        }
        visml_loader_free(l);
    }
    assert_true(atomic_load(&calls) < 2000);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static _Atomic int on_main, signals;
static pthread_t main_thread;
static void on_signal(int number) {
    (void)number;
    atomic_fetch_add(&signals, 1);
    atomic_fetch_add(&on_main, pthread_equal(pthread_self(), main_thread) ? 1 : 0);
}

static void leaves_signals_to_the_host(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_error err = {0};
    _Atomic int calls = 0;
    main_thread = pthread_self();
    struct sigaction act = {.sa_handler = on_signal}, before;
    sigaction(SIGUSR1, &act, &before);
    visml_dataset *ds = assert_made(
        visml_dataset_from_callback(ctx, 1000, VISML_U8, VISML_SHAPE(1), NULL, 1, slow_sample, &calls, NULL, &err), &err);
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = 4), &err), &err);
    for (int k = 0; k < 20; k++) {
        kill(getpid(), SIGUSR1);
        usleep(500);
    }
    assert_true(atomic_load(&signals) > 0);
    assert_int_equal(atomic_load(&on_main), atomic_load(&signals));
    sigaction(SIGUSR1, &before, NULL);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ThreadSanitizer refuses threads in a child of fork() unless told otherwise; other builds have nobody that asks. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "die_after_fork=0";
}

/* In the child: the parent's loader says what is wrong and can be freed; one of its own works. */
static int child_works(visml_dataset *ds, visml_loader *parents) {
    visml_error err = {0};
    visml_batch *b = NULL;
    if (visml_loader_next(parents, &b, &err) != VISML_ESTATE)
        return 1;
    visml_loader_free(parents);
    visml_loader *l = visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = 2), &err);
    int64_t rows = 0;
    while (l && visml_loader_next(l, &b, &err) == VISML_OK && b) {
        rows += visml_batch_count(b);
        visml_batch_free(b);
    }
    visml_loader_free(l);
    return rows == 93 ? 0 : 2;
}

static void works_after_fork(void **state) {
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it stops at threads of a child that have the numbers of threads of the parent */
#endif
    visml_context *ctx = test_context(2);
    visml_error err = {0};
    visml_dataset *ds = samples(ctx, 1, VISML_INVALID_DROP);
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = 3, .batch_size = 4), &err), &err);
    for (int k = 0; k < 10; k++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            _exit(child_works(ds, l));
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        visml_batch *b = NULL;
        assert_ok(visml_loader_next(l, &b, &err), &err);
        visml_batch_free(b);
    }
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- arguments ---- */

static void refuse(visml_dataset *ds, visml_loader_opts o, const char *word) {
    visml_error err = {0};
    o.size = sizeof o;
    assert_null(visml_loader_new(ds, &o, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" does not name %s", err.message, word);
}

static void refuses_wrong_options(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_error err = {0};
    refuse(NULL, (visml_loader_opts){0}, "ds");
    refuse(ds, (visml_loader_opts){.batch_size = -1}, "batch_size");
    refuse(ds, (visml_loader_opts){.shuffle = 2}, "shuffle");
    refuse(ds, (visml_loader_opts){.drop_remainder = -1}, "drop_remainder");
    refuse(ds, (visml_loader_opts){.workers = -2}, "workers");
    refuse(ds, (visml_loader_opts){.workers = 5000}, "workers");
    refuse(ds, (visml_loader_opts){.prefetch = -1}, "prefetch");
    refuse(ds, (visml_loader_opts){.epochs = -2}, "epochs");
    refuse(ds, (visml_loader_opts){.start_epoch = -1}, "start_epoch");
    refuse(ds, (visml_loader_opts){.start_batch = -1}, "start_batch");
    refuse(ds, (visml_loader_opts){.start_batch = 5}, "0 to 4");
    struct {
        visml_loader_opts o;
        uint64_t more[2];
    } longer = {.o = {.size = sizeof longer, .batch_size = 50}};
    visml_loader *l = assert_made(visml_loader_new(ds, &longer.o, &err), &err);
    assert_int_equal(visml_loader_steps(l), 3);
    visml_loader_free(l);
    longer.more[1] = 1;
    assert_null(visml_loader_new(ds, &longer.o, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    longer.o.size = 8; /* an older header: batch_size alone */
    longer.o.shuffle = 7;
    l = assert_made(visml_loader_new(ds, &longer.o, &err), &err);
    assert_int_equal(visml_loader_steps(l), 3);
    assert_status(visml_loader_next(l, NULL, &err), VISML_EINVAL, &err);
    visml_loader_free(l);
    visml_batch *b = NULL;
    assert_status(visml_loader_next(NULL, &b, &err), VISML_EINVAL, &err);
    visml_loader_free(NULL);
    visml_batch_free(NULL);
    assert_int_equal(visml_loader_steps(NULL), 0);
    assert_int_equal(visml_batch_count(NULL), 0);
    assert_null(visml_batch_images(NULL));
    assert_null(visml_batch_targets(NULL));
    assert_null(visml_batch_indices(NULL));
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_over_all_in_order),
        cmocka_unit_test(is_the_same_for_any_number_of_workers),
        cmocka_unit_test(goes_on_where_a_run_stopped),
        cmocka_unit_test(shuffles_by_seed_and_epoch),
        cmocka_unit_test(keeps_its_order_for_ever),
        cmocka_unit_test(leaves_out_the_remainder),
        cmocka_unit_test(drops_invalid_samples_and_lists_them),
        cmocka_unit_test(keeps_invalid_samples_as_zeros),
        cmocka_unit_test(fails_at_the_first_invalid_sample),
        cmocka_unit_test(gives_batches_without_rows),
        cmocka_unit_test(allocates_nothing_once_it_runs),
        cmocka_unit_test(leaves_tensors_to_who_holds_them),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(ends_in_the_middle_of_work),
        cmocka_unit_test(leaves_signals_to_the_host),
        cmocka_unit_test(works_after_fork),
        cmocka_unit_test(refuses_wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
