/* exp, log, tanh and the logistic function against the C library's long double, in units in the last place. */
#include "levels.h"

#include "kernel/elementwise.h"
#include "visml/nn.h"

/* |got - want| in units of the last place of want, as if it were a float without rounding; the smallest unit is 2^-149. */
static double ulps(float got, long double want) {
    int exponent;
    frexpl(want, &exponent);
    int unit = exponent - 24 < -149 ? -149 : exponent - 24;
    return (double)fabsl(ldexpl((long double)got - want, -unit));
}

static long double sigmoid(long double x) {
    return 1 / (1 + expl(-x));
}

static long double gelu(long double x) {
    return x * erfcl(-x / sqrtl(2)) / 2;
}

static long double gelu_tanh(long double x) {
    return x * sigmoid(2 * sqrtl(2 / 3.14159265358979323846264L) * (x + 0.044715L * x * x * x));
}

static long double silu(long double x) {
    return x * sigmoid(x);
}

static long double elu(long double x) {
    return x > 0 ? x : expm1l(x);
}

static long double selu(long double x) {
    return 1.0507009873554805L * (x > 0 ? x : 1.6732632423543772L * expm1l(x));
}

static long double softplus(long double x) {
    return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}

static long double softsign(long double x) {
    return x / (1 + fabsl(x));
}

static long double mish(long double x) {
    return x * tanhl(softplus(x));
}

typedef struct function {
    const char *name;
    int32_t activation; /* 0: by the kernel of that name */
    long double (*exact)(long double);
    float from, to;
    double bound, unfused; /* unfused: without fused multiply-add; 0: bound + 1 */
} function;

/* Measured with fused multiply-add: exp 0.96, log 0.88, tanh 1.23, logistic 2.31. Far below 0 gelu goes as exp(-x^2 / 2), and a rounding
 * of x^2 there costs as many ulp as x^2 / 2 is: with fused multiply-add it is made good, and in gelu_tanh it is not. */
static const function functions[] = {
    {"exp", 0, expl, -104.5f, 88.9f, 1, 0},       {"exp near 0", 0, expl, -0.01f, 0.01f, 1, 0},
    {"log", -1, logl, 1e-44f, 3e38f, 1, 0},       {"log near 1", -1, logl, 0.5f, 2.0f, 1, 0},
    {"tanh", VISML_TANH, tanhl, -10, 10, 1.5, 0},   {"tanh near 0", VISML_TANH, tanhl, -0.7f, 0.7f, 1.5, 0},
    {"sigmoid", VISML_SIGMOID, sigmoid, -104, 20, 2.5, 0}, {"sigmoid near 0", VISML_SIGMOID, sigmoid, -1, 1, 2.5, 0},
    {"gelu", VISML_GELU, gelu, -13, 13, 6, 100}, {"gelu near 0", VISML_GELU, gelu, -1, 1, 6, 0},
    {"gelu_tanh", VISML_GELU_TANH, gelu_tanh, -4, 13, 24, 40}, {"gelu_tanh near 0", VISML_GELU_TANH, gelu_tanh, -0.5f, 0.5f, 4, 0},
    {"silu", VISML_SILU, silu, -80, 20, 3.5, 0},    {"silu near 0", VISML_SILU, silu, -1, 1, 3.5, 0},
    {"elu", VISML_ELU, elu, -30, 3, 2.5, 0},        {"elu near 0", VISML_ELU, elu, -0.5f, 0.1f, 2.5, 0},
    {"selu", VISML_SELU, selu, -30, 3, 3.5, 0},     {"softplus", VISML_SOFTPLUS, softplus, -80, 30, 2.5, 0},
    {"softplus near 0", VISML_SOFTPLUS, softplus, -1, 1, 2.5, 0}, {"softsign", VISML_SOFTSIGN, softsign, -50, 50, 1.5, 0},
    {"mish", VISML_MISH, mish, -80, 30, 5, 0},      {"mish near 0", VISML_MISH, mish, -1, 1, 5, 0},
    {"exponential", VISML_EXPONENTIAL, expl, -80, 80, 1, 0},
};

static void apply(const level *l, const function *f, size_t n, const float *x, float *y) {
    if (f->activation > 0)
        l->kernels.activate(f->activation, 1, n, x, y); /* 1: of ELU */
    else if (f->activation < 0)
        l->kernels.log(n, x, y);
    else
        l->kernels.exp(n, x, y);
}

/* Every number of a sample: even steps, or for long positive ranges even steps of the bits. */
static void fill(const function *f, size_t n, float *x) {
    int32_t a, b;
    memcpy(&a, &f->from, 4);
    memcpy(&b, &f->to, 4);
    for (size_t i = 0; i < n; i++) {
        double share = ((double)i + 0.5) / (double)n;
        int32_t bits = f->from > 0 ? (int32_t)(a + (b - a) * share) : 0;
        if (f->from > 0)
            memcpy(&x[i], &bits, 4);
        else
            x[i] = (float)((double)f->from + ((double)f->to - (double)f->from) * share);
    }
}

static void within_a_few_ulp(void **state) {
    (void)state;
    enum { N = 100003 };
    float *x = filled_array(N, 0), *y = filled_array(N, 0);
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const function *f = &functions[i];
        fill(f, N, x);
        for (size_t l = 0; l < n; l++) {
            double worst = 0;
            size_t at = 0;
            apply(&levels[l], f, N, x, y);
            for (size_t j = 0; j < N; j++) {
                double e = isinf(y[j]) && f->exact((long double)x[j]) > 0x1.ffffffp127L ? 0 : ulps(y[j], f->exact((long double)x[j]));
                at = e > worst ? j : at;
                worst = e > worst ? e : worst;
            }
            /* two roundings instead of one cost some more */
            if (!(worst <= (levels[l].fused ? f->bound : f->unfused > 0 ? f->unfused : f->bound + 1)))
                fail_msg("%s at %s: %g is wrong by %g ulp", f->name, levels[l].name, (double)x[at], worst);
        }
    }
    free(x);
    free(y);
}

static void special_values(void **state) {
    (void)state;
    static const float x[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 88.73f, -104.0f, 1e-45f, 1.0f, -1.0f, 89.5f, 1e-42f, -200.0f};
    enum { N = sizeof x / sizeof *x };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++) {
        const visml_kernels *k = &levels[l].kernels;
        float y[N];
        k->exp(N, x, y);
        assert_true(y[0] == 1 && y[1] == 1 && y[2] == INFINITY && y[3] == 0 && isnan(y[4]) && y[5] == INFINITY && y[6] == 0 && y[7] == 1);
        assert_true(y[10] == INFINITY && y[12] == 0 && !signbit(y[12]));
        k->log(N, x, y);
        assert_true(y[0] == -INFINITY && y[1] == -INFINITY && y[2] == INFINITY && isnan(y[3]) && isnan(y[4]));
        assert_true(fabsf(y[7] + 103.278929f) < 1e-5f && y[8] == 0 && isnan(y[9]));
        k->activate(VISML_TANH, 0, N, x, y);
        assert_true(y[0] == 0 && !signbit(y[0]) && y[1] == 0 && signbit(y[1]) && y[2] == 1 && y[3] == -1 && isnan(y[4]));
        assert_true(y[5] == 1 && y[6] == -1 && y[7] == x[7] && y[11] == x[11]);
        k->activate(VISML_SIGMOID, 0, N, x, y);
        assert_true(y[0] == 0.5f && y[2] == 1 && y[3] == 0 && isnan(y[4]) && y[5] == 1 && y[6] == 0 && y[7] == 0.5f);
        k->activate(VISML_RELU, 0, N, x, y);
        assert_true(y[0] == 0 && y[2] == INFINITY && y[3] == 0 && isnan(y[4]) && y[7] == x[7] && y[9] == 0);
        k->activate(VISML_LEAKY_RELU, 0.5f, N, x, y);
        assert_true(y[2] == INFINITY && y[3] == -INFINITY && isnan(y[4]) && y[8] == 1 && y[9] == -0.5f);
    }
}

/* Limits at infinity, NaN that stays, and slopes that are finite everywhere. */
static void activations_have_their_limits(void **state) {
    (void)state;
    static const struct {
        int32_t activation;
        float below, above, slope_below, slope_above;
    } limits[] = {{VISML_GELU, 0, INFINITY, 0, 1},     {VISML_GELU_TANH, 0, INFINITY, 0, 1}, {VISML_SILU, 0, INFINITY, 0, 1},
                  {VISML_ELU, -0.5f, INFINITY, 0, 1},  {VISML_SOFTPLUS, 0, INFINITY, 0, 1},  {VISML_SOFTSIGN, -1, 1, 0, 0},
                  {VISML_HARD_SIGMOID, 0, 1, 0, 0},    {VISML_HARD_SILU, 0, INFINITY, 0, 1}, {VISML_EXPONENTIAL, 0, INFINITY, 0, INFINITY},
                  {VISML_MISH, 0, INFINITY, 0, 1},     {VISML_SELU, -1.7580993f, INFINITY, 0, 1.0507009873554805f}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            const float x[] = {-INFINITY, INFINITY, NAN, -3e38f, 3e38f}, dy[] = {1, 1, 1, 1, 1};
            int32_t a = limits[i].activation;
            float y[5], dx[5];
            levels[l].kernels.activate(a, 0.5f, 5, x, y);
            levels[l].kernels.activate_backward(a, 0.5f, 5, visml_activation_needs_x(a) ? x : y, dy, dx);
            for (int k = 0; k < 5; k++)
                if (k == 2 ? !isnan(y[k]) : k % 3 == 0 ? fabsf(y[k] - limits[i].below) > 1e-6f : k == 1 && y[k] != limits[i].above)
                    fail_msg("activation %d at %s: %g for %g", a, levels[l].name, (double)y[k], (double)x[k]);
            assert_true(fabsf(dx[0] - limits[i].slope_below) < 1e-6f && fabsf(dx[3] - limits[i].slope_below) < 1e-6f);
            assert_true(dx[1] == limits[i].slope_above && dx[4] == limits[i].slope_above);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_a_few_ulp),
        cmocka_unit_test(special_values),
        cmocka_unit_test(activations_have_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
