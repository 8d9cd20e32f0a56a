#include "kernel/kernels.h"
#include "kernel/vec_math.h"
#include "kernel/vec_philox.h"

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

/* Exact, so the compiler may do as it likes. */
void LEAF(from_u8)(size_t n, const uint8_t *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (real)x[i];
}

void LEAF(dropout)(const visml_dropout_terms *t, size_t n, const real *x, real *y) {
    uint64_t block = t->first;
    for (size_t i = 0; i < n; i += 4 * LANES, block += LANES) {
        uint32_t word[4][LANES];
        real mask[4 * LANES];
        philox(t->key, t->step, block, word);
        for (int l = 0; l < LANES; l++)
            for (int w = 0; w < 4; w++)
                mask[4 * l + w] = word[w][l] >= t->threshold ? t->scale : 0;
        for (size_t j = 0; j < 4 * LANES && i + j < n; j += LANES) {
            int r = v_rest(i + j, n);
            v_put(y + i + j, r, v_mul(v_get(x + i + j, r), v_load(mask + j)));
        }
    }
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
