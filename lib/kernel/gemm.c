#include "kernel/gemm.h"

#include "base/checked.h"
#include "kernel/product.h"

static void left_plain(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc,
                       real *to) {
    const visml_gemm *g = p->source;
    (void)mc;
    c->kernels->copy_rows(rows, kc, g->a + row * g->lda + k0, g->lda, to, VISML_LEFT_LD);
}

static void left_turned(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc,
                        real *to) {
    const visml_gemm *g = p->source;
    c->kernels->copy_rows(kc, rows, g->a + k0 * g->lda + row, g->lda, to, mc);
}

static void right_plain(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr,
                        real *to) {
    const visml_gemm *g = p->source;
    c->kernels->copy_rows(kc, cols, g->b + k0 * g->ldb + col, g->ldb, to, nr);
}

static void right_turned(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr,
                         real *to) {
    const visml_gemm *g = p->source;
    c->kernels->transpose(cols, kc, g->b + col * g->ldb + k0, g->ldb, to, nr);
}

static visml_product product_of(const visml_gemm *g) {
    visml_product p = {.m = g->m, .n = g->n, .k = g->k, .source = g};
    p.left = g->trans_a ? left_turned : left_plain;
    p.left_cols = g->trans_a;
    p.left_plain = g->trans_a ? NULL : g->a;
    p.ld_left = g->lda;
    p.right = g->trans_b ? right_turned : right_plain;
    p.right_plain = g->trans_b ? NULL : g->b;
    p.ld_plain = g->ldb;
    p.packed = g->packed_b;
    p.c = g->c;
    p.ldc = g->ldc;
    p.accumulate = g->accumulate;
    p.epilogue = g->epilogue;
    return p;
}

size_t visml_gemm_packed_bytes(const visml_compute *c, int64_t n, int64_t k) {
    size_t bytes;
    return visml_size_mul(visml_product_packed_elements(c, n, k), sizeof(real), &bytes) ? bytes : SIZE_MAX;
}

void visml_gemm_pack(const visml_compute *c, const visml_gemm *g, void *packed) {
    visml_product p = product_of(g);
    visml_product_pack(c, &p, packed);
}

size_t visml_gemm_scratch(const visml_compute *c, const visml_gemm *g) {
    return visml_product_scratch(c, g->n, g->k);
}

void visml_gemm_run(const visml_compute *c, const visml_gemm *g, void *scratch) {
    visml_product p = product_of(g);
    visml_product_run(c, &p, scratch);
}
