#include "kernel/masked_norm.h"

#include "kernel/span.h"

#define CHANNELS 32 /* of one job */

typedef struct masked_job {
    int64_t rows, c, block;
    const visml_normalisation *b;
    const real *x, *dy, *n;
    const uint8_t *counts;
    real *mean, *var, *count, *dx, *dgamma, *dbeta;
} masked_job;

/* ---- sums: some channels over all rows ---- */

/* A mean over n elements; 0 over none. */
static real share(double sum, double n) {
    return (real)(n > 0 ? sum / n : 0);
}

static void moments_task(void *arg, size_t task, size_t worker) {
    const masked_job *j = arg;
    int64_t first = (int64_t)task * CHANNELS, n = visml_block_length((int64_t)task, CHANNELS, j->c);
    double sum[CHANNELS] = {0}, square[CHANNELS] = {0}, count[CHANNELS] = {0};
    (void)worker;
    for (int64_t row = 0; row < j->rows; row++)
        for (int64_t i = 0, at = row * j->c + first; i < n; i++, at++) {
            sum[i] += j->counts[at] ? (double)j->x[at] : 0;
            count[i] += j->counts[at];
        }
    for (int64_t i = 0; i < n; i++) {
        j->count[first + i] = (real)count[i];
        j->mean[first + i] = share(sum[i], count[i]);
    }
    for (int64_t row = 0; row < j->rows; row++)
        for (int64_t i = 0, at = row * j->c + first; i < n; i++, at++) {
            double d = (double)j->x[at] - (double)j->mean[first + i];
            square[i] += j->counts[at] ? d * d : 0;
        }
    for (int64_t i = 0; i < n; i++)
        j->var[first + i] = share(square[i], count[i]);
}

void visml_masked_moments(const visml_compute *c, int64_t rows, int64_t channels, const real *x, const uint8_t *counts, real *mean,
                          real *var, real *count) {
    masked_job j = {.rows = rows, .c = channels, .x = x, .counts = counts, .mean = mean, .var = var, .count = count};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(channels, CHANNELS), moments_task, &j);
}

/* Of all elements, for all are normalised. */
static void sums_task(void *arg, size_t task, size_t worker) {
    const masked_job *j = arg;
    int64_t first = (int64_t)task * CHANNELS, n = visml_block_length((int64_t)task, CHANNELS, j->c);
    double dgamma[CHANNELS] = {0}, dbeta[CHANNELS] = {0};
    (void)worker;
    for (int64_t row = 0; row < j->rows; row++)
        for (int64_t i = 0, at = row * j->c + first; i < n; i++, at++) {
            double dy = (double)j->dy[at], x = ((double)j->x[at] - (double)j->b->mean[first + i]) * (double)j->b->invstd[first + i];
            dgamma[i] += dy * x;
            dbeta[i] += dy;
        }
    for (int64_t i = 0; i < n; i++) {
        j->dgamma[first + i] = (real)dgamma[i];
        j->dbeta[first + i] = (real)dbeta[i];
    }
}

/* ---- dx = gamma invstd (dy - what it changes of mean and variance, where it counts) ---- */

static real dx_of(const masked_job *j, int64_t i, int64_t at) {
    double invstd = (double)j->b->invstd[i], gamma = j->b->gamma ? (double)j->b->gamma[i] : 1, d = (double)j->dy[at];
    if (j->counts[at])
        d -= ((double)j->dbeta[i] + ((double)j->x[at] - (double)j->b->mean[i]) * invstd * (double)j->dgamma[i]) / (double)j->n[i];
    return (real)(gamma * invstd * d);
}

static void dx_task(void *arg, size_t task, size_t worker) {
    const masked_job *j = arg;
    int64_t first = (int64_t)task * j->block, end = first + visml_block_length((int64_t)task, j->block, j->rows);
    (void)worker;
    for (int64_t row = first; row < end; row++)
        for (int64_t i = 0; i < j->c; i++)
            j->dx[row * j->c + i] = dx_of(j, i, row * j->c + i);
}

void visml_masked_norm_backward(const visml_compute *c, int64_t rows, int64_t channels, const visml_normalisation *b,
                                const uint8_t *counts, const real *count, const real *dy, real *dx, real *dgamma, real *dbeta) {
    masked_job j = {.rows = rows, .c = channels, .block = visml_span_rows(channels), .b = b, .x = b->x, .dy = dy, .n = count,
                    .counts = counts, .dx = dx, .dgamma = dgamma, .dbeta = dbeta};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(channels, CHANNELS), sums_task, &j);
    if (dx)
        visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, j.block), dx_task, &j);
}
