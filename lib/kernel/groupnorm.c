/* Columns are added up as those of a batch normalisation, sample by sample: rows in blocks of a fixed size, blocks in order; what a group's
 * channels gave is added in double. */
#include "kernel/groupnorm.h"

#include <math.h>

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/norm.h"
#include "kernel/span.h"

#define ROWS 256 /* added up in order */

typedef struct groupnorm_job {
    const visml_kernels *k;
    const visml_group_normalisation *g;
    int64_t blocks;            /* of one sample, `block` rows each */
    int64_t block;
    real *mean, *invstd;       /* [n, c] */
    const real *kept_mean, *kept_invstd, *dy;
    real *to;
    real *sums, *sums_2;       /* [n, blocks, c] */
    real *p, *q, *r;           /* [n, c]: scale and shift; in backward the terms of dx */
    real *dgamma, *dbeta;      /* [n, c]: of each sample */
} groupnorm_job;

/* ---- pieces of work: a block of a sample's rows, or a sample ---- */

typedef struct piece {
    int64_t sample, rows; /* rows: how many */
    int64_t at, channel;  /* its first element in x and in [n, c] */
} piece;

static piece piece_of(const groupnorm_job *j, size_t number) {
    int64_t sample = (int64_t)number / j->blocks, block = (int64_t)number % j->blocks;
    return (piece){sample, visml_block_length(block, j->block, j->g->rows), (sample * j->g->rows + block * j->block) * j->g->c,
                   sample * j->g->c};
}

static void run_blocks(const visml_compute *c, groupnorm_job *j, int64_t rows, visml_block *fn) {
    j->block = rows;
    j->blocks = visml_blocks(j->g->rows, rows);
    visml_parallel_run(c->parallel, (size_t)(j->g->n * j->blocks), fn, j);
}

static void run_samples(const visml_compute *c, groupnorm_job *j, visml_block *fn) {
    visml_parallel_run(c->parallel, (size_t)j->g->n, fn, j);
}

/* The sum of a sample's blocks, in order. */
static void add_blocks(const groupnorm_job *j, int64_t sample, const real *sums, real *to) {
    j->k->colsum(j->blocks, j->g->c, sums + sample * j->blocks * j->g->c, to);
}

/* The sum of channels first ... first + count, each times its weight (NULL: 1). */
static double sum_of(const real *values, const real *weights, int64_t first, int64_t count) {
    double sum = 0;
    for (int64_t i = first; i < first + count; i++)
        sum += weights ? (double)values[i] * (double)weights[i] : (double)values[i];
    return sum;
}

/* ---- forward ---- */

static void colsum_block(void *arg, size_t number, size_t worker) {
    const groupnorm_job *j = arg;
    piece p = piece_of(j, number);
    (void)worker;
    j->k->colsum(p.rows, j->g->c, j->g->x + p.at, j->sums + (int64_t)number * j->g->c);
}

static void colsquares_block(void *arg, size_t number, size_t worker) {
    const groupnorm_job *j = arg;
    piece p = piece_of(j, number);
    (void)worker;
    j->k->colsquares(p.rows, j->g->c, j->g->x + p.at, j->mean + p.channel, j->sums + (int64_t)number * j->g->c);
}

/* Every channel of each group gets its group's mean over the rows. */
static void share(const groupnorm_job *j, real *values) {
    int64_t size = j->g->c / j->g->groups;
    for (int64_t i = 0; i < j->g->c; i += size) {
        real mean = (real)(sum_of(values, NULL, i, size) / ((double)j->g->rows * (double)size));
        for (int64_t k = i; k < i + size; k++)
            values[k] = mean;
    }
}

static void mean_of_sample(void *arg, size_t sample, size_t worker) {
    const groupnorm_job *j = arg;
    real *mean = j->mean + (int64_t)sample * j->g->c;
    (void)worker;
    add_blocks(j, (int64_t)sample, j->sums, mean);
    share(j, mean);
}

/* Normalisation as one multiply-add: y = x p + q. */
static void scale_of_sample(void *arg, size_t sample, size_t worker) {
    const groupnorm_job *j = arg;
    const visml_group_normalisation *g = j->g;
    int64_t at = (int64_t)sample * g->c;
    real *mean = j->mean + at, *invstd = j->invstd + at, *p = j->p + at, *q = j->q + at;
    (void)worker;
    add_blocks(j, (int64_t)sample, j->sums, invstd);
    share(j, invstd); /* the variance */
    for (int64_t i = 0; i < g->c; i++) {
        invstd[i] = (real)(1 / sqrt((double)invstd[i] + g->epsilon));
        p[i] = g->gamma ? g->gamma[i] * invstd[i] : invstd[i];
        q[i] = (real)((g->beta ? (double)g->beta[i] : 0) - (double)mean[i] * (double)p[i]);
    }
}

static void affine_block(void *arg, size_t number, size_t worker) {
    const groupnorm_job *j = arg;
    piece p = piece_of(j, number);
    (void)worker;
    j->k->affine(p.rows, j->g->c, j->g->x + p.at, j->p + p.channel, j->q + p.channel, j->to + p.at);
}

/* Bytes of `arrays` times [n, blocks, c] and `others` times [n, c]; SIZE_MAX, which no allocation survives, when there are too many. */
static size_t bytes_of(int64_t n, int64_t rows, int64_t c, int64_t arrays, int64_t others) {
    size_t samples, all;
    if (!visml_size_mul((size_t)n, (size_t)c, &samples) ||
        !visml_size_mul(samples, (size_t)(visml_blocks(rows, ROWS) * arrays + others), &all) || !visml_size_mul(all, sizeof(real), &all))
        return SIZE_MAX;
    return all;
}

size_t visml_groupnorm_forward_scratch(const visml_compute *c, int64_t n, int64_t rows, int64_t channels) {
    (void)c;
    return bytes_of(n, rows, channels, 1, 2);
}

void visml_groupnorm_forward(const visml_compute *c, const visml_group_normalisation *g, real *y, real *mean, real *invstd, void *scratch) {
    groupnorm_job j = {.k = c->kernels, .g = g, .mean = mean, .invstd = invstd, .to = y, .p = scratch};
    j.q = j.p + g->n * g->c;
    j.sums = j.q + g->n * g->c;
    run_blocks(c, &j, ROWS, colsum_block);
    run_samples(c, &j, mean_of_sample);
    run_blocks(c, &j, ROWS, colsquares_block);
    run_samples(c, &j, scale_of_sample);
    run_blocks(c, &j, visml_span_rows(g->c), affine_block);
}

/* ---- backward ----
 *
 * With t = dy gamma, xhat = (x - mean) invstd and means over a group: dx = invstd (t - mean(t) - xhat mean(t xhat)). */

static void sums_block(void *arg, size_t number, size_t worker) {
    const groupnorm_job *j = arg;
    piece p = piece_of(j, number);
    int64_t to = (int64_t)number * j->g->c;
    (void)worker;
    j->k->batchnorm_sums(p.rows, j->g->c, j->g->x + p.at, j->kept_mean + p.channel, j->kept_invstd + p.channel, j->dy + p.at, j->sums + to,
                         j->sums_2 + to);
}

static void terms_of_sample(void *arg, size_t sample, size_t worker) {
    const groupnorm_job *j = arg;
    const visml_group_normalisation *g = j->g;
    int64_t at = (int64_t)sample * g->c, size = g->c / g->groups;
    real *dgamma = j->dgamma + at, *dbeta = j->dbeta + at;
    double elements = (double)g->rows * (double)size;
    (void)worker;
    add_blocks(j, (int64_t)sample, j->sums, dgamma);
    add_blocks(j, (int64_t)sample, j->sums_2, dbeta);
    for (int64_t i = 0; i < g->c; i += size) {
        double t = sum_of(dbeta, g->gamma, i, size) / elements, product = sum_of(dgamma, g->gamma, i, size) / elements;
        for (int64_t k = i; k < i + size; k++) {
            double u = (double)j->kept_invstd[at + k];
            j->p[at + k] = (real)(g->gamma ? (double)g->gamma[k] * u : u);
            j->q[at + k] = (real)(u * t);
            j->r[at + k] = (real)(u * u * product);
        }
    }
}

static void dx_block(void *arg, size_t number, size_t worker) {
    const groupnorm_job *j = arg;
    piece p = piece_of(j, number);
    visml_batchnorm_terms t = {.mean = j->kept_mean + p.channel, .p = j->p + p.channel, .q = j->q + p.channel, .r = j->r + p.channel};
    (void)worker;
    j->k->groupnorm_dx(p.rows, j->g->c, &t, j->g->x + p.at, j->dy + p.at, j->to + p.at);
}

size_t visml_groupnorm_backward_scratch(const visml_compute *c, int64_t n, int64_t rows, int64_t channels) {
    size_t own = bytes_of(n, rows, channels, 2, 5), all;
    return visml_size_add(own, visml_colsum_scratch(c, n, channels), &all) ? all : SIZE_MAX;
}

void visml_groupnorm_backward(const visml_compute *c, const visml_group_normalisation *g, const real *mean, const real *invstd,
                              const real *dy, real *dx, real *dgamma, real *dbeta, void *scratch) {
    int64_t size = g->n * g->c, blocks = visml_blocks(g->rows, ROWS);
    real *s = scratch;
    groupnorm_job j = {.k = c->kernels, .g = g, .kept_mean = mean, .kept_invstd = invstd, .dy = dy, .to = dx, .p = s, .q = s + size,
                       .r = s + 2 * size, .dgamma = s + 3 * size, .dbeta = s + 4 * size, .sums = s + 5 * size};
    j.sums_2 = j.sums + size * blocks;
    run_blocks(c, &j, ROWS, sums_block);
    run_samples(c, &j, terms_of_sample);
    if (dx)
        run_blocks(c, &j, visml_span_rows(g->c), dx_block);
    if (dgamma)
        visml_colsum(c, g->n, g->c, j.dgamma, dgamma, j.sums_2 + size * blocks);
    if (dbeta)
        visml_colsum(c, g->n, g->c, j.dbeta, dbeta, j.sums_2 + size * blocks);
}
