/* Lloyd's iterations. Rows go through block by block, so that they come from memory once: the nearest center, then the sums of the rows
 * that have changed their cluster. */
#include "feature/kmeans.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/distance.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS VISML_KMEANS_ROWS
#define COLUMNS 64 /* of sums, in one piece of work */

typedef struct clusters {
    visml_kmeans *job;
    const visml_compute *c;
    visml_nearest_plan plan;
    double *sums;    /* [k, d] */
    int64_t *counts; /* [k] */
    float *lengths;  /* [n]: sums of squares */
    float *squares;  /* [n]: distances to the nearest */
    float *buffer;   /* [ROWS, d]: rows that do not lie side by side */
    int32_t *before; /* [ROWS]: labels of a block, -1: none yet */
    void *ready, *scratch;
    int64_t changed; /* rows that have another cluster than before */
    const float *block; /* of rows first ... first + rows - 1 */
    int64_t first, rows, ld;
} clusters;

static void take_block(clusters *w, int64_t first) {
    const visml_row_view *x = &w->job->x;
    w->first = first;
    w->rows = x->n - first < ROWS ? x->n - first : ROWS;
    w->block = visml_row_view_block(x, first, w->rows, w->buffer, &w->ld);
}

static void for_columns(const clusters *w, visml_block *f, const void *arg) {
    visml_parallel_run(w->c->parallel, (size_t)visml_blocks(w->job->x.d, COLUMNS), f, (void *)(uintptr_t)arg);
}

/* ---- the variance of the columns ---- */

/* Relative to the first row, so that a common offset costs no digits: [2, d] sums in w->sums. */
static void spread_block(void *arg, size_t block, size_t worker) {
    const clusters *w = arg;
    int64_t d = w->job->x.d, begin = (int64_t)block * COLUMNS, end = begin + COLUMNS < d ? begin + COLUMNS : d;
    const visml_row_view *x = &w->job->x;
    (void)worker;
    for (int64_t i = 0; i < w->rows; i++)
        for (int64_t p = begin; p < end; p++) {
            double off = (double)w->block[i * w->ld + p] - (double)x->x[p * x->column_stride];
            w->sums[p] += off;
            w->sums[d + p] += off * off;
        }
}

/* The mean variance of a column. */
static visml_status spread(clusters *w, double *mean, visml_error *err) {
    double total = 0, n = (double)w->job->x.n;
    int64_t d = w->job->x.d;
    memset(w->sums, 0, 2 * (size_t)d * sizeof *w->sums);
    for (int64_t first = 0; first < w->job->x.n; first += ROWS) {
        take_block(w, first);
        for_columns(w, spread_block, w);
        VISML_TRY(visml_kmeans_tick(w->job, err));
    }
    for (int64_t p = 0; p < d; p++)
        total += w->sums[d + p] / n - w->sums[p] / n * (w->sums[p] / n);
    *mean = total > 0 ? total / (double)d : 0;
    return VISML_OK;
}

/* ---- which cluster, and its sums ---- */

static void lengths_block(void *arg, size_t block, size_t worker) {
    const clusters *w = arg;
    int64_t rows = visml_span_rows(w->job->x.d), begin = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = begin; i < begin + rows && i < w->rows; i++)
        w->lengths[w->first + i] = w->c->kernels->reduce_squares((size_t)w->job->x.d, w->block + i * w->ld);
}

/* Columns are cut into pieces, rows come in order. */
static void sums_block(void *arg, size_t block, size_t worker) {
    const clusters *w = arg;
    int64_t d = w->job->x.d, begin = (int64_t)block * COLUMNS, end = begin + COLUMNS < d ? begin + COLUMNS : d;
    const int32_t *labels = w->job->labels + w->first;
    (void)worker;
    for (int64_t i = 0; i < w->rows; i++) {
        if (labels[i] == w->before[i])
            continue;
        double *to = w->sums + labels[i] * d;
        const float *x = w->block + i * w->ld;
        for (int64_t p = begin; p < end; p++)
            to[p] += (double)x[p];
        if (w->before[i] < 0)
            continue;
        double *from = w->sums + w->before[i] * d;
        for (int64_t p = begin; p < end; p++)
            from[p] -= (double)x[p];
    }
}

static int64_t count_changed(const clusters *w) {
    const int32_t *labels = w->job->labels + w->first;
    int64_t changed = 0;
    for (int64_t i = 0; i < w->rows; i++) {
        if (labels[i] == w->before[i])
            continue;
        changed++;
        w->counts[labels[i]]++;
        if (w->before[i] >= 0)
            w->counts[w->before[i]]--;
    }
    return changed;
}

static void sum_squares(clusters *w) {
    w->job->inertia = 0;
    for (int64_t i = 0; i < w->job->x.n; i++)
        w->job->inertia += (double)w->squares[i];
}

static visml_status assign(clusters *w, int first_time, visml_error *err) {
    visml_kmeans *j = w->job;
    w->plan = visml_nearest_prepare(w->c, j->x.d, j->k, j->centers, w->ready);
    w->changed = 0;
    for (int64_t first = 0; first < j->x.n; first += ROWS) {
        take_block(w, first);
        if (first_time) {
            visml_parallel_run(w->c->parallel, (size_t)visml_blocks(w->rows, visml_span_rows(j->x.d)), lengths_block, w);
            memset(w->before, -1, (size_t)w->rows * sizeof *w->before);
        } else {
            memcpy(w->before, j->labels + first, (size_t)w->rows * sizeof *w->before);
        }
        visml_nearest_run(w->c, &w->plan, w->rows, w->block, w->ld, w->lengths + first, j->labels + first, w->squares + first, w->scratch);
        int64_t changed = count_changed(w);
        if (changed)
            for_columns(w, sums_block, w);
        w->changed += changed;
        VISML_TRY(visml_kmeans_tick(j, err));
    }
    sum_squares(w);
    return VISML_OK;
}

/* ---- centers ---- */

/* Gives an empty cluster the row that is farthest from its center, of a cluster that has another. */
static void fill(clusters *w, int64_t k) {
    visml_kmeans *j = w->job;
    int64_t far = -1, d = j->x.d;
    for (int64_t i = 0; i < j->x.n; i++)
        if (w->counts[j->labels[i]] > 1 && (far < 0 || w->squares[i] > w->squares[far]))
            far = i;
    if (far < 0)
        return;
    for (int64_t p = 0; p < d; p++) {
        double x = (double)j->x.x[far * j->x.row_stride + p * j->x.column_stride];
        w->sums[j->labels[far] * d + p] -= x;
        w->sums[k * d + p] = x;
    }
    w->counts[j->labels[far]]--;
    w->counts[k] = 1;
    w->squares[far] = 0;
    j->labels[far] = (int32_t)k;
}

/* Centers become the means; how far they went, squared. */
static double move_centers(clusters *w) {
    visml_kmeans *j = w->job;
    double way = 0;
    for (int64_t k = 0; k < j->k; k++)
        if (!w->counts[k])
            fill(w, k);
    for (int64_t i = 0; i < j->k * j->x.d; i++) {
        if (!w->counts[i / j->x.d])
            continue;
        float to = (float)(w->sums[i] / (double)w->counts[i / j->x.d]);
        double step = (double)to - (double)j->centers[i];
        way += step * step;
        j->centers[i] = to;
    }
    return way;
}

/* By differences, where products have lost digits. */
static void squares_block(void *arg, size_t block, size_t worker) {
    const clusters *w = arg;
    int64_t d = w->job->x.d, rows = visml_span_rows(d), begin = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = begin; i < begin + rows && i < w->rows; i++) {
        visml_row_pairs p = {.n = 1, .m = 1, .d = d, .lda = d, .ldb = d, .ldo = 1, .a = w->block + i * w->ld,
                             .b = w->job->centers + w->job->labels[w->first + i] * d, .out = w->squares + w->first + i};
        w->c->kernels->row_pairs(VISML_DISTANCE_L2, &p);
    }
}

static visml_status measure(clusters *w, visml_error *err) {
    for (int64_t first = 0; first < w->job->x.n; first += ROWS) {
        take_block(w, first);
        visml_parallel_run(w->c->parallel, (size_t)visml_blocks(w->rows, visml_span_rows(w->job->x.d)), squares_block, w);
        VISML_TRY(visml_kmeans_tick(w->job, err));
    }
    sum_squares(w);
    return VISML_OK;
}

static visml_status iterate(clusters *w, visml_memory *m, visml_error *err) {
    visml_kmeans *j = w->job;
    double enough = -1, mean = 0;
    j->iterations = 0;
    j->inertia = 0;
    if (j->tolerance > 0) {
        VISML_TRY(spread(w, &mean, err));
        enough = j->tolerance * mean;
    }
    if (j->init)
        memcpy(j->centers, j->init, (size_t)(j->k * j->x.d) * sizeof *j->centers);
    else
        VISML_TRY(visml_kmeans_seed(m, w->c, j, err));
    memset(w->sums, 0, (size_t)(j->k * j->x.d) * sizeof *w->sums);
    memset(w->counts, 0, (size_t)j->k * sizeof *w->counts);
    VISML_TRY(assign(w, 1, err));
    for (j->iterations = 1;; j->iterations++) {
        double way = move_centers(w);
        VISML_TRY(assign(w, 0, err));
        if (way <= enough || !w->changed || j->iterations == j->max_iterations)
            break;
    }
    return measure(w, err);
}

visml_status visml_kmeans_fit(visml_memory *m, const visml_compute *c, const char *what, visml_kmeans *job, visml_error *err) {
    size_t n = (size_t)job->x.n, k = (size_t)job->k, d = (size_t)job->x.d;
    if (job->x.n < job->k)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows to learn from, must be at least as many as clusters: %lld", what,
                          (long long)job->x.n, (long long)job->k);
    clusters w = {.job = job, .c = c};
    visml_status status = VISML_ENOMEM;
    w.sums = visml_mem_alloc(m, (k + 1) * d * sizeof *w.sums, err); /* two rows at least */
    w.counts = w.sums ? visml_mem_alloc(m, k * sizeof *w.counts, err) : NULL;
    w.lengths = w.counts ? visml_mem_alloc(m, (2 * n + ROWS * (d + 1)) * sizeof *w.lengths, err) : NULL;
    w.ready = w.lengths ? visml_mem_alloc(m, visml_nearest_bytes(c, job->x.d, job->k), err) : NULL;
    w.scratch = w.ready ? visml_mem_alloc(m, visml_nearest_scratch(c, job->x.d, job->k), err) : NULL;
    if (w.scratch) {
        w.squares = w.lengths + n;
        w.before = (int32_t *)(void *)(w.squares + n);
        w.buffer = w.squares + n + ROWS;
        status = iterate(&w, m, err);
    }
    visml_mem_free(m, w.sums);
    visml_mem_free(m, w.counts);
    visml_mem_free(m, w.lengths);
    visml_mem_free(m, w.ready);
    visml_mem_free(m, w.scratch);
    return status;
}
