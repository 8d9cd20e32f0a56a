#include "kernel/layernorm.h"

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/norm.h"
#include "kernel/span.h"

#define ROWS 256     /* whose parts of dgamma and dbeta are added in order */
#define COLUMNS 1024 /* of them in one piece of work */

typedef struct layernorm_job {
    const visml_kernels *k;
    const visml_layer_normalisation *l;
    int64_t block; /* rows of one piece of work */
    int64_t strips;
    real *mean, *invstd;
    const real *kept_mean, *kept_invstd, *dy;
    real *to, *dgamma, *dbeta; /* one row of sums for each ROWS rows */
} layernorm_job;

static visml_layernorm_rows rows_of(const visml_layer_normalisation *l, int64_t block, int64_t size) {
    return (visml_layernorm_rows){.rows = visml_block_length(block, size, l->rows), .c = l->c, .x = l->x + block * size * l->c,
                                  .gamma = l->gamma, .beta = l->beta, .epsilon = (real)l->epsilon, .keeps_mean = l->keeps_mean};
}

static void run_rows(const visml_compute *c, layernorm_job *j, visml_block *fn) {
    j->block = visml_span_rows(j->l->c);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->l->rows, j->block), fn, j);
}

static void forward_block(void *arg, size_t b, size_t worker) {
    const layernorm_job *j = arg;
    int64_t at = (int64_t)b * j->block;
    visml_layernorm_rows r = rows_of(j->l, (int64_t)b, j->block);
    (void)worker;
    j->k->layernorm(&r, j->to + at * r.c, j->mean ? j->mean + at : NULL, j->mean ? j->invstd + at : NULL);
}

void visml_layernorm_forward(const visml_compute *c, const visml_layer_normalisation *l, real *y, real *mean, real *invstd) {
    layernorm_job j = {.k = c->kernels, .l = l, .mean = mean, .invstd = invstd, .to = y};
    run_rows(c, &j, forward_block);
}

static void dx_block(void *arg, size_t b, size_t worker) {
    const layernorm_job *j = arg;
    int64_t at = (int64_t)b * j->block;
    visml_layernorm_rows r = rows_of(j->l, (int64_t)b, j->block);
    (void)worker;
    j->k->layernorm_dx(&r, j->kept_mean + at, j->kept_invstd + at, j->dy + at * r.c, j->to + at * r.c);
}

static void sums_block(void *arg, size_t b, size_t worker) {
    const layernorm_job *j = arg;
    int64_t c = j->l->c, block = (int64_t)b / j->strips, from = (int64_t)b % j->strips * COLUMNS, at = block * ROWS;
    int64_t end = c - from < COLUMNS ? c : from + COLUMNS;
    visml_layernorm_rows r = rows_of(j->l, block, ROWS);
    (void)worker;
    j->k->layernorm_sums(&r, from, end, j->kept_mean + at, j->kept_invstd + at, j->dy + at * c, j->dgamma + block * c,
                         j->dbeta + block * c);
}

/* Two arrays of sums, then what adding their rows needs; SIZE_MAX, which no allocation survives, when there is too much of it. */
size_t visml_layernorm_backward_scratch(const visml_compute *c, int64_t rows, int64_t channels) {
    int64_t blocks = visml_blocks(rows, ROWS);
    size_t n;
    if (!visml_size_mul((size_t)blocks, (size_t)channels, &n) || !visml_size_mul(n, 2 * sizeof(real), &n) ||
        !visml_size_add(n, visml_colsum_scratch(c, blocks, channels), &n))
        return SIZE_MAX;
    return n;
}

static void run_sums(const visml_compute *c, layernorm_job *j, real *dgamma, real *dbeta, real *scratch) {
    int64_t blocks = visml_blocks(j->l->rows, ROWS), size = blocks * j->l->c;
    j->strips = visml_blocks(j->l->c, COLUMNS);
    j->dgamma = scratch;
    j->dbeta = scratch + size;
    visml_parallel_run(c->parallel, (size_t)(blocks * j->strips), sums_block, j);
    if (dgamma)
        visml_colsum(c, blocks, j->l->c, j->dgamma, dgamma, scratch + 2 * size);
    if (dbeta)
        visml_colsum(c, blocks, j->l->c, j->dbeta, dbeta, scratch + 2 * size);
}

void visml_layernorm_backward(const visml_compute *c, const visml_layer_normalisation *l, const real *mean, const real *invstd,
                              const real *dy, real *dx, real *dgamma, real *dbeta, void *scratch) {
    layernorm_job j = {.k = c->kernels, .l = l, .kept_mean = mean, .kept_invstd = invstd, .dy = dy, .to = dx};
    if (dgamma || dbeta)
        run_sums(c, &j, dgamma, dbeta, scratch);
    if (dx)
        run_rows(c, &j, dx_block);
}
