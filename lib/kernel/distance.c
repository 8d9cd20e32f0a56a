#include "kernel/distance.h"

#include "base/checked.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

#define ROWS 16 /* of a, in one piece of work */

typedef struct distance_job {
    const visml_kernels *k;
    const visml_distances *x;
    int64_t right; /* rows of b in one piece: they stay in the cache while those of a pass by */
    float *aa, *bb; /* squares of the rows */
} distance_job;

static int needs_squares(const visml_distances *x) {
    return x->kind == VISML_DISTANCE_COSINE || x->by_product;
}

static visml_gemm product_of(const visml_distances *x) {
    return (visml_gemm){.m = x->n, .n = x->m, .k = x->d, .a = x->a, .b = x->b, .c = x->out, .lda = x->lda, .ldb = x->ldb, .ldc = x->ldo,
                        .trans_b = 1};
}

/* Elements of the squares, a multiple of 64 bytes. */
static size_t squares_count(const visml_distances *x) {
    return ((size_t)x->n + (size_t)x->m + 15) / 16 * 16;
}

size_t visml_distances_scratch(const visml_compute *c, const visml_distances *x) {
    visml_gemm g = product_of(x);
    size_t bytes = 0;
    if (needs_squares(x) && !visml_size_mul(squares_count(x), sizeof(float), &bytes))
        return SIZE_MAX; /* no allocation of this size succeeds */
    if (x->by_product && !visml_size_add(bytes, visml_gemm_scratch(c, &g), &bytes))
        return SIZE_MAX;
    return bytes;
}

static void squares_block(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    const visml_distances *x = j->x;
    int64_t rows = visml_span_rows(x->d), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < x->n + x->m; i++)
        j->aa[i] = j->k->reduce_squares((size_t)x->d, i < x->n ? x->a + i * x->lda : x->b + (i - x->n) * x->ldb);
}

static void pairs_block(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    const visml_distances *x = j->x;
    int64_t across = visml_blocks(x->m, j->right), row = (int64_t)block / across * ROWS, col = (int64_t)block % across * j->right;
    visml_row_pairs p = {.d = x->d, .lda = x->lda, .ldb = x->ldb, .ldo = x->ldo};
    (void)worker;
    p.n = visml_block_length(row / ROWS, ROWS, x->n);
    p.m = visml_block_length(col / j->right, j->right, x->m);
    p.a = x->a + row * x->lda;
    p.b = x->b + col * x->ldb;
    p.out = x->out + row * x->ldo + col;
    j->k->row_pairs(x->kind, &p);
}

static void finish_block(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    const visml_distances *x = j->x;
    int64_t rows = visml_span_rows(x->m), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < x->n; i++)
        j->k->finish_pairs(x->kind, x->m, j->aa[i], j->bb, x->out + i * x->ldo);
}

void visml_distances_run(const visml_compute *c, const visml_distances *x, void *scratch) {
    distance_job j = {.k = c->kernels, .x = x, .right = visml_span_rows(x->d), .aa = scratch};
    if (!x->n || !x->m)
        return;
    if (needs_squares(x)) {
        j.bb = j.aa + x->n;
        visml_parallel_run(c->parallel, (size_t)visml_blocks(x->n + x->m, visml_span_rows(x->d)), squares_block, &j);
    }
    if (x->by_product) {
        visml_gemm g = product_of(x);
        visml_gemm_run(c, &g, j.aa + squares_count(x));
    } else {
        visml_parallel_run(c->parallel, (size_t)(visml_blocks(x->n, ROWS) * visml_blocks(x->m, j.right)), pairs_block, &j);
    }
    if (needs_squares(x))
        visml_parallel_run(c->parallel, (size_t)visml_blocks(x->n, visml_span_rows(x->m)), finish_block, &j);
}

#endif
