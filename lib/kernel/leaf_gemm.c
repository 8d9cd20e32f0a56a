#include "kernel/kernels.h"
#include "kernel/vec_math.h"

visml_blocking LEAF(gemm_blocking)(void) {
    return (visml_blocking){GEMM_MR, GEMM_NV * LANES, (112 / GEMM_MR) * GEMM_MR};
}

#define AHEAD 12

/* The register block: every element is one chain of fused multiply-adds along k. `row` and `step` are the distances of a's elements along
 * i and p; one of them is a constant in each of the callers. */
VEC void multiply(int64_t k, const real *a, int64_t row, int64_t step, const real *b, int64_t ldb, real *out) {
    v16 sum[GEMM_MR][GEMM_NV];
    UNROLL for (int i = 0; i < GEMM_MR; i++)
        UNROLL for (int j = 0; j < GEMM_NV; j++)
            sum[i][j] = v_zero();
    for (int64_t p = 0; p < k; p++) {
        v16 right[GEMM_NV];
        UNROLL for (int j = 0; j < GEMM_NV; j++)
            right[j] = v_load(b + j * LANES);
        UNROLL for (int j = 0; j < GEMM_NV; j++) /* rows far apart escape the prefetching of the CPU */
            __builtin_prefetch((const void *)((uintptr_t)b + sizeof(real) * (size_t)(AHEAD * ldb + j * LANES)));
        UNROLL for (int i = 0; i < GEMM_MR; i++) {
            v16 left = v_set1(a[i * row]);
            UNROLL for (int j = 0; j < GEMM_NV; j++)
                sum[i][j] = v_fma(left, right[j], sum[i][j]);
        }
        a += step;
        b += ldb;
    }
    UNROLL for (int i = 0; i < GEMM_MR; i++)
        UNROLL for (int j = 0; j < GEMM_NV; j++)
            v_store(out + (i * GEMM_NV + j) * LANES, sum[i][j]);
}

void LEAF(gemm_rows)(int64_t k, const real *a, const real *b, int64_t ldb, real *out) {
    multiply(k, a, VISML_LEFT_LD, 1, b, ldb, out);
}

void LEAF(gemm_cols)(int64_t k, const real *a, int64_t lda, const real *b, int64_t ldb, real *out) {
    multiply(k, a, 1, lda, b, ldb, out);
}

VEC v16 finished(const visml_finish *f, int j, int n, const real *residual, v16 x) {
    v16 bias = f->bias ? v_get(f->bias + j, n) : v_zero();
    if (f->gain)
        x = v_fma(x, v_get(f->gain + j, n), bias);
    else if (f->bias)
        x = v_add(x, bias);
    if (residual)
        x = v_add(x, v_get(residual + j, n));
    x = v_activate(f->activation, v_set1(f->alpha), x);
    return f->scale ? v_fma(x, v_get(f->scale + j, n), v_get(f->shift + j, n)) : x;
}

void LEAF(gemm_finish)(const visml_finish *f, const real *block, int64_t ld) {
    for (int i = 0; i < f->rows; i++, block += ld) {
        real *c = f->c + f->offset[i];
        const real *residual = f->residual ? f->residual + f->offset[i] : NULL;
        for (int j = 0; j < f->cols; j += LANES) {
            int n = f->cols - j < LANES ? f->cols - j : LANES;
            v16 x = v_load(block + j);
            if (f->add)
                x = v_add(v_get(c + j, n), x);
            v_put(c + j, n, finished(f, j, n, residual, x));
        }
    }
}

void LEAF(copy_rows)(int64_t rows, int64_t n, const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    for (int64_t i = 0; i < rows; i++) {
        if (from)
            v_copy(to + i * ld_to, from + i * ld_from, n);
        else
            v_clear(to + i * ld_to, n);
    }
}

void LEAF(transpose)(int64_t rows, int64_t cols, const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    /* squares of 16, so that both sides stay in the first cache */
    for (int64_t j0 = 0; j0 < cols; j0 += 16)
        for (int64_t i0 = 0; i0 < rows; i0 += 16) {
            int64_t i1 = i0 + 16 < rows ? i0 + 16 : rows, j1 = j0 + 16 < cols ? j0 + 16 : cols;
            for (int64_t j = j0; j < j1; j++)
                for (int64_t i = i0; i < i1; i++)
                    to[j * ld_to + i] = from[i * ld_from + j];
        }
}
