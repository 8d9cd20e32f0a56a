#include "kernel/norm.h"

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS 256 /* added up in order; their sums by a tree */

typedef struct columns_job {
    const visml_kernels *k;
    int64_t rows, c, block; /* block: rows of one piece of work */
    const real *x, *mean, *invstd, *dy;
    real *y, *sums, *sums_2; /* one row of sums for each block */
    visml_batchnorm_terms terms;
} columns_job;

static size_t sums_bytes(int64_t rows, int64_t c, size_t arrays) {
    size_t n;
    if (!visml_size_mul((size_t)visml_blocks(rows, ROWS) + 1, (size_t)c, &n) || !visml_size_mul(n, arrays * sizeof(real), &n))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return n;
}

/* The first row becomes the sum of all, by pairs, pairs of pairs, ... */
static void add_rows(const visml_kernels *k, int64_t rows, int64_t c, real *sums) {
    for (int64_t step = 1; step < rows; step *= 2)
        for (int64_t i = 0; i + step < rows; i += 2 * step)
            k->sum((size_t)c, sums + i * c, sums + (i + step) * c, sums + i * c);
}

/* The sum of all blocks, or zeros when there are none. */
static void finish_sums(const columns_job *j, real *sums, real *out, real factor) {
    int64_t blocks = visml_blocks(j->rows, ROWS);
    if (!blocks)
        for (int64_t i = 0; i < j->c; i++)
            sums[i] = 0;
    add_rows(j->k, blocks, j->c, sums);
    for (int64_t i = 0; i < j->c; i++)
        out[i] = sums[i] * factor;
}

static void colsum_block(void *arg, size_t b, size_t worker) {
    const columns_job *j = arg;
    int64_t i = (int64_t)b, at = i * ROWS * j->c;
    (void)worker;
    j->k->colsum(visml_block_length(i, ROWS, j->rows), j->c, j->x + at, j->sums + i * j->c);
}

static void run_sums(const visml_compute *c, columns_job *j, visml_block *block) {
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->rows, ROWS), block, j);
}

size_t visml_colsum_scratch(const visml_compute *c, int64_t rows, int64_t channels) {
    (void)c;
    return sums_bytes(rows, channels, 1);
}

void visml_colsum(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *sum, void *scratch) {
    columns_job j = {.k = c->kernels, .rows = rows, .c = channels, .x = x, .sums = scratch};
    run_sums(c, &j, colsum_block);
    finish_sums(&j, j.sums, sum, 1);
}

static void colsquares_block(void *arg, size_t b, size_t worker) {
    const columns_job *j = arg;
    int64_t i = (int64_t)b, at = i * ROWS * j->c;
    (void)worker;
    j->k->colsquares(visml_block_length(i, ROWS, j->rows), j->c, j->x + at, j->mean, j->sums + i * j->c);
}

size_t visml_moments_scratch(const visml_compute *c, int64_t rows, int64_t channels) {
    return visml_colsum_scratch(c, rows, channels);
}

void visml_moments(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *mean, real *var, void *scratch) {
    columns_job j = {.k = c->kernels, .rows = rows, .c = channels, .x = x, .mean = mean, .sums = scratch};
    real share = rows ? 1 / (real)rows : 0;
    run_sums(c, &j, colsum_block);
    finish_sums(&j, j.sums, mean, share);
    run_sums(c, &j, colsquares_block);
    finish_sums(&j, j.sums, var, share);
}

static void affine_block(void *arg, size_t b, size_t worker) {
    const columns_job *j = arg;
    int64_t i = (int64_t)b, at = i * j->block * j->c;
    (void)worker;
    j->k->affine(visml_block_length(i, j->block, j->rows), j->c, j->x + at, j->mean, j->invstd, j->y + at);
}

void visml_affine(const visml_compute *c, int64_t rows, int64_t channels, const real *x, const real *scale, const real *shift, real *y) {
    columns_job j = {.k = c->kernels, .rows = rows, .c = channels, .x = x, .mean = scale, .invstd = shift, .y = y};
    j.block = visml_span_rows(channels);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, j.block), affine_block, &j);
}

static void batchnorm_sums_block(void *arg, size_t b, size_t worker) {
    const columns_job *j = arg;
    int64_t i = (int64_t)b, at = i * ROWS * j->c;
    (void)worker;
    j->k->batchnorm_sums(visml_block_length(i, ROWS, j->rows), j->c, j->x + at, j->mean, j->invstd, j->dy + at, j->sums + i * j->c,
                         j->sums_2 + i * j->c);
}

static void batchnorm_dx_block(void *arg, size_t b, size_t worker) {
    const columns_job *j = arg;
    int64_t i = (int64_t)b, at = i * j->block * j->c;
    (void)worker;
    j->k->batchnorm_dx(visml_block_length(i, j->block, j->rows), j->c, &j->terms, j->x + at, j->dy + at, j->y + at);
}

size_t visml_batchnorm_backward_scratch(const visml_compute *c, int64_t rows, int64_t channels) {
    (void)c;
    size_t sums = sums_bytes(rows, channels, 2), terms;
    if (!visml_size_mul((size_t)channels, 3 * sizeof(real), &terms) || !visml_size_add(sums, terms, &terms))
        return SIZE_MAX;
    return terms;
}

/* dx = gamma invstd (dy - mean(dy) - xhat mean(dy xhat)), xhat = (x - mean) invstd. */
static void batchnorm_dx(const visml_compute *c, columns_job *j, const visml_normalisation *b, const real *dgamma, const real *dbeta,
                         real *terms) {
    real *p = terms, *q = terms + j->c, *r = terms + 2 * j->c, share = j->rows ? 1 / (real)j->rows : 0;
    for (int64_t i = 0; i < j->c; i++) {
        p[i] = b->gamma ? b->gamma[i] * j->invstd[i] : j->invstd[i];
        q[i] = dbeta[i] * share;
        r[i] = dgamma[i] * share * j->invstd[i];
    }
    j->terms = (visml_batchnorm_terms){j->mean, p, q, r, b->activation, b->alpha};
    j->block = visml_span_rows(j->c);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->rows, j->block), batchnorm_dx_block, j);
}

void visml_batchnorm_backward(const visml_compute *c, int64_t rows, int64_t channels, const visml_normalisation *b, const real *dy,
                              real *dx, real *dgamma, real *dbeta, void *scratch) {
    int64_t blocks = visml_blocks(rows, ROWS) + 1;
    columns_job j = {.k = c->kernels, .rows = rows, .c = channels, .x = b->x, .mean = b->mean, .invstd = b->invstd, .dy = dy, .y = dx};
    j.sums = scratch;
    j.sums_2 = j.sums + blocks * channels;
    run_sums(c, &j, batchnorm_sums_block);
    finish_sums(&j, j.sums, dgamma, 1);
    finish_sums(&j, j.sums_2, dbeta, 1);
    if (dx)
        batchnorm_dx(c, &j, b, dgamma, dbeta, j.sums_2 + blocks * channels);
}
