#include "classify/svm_solve.h"

#include <math.h>
#include <stdatomic.h>

#include "base/checked.h"
#include "base/error.h"
#include "context/context.h"

#define ROUND (INT64_C(1) << 29) /* multiplications of a thread from one look at the caller's callback to the next: some 20 ms */

/* A problem that is being solved. */
typedef struct seat {
    visml_smo smo;
    int64_t job; /* -1: none */
    visml_status status;
    visml_error error;
} seat;

typedef struct solver {
    const visml_svm_work *work;
    visml_svm_threads threads; /* of one seat that has all threads to itself */
    seat *seats;
    int64_t count; /* of seats */
    int64_t busy;  /* the first so many have a job */
    _Atomic int64_t next, done; /* jobs */
} solver;

static void solver_free(solver *v, visml_memory *m) {
    for (int64_t i = 0; v->seats && i < v->count; i++)
        visml_smo_free(&v->seats[i].smo, m);
    visml_mem_free(m, v->seats);
    visml_mem_free(m, v->threads.rooms);
}

static visml_status solver_new(solver *v, visml_memory *m, const visml_compute *k, visml_error *err) {
    const visml_svm_work *w = v->work;
    size_t workers = k->parallel->workers, bytes;
    v->count = (int64_t)workers < w->jobs ? (int64_t)workers : w->jobs;
    v->threads.room = visml_svm_cache_room(&v->threads.alone, w->samples->d);
    v->seats = visml_mem_zalloc(m, (size_t)v->count, sizeof *v->seats, err);
    v->threads.rooms = v->seats ? visml_mem_alloc(m, visml_size_mul(workers, v->threads.room, &bytes) ? bytes : SIZE_MAX, err) : NULL;
    if (!v->threads.rooms)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < v->count; i++) {
        v->seats[i].job = -1;
        VISML_TRY(visml_smo_new(&v->seats[i].smo, m, &v->threads.alone, w->function, w->samples, w->most,
                                (size_t)(w->cache_size * 1048576 / (double)v->count), err));
    }
    return VISML_OK;
}

/* ---- a round ---- */

static void clear_problem(visml_smo *s, const visml_svm_work *w) {
    s->n = s->group = 0;
    s->epsilon = 0;
    s->tolerance = w->tolerance, s->max_iterations = w->max_iterations, s->shrinks = w->shrinks;
}

/* The next job for a seat. 0: there is none. */
static int take_job(solver *v, seat *e) {
    e->job = atomic_fetch_add(&v->next, 1);
    if (e->job >= v->work->jobs) {
        e->job = -1;
        return 0;
    }
    clear_problem(&e->smo, v->work);
    v->work->begin(v->work->arg, e->job, &e->smo);
    if (e->smo.n)
        visml_smo_begin(&e->smo);
    e->smo.finished |= e->smo.n == 0;
    return 1;
}

static void advance(solver *v, seat *e, const visml_svm_threads *t) {
    e->smo.cache.work = 0;
    while (e->status == VISML_OK && e->smo.cache.work < ROUND) {
        if (e->job < 0 && !take_job(v, e))
            return;
        e->status = visml_smo_advance(&e->smo, t, ROUND, &e->error);
        if (e->status == VISML_OK && e->smo.finished) {
            v->work->end(v->work->arg, e->job, &e->smo, t);
            e->job = -1;
            atomic_fetch_add(&v->done, 1);
        }
    }
}

/* One of several seats: a thread by itself. */
static void advance_seat(void *arg, size_t block, size_t worker) {
    solver *v = arg;
    visml_svm_threads t = v->threads;
    t.compute = t.alone;
    t.rooms += block * t.room;
    (void)worker;
    advance(v, &v->seats[block], &t);
}

/* Seats without a job leave: when one is left, it has all threads. */
static void leave_seats(solver *v) {
    for (int64_t i = 0; i < v->busy; i++)
        if (v->seats[i].job < 0 && v->seats[i].status == VISML_OK && atomic_load(&v->next) >= v->work->jobs) {
            seat empty = v->seats[i];
            v->seats[i] = v->seats[--v->busy];
            v->seats[v->busy] = empty;
            i--;
        }
}

static visml_status check_seats(const solver *v, visml_error *err) {
    for (int64_t i = 0; i < v->busy; i++)
        if (v->seats[i].status < 0)
            return visml_fail(err, v->seats[i].status, "%s: %s", v->work->what, v->seats[i].error.message);
    return VISML_OK;
}

static visml_status solve(solver *v, const visml_fit_run *run, visml_error *err) {
    for (v->busy = v->count; v->busy > 0; leave_seats(v)) {
        if (v->busy == 1)
            advance(v, &v->seats[0], &v->threads);
        else
            visml_parallel_run(v->threads.compute.parallel, (size_t)v->busy, advance_seat, v);
        VISML_TRY(check_seats(v, err));
        VISML_TRY(visml_fit_tick(run, atomic_load(&v->done), v->work->jobs, NAN, NAN, err));
    }
    return VISML_OK;
}

visml_status visml_svm_solve(visml_context *ctx, const visml_compute *k, const visml_svm_work *w, const visml_fit_run *run,
                             visml_error *err) {
    solver v = {.work = w, .threads = {.compute = *k, .alone = visml_context_alone(ctx)}};
    visml_status status = solver_new(&v, &ctx->memory, k, err);
    if (status == VISML_OK)
        status = solve(&v, run, err);
    solver_free(&v, &ctx->memory);
    return status;
}
