/* Centers to begin with. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "feature/kmeans.h"
#include "kernel/distance.h"
#include "kernel/span.h"

#define STREAM_KMEANS 0x6b6dU /* "km": what a key is for */
#define ROWS VISML_KMEANS_ROWS
#define MOST_TRIALS 16

typedef struct seeding {
    const visml_kmeans *job;
    const visml_compute *c;
    visml_rng rng;
    int64_t trials;
    float *squares;    /* [n]: to the nearest center so far */
    float *fresh;      /* [trials, n]: to the rows that are tried */
    float *candidates; /* [trials, d] */
    float *buffer;     /* [ROWS, d]: rows that do not lie side by side */
    double sums[MOST_TRIALS]; /* what is left of the squares with each */
} seeding;

/* A row, each with a chance as its squared distance; any row where all are centers already. */
static int64_t draw(seeding *w, double total) {
    int64_t n = w->job->x.n, last = -1;
    double at = 0, wanted = visml_rng_uniform(&w->rng) * total;
    for (int64_t i = 0; total > 0 && i < n; i++) {
        at += (double)w->squares[i];
        if (w->squares[i] > 0)
            last = i;
        if (at > wanted && w->squares[i] > 0)
            return i;
    }
    return last >= 0 ? last : (int64_t)visml_rng_below(&w->rng, (uint64_t)n);
}

/* Squared distances of all rows to the candidates, exact differences. */
static visml_status measure(const seeding *w, visml_error *err) {
    const visml_row_view *x = &w->job->x;
    for (int64_t begin = 0; begin < x->n; begin += ROWS) {
        visml_distances p = {.kind = VISML_DISTANCE_L2, .n = w->trials, .m = x->n - begin < ROWS ? x->n - begin : ROWS, .d = x->d,
                             .a = w->candidates, .out = w->fresh + begin, .lda = x->d, .ldo = x->n};
        p.b = visml_row_view_block(x, begin, p.m, w->buffer, &p.ldb);
        visml_distances_run(w->c, &p, NULL);
        VISML_TRY(visml_kmeans_tick(w->job, err));
    }
    return VISML_OK;
}

static void sum_trial(void *arg, size_t trial, size_t worker) {
    seeding *w = arg;
    float *fresh = w->fresh + (int64_t)trial * w->job->x.n;
    double sum = 0;
    (void)worker;
    for (int64_t i = 0; i < w->job->x.n; i++) {
        fresh[i] = fresh[i] < w->squares[i] ? fresh[i] : w->squares[i];
        sum += (double)fresh[i];
    }
    w->sums[trial] = sum;
}

/* The candidate with which least is left becomes the next center; its sum. */
static visml_status take_best(seeding *w, float *center, double *sum, visml_error *err) {
    int64_t best = 0, n = w->job->x.n, d = w->job->x.d;
    VISML_TRY(measure(w, err));
    visml_parallel_run(w->c->parallel, (size_t)w->trials, sum_trial, w);
    for (int64_t t = 1; t < w->trials; t++)
        best = w->sums[t] < w->sums[best] ? t : best;
    memcpy(w->squares, w->fresh + best * n, (size_t)n * sizeof *w->squares);
    memcpy(center, w->candidates + best * d, (size_t)d * sizeof *center);
    *sum = w->sums[best];
    return VISML_OK;
}

static visml_status spread_out(seeding *w, visml_error *err) {
    const visml_kmeans *j = w->job;
    int64_t trials = w->trials;
    double total = 0;
    for (int64_t i = 0; i < j->x.n; i++)
        w->squares[i] = INFINITY;
    for (int64_t k = 0; k < j->k; k++) {
        w->trials = k ? trials : 1;
        for (int64_t t = 0; t < w->trials; t++) {
            int64_t row = k ? draw(w, total) : (int64_t)visml_rng_below(&w->rng, (uint64_t)j->x.n);
            visml_row_view_copy(&j->x, row, w->candidates + t * j->x.d);
        }
        VISML_TRY(take_best(w, j->centers + k * j->x.d, &total, err));
    }
    return VISML_OK;
}

/* Different rows by chance (Floyd 1987), told apart by marks. */
static void take_any(seeding *w, unsigned char *taken) {
    const visml_kmeans *j = w->job;
    memset(taken, 0, (size_t)j->x.n);
    for (int64_t k = 0; k < j->k; k++) {
        int64_t last = j->x.n - j->k + k, row = (int64_t)visml_rng_below(&w->rng, (uint64_t)last + 1);
        row = taken[row] ? last : row;
        taken[row] = 1;
        visml_row_view_copy(&j->x, row, j->centers + k * j->x.d);
    }
}

visml_status visml_kmeans_seed(visml_memory *m, const visml_compute *c, const visml_kmeans *job, visml_error *err) {
    seeding w = {.job = job, .c = c, .trials = job->trials < 1 ? 1 : job->trials > MOST_TRIALS ? MOST_TRIALS : job->trials};
    size_t n = (size_t)job->x.n, d = (size_t)job->x.d, trials = (size_t)w.trials;
    visml_rng_init(&w.rng, visml_key(job->seed, STREAM_KMEANS));
    w.squares = visml_mem_alloc(m, n * (1 + trials) * sizeof *w.squares, err);
    w.candidates = w.squares ? visml_mem_alloc(m, (trials + ROWS) * d * sizeof *w.candidates, err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (w.candidates) {
        w.fresh = w.squares + n;
        w.buffer = w.candidates + trials * d;
        status = VISML_OK;
        if (job->random)
            take_any(&w, (unsigned char *)w.squares);
        else
            status = spread_out(&w, err);
    }
    visml_mem_free(m, w.squares);
    visml_mem_free(m, w.candidates);
    return status;
}
