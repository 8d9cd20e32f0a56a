/* The thin vector layer: 16 lanes of `real`, the same at every level.
 *
 * Each level's header gives the types v16, i16 (32-bit whole numbers) and m16 (a truth a lane) and the operations that vec_ref.h lists. All
 * are exact or correctly rounded, so that the same sequence of them gives the same bits; only sse4, which has no fused multiply-add, rounds
 * v_fma twice. Sums over the lanes go by one tree: l + (l + 8), + 4, + 2, + 1. */
#ifndef KERNEL_VEC_H
#define KERNEL_VEC_H

#include <stdint.h>

#include "kernel/real.h"

#define LANES 16
#define VEC static inline __attribute__((always_inline, unused))

/* Loops of a fixed length whose arrays are to live in registers; and those that must stay loops, for the sake of the code's size. The
 * reference is compiled for size as a whole. */
#if defined(VISML_LEVEL_REF)
#define UNROLL
#define ROLL
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define ROLL _Pragma("GCC unroll 1")
#endif

#if defined(VISML_LEVEL_AVX512)
#include "kernel/vec_avx512.h"
#elif defined(VISML_LEVEL_AVX2)
#include "kernel/vec_avx2.h"
#elif defined(VISML_LEVEL_SSE4)
#include "kernel/vec_sse4.h"
#elif defined(VISML_LEVEL_NEON)
#include "kernel/vec_neon.h"
#else
#include "kernel/vec_ref.h"
#endif

/* What is made from the operations of the levels. */

VEC v16 v_zero(void) {
    return v_set1(0);
}

/* How many of the 16 lanes from i on are inside n. */
VEC int v_rest(size_t i, size_t n) {
    return n - i < LANES ? (int)(n - i) : LANES;
}

/* Up to 16 elements; lanes behind them are 0. */
VEC v16 v_get(const real *p, int n) {
    return n == LANES ? v_load(p) : v_load_n(p, n);
}

VEC void v_put(real *p, int n, v16 a) {
    if (n == LANES)
        v_store(p, a);
    else
        v_store_n(p, n, a);
}

VEC void v_copy(real *to, const real *from, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        v_store(to + i, v_load(from + i));
    if (i < n)
        v_store_n(to + i, (int)(n - i), v_load_n(from + i, (int)(n - i)));
}

VEC void v_clear(real *to, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        v_store(to + i, v_zero());
    if (i < n)
        v_store_n(to + i, (int)(n - i), v_zero());
}

#endif
