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

typedef struct function {
    const char *name;
    int32_t activation; /* 0: by the kernel of that name */
    long double (*exact)(long double);
    float from, to;
    double bound;
} function;

/* Measured with fused multiply-add: exp 0.96, log 0.88, tanh 1.23, logistic 2.31. */
static const function functions[] = {
    {"exp", 0, expl, -104.5f, 88.9f, 1},       {"exp near 0", 0, expl, -0.01f, 0.01f, 1},
    {"log", -1, logl, 1e-44f, 3e38f, 1},       {"log near 1", -1, logl, 0.5f, 2.0f, 1},
    {"tanh", VISML_TANH, tanhl, -10, 10, 1.5},   {"tanh near 0", VISML_TANH, tanhl, -0.7f, 0.7f, 1.5},
    {"sigmoid", VISML_SIGMOID, sigmoid, -104, 20, 2.5}, {"sigmoid near 0", VISML_SIGMOID, sigmoid, -1, 1, 2.5},
};

static void apply(const level *l, const function *f, size_t n, const float *x, float *y) {
    if (f->activation > 0)
        l->kernels.activate(f->activation, 0, n, x, y);
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
    level levels[MAX_LEVELS];
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
            if (!(worst <= f->bound + (levels[l].fused ? 0 : 1)))
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
    level levels[MAX_LEVELS];
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_a_few_ulp),
        cmocka_unit_test(special_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
