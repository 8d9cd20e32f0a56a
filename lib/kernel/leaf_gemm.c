#include <math.h>

#include "kernel/kernels.h"
#include "kernel/vec_finish.h"

#define NR (GEMM_NV * LANES)
#if GEMM_MR == 14
#define WIDE_ROWS 3
#define WIDE_PANELS 4
#else
#define WIDE_ROWS 1
#define WIDE_PANELS (GEMM_MR == 6 ? 4 : 2)
#endif

visml_blocking LEAF(gemm_blocking)(void) {
    return (visml_blocking){GEMM_MR, NR, (140 / GEMM_MR) * GEMM_MR, WIDE_ROWS, WIDE_PANELS};
}

#define AHEAD 12

/* What row i is added to. */
static inline const real *before_of(const visml_finish *f, int i) {
    return f->before ? f->before + f->before_offset[i] : f->c + f->offset[i];
}

/* Any block. */
static __attribute__((noinline)) void finish_any(const visml_finish *f, const real *sums) {
    for (int i = 0; i < f->rows; i++)
        for (int j = 0; j < f->cols; j += LANES) {
            int n = f->cols - j < LANES ? f->cols - j : LANES;
            real *c = f->c + f->offset[i] + j;
            v16 x = v_load(sums + i * NR + j);
            if (f->add)
                x = v_add(v_get(before_of(f, i) + j, n), x);
            v_put(c, n, v_finish(f, f->offset[i], j, n, x));
        }
}

/* An activation that only cuts off: linear, ReLU, ReLU6. */
static inline int is_clamp(const visml_finish *f) {
    return f->activation == VISML_LINEAR || f->activation == VISML_RELU || f->activation == VISML_RELU6;
}

VEC v16 floor_of(const visml_finish *f) {
    return f->activation == VISML_LINEAR ? v_set1(-(real)INFINITY) : v_zero();
}

VEC v16 ceiling_of(const visml_finish *f) {
    return v_set1(f->activation == VISML_RELU6 ? (real)6 : (real)INFINITY);
}

/* A block of all columns. */
static __attribute__((noinline)) void finish_whole(const visml_finish *f, const real *sums) {
    v16 floor = floor_of(f), ceiling = ceiling_of(f);
    for (int j = 0; j < NR; j += LANES) {
        v16 bias = f->bias ? v_load(f->bias + j) : v_zero(), gain = f->gain ? v_load(f->gain + j) : v_zero();
        for (int i = 0; i < f->rows; i++) {
            int64_t at = f->offset[i] + j;
            v16 x = v_load(sums + i * NR + j);
            if (f->add)
                x = v_add(v_load(before_of(f, i) + j), x);
            if (f->gain)
                x = v_fma(x, gain, bias);
            else if (f->bias)
                x = v_add(x, bias);
            if (f->residual)
                x = v_add(x, v_load(f->residual + at));
            v_store(f->c + at, v_min(ceiling, v_max(floor, x))); /* the second ones where x is NaN */
        }
    }
}

/* What is done from registers: adding to what is there, gain, bias, residual, ReLU. The rest goes through memory, for the code is there
 * once for each number of rows. */
static inline int is_simple(const visml_finish *f) {
    return f->cols == NR && is_clamp(f) && !f->scale;
}

VEC void finish_simple(const int rows, v16 sum[GEMM_MR][GEMM_NV], const visml_finish *f) {
    v16 floor = floor_of(f), ceiling = ceiling_of(f);
    if (f->add) {
        const real *before = f->before ? f->before : f->c;
        const int64_t *offset = f->before ? f->before_offset : f->offset;
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < GEMM_NV; j++)
                sum[i][j] = v_add(v_load(before + offset[i] + j * LANES), sum[i][j]);
    }
    if (f->gain)
        UNROLL for (int j = 0; j < GEMM_NV; j++) {
            v16 bias = f->bias ? v_load(f->bias + j * LANES) : v_zero(), gain = v_load(f->gain + j * LANES);
            UNROLL for (int i = 0; i < rows; i++)
                sum[i][j] = v_fma(sum[i][j], gain, bias);
        }
    else if (f->bias)
        UNROLL for (int j = 0; j < GEMM_NV; j++) {
            v16 bias = v_load(f->bias + j * LANES);
            UNROLL for (int i = 0; i < rows; i++)
                sum[i][j] = v_add(sum[i][j], bias);
        }
    if (f->residual)
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < GEMM_NV; j++)
                sum[i][j] = v_add(sum[i][j], v_load(f->residual + f->offset[i] + j * LANES));
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < GEMM_NV; j++)
            v_store(f->c + f->offset[i] + j * LANES, v_min(ceiling, v_max(floor, sum[i][j])));
}

/* Rows of the left factor that are reached from one address: base, base + distance, base + 2 distance. (With an address for each row, or
 * with multiples of the distance, the compiler runs out of registers in the innermost loop.) */
#define REACH 3
#define ADDRESSES ((GEMM_MR + REACH - 1) / REACH)

/* The compiler must not know how addresses depend on each other. */
static inline const real *independent(const real *p) {
#if defined(__GNUC__)
    __asm__("" : "+r"(p));
#endif
    return p;
}

/* Every element is one chain of fused multiply-adds along k. `turned`: the left factor's elements along i are neighbours; nv: vectors of
 * columns that are computed. */
VEC void add_up(const int rows, const int nv, const int turned, const visml_factors *x, v16 sum[GEMM_MR][GEMM_NV]) {
    const int reach = turned ? GEMM_MR : REACH;
    const int64_t row = turned ? 1 : x->lda, step = turned ? x->lda : 1;
    const real *b = x->b;
    const size_t ahead = sizeof(real) * (size_t)(x->ahead ? x->ahead : AHEAD * x->ldb);
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < nv; j++)
            sum[i][j] = v_zero();
    for (int64_t s = 0; s < x->segments; s++) {
        const real *a[ADDRESSES];
        UNROLL for (int i = 0; i < rows; i += reach)
            a[i / reach] = independent(x->a + s * x->segment + i * row);
        for (int64_t p = 0; p < x->k; p++) {
            v16 right[GEMM_NV];
            UNROLL for (int j = 0; j < nv; j++)
                right[j] = v_load(b + j * LANES);
            UNROLL for (int j = 0; j < nv; j++) /* rows far apart escape the prefetching of the CPU */
                __builtin_prefetch((const void *)((uintptr_t)b + ahead + sizeof(real) * (size_t)(j * LANES)));
            UNROLL for (int i = 0; i < rows; i++) {
                v16 left = v_set1(a[i / reach][i % reach * row]);
                UNROLL for (int j = 0; j < nv; j++)
                    sum[i][j] = v_fma(left, right[j], sum[i][j]);
            }
            UNROLL for (int i = 0; i < rows; i += reach)
                a[i / reach] += step;
            b += x->ldb;
        }
    }
}

VEC void multiply(const int rows, const int turned, const visml_factors *x, const visml_finish *f) {
    v16 sum[GEMM_MR][GEMM_NV];
    real sums[GEMM_MR * NR] __attribute__((aligned(64)));
    add_up(rows, GEMM_NV, turned, x, sum);
    if (is_simple(f)) {
        finish_simple(rows, sum, f);
        return;
    }
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < GEMM_NV; j++)
            v_store(sums + i * NR + j * LANES, sum[i][j]);
    (f->cols == NR && is_clamp(f) && !f->scale ? finish_whole : finish_any)(f, sums);
}

/* A block of at most 16 columns where others have more. */
VEC void multiply_narrow(const int rows, const int turned, const visml_factors *x, const visml_finish *f) {
    v16 sum[GEMM_MR][GEMM_NV];
    real sums[GEMM_MR * NR] __attribute__((aligned(64)));
    add_up(rows, 1, turned, x, sum);
    UNROLL for (int i = 0; i < rows; i++)
        v_store(sums + i * NR, sum[i][0]);
    finish_any(f, sums);
}

/* One function for each number of rows: the sums of all must live in registers, and none may be computed that is not wanted. */
#define BLOCK(rows)                                                                                    \
    static __attribute__((noinline)) void rows_##rows(const visml_factors *x, const visml_finish *f) { \
        if (GEMM_NV > 1 && f->cols <= LANES)                                                           \
            multiply_narrow(rows, 0, x, f);                                                    \
        else                                                                                           \
            multiply(rows, 0, x, f);                                                           \
    }                                                                                                  \
    static __attribute__((noinline)) void cols_##rows(const visml_factors *x, const visml_finish *f) { \
        if (GEMM_NV > 1 && f->cols <= LANES)                                                           \
            multiply_narrow(rows, 1, x, f);                                                    \
        else                                                                                           \
            multiply(rows, 1, x, f);                                                           \
    }

typedef void block(const visml_factors *x, const visml_finish *f);

#if GEMM_MR == 14
#define BLOCKS(B) B(1) B(2) B(3) B(4) B(5) B(6) B(7) B(8) B(9) B(10) B(11) B(12) B(13) B(14)
#elif GEMM_MR == 6
#define BLOCKS(B) B(1) B(2) B(3) B(4) B(5) B(6)
#elif GEMM_MR == 4
#define BLOCKS(B) B(1) B(2) B(3) B(4)
#elif GEMM_MR == 2
#define BLOCKS(B) B(1) B(2)
#endif

BLOCKS(BLOCK)
#define ROWS_OF(rows) rows_##rows,
#define COLS_OF(rows) cols_##rows,
static block *const by_rows[] = {BLOCKS(ROWS_OF)};
static block *const by_cols[] = {BLOCKS(COLS_OF)};

void LEAF(gemm_rows)(const visml_factors *x, const visml_finish *f) {
    by_rows[f->rows - 1](x, f);
}

void LEAF(gemm_cols)(const visml_factors *x, const visml_finish *f) {
    by_cols[f->rows - 1](x, f);
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

/* The finish of some panel of several. */
static visml_finish finish_of(const visml_finish *f, int64_t col) {
    visml_finish of = *f;
    of.cols = NR;
    of.c += col;
    of.bias = from(f->bias, col);
    of.residual = from(f->residual, col);
    of.scale = from(f->scale, col);
    of.shift = from(f->shift, col);
    of.gain = from(f->gain, col);
    return of;
}

VEC void multiply_wide(const int rows, const int panels, const visml_factors *x, int64_t panel, const visml_finish *f) {
    v16 sum[WIDE_PANELS][WIDE_ROWS][GEMM_NV];
    real sums[WIDE_ROWS * NR] __attribute__((aligned(64)));
    const real *b = x->b;
    UNROLL for (int q = 0; q < panels; q++)
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < GEMM_NV; j++)
                sum[q][i][j] = v_zero();
    for (int64_t p = 0; p < x->k; p++, b += x->ldb)
        UNROLL for (int q = 0; q < panels; q++)
            UNROLL for (int j = 0; j < GEMM_NV; j++) {
                v16 right = v_load(b + q * panel + j * LANES);
                UNROLL for (int i = 0; i < rows; i++)
                    sum[q][i][j] = v_fma(v_set1(x->a[i * x->lda + p]), right, sum[q][i][j]);
            }
    UNROLL for (int q = 0; q < panels; q++) {
        visml_finish of = finish_of(f, q * NR);
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < GEMM_NV; j++)
                v_store(sums + i * NR + j * LANES, sum[q][i][j]);
        (is_clamp(f) && !f->scale ? finish_whole : finish_any)(&of, sums);
    }
}

VEC void multiply_rows(const int rows, const visml_factors *x, int64_t panels, int64_t panel, const visml_finish *f) {
    if (panels == WIDE_PANELS)
        multiply_wide(rows, WIDE_PANELS, x, panel, f);
    else if (panels == 1)
        multiply_wide(rows, 1, x, panel, f);
#if WIDE_PANELS > 2
    else if (panels == 2)
        multiply_wide(rows, 2, x, panel, f);
    else
        multiply_wide(rows, 3, x, panel, f);
#endif
}

void LEAF(gemm_wide)(const visml_factors *x, int64_t panels, int64_t panel, const visml_finish *f) {
    if (f->rows == 1)
        multiply_rows(1, x, panels, panel, f);
#if WIDE_ROWS > 1
    else if (f->rows == 2)
        multiply_rows(2, x, panels, panel, f);
    else
        multiply_rows(3, x, panels, panel, f);
#endif
}

void LEAF(copy_rows)(int64_t rows, int64_t n, const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    for (int64_t i = 0; i < rows; i++) {
        if (from)
            v_copy(to + i * ld_to, from + i * ld_from, n);
        else
            v_clear(to + i * ld_to, n);
    }
}

void LEAF(add_rows)(int64_t rows, int64_t n, const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    for (int64_t i = 0; i < rows; i++, from += ld_from, to += ld_to)
        for (int64_t j = 0; j < n; j += LANES) {
            int lanes = v_rest((size_t)j, (size_t)n);
            v_put(to + j, lanes, v_add(v_get(to + j, lanes), v_get(from + j, lanes)));
        }
}

/* A square of 16, to be turned in registers. */
VEC void turn(const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    v16 x[LANES];
    UNROLL for (int i = 0; i < LANES; i++)
        x[i] = v_load(from + i * ld_from);
    v_transpose(x);
    UNROLL for (int i = 0; i < LANES; i++)
        v_store(to + i * ld_to, x[i]);
}

void LEAF(transpose)(int64_t rows, int64_t cols, const real *from, int64_t ld_from, real *to, int64_t ld_to) {
    for (int64_t j0 = 0; j0 < cols; j0 += LANES)
        for (int64_t i0 = 0; i0 < rows; i0 += LANES) {
            int64_t i1 = i0 + LANES < rows ? i0 + LANES : rows, j1 = j0 + LANES < cols ? j0 + LANES : cols;
            if (i1 - i0 == LANES && j1 - j0 == LANES) {
                turn(from + i0 * ld_from + j0, ld_from, to + j0 * ld_to + i0, ld_to);
                continue;
            }
            for (int64_t j = j0; j < j1; j++)
                for (int64_t i = i0; i < i1; i++)
                    to[j * ld_to + i] = from[i * ld_from + j];
        }
}
