#include "kernel/kernels.h"
#include "kernel/vec_math.h"
#include "kernel/vec_philox.h"

/* Sine and cosine of t turns, 0 <= t < 1, to 1e-7: the nearest quarter and what is left of it, f, for which sin(pi f / 2) is
 * f (pi / 2 + ...) and cos(pi f / 2) is 1 + .... Minimax fits of our own. */
#ifdef VISML_REAL_DOUBLE
VEC void turn(v16 t, v16 *sine, v16 *cosine) {
    for (int l = 0; l < LANES; l++) {
        sine->v[l] = sin(6.283185307179586477 * t.v[l]);
        cosine->v[l] = cos(6.283185307179586477 * t.v[l]);
    }
}
#else
VEC void turn(v16 t, v16 *sine, v16 *cosine) {
    v16 quarters = v_mul(t, v_set1(4.0f));
    i16 q = v_nearest(quarters);
    v16 f = v_sub(quarters, i_float(q)), s = v_mul(f, f), a = v_set1(-0x1.2dcfc4p-8f), b = v_set1(0x1.d9f6eap-11f);
    a = v_fma(a, s, v_set1(0x1.46602ep-4f));
    a = v_fma(a, s, v_set1(-0x1.4abbc0p-1f));
    a = v_mul(f, v_fma(a, s, v_set1(0x1.921fb6p+0f)));
    b = v_fma(b, s, v_set1(-0x1.55c662p-6f));
    b = v_fma(b, s, v_set1(0x1.03c1dep-2f));
    b = v_fma(b, s, v_set1(-0x1.3bd3ccp+0f));
    b = v_fma(b, s, v_set1(1.0f));
    m16 odd = i_gt(i_and(q, i_set1(1)), i_set1(0));
    i16 below = i_shl(i_and(q, i_set1(2)), 30), left = i_shl(i_and(i_add(q, i_set1(1)), i_set1(2)), 30); /* sign bits */
    *sine = i_float_bits(i_add(v_bits(v_select(odd, b, a)), below));
    *cosine = i_float_bits(i_add(v_bits(v_select(odd, a, b)), left));
}
#endif

/* 24 bits of each word as a number of [0, 1), or for logarithms, with one = 1, of (0, 1]. */
VEC v16 unit(i16 word, int32_t one) {
    i16 bits = i_and(i_shr(word, 8), i_set1(0xffffff));
    return v_mul(i_float(i_add(bits, i_set1(one))), v_set1((real)0x1p-24));
}

/* Normally distributed numbers of 64 elements, four a block: the first two of its words make two (Box and Muller 1958), the others two
 * more. */
VEC void normal_numbers(const i16 word[4], real deviation, v16 z[4]) {
    for (int w = 0; w < 4; w += 2) {
        v16 sine, cosine, radius = v_mul(v_sqrt(v_mul(v_set1(-2), v_log(unit(word[w], 1)))), v_set1(deviation));
        turn(unit(word[w + 1], 0), &sine, &cosine);
        z[w] = v_mul(radius, cosine);
        z[w + 1] = v_mul(radius, sine);
    }
    v_transpose_fours(z);
}

void LEAF(noise)(const visml_noise_terms *t, size_t n, const real *x, real *y) {
    uint64_t block = t->first;
    for (size_t i = 0; i < n; i += 4 * LANES, block += LANES) {
        i16 word[4];
        v16 z[4];
        philox(t->key, t->step, block, word);
        normal_numbers(word, t->deviation, z);
        for (size_t w = 0, j = i; w < 4 && j < n; w++, j += LANES) {
            int r = v_rest(j, n);
            v16 a = v_get(x + j, r);
            v_put(y + j, r, t->multiplies ? v_fma(a, z[w], a) : v_add(a, z[w]));
        }
    }
}
