#include "kernel/kernels.h"
#include "kernel/vec_activation.h"

/* There are many activations, each a loop of its own, so that the choice is made outside: they take whole vectors only, which makes half as
 * much code as loops with their ends. What is left over goes through them as a vector by itself. */
#define APART __attribute__((noinline))

#define MAP(expression)                    \
    for (size_t i = 0; i < n; i += LANES) { \
        v16 a = v_load(x + i);             \
        v_store(y + i, (expression));      \
    }                                      \
    break

static APART void activate_whole(int32_t activation, real alpha, size_t n, const real *x, real *y) {
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
    case VISML_GELU:
        MAP(v_gelu(a));
    case VISML_GELU_TANH:
        MAP(v_gelu_tanh(a));
    case VISML_SILU:
        MAP(v_silu(a));
    case VISML_ELU:
        MAP(v_elu(a, slope, v_set1(1)));
    case VISML_SELU:
        MAP(v_elu(a, v_set1(SELU_ALPHA), v_set1(SELU_SCALE)));
    case VISML_SOFTPLUS:
        MAP(v_softplus(a));
    case VISML_SOFTSIGN:
        MAP(v_softsign(a));
    case VISML_HARD_SIGMOID:
        MAP(v_hard_sigmoid(a));
    case VISML_HARD_SILU:
        MAP(v_hard_silu(a));
    case VISML_EXPONENTIAL:
        MAP(v_exp(a));
    case VISML_MISH:
        MAP(v_mish(a));
    default:
        MAP(a);
    }
}
#undef MAP

void LEAF(activate)(int32_t activation, real alpha, size_t n, const real *x, real *y) {
    size_t whole = n - n % LANES;
    int rest = (int)(n - whole);
    real a[LANES];
    activate_whole(activation, alpha, whole, x, y);
    if (!rest)
        return;
    v_store(a, v_load_n(x + whole, rest));
    activate_whole(activation, alpha, LANES, a, a);
    v_store_n(y + whole, rest, v_load(a));
}

/* a: what the derivative is made of; g: the gradient that it is multiplied by. */
#define MAP(expression)                                \
    for (size_t i = 0; i < n; i += LANES) {            \
        v16 a = v_load(y + i), g = v_load(dy + i);     \
        v_store(dx + i, (expression));                 \
    }                                                  \
    break

static APART void backward_whole(int32_t activation, real alpha, size_t n, const real *y, const real *dy, real *dx) {
    v16 slope = v_set1(alpha);
    switch (activation) {
    case VISML_RELU:
        MAP(v_activate_backward(VISML_RELU, slope, a, g));
    case VISML_LEAKY_RELU:
        MAP(v_activate_backward(VISML_LEAKY_RELU, slope, a, g));
    case VISML_SIGMOID:
        MAP(v_activate_backward(VISML_SIGMOID, slope, a, g));
    case VISML_TANH:
        MAP(v_activate_backward(VISML_TANH, slope, a, g));
    case VISML_RELU6:
        MAP(v_activate_backward(VISML_RELU6, slope, a, g));
    case VISML_GELU:
        MAP(v_mul(g, v_gelu_slope(a)));
    case VISML_GELU_TANH:
        MAP(v_mul(g, v_gelu_tanh_slope(a)));
    case VISML_SILU:
        MAP(v_mul(g, v_silu_slope(a)));
    case VISML_ELU:
        MAP(v_mul(g, v_elu_slope(a, slope, v_set1(1))));
    case VISML_SELU:
        MAP(v_mul(g, v_elu_slope(a, v_set1(SELU_ALPHA), v_set1(SELU_SCALE))));
    case VISML_SOFTPLUS:
        MAP(v_mul(g, v_softplus_slope(a)));
    case VISML_SOFTSIGN:
        MAP(v_mul(g, v_softsign_slope(a)));
    case VISML_HARD_SIGMOID:
        MAP(v_hard_sigmoid_backward(a, g));
    case VISML_HARD_SILU:
        MAP(v_mul(g, v_hard_silu_slope(a)));
    case VISML_EXPONENTIAL:
        MAP(v_mul(g, a));
    case VISML_MISH:
        MAP(v_mul(g, v_mish_slope(a)));
    default:
        MAP(v_activate_backward(VISML_LINEAR, slope, a, g));
    }
}
#undef MAP

void LEAF(activate_backward)(int32_t activation, real alpha, size_t n, const real *y, const real *dy, real *dx) {
    size_t whole = n - n % LANES;
    int rest = (int)(n - whole);
    real a[LANES], g[LANES];
    backward_whole(activation, alpha, whole, y, dy, dx);
    if (!rest)
        return;
    v_store(a, v_load_n(y + whole, rest));
    v_store(g, v_load_n(dy + whole, rest));
    backward_whole(activation, alpha, LANES, a, g, g);
    v_store_n(dx + whole, rest, v_load(g));
}
