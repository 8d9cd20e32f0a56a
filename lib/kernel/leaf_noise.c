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

/* Normally distributed numbers of 64 elements, four a block: the first two of its words make two (Box and Muller 1958), the others two
 * more. Each word gives 24 bits. */
VEC void normal_numbers(uint32_t word[4][LANES], real deviation, real z[4 * LANES]) {
    real unit[4][LANES], two[2][LANES];
    for (int w = 0; w < 4; w++)
        for (int l = 0; l < LANES; l++)
            unit[w][l] = (real)((int32_t)(word[w][l] >> 8) + (w % 2 == 0)) * (real)0x1p-24; /* (0, 1] for logarithms, [0, 1) for turns */
    for (int w = 0; w < 4; w += 2) {
        v16 sine, cosine, radius = v_mul(v_sqrt(v_mul(v_set1(-2), v_log(v_load(unit[w])))), v_set1(deviation));
        turn(v_load(unit[w + 1]), &sine, &cosine);
        v_store(two[0], v_mul(radius, cosine));
        v_store(two[1], v_mul(radius, sine));
        for (int l = 0; l < LANES; l++) {
            z[4 * l + w] = two[0][l];
            z[4 * l + w + 1] = two[1][l];
        }
    }
}

void LEAF(noise)(const visml_noise_terms *t, size_t n, const real *x, real *y) {
    uint64_t block = t->first;
    for (size_t i = 0; i < n; i += 4 * LANES, block += LANES) {
        uint32_t word[4][LANES];
        real z[4 * LANES];
        philox(t->key, t->step, block, word);
        normal_numbers(word, t->deviation, z);
        for (size_t j = 0; j < 4 * LANES && i + j < n; j += LANES) {
            int r = v_rest(i + j, n);
            v16 a = v_get(x + i + j, r), b = v_load(z + j);
            v_put(y + i + j, r, t->multiplies ? v_fma(a, b, a) : v_add(a, b));
        }
    }
}
