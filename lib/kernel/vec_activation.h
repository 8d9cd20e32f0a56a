/* The activations that epilogues leave alone, on 16 lanes, with their derivatives: from x where visml_activation_needs_x says so, else from
 * the result y. One sequence of operations at every level. Polynomials: minimax fits of our own (iteratively reweighted least squares).
 * Bounds that tests/kernel/test_math.c holds them to on samples, in ulp: gelu 6, gelu_tanh 24 (near 0: 4), silu 3.5, elu 2.5, selu 3.5,
 * softplus 2.5, softsign 1.5, mish 5; 0 and infinities are what the limits say, NaN stays NaN. With double: the C library's functions. */
#ifndef KERNEL_VEC_ACTIVATION_H
#define KERNEL_VEC_ACTIVATION_H

#include "kernel/vec_math.h"

#define SELU_ALPHA ((real)1.6732632423543772)
#define SELU_SCALE ((real)1.0507009873554805)
/* Outside of -FAR ... FAR the factor that a slope is made of, or that x is multiplied by, is 0 or 1 to the last place: x may be held there,
 * so that no infinity meets a 0. */
#define FAR 105

/* lo ... hi; NaN stays NaN. */
VEC v16 v_hold(v16 x, real lo, real hi) {
    return v_max(v_set1(lo), v_min(v_set1(hi), x)); /* the second one where x is NaN */
}

/* x below 0: it meets a factor that goes to 0 faster than x to minus infinity. */
VEC v16 v_above(v16 x) {
    return v_max(v_set1(-FAR), x);
}

#ifdef VISML_REAL_DOUBLE

#define EACH(expression)            \
    for (int l = 0; l < LANES; l++) \
        x.v[l] = (expression);      \
    return x
/* exp(x) - 1, x <= 0 */
VEC v16 v_exp_less_1(v16 x) { EACH(expm1(x.v[l])); }
/* log(1 + x), 0 <= x <= 1 */
VEC v16 v_log_1_plus(v16 x) { EACH(log1p(x.v[l])); }
/* exp(-x^2 / 2) */
VEC v16 v_bell(v16 x) { EACH(exp(-x.v[l] * x.v[l] / 2)); }
/* (1 + erf(x / sqrt(2))) / 2; bell: of x */
VEC v16 v_normal(v16 x, v16 bell) {
    (void)bell;
    EACH(erfc(-x.v[l] / sqrt(2.0)) / 2);
}
#undef EACH

#else

VEC v16 v_exp_less_1(v16 x) {
    v16 power, w = v_decay(v_min(v_set1(30.0f), v_sub(v_zero(), x)), 0, &power);
    return v_sub(v_sub(power, v_set1(1.0f)), v_mul(power, w)); /* 2^n (1 - w) - 1 */
}

/* 2 atanh(s), s = x / (2 + x) <= 1 / 3. */
VEC v16 v_log_1_plus(v16 x) {
    v16 s = v_div(x, v_add(x, v_set1(2.0f))), q = v_mul(s, s), p = v_set1(0x1.1f0888p-2f);
    p = v_fma(p, q, v_set1(0x1.1eb30cp-2f));
    p = v_fma(p, q, v_set1(0x1.99d2a6p-2f));
    p = v_fma(p, q, v_set1(0x1.555500p-1f));
    return v_fma(v_mul(q, s), p, v_add(s, s));
}

/* x^2 in two parts, for its last places matter where it is large. */
VEC v16 v_bell(v16 x) {
    v16 half = v_mul(x, v_set1(-0.5f)), square = v_mul(half, x), rest = v_fma(half, x, v_sub(v_zero(), square));
    v16 e = v_exp(square);
    return v_fma(e, rest, e);
}

/* The upper tail is exp(-x^2 / 2) u p(u), u = 1 / (1 + 0.3 x) (the form of Hastings 1955), with a relative error of 4e-9 for 0 <= x <= 14.6
 * before rounding. */
VEC v16 v_normal(v16 x, v16 bell) {
    v16 u = v_div(v_set1(1.0f), v_fma(v_abs(x), v_set1(0.3f), v_set1(1.0f))), p = v_set1(-0x1.51eb60p-6f);
    p = v_fma(p, u, v_set1(0x1.cc9212p-4f));
    p = v_fma(p, u, v_set1(-0x1.d36c54p-3f));
    p = v_fma(p, u, v_set1(0x1.88d51ap-3f));
    p = v_fma(p, u, v_set1(-0x1.456b2ap-4f));
    p = v_fma(p, u, v_set1(0x1.89ea16p-4f));
    p = v_fma(p, u, v_set1(0x1.411052p-4f));
    p = v_fma(p, u, v_set1(0x1.c38764p-4f));
    p = v_fma(p, u, v_set1(0x1.e9c3fep-4f));
    p = v_fma(p, u, v_set1(0x1.ea3c9ap-4f));
    v16 tail = v_mul(v_mul(p, u), bell);
    return v_select(v_gt(x, v_zero()), v_sub(v_set1(1.0f), tail), tail);
}

#endif

/* x Phi(x); the slope Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi). */
VEC v16 v_gelu(v16 x) {
    v16 h = v_hold(x, -FAR, FAR);
    return v_mul(v_above(x), v_normal(h, v_bell(h)));
}
VEC v16 v_gelu_slope(v16 x) {
    v16 h = v_hold(x, -FAR, FAR), bell = v_bell(h);
    return v_fma(v_mul(h, v_set1((real)0.3989422804014327)), bell, v_normal(h, bell));
}

/* (1 + tanh(u)) / 2 is the logistic function of 2 u; here 2 u = a x + b x^3 with a = 2 sqrt(2 / pi), b = 0.044715 a. */
#define GELU_A ((real)1.5957691216057308)
#define GELU_B ((real)0.07135481627260026)
VEC v16 v_gelu_logistic(v16 h) {
    return v_sigmoid(v_mul(h, v_fma(v_mul(h, h), v_set1(GELU_B), v_set1(GELU_A))));
}
VEC v16 v_gelu_tanh(v16 x) {
    return v_mul(v_above(x), v_gelu_logistic(v_hold(x, -FAR, FAR)));
}
VEC v16 v_gelu_tanh_slope(v16 x) {
    v16 h = v_hold(x, -FAR, FAR), s = v_gelu_logistic(h), d = v_fma(v_mul(h, h), v_set1(3 * GELU_B), v_set1(GELU_A));
    return v_fma(v_mul(v_mul(h, d), s), v_sub(v_set1(1), s), s);
}

VEC v16 v_silu(v16 x) {
    return v_mul(v_above(x), v_sigmoid(x));
}
VEC v16 v_silu_slope(v16 x) {
    v16 h = v_hold(x, -FAR, FAR), s = v_sigmoid(h);
    return v_fma(v_mul(h, s), v_sub(v_set1(1), s), s);
}

VEC v16 v_elu(v16 x, v16 alpha, v16 scale) {
    v16 below = v_mul(alpha, v_exp_less_1(v_min(v_zero(), x)));
    return v_mul(scale, v_select(v_gt(x, v_zero()), x, below));
}
VEC v16 v_elu_slope(v16 y, v16 alpha, v16 scale) {
    return v_select(v_gt(y, v_zero()), scale, v_fma(scale, alpha, y));
}

/* max(x, 0) + log(1 + exp(-|x|)); the slope is the logistic function of x, 1 - exp(-y). */
VEC v16 v_softplus(v16 x) {
    return v_add(v_max(v_zero(), x), v_log_1_plus(v_exp(v_sub(v_zero(), v_abs(x)))));
}
VEC v16 v_softplus_slope(v16 y) {
    return v_sub(v_zero(), v_exp_less_1(v_sub(v_zero(), y)));
}

VEC v16 v_softsign(v16 x) {
    v16 h = v_hold(x, -(real)0x1p100, (real)0x1p100);
    return v_div(h, v_add(v_abs(h), v_set1(1)));
}
VEC v16 v_softsign_slope(v16 y) {
    v16 rest = v_sub(v_set1(1), v_abs(y));
    return v_mul(rest, rest);
}

VEC v16 v_hard_sigmoid(v16 x) {
    return v_mul(v_activate(VISML_RELU6, x, v_add(x, v_set1(3))), v_set1((real)(1 / 6.0)));
}
VEC v16 v_hard_sigmoid_backward(v16 y, v16 dy) {
    m16 slope = m_and(v_gt(y, v_zero()), v_gt(v_set1(1), y));
    return v_select(slope, v_mul(dy, v_set1((real)(1 / 6.0))), v_zero());
}

VEC v16 v_hard_silu(v16 x) {
    return v_mul(v_max(v_set1(-3), x), v_hard_sigmoid(x));
}
VEC v16 v_hard_silu_slope(v16 x) {
    v16 inside = v_fma(x, v_set1((real)(1 / 3.0)), v_set1((real)0.5));
    inside = v_select(v_gt(v_set1(-3), x), v_zero(), inside);
    return v_select(v_gt(x, v_set1(3)), v_set1(1), inside);
}

/* tanh(log(1 + e)) = n / (n + 2), n = e (e + 2), e = exp(x); its slope 4 e (e + 1) / (n + 2)^2. From 20 on it is 1. */
#define MISH_FAR 20
VEC v16 v_mish(v16 x) {
    v16 e = v_exp(v_min(v_set1(MISH_FAR), x)), n = v_mul(e, v_add(e, v_set1(2)));
    return v_mul(v_above(x), v_div(n, v_add(n, v_set1(2))));
}
VEC v16 v_mish_slope(v16 x) {
    v16 h = v_hold(x, -FAR, MISH_FAR), e = v_exp(h), n = v_mul(e, v_add(e, v_set1(2))), m = v_add(n, v_set1(2));
    v16 steep = v_div(v_mul(v_mul(e, v_set1(4)), v_add(e, v_set1(1))), v_mul(m, m));
    return v_fma(h, steep, v_div(n, m));
}

#endif
