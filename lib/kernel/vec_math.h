/* exp, log, tanh, logistic function and the activations on 16 lanes: one sequence of operations at every level. Bounds that
 * tests/kernel/test_math.c holds them to on samples, in ulp: exp and log 1, tanh 1.5, logistic function 2.5. Over all 2^32 floats
 * (tests/nightly/all_floats.c) exp is wrong by 0.9871 ulp at most, log by 0.9174, tanh by 1.4559, the logistic function by 2.4019; at sse4
 * by 0.9664, 1.0674, 1.4559 and 2.4019. So only exp and log (with fused multiply-add) keep within one. Polynomials: minimax fits of our own
 * (iteratively reweighted least squares). With double: the C library's. */
#ifndef KERNEL_VEC_MATH_H
#define KERNEL_VEC_MATH_H

#include "kernel/vec.h"
#include "visml/base.h"

#ifdef VISML_REAL_DOUBLE

#include <math.h>

#define EACH(expression)            \
    for (int l = 0; l < LANES; l++) \
        x.v[l] = (expression);      \
    return x
VEC v16 v_exp(v16 x) { EACH(exp(x.v[l])); }
VEC v16 v_log(v16 x) { EACH(log(x.v[l])); }
VEC v16 v_tanh(v16 x) { EACH(tanh(x.v[l])); }
VEC v16 v_sigmoid(v16 x) { EACH(x.v[l] < 0 ? exp(x.v[l]) / (1 + exp(x.v[l])) : 1 / (1 + exp(-x.v[l]))); }
#undef EACH

#else

/* 2^n by its exponent bits, -126 <= n <= 127. */
VEC v16 v_power_of_2(i16 n) {
    return i_float_bits(i_shl(i_add(n, i_set1(127)), 23));
}

/* x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 q(r). 2^n is multiplied in two steps, so that results below the smallest normal
 * number are rounded once and those above the largest become infinite. */
VEC v16 v_exp(v16 x) {
    const v16 magic = v_set1(12582912.0f); /* 1.5 * 2^23: adding it rounds to a whole number, kept in the low bits */
    v16 c = v_min(v_max(x, v_set1(-104.0f)), v_set1(89.0f));
    v16 t = v_fma(c, v_set1(1.44269504f), magic);
    v16 n = v_sub(t, magic);
    v16 r = v_fma(n, v_set1(-0.693359375f), c); /* exact: ln 2 in two parts, the first of 10 bits (Cody and Waite 1980) */
    r = v_fma(n, v_set1(2.12194440e-4f), r);
    v16 p = v_set1(0x1.9f02d0p-13f);
    p = v_fma(p, r, v_set1(0x1.6d945cp-10f));
    p = v_fma(p, r, v_set1(0x1.111280p-7f));
    p = v_fma(p, r, v_set1(0x1.555486p-5f));
    p = v_fma(p, r, v_set1(0x1.555554p-3f));
    p = v_fma(p, r, v_set1(0.5f));
    p = v_add(v_fma(v_mul(r, r), p, r), v_set1(1.0f));
    i16 k = i_sub(v_bits(t), v_bits(magic));
    i16 half = i_shr(k, 1);
    p = v_mul(v_mul(p, v_power_of_2(half)), v_power_of_2(i_sub(k, half)));
    return v_select(v_unordered(x, x), x, p);
}

/* x = 2^e (1 + f), 2/3 <= 1 + f < 4/3; log(1 + f) = f - f^2 / 2 + f^3 q(f). */
VEC v16 v_log(v16 x) {
    const v16 magic = v_set1(12582912.0f);
    m16 tiny = v_gt(v_set1(0x1p-126f), x);
    v16 s = v_select(tiny, v_mul(x, v_set1(0x1p23f)), x);
    i16 e = i_shr(i_sub(v_bits(s), i_set1(0x3f2aaaab)), 23);
    v16 f = v_sub(i_float_bits(i_sub(v_bits(s), i_shl(e, 23))), v_set1(1.0f));
    v16 exponent = v_sub(i_float_bits(i_add(e, v_bits(magic))), magic);
    exponent = v_add(exponent, v_select(tiny, v_set1(-23.0f), v_zero()));
    v16 p = v_set1(0x1.ebcf12p-4f);
    p = v_fma(p, f, v_set1(-0x1.071132p-3f));
    p = v_fma(p, f, v_set1(0x1.b87e98p-4f));
    p = v_fma(p, f, v_set1(-0x1.f389f6p-4f));
    p = v_fma(p, f, v_set1(0x1.24f48ap-3f));
    p = v_fma(p, f, v_set1(-0x1.559908p-3f));
    p = v_fma(p, f, v_set1(0x1.99977ep-3f));
    p = v_fma(p, f, v_set1(-0x1.ffff0ep-3f));
    p = v_fma(p, f, v_set1(0x1.555556p-2f));
    p = v_fma(p, f, v_set1(-0.5f));
    p = v_fma(v_mul(f, f), p, f);
    p = v_fma(exponent, v_set1(0.693147182f), p);
    v16 infinity = v_set1(__builtin_inff());
    p = v_select(v_eq(x, infinity), x, p);
    p = v_select(v_eq(x, v_zero()), v_sub(v_zero(), infinity), p);
    return v_select(m_or(v_gt(v_zero(), x), v_unordered(x, x)), v_set1(__builtin_nanf("")), p);
}

/* exp(-a) = 2^n (1 - w) for 0 <= a <= 104: what v_exp does, in fewer operations since a is known to lie there. Returns w, and
 * 2^(n + offset) in `power`. NaN gives NaN. */
VEC v16 v_decay(v16 a, int offset, v16 *power) {
    const v16 magic = v_set1(12582912.0f + 127.0f + (float)offset); /* its low bits become the exponent's */
    v16 t = v_fma(a, v_set1(-1.44269504f), magic);
    v16 n = v_sub(t, magic);
    v16 r = v_fma(n, v_set1(0.693359375f), a);
    r = v_fma(n, v_set1(-2.12194440e-4f), r);
    v16 p = v_set1(0x1.9f02d0p-13f);
    p = v_fma(p, r, v_set1(-0x1.6d945cp-10f));
    p = v_fma(p, r, v_set1(0x1.111280p-7f));
    p = v_fma(p, r, v_set1(-0x1.555486p-5f));
    p = v_fma(p, r, v_set1(0x1.555554p-3f));
    p = v_fma(p, r, v_set1(-0.5f));
    *power = i_float_bits(i_shl(v_bits(t), 23));
    return v_fma(v_mul(r, r), p, r);
}

/* By a polynomial near 0, else 1 - 2 z / (1 + z), z = exp(-2 |x|); the sign is that of x, also of a zero. */
VEC v16 v_tanh(v16 x) {
    v16 a = v_min(v_set1(16.0f), v_abs(x)), s = v_mul(a, a), power; /* the second one where x is NaN */
    v16 p = v_set1(-0x1.75e1a8p-8f);
    p = v_fma(p, s, v_set1(0x1.522692p-6f));
    p = v_fma(p, s, v_set1(-0x1.b83c58p-5f));
    p = v_fma(p, s, v_set1(0x1.110726p-3f));
    p = v_fma(p, s, v_set1(-0x1.555532p-2f));
    p = v_fma(v_mul(p, s), a, a);
    v16 w = v_decay(v_add(a, a), 0, &power);
    v16 z = v_mul(power, v_sub(v_set1(1.0f), w));
    v16 far = v_sub(v_set1(1.0f), v_div(v_add(z, z), v_add(z, v_set1(1.0f))));
    v16 t = v_select(v_gt(v_set1(0.625f), a), p, far);
    return i_float_bits(i_add(v_bits(t), i_and(v_bits(x), i_set1(INT32_MIN))));
}

/* By exp(-|x|), which never overflows; its power of two is taken in two steps, so that results below the smallest normal number are
 * rounded once. */
VEC v16 v_sigmoid(v16 x) {
    v16 power, w = v_decay(v_min(v_set1(104.0f), v_abs(x)), 64, &power);
    v16 z = v_mul(v_mul(power, v_sub(v_set1(1.0f), w)), v_set1(0x1p-64f));
    return v_div(v_select(v_gt(v_zero(), x), z, v_set1(1.0f)), v_add(z, v_set1(1.0f)));
}

/* -1 or 1 by the sign bit, also of zeros. */
VEC v16 v_sign(v16 x) {
    return i_float_bits(i_add(i_and(v_bits(x), i_set1(INT32_MIN)), v_bits(v_set1(1.0f))));
}

/* The angle of (x, y), in [-pi, pi]; zeros and infinities as C has them: t = min / max in [0, 1], atan(t) = t + t^3 q(t^2), then the
 * octant. pi and pi / 2 in two parts, as they are far from floats. */
VEC v16 v_atan2(v16 y, v16 x) {
    v16 ax = v_abs(x), ay = v_abs(y), big = v_max(ax, ay), small = v_min(ax, ay), one = v_set1(1.0f);
    v16 t = v_div(small, v_select(v_eq(big, v_zero()), one, big));
    t = v_select(v_eq(small, v_set1(__builtin_inff())), one, t);
    v16 s = v_mul(t, t), p = v_set1(-0x1.d3d140p-10f);
    p = v_fma(p, s, v_set1(0x1.646446p-7f));
    p = v_fma(p, s, v_set1(-0x1.fdb558p-6f));
    p = v_fma(p, s, v_set1(0x1.da4398p-5f));
    p = v_fma(p, s, v_set1(-0x1.580fc0p-4f));
    p = v_fma(p, s, v_set1(0x1.c08e3ap-4f));
    p = v_fma(p, s, v_set1(-0x1.2420aap-3f));
    p = v_fma(p, s, v_set1(0x1.9991e6p-3f));
    p = v_fma(p, s, v_set1(-0x1.55553ep-2f));
    p = v_fma(v_mul(p, s), t, t);
    v16 turned = v_sub(v_set1(0x1.921fb6p+0f), v_add(p, v_set1(0x1.777a5cp-25f))); /* pi / 2 - p */
    p = v_select(v_gt(ay, ax), turned, p);
    turned = v_sub(v_set1(0x1.921fb6p+1f), v_add(p, v_set1(0x1.777a5cp-24f))); /* pi - p */
    p = v_mul(v_select(v_gt(v_zero(), v_sign(x)), turned, p), v_sign(y));
    return v_select(v_unordered(x, y), v_set1(__builtin_nanf("")), p);
}

/* Of 0 <= x: exp(log(x) / 3) and one step of Newton's. */
VEC v16 v_cbrt(v16 x) {
    v16 third = v_set1(1.0f / 3.0f), t = v_exp(v_mul(v_log(x), third));
    v16 better = v_mul(third, v_add(v_add(t, t), v_div(x, v_mul(t, t))));
    return v_select(v_gt(x, v_zero()), better, v_zero());
}

#endif

VEC v16 v_activate(int32_t activation, v16 alpha, v16 x) {
    switch (activation) {
    case VISML_RELU:
        return v_max(v_zero(), x); /* the second one where x is NaN */
    case VISML_LEAKY_RELU:
        return v_select(v_gt(x, v_zero()), x, v_mul(x, alpha));
    case VISML_SIGMOID:
        return v_sigmoid(x);
    case VISML_TANH:
        return v_tanh(x);
    case VISML_RELU6:
        return v_min(v_set1(6), v_max(v_zero(), x)); /* as there */
    default:
        return x;
    }
}

/* dy act'(x), from y = act(x). */
VEC v16 v_activate_backward(int32_t activation, v16 alpha, v16 y, v16 dy) {
    switch (activation) {
    case VISML_RELU:
        return v_select(v_gt(y, v_zero()), dy, v_zero());
    case VISML_LEAKY_RELU:
        return v_select(v_gt(y, v_zero()), dy, v_mul(dy, alpha));
    case VISML_SIGMOID:
        return v_mul(dy, v_mul(y, v_sub(v_set1(1), y)));
    case VISML_TANH:
        return v_mul(dy, v_fma(v_sub(v_zero(), y), y, v_set1(1)));
    case VISML_RELU6:
        return v_select(m_and(v_gt(y, v_zero()), v_gt(v_set1(6), y)), dy, v_zero());
    default:
        return dy;
    }
}

#endif
