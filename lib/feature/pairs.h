/* Doubles two at a time, which every machine of 64 bits can do: the same bits everywhere. */
#ifndef FEATURE_PAIRS_H
#define FEATURE_PAIRS_H

#include <stdint.h>

typedef double visml_pair __attribute__((vector_size(16), aligned(8), may_alias));
#define VISML_PAIR(p) (*(visml_pair *)(p))
#define VISML_CONST_PAIR(p) (*(const visml_pair *)(p))

/* Before loops of a few turns whose arrays are to stay in registers. */
#ifdef __clang__
#define VISML_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VISML_UNROLL _Pragma("GCC unroll 8")
#endif

static inline double visml_pair_sum(const visml_pair s[4]) {
    visml_pair all = (s[0] + s[1]) + (s[2] + s[3]);
    return all[0] + all[1];
}

/* In eight lanes. */
static inline double visml_pair_dot(int64_t n, const double *a, const double *b) {
    visml_pair s[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    double rest = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        s[0] += VISML_CONST_PAIR(a + i) * VISML_CONST_PAIR(b + i);
        s[1] += VISML_CONST_PAIR(a + i + 2) * VISML_CONST_PAIR(b + i + 2);
        s[2] += VISML_CONST_PAIR(a + i + 4) * VISML_CONST_PAIR(b + i + 4);
        s[3] += VISML_CONST_PAIR(a + i + 6) * VISML_CONST_PAIR(b + i + 6);
    }
    for (; i < n; i++)
        rest += a[i] * b[i];
    return visml_pair_sum(s) + rest;
}

/* y += factor x */
static inline void visml_pair_add_times(int64_t n, double factor, const double *x, double *y) {
    visml_pair f = {factor, factor};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        VISML_PAIR(y + i) += f * VISML_CONST_PAIR(x + i);
        VISML_PAIR(y + i + 2) += f * VISML_CONST_PAIR(x + i + 2);
    }
    for (; i < n; i++)
        y[i] += factor * x[i];
}

/* y += x */
static inline void visml_pair_add_floats(int64_t n, const float *x, double *y) {
    typedef float two __attribute__((vector_size(8), aligned(4), may_alias));
    int64_t i = 0;
    for (; i + 2 <= n; i += 2)
        VISML_PAIR(y + i) += __builtin_convertvector(*(const two *)(x + i), visml_pair);
    for (; i < n; i++)
        y[i] += (double)x[i];
}

#endif
