/* Filters whose taps are an even and an odd part: two samples as far before as behind are taken together, so that a tap of both parts costs
 * as much as two of one. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

/* Vectors at a time: two sums of each stay in registers. */
#if defined(VISML_LEVEL_AVX512)
#define WIDE 4
#elif defined(VISML_LEVEL_AVX2)
#define WIDE 2
#else
#define WIDE 1
#endif

/* `vectors` vectors from sample i on; of a single one r samples. */
VEC void filter(const visml_even_odd *f, const int vectors, const int odd, int r, const float *x, int64_t i) {
    const float *ahead = x + i, *behind = x + i;
    v16 evens[WIDE], odds[WIDE];
    UNROLL for (int v = 0; v < vectors; v++) {
        evens[v] = v_mul(v_get(x + i + v * LANES, r), v_set1(f->even[0]));
        odds[v] = v_zero();
    }
    for (int64_t k = 1; k <= f->reach; k++) {
        v16 even = v_set1(f->even[k]), other = odd ? v_set1(f->odd[k]) : even;
        ahead += f->stride;
        behind -= f->stride;
        UNROLL for (int v = 0; v < vectors; v++) {
            v16 a = v_get(ahead + v * LANES, r), b = v_get(behind + v * LANES, r);
            evens[v] = v_fma(v_add(a, b), even, evens[v]);
            if (odd)
                odds[v] = v_fma(v_sub(a, b), other, odds[v]);
        }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
        v_put(f->to_even + i + v * LANES, r, evens[v]);
        if (odd)
            v_put(f->to_odd + i + v * LANES, r, odds[v]);
    }
}

VEC void filter_all(const visml_even_odd *f, const int odd, int64_t n, const float *x) {
    int64_t i = 0;
    for (; i + WIDE * LANES <= n; i += WIDE * LANES)
        filter(f, WIDE, odd, LANES, x, i);
    for (; i + LANES <= n; i += LANES)
        filter(f, 1, odd, LANES, x, i);
    if (i < n)
        filter(f, 1, odd, (int)(n - i), x, i);
}

void LEAF(even_odd)(const visml_even_odd *f, int64_t n, const float *x) {
    if (f->odd)
        filter_all(f, 1, n, x);
    else
        filter_all(f, 0, n, x);
}

#endif
