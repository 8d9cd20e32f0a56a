#include "kernel/kernels.h"
#include "kernel/vec_math.h"

void LEAF(scale)(size_t n, const real *x, real scale, real offset, real *y) {
    v16 s = v_set1(scale), o = v_set1(offset);
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, v_fma(v_get(x + i, r), s, o));
    }
}

void LEAF(sum)(size_t n, const real *a, const real *b, real *y) {
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, v_add(v_get(a + i, r), v_get(b + i, r)));
    }
}

/* Exact, so what is left behind whole vectors may be done twice. */
void LEAF(from_u8)(size_t n, const uint8_t *x, real *y) {
    size_t i = 0;
#ifndef VISML_REAL_DOUBLE
    for (; i + LANES <= n; i += LANES)
        v_store(y + i, i_float(i_load_u8(x + i)));
    if (i && i < n)
        v_store(y + n - LANES, i_float(i_load_u8(x + n - LANES)));
    i = i ? n : 0;
#endif
    for (; i < n; i++)
        y[i] = (real)x[i];
}

int LEAF(all_finite)(size_t n, const real *x) {
    v16 bad = v_zero();
    for (size_t i = 0; i < n; i += LANES) {
        v16 a = v_get(x + i, v_rest(i, n));
        bad = v_add(bad, v_sub(a, a)); /* 0, or NaN where a is NaN or infinite */
    }
    return !m_any(v_unordered(bad, bad));
}

void LEAF(exp)(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, v_exp(v_get(x + i, r)));
    }
}

void LEAF(log)(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, v_log(v_get(x + i, r)));
    }
}
