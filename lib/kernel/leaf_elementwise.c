#include "kernel/kernels.h"
#include "kernel/vec_math.h"

/* One loop a case, so that the choice is made outside. */
#define MAP(expression)                    \
    for (size_t i = 0; i < n; i += LANES) { \
        int r = v_rest(i, n);              \
        v16 a = v_get(x + i, r);           \
        v_put(y + i, r, (expression));     \
    }                                      \
    break

void LEAF(activate)(int32_t activation, real alpha, size_t n, const real *x, real *y) {
    v16 slope = v_set1(alpha);
    switch (activation) {
    case VISML_RELU:
        MAP(v_activate(VISML_RELU, slope, a));
    case VISML_LEAKY_RELU:
        MAP(v_activate(VISML_LEAKY_RELU, slope, a));
    case VISML_SIGMOID:
        MAP(v_activate(VISML_SIGMOID, slope, a));
    case VISML_TANH:
        MAP(v_activate(VISML_TANH, slope, a));
    case VISML_RELU6:
        MAP(v_activate(VISML_RELU6, slope, a));
    default:
        MAP(a);
    }
}
#undef MAP

#define MAP(activation)                                                                          \
    for (size_t i = 0; i < n; i += LANES) {                                                      \
        int r = v_rest(i, n);                                                                    \
        v_put(dx + i, r, v_activate_backward(activation, slope, v_get(y + i, r), v_get(dy + i, r))); \
    }                                                                                            \
    break

void LEAF(activate_backward)(int32_t activation, real alpha, size_t n, const real *y, const real *dy, real *dx) {
    v16 slope = v_set1(alpha);
    switch (activation) {
    case VISML_RELU:
        MAP(VISML_RELU);
    case VISML_LEAKY_RELU:
        MAP(VISML_LEAKY_RELU);
    case VISML_SIGMOID:
        MAP(VISML_SIGMOID);
    case VISML_TANH:
        MAP(VISML_TANH);
    case VISML_RELU6:
        MAP(VISML_RELU6);
    default:
        MAP(VISML_LINEAR);
    }
}
#undef MAP

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
