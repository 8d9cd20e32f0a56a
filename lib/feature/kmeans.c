#include "feature/kmeans.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "kernel/distance.h"
#include "kernel/span.h"

#define STREAM_KMEANS 0x6b6dU /* "km": what a key is for */
#define ROWS 1024             /* rows whose distances are there at a time */
#define COLUMNS 64            /* of sums, in one piece of work */

/* ---- the nearest ---- */

static visml_distances distances_of(int64_t n, int64_t d, int64_t k) {
    return (visml_distances){.kind = VISML_DISTANCE_L2, .by_product = 1, .n = n < ROWS ? n : ROWS, .m = k, .d = d, .lda = d, .ldb = d,
                             .ldo = k};
}

static size_t distances_bytes(int64_t n, int64_t k) {
    return ((size_t)(n < ROWS ? n : ROWS) * (size_t)k * sizeof(float) + 63) / 64 * 64;
}

size_t visml_nearest_scratch(const visml_compute *c, int64_t n, int64_t d, int64_t k) {
    visml_distances x = distances_of(n, d, k);
    size_t bytes;
    return visml_size_add(distances_bytes(n, k), visml_distances_scratch(c, &x), &bytes) ? bytes : SIZE_MAX;
}

typedef struct choice {
    int64_t n, k;
    const float *distances;
    int32_t *labels;
    float *squares;
} choice;

/* The first of the least; four at a time are looked for, so that none waits for the one before it. */
static int32_t least_of(int64_t k, const float *x) {
    float least[4] = {x[0], x[0], x[0], x[0]};
    int64_t j = 0;
    for (; j + 4 <= k; j += 4)
        for (int l = 0; l < 4; l++)
            least[l] = x[j + l] < least[l] ? x[j + l] : least[l];
    for (; j < k; j++)
        least[0] = x[j] < least[0] ? x[j] : least[0];
    least[0] = least[1] < least[0] ? least[1] : least[0];
    least[2] = least[3] < least[2] ? least[3] : least[2];
    least[0] = least[2] < least[0] ? least[2] : least[0];
    for (j = 0; j < k; j++)
        if (x[j] == least[0])
            return (int32_t)j;
    return 0; /* distances of numbers too large for a float */
}

static void choose_block(void *arg, size_t block, size_t worker) {
    const choice *h = arg;
    int64_t rows = visml_span_rows(h->k), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < h->n; i++) {
        const float *at = h->distances + i * h->k;
        h->labels[i] = least_of(h->k, at);
        if (h->squares)
            h->squares[i] = at[h->labels[i]];
    }
}

void visml_nearest(const visml_compute *c, int64_t n, int64_t d, int64_t k, const float *x, const float *centers, int32_t *labels,
                   float *squares, void *scratch) {
    visml_distances p = distances_of(n, d, k);
    p.b = centers;
    p.out = scratch;
    for (int64_t i = 0; i < n; i += ROWS) {
        p.a = x + i * d;
        p.n = n - i < ROWS ? n - i : ROWS;
        visml_distances_run(c, &p, (char *)scratch + distances_bytes(n, k));
        choice h = {p.n, k, p.out, labels + i, squares ? squares + i : NULL};
        visml_parallel_run(c->parallel, (size_t)visml_blocks(p.n, visml_span_rows(k)), choose_block, &h);
    }
}

/* ---- k-means++ ---- */

typedef struct clusters {
    visml_kmeans *job;
    const visml_compute *c;
    double *sums;    /* [k, d] */
    int64_t *counts; /* [k] */
    float *squares;  /* [n] */
    float *fresh;    /* [n] */
    int32_t *before; /* [n]: labels */
    void *scratch;
} clusters;

/* Squared distances to one center, exact differences. */
static void distances_to(const clusters *w, const float *center, float *out) {
    const visml_kmeans *j = w->job;
    visml_distances p = {.kind = VISML_DISTANCE_L2, .n = j->n, .m = 1, .d = j->d, .a = j->x, .b = center, .out = out, .lda = j->d,
                         .ldb = j->d, .ldo = 1};
    visml_distances_run(w->c, &p, w->scratch);
}

/* A row, each with a chance as its squared distance; any row where all are centers already. */
static int64_t draw(const clusters *w, visml_rng *rng) {
    int64_t n = w->job->n, last = -1;
    double total = 0, at = 0;
    for (int64_t i = 0; i < n; i++)
        total += (double)w->squares[i];
    double wanted = visml_rng_uniform(rng) * total;
    for (int64_t i = 0; total > 0 && i < n; i++) {
        at += (double)w->squares[i];
        if (w->squares[i] > 0)
            last = i;
        if (at > wanted && w->squares[i] > 0)
            return i;
    }
    return last >= 0 ? last : (int64_t)visml_rng_below(rng, (uint64_t)n);
}

static void seed_centers(clusters *w) {
    visml_kmeans *j = w->job;
    visml_rng rng;
    visml_rng_init(&rng, visml_key(j->seed, STREAM_KMEANS));
    int64_t row = (int64_t)visml_rng_below(&rng, (uint64_t)j->n);
    for (int64_t k = 0; k < j->k; k++) {
        float *center = j->centers + k * j->d;
        if (k)
            row = draw(w, &rng);
        memcpy(center, j->x + row * j->d, (size_t)j->d * sizeof *center);
        distances_to(w, center, k ? w->fresh : w->squares);
        for (int64_t i = 0; k && i < j->n; i++)
            w->squares[i] = w->fresh[i] < w->squares[i] ? w->fresh[i] : w->squares[i];
    }
}

/* ---- Lloyd ---- */

/* Columns are cut into pieces, rows are added in order. */
static void sum_block(void *arg, size_t block, size_t worker) {
    const clusters *w = arg;
    const visml_kmeans *j = w->job;
    int64_t first = (int64_t)block * COLUMNS, end = first + COLUMNS < j->d ? first + COLUMNS : j->d;
    (void)worker;
    for (int64_t i = 0; i < j->n; i++) {
        double *to = w->sums + j->labels[i] * j->d;
        const float *x = j->x + i * j->d;
        for (int64_t p = first; p < end; p++)
            to[p] += (double)x[p];
    }
}

/* Gives an empty cluster the row that is farthest from its center, of a cluster that has another. */
static void fill(clusters *w, int64_t k) {
    visml_kmeans *j = w->job;
    int64_t far = -1;
    for (int64_t i = 0; i < j->n; i++)
        if (w->counts[j->labels[i]] > 1 && (far < 0 || w->squares[i] > w->squares[far]))
            far = i;
    if (far < 0)
        return;
    w->counts[j->labels[far]]--;
    w->counts[k] = 1;
    w->squares[far] = 0;
    j->labels[far] = (int32_t)k;
}

/* Centers become the means; how far they went, squared. */
static double move_centers(clusters *w) {
    visml_kmeans *j = w->job;
    double way = 0;
    memset(w->sums, 0, (size_t)(j->k * j->d) * sizeof *w->sums);
    memset(w->counts, 0, (size_t)j->k * sizeof *w->counts);
    for (int64_t i = 0; i < j->n; i++)
        w->counts[j->labels[i]]++;
    for (int64_t k = 0; k < j->k; k++)
        if (!w->counts[k])
            fill(w, k);
    visml_parallel_run(w->c->parallel, (size_t)visml_blocks(j->d, COLUMNS), sum_block, w);
    for (int64_t i = 0; i < j->k * j->d; i++) {
        if (!w->counts[i / j->d])
            continue;
        float to = (float)(w->sums[i] / (double)w->counts[i / j->d]);
        double step = (double)to - (double)j->centers[i];
        way += step * step;
        j->centers[i] = to;
    }
    return way;
}

/* The mean variance of a column. */
static double spread(const visml_kmeans *j, double *room) {
    double total = 0;
    memset(room, 0, 2 * (size_t)j->d * sizeof *room);
    for (int64_t i = 0; i < j->n; i++)
        for (int64_t p = 0; p < j->d; p++)
            room[p] += (double)j->x[i * j->d + p];
    for (int64_t i = 0; i < j->n; i++)
        for (int64_t p = 0; p < j->d; p++) {
            double off = (double)j->x[i * j->d + p] - room[p] / (double)j->n;
            room[j->d + p] += off * off;
        }
    for (int64_t p = 0; p < j->d; p++)
        total += room[j->d + p];
    return total / (double)j->n / (double)j->d;
}

static void assign(clusters *w) {
    visml_kmeans *j = w->job;
    visml_nearest(w->c, j->n, j->d, j->k, j->x, j->centers, j->labels, w->squares, w->scratch);
}

static void iterate(clusters *w) {
    visml_kmeans *j = w->job;
    double enough = j->tolerance > 0 ? j->tolerance * spread(j, w->sums) : -1;
    if (j->init)
        memcpy(j->centers, j->init, (size_t)(j->k * j->d) * sizeof *j->centers);
    else
        seed_centers(w);
    assign(w);
    for (j->iterations = 1; j->iterations <= j->max_iterations; j->iterations++) {
        memcpy(w->before, j->labels, (size_t)j->n * sizeof *w->before);
        double way = move_centers(w);
        assign(w);
        if (way <= enough || memcmp(w->before, j->labels, (size_t)j->n * sizeof *w->before) == 0)
            break;
    }
    j->inertia = 0;
    for (int64_t i = 0; i < j->n; i++)
        j->inertia += (double)w->squares[i];
}

visml_status visml_kmeans_fit(visml_memory *m, const visml_compute *c, const char *what, visml_kmeans *job, visml_error *err) {
    size_t n = (size_t)job->n, k = (size_t)job->k, d = (size_t)job->d;
    if (job->n < job->k)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows to learn from, must be at least as many as clusters: %lld", what,
                          (long long)job->n, (long long)job->k);
    clusters w = {.job = job, .c = c};
    w.sums = visml_mem_alloc(m, (k + 1) * d * sizeof *w.sums, err); /* two rows at least */
    w.counts = w.sums ? visml_mem_alloc(m, k * sizeof *w.counts, err) : NULL;
    w.squares = w.counts ? visml_mem_alloc(m, 2 * n * sizeof *w.squares, err) : NULL;
    w.before = w.squares ? visml_mem_alloc(m, n * sizeof *w.before, err) : NULL;
    w.scratch = w.before ? visml_mem_alloc(m, visml_nearest_scratch(c, job->n, job->d, job->k), err) : NULL;
    if (w.scratch) {
        w.fresh = w.squares + n;
        iterate(&w);
    }
    visml_mem_free(m, w.sums);
    visml_mem_free(m, w.counts);
    visml_mem_free(m, w.squares);
    visml_mem_free(m, w.before);
    visml_mem_free(m, w.scratch);
    return w.scratch ? VISML_OK : VISML_ENOMEM;
}
