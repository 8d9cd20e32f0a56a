#include "classify/svm_kernel.h"

#include <string.h>

#include "kernel/distance.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS 16 /* whose lengths are found together */

static int by_product(const visml_svm_function *f) {
    return f->kind == VISML_SVM_RBF || f->kind == VISML_SVM_LINEAR || f->kind == VISML_SVM_POLYNOMIAL || f->kind == VISML_SVM_SIGMOID;
}

static size_t rounded(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* ---- blocks ---- */

size_t visml_svm_block_bytes(const visml_svm_function *f, const visml_compute *alone, int64_t d) {
    if (f->kind == VISML_SVM_PRECOMPUTED)
        return 0;
    return rounded(by_product(f) ? visml_gemm_packed_bytes(alone, VISML_SVM_BLOCK, d) : (size_t)(VISML_SVM_BLOCK * d) * sizeof(float));
}

static size_t gather_bytes(int64_t d) {
    return rounded((size_t)(VISML_SVM_BLOCK * d) * sizeof(float));
}

size_t visml_svm_room(const visml_compute *alone, int64_t d) {
    visml_gemm g = {.m = VISML_SVM_BLOCK, .n = VISML_SVM_BLOCK, .k = d};
    return gather_bytes(d) + rounded(visml_gemm_scratch(alone, &g));
}

/* Squared lengths by the same chain of additions as products with other rows have, so that a row is at distance 0 from itself. */
static void find_squares(const visml_compute *alone, int64_t n, int64_t d, const float *x, int64_t ld, float *squares, void *scratch) {
    float products[ROWS * ROWS];
    for (int64_t i = 0; i < n; i += ROWS) {
        int64_t rows = n - i < ROWS ? n - i : ROWS;
        visml_gemm g = {.m = rows, .n = rows, .k = d, .a = x + i * ld, .b = x + i * ld, .c = products, .lda = ld, .ldb = ld, .ldc = ROWS,
                        .trans_b = 1};
        visml_gemm_run(alone, &g, scratch);
        for (int64_t r = 0; r < rows; r++)
            squares[i + r] = products[r * (ROWS + 1)];
    }
}

static void gather(const visml_samples *s, const int32_t *rows, int64_t n, float *to) {
    for (int64_t i = 0; s->column_stride == 1 && i < n; i++)
        memcpy(to + i * s->d, s->x + rows[i] * s->row_stride, (size_t)s->d * sizeof *to);
    /* Rows of a class ascend: what a column has of them is near each other. */
    for (int64_t j = 0; s->column_stride != 1 && j < s->d; j++)
        for (int64_t i = 0; i < n; i++)
            to[i * s->d + j] = visml_samples_at(s, rows[i], j);
}

static const float *rows_of(const visml_samples *s, const int32_t *rows, int64_t first, int64_t n, float *buffer, int64_t *ld) {
    if (!rows)
        return visml_samples_rows(s, first, n, buffer, ld);
    gather(s, rows, n, buffer);
    *ld = s->d;
    return buffer;
}

void visml_svm_fill(const visml_svm_columns *c, const visml_compute *alone, int64_t block, void *room) {
    if (c->function->kind == VISML_SVM_PRECOMPUTED)
        return;
    int64_t begin = block * VISML_SVM_BLOCK, n = visml_block_length(block, VISML_SVM_BLOCK, c->n), d = c->samples->d, ld;
    void *to = c->blocks + (size_t)block * c->block_bytes, *scratch = (char *)room + gather_bytes(d);
    const float *x = rows_of(c->samples, c->rows ? c->rows + begin : NULL, c->first + begin, n, room, &ld);
    if (!by_product(c->function)) {
        alone->kernels->copy_rows(n, d, x, ld, to, d);
        return;
    }
    visml_gemm g = {.n = n, .k = d, .b = x, .ldb = ld, .trans_b = 1};
    visml_gemm_pack(alone, &g, to);
    find_squares(alone, n, d, x, ld, c->squares + begin, scratch);
}

void visml_svm_take_rows(const visml_svm_function *f, const visml_compute *alone, visml_svm_rows *r, float *buffer, float *squares,
                         void *room) {
    if (f->kind == VISML_SVM_PRECOMPUTED)
        return;
    int64_t d = r->samples->d;
    r->x = rows_of(r->samples, r->rows, r->first, r->n, buffer, &r->ld);
    r->squares = by_product(f) ? squares : NULL;
    if (r->squares)
        find_squares(alone, r->n, d, r->x, r->ld, squares, (char *)room + gather_bytes(d));
}

/* ---- numbers ---- */

static void raise_to(int32_t degree, int64_t n, float *x) {
    for (int64_t i = 0; i < n; i++) {
        float base = x[i], power = 1;
        for (int32_t e = degree; e > 0; e /= 2, base *= base)
            power *= e % 2 ? base : 1;
        x[i] = power;
    }
}

/* From products (or distances) of a row with n others to kernel values. */
static void finish_row(const visml_svm_function *f, const visml_kernels *k, int64_t n, float own, const float *squares, float *x) {
    size_t count = (size_t)n;
    switch (f->kind) {
    case VISML_SVM_RBF:
        k->finish_pairs(VISML_DISTANCE_L2, n, own, squares, x);
        k->scale(count, x, (float)-f->gamma, 0, x);
        k->exp(count, x, x);
        break;
    case VISML_SVM_POLYNOMIAL:
        k->scale(count, x, (float)f->gamma, (float)f->coef0, x);
        raise_to(f->degree, n, x);
        break;
    case VISML_SVM_SIGMOID:
        k->scale(count, x, (float)f->gamma, (float)f->coef0, x);
        k->activate(VISML_TANH, 0, count, x, x);
        break;
    case VISML_SVM_CHI2:
        k->scale(count, x, (float)-f->gamma, 0, x);
        k->exp(count, x, x);
        break;
    default: break;
    }
}

static void look_up(const visml_svm_columns *c, const visml_svm_rows *r, int64_t begin, int64_t n, float *out, int64_t ldo) {
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t j = 0; j < n; j++)
            out[i * ldo + j] = visml_samples_at(r->samples, r->rows ? r->rows[i] : r->first + i, c->rows[begin + j]);
}

void visml_svm_compare(const visml_svm_columns *c, const visml_compute *alone, const visml_svm_rows *r, int64_t block, float *out,
                       int64_t ldo, void *room) {
    const visml_svm_function *f = c->function;
    int64_t begin = block * VISML_SVM_BLOCK, n = visml_block_length(block, VISML_SVM_BLOCK, c->n), d = r->samples->d;
    const char *packed = c->blocks + (size_t)block * c->block_bytes;
    if (f->kind == VISML_SVM_PRECOMPUTED) {
        look_up(c, r, begin, n, out, ldo);
    } else if (by_product(f)) {
        visml_gemm g = {.m = r->n, .n = n, .k = d, .a = r->x, .c = out, .lda = r->ld, .ldc = ldo, .packed_b = packed};
        visml_gemm_run(alone, &g, (char *)room + gather_bytes(d));
    } else {
        visml_row_pairs p = {.n = r->n, .m = n, .d = d, .a = r->x, .b = (const float *)(const void *)packed, .out = out, .lda = r->ld,
                             .ldb = d, .ldo = ldo};
        alone->kernels->row_pairs(f->kind == VISML_SVM_CHI2 ? VISML_DISTANCE_CHI2 : VISML_DISTANCE_INTERSECTION, &p);
    }
    for (int64_t i = 0; i < r->n; i++)
        finish_row(f, alone->kernels, n, r->squares ? r->squares[i] : 0, c->squares + begin, out + i * ldo);
}

/* Rows with themselves, which are at distance 0. */
void visml_svm_own(const visml_svm_columns *c, const visml_compute *alone, float *own) {
    const visml_svm_function *f = c->function;
    int64_t d = c->samples->d;
    for (int64_t j = 0; j < c->n; j++) {
        int64_t block = j / VISML_SVM_BLOCK;
        const float *x = (const float *)(const void *)(c->blocks + (size_t)block * c->block_bytes) + j % VISML_SVM_BLOCK * d;
        if (f->kind == VISML_SVM_PRECOMPUTED)
            own[j] = visml_samples_at(c->samples, c->rows[j], c->rows[j]);
        else if (f->kind == VISML_SVM_INTERSECTION)
            own[j] = alone->kernels->reduce_sum((size_t)d, x);
        else
            own[j] = f->kind == VISML_SVM_RBF || f->kind == VISML_SVM_CHI2 ? 1 : c->squares[j];
    }
    if (f->kind == VISML_SVM_POLYNOMIAL || f->kind == VISML_SVM_SIGMOID)
        finish_row(f, alone->kernels, c->n, 0, NULL, own);
}
