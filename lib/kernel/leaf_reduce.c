/* Sums and extremes of arrays. Four chains of 16 lanes take turns, so that additions need not wait for each other: element i goes to lane
 * i % 16 of chain i / 16 % 4; then the chains by (0 + 1) + (2 + 3), then the lanes by their tree. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#define CHAINS 4
#define STEP (CHAINS * LANES)

/* `add` makes a sum from s and the elements from i on; r of them. */
#define DEFINE_SUM(name, args, add)                                                 \
    real LEAF(name) args {                                                          \
        v16 chain[CHAINS] = {v_zero(), v_zero(), v_zero(), v_zero()};               \
        size_t i = 0;                                                               \
        for (; i + STEP <= n; i += STEP)                                            \
            UNROLL for (size_t c = 0; c < CHAINS; c++) {                            \
                v16 s = chain[c];                                                   \
                const size_t at = i + c * LANES;                                    \
                const int r = LANES;                                                \
                chain[c] = add;                                                     \
            }                                                                       \
        for (size_t c = 0; i < n; i += LANES, c++) {                                \
            v16 s = chain[c];                                                       \
            const size_t at = i;                                                    \
            const int r = v_rest(i, n);                                             \
            chain[c] = add;                                                         \
        }                                                                           \
        return v_sum(v_add(v_add(chain[0], chain[1]), v_add(chain[2], chain[3])));  \
    }

VEC v16 add_square(v16 a, v16 s) {
    return v_fma(a, a, s);
}

DEFINE_SUM(reduce_sum, (size_t n, const real *x), v_add(s, v_get(x + at, r)))
DEFINE_SUM(reduce_squares, (size_t n, const real *x), add_square(v_get(x + at, r), s))
DEFINE_SUM(reduce_abs, (size_t n, const real *x), v_add(s, v_abs(v_get(x + at, r))))
DEFINE_SUM(reduce_dot, (size_t n, const real *x, const real *y), v_fma(v_get(x + at, r), v_get(y + at, r), s))

/* The largest of x times sign (1 or -1); NaN when there is one. */
VEC real extreme(size_t n, const real *x, real sign) {
    v16 top[CHAINS], bad = v_zero(), s = v_set1(sign), none = v_set1(-(real)__builtin_inf());
    size_t i = 0;
    UNROLL for (int c = 0; c < CHAINS; c++)
        top[c] = none;
    for (; i + STEP <= n; i += STEP)
        UNROLL for (size_t c = 0; c < CHAINS; c++) {
            v16 a = v_mul(v_load(x + i + c * LANES), s);
            top[c] = v_max(a, top[c]);
            bad = v_select(v_unordered(a, a), a, bad);
        }
    for (; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 a = v_select(m_first(r), v_mul(v_get(x + i, r), s), none);
        top[0] = v_max(a, top[0]);
        bad = v_select(v_unordered(a, a), a, bad);
    }
    if (m_any(v_unordered(bad, bad)))
        return (real)__builtin_nanf("");
    return sign * v_top(v_max(v_max(top[0], top[1]), v_max(top[2], top[3])));
}

real LEAF(reduce_max)(size_t n, const real *x) {
    return extreme(n, x, 1) + 0; /* + 0: which of two zeros is met first is of no account */
}

real LEAF(reduce_min)(size_t n, const real *x) {
    return extreme(n, x, -1) + 0;
}

/* Whether a is what is looked for: the number `best`, or any NaN when that is NaN. */
VEC int64_t find(size_t n, const real *x, real best) {
    v16 b = v_set1(best);
    int nan = best != best;
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 a = v_get(x + i, r);
        if (!m_any(m_and(nan ? v_unordered(a, a) : v_eq(a, b), m_first(r))))
            continue;
        for (size_t j = i;; j++)
            if (nan ? x[j] != x[j] : x[j] == best)
                return (int64_t)j;
    }
    return -1;
}

int64_t LEAF(reduce_argmax)(size_t n, const real *x) {
    return n ? find(n, x, extreme(n, x, 1)) : -1;
}
