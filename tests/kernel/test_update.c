#include "levels.h"

#include "kernel/update.h"

/* Several steps of every optimizer against plain double loops of the formulas in kernel/update.h. */
enum { N = 40009, STEPS = 5 };

static const visml_update_terms terms = {.rate = 0.01f, .rate_of_g = 0.003f, .first = 0.1f, .second = 0.05f, .keep = 0.95f,
                                         .momentum = 0.5f, .correction = 1.5f, .epsilon = 1e-3f};

typedef struct numbers {
    double w, a, b, c;
} numbers;

static void to(double *a, double x, double share) {
    *a += (x - *a) * share;
}

static void naive_amsgrad(numbers *s, double d) {
    to(&s->a, d, (double)terms.first);
    to(&s->b, d * d, (double)terms.second);
    s->c = fmax(s->c, s->b);
    s->w -= s->a * (double)terms.rate / (sqrt(s->c) + (double)terms.epsilon);
}

static void naive_rmsprop(numbers *s, double d) {
    to(&s->a, d * d, (double)terms.second);
    s->w -= d * (double)terms.rate / sqrt(s->a + (double)terms.epsilon);
}

static void naive_moving(numbers *s, double d) {
    to(&s->a, d * d, (double)terms.second);
    s->b = s->b * (double)terms.momentum + d * (double)terms.rate / sqrt(s->a + (double)terms.epsilon);
    s->w -= s->b;
}

static void naive_centered(numbers *s, double d) {
    to(&s->a, d * d, (double)terms.second);
    to(&s->c, d, (double)terms.second);
    s->w -= d * (double)terms.rate / sqrt(s->a - s->c * s->c + (double)terms.epsilon);
}

static void naive_nadam(numbers *s, double d) {
    to(&s->a, d, (double)terms.first);
    to(&s->b, d * d, (double)terms.second);
    s->w -= (s->a * (double)terms.rate + d * (double)terms.rate_of_g) / (sqrt(s->b) * (double)terms.correction + (double)terms.epsilon);
}

static void naive_adamax(numbers *s, double d) {
    to(&s->a, d, (double)terms.first);
    s->b = fmax(s->b * (double)terms.keep, fabs(d));
    s->w -= s->a * (double)terms.rate / (s->b + (double)terms.epsilon);
}

static void naive_adagrad(numbers *s, double d) {
    s->a += d * d;
    s->w -= d * (double)terms.rate / sqrt(s->a + (double)terms.epsilon);
}

static void naive_adadelta(numbers *s, double d) {
    to(&s->a, d * d, (double)terms.second);
    double step = d * sqrt(s->b + (double)terms.epsilon) / sqrt(s->a + (double)terms.epsilon);
    to(&s->b, step * step, (double)terms.second);
    s->w -= step * (double)terms.rate;
}

static void naive_lion(numbers *s, double d) {
    double x = s->a + (d - s->a) * (double)terms.first;
    s->w -= (x > 0 ? 1 : x < 0 ? -1 : 0) * (double)terms.rate;
    to(&s->a, d, (double)terms.second);
}

#define STEP(kernel) offsetof(visml_kernels, kernel)
static const struct {
    const char *name;
    size_t kernel; /* where it stands in the table */
    int b, c;      /* which arrays it has */
    void (*naive)(numbers *s, double d);
} steps[] = {
    {"amsgrad", STEP(amsgrad), 1, 1, naive_amsgrad},
    {"rmsprop", STEP(rmsprop), 0, 0, naive_rmsprop},
    {"rmsprop with momentum", STEP(rmsprop), 1, 0, naive_moving},
    {"rmsprop, centered", STEP(rmsprop), 0, 1, naive_centered},
    {"nadam", STEP(nadam), 1, 0, naive_nadam},
    {"adamax", STEP(adamax), 1, 0, naive_adamax},
    {"adagrad", STEP(adagrad), 0, 0, naive_adagrad},
    {"adadelta", STEP(adadelta), 1, 0, naive_adadelta},
    {"lion", STEP(lion), 0, 0, naive_lion},
};
#define COUNT (sizeof steps / sizeof *steps)

typedef struct arrays {
    float *w, *a, *b, *c;
} arrays;

static arrays stepped(const level *l, size_t threads, size_t which, const float *g) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    arrays s = {random_array(N, 1), filled_array(N, 0), filled_array(N, 0), filled_array(N, 0)};
    visml_update_kernel *kernel;
    memcpy(&kernel, (const char *)&l->kernels + steps[which].kernel, sizeof kernel);
    for (int i = 0; i < STEPS; i++)
        visml_update_step(&c, kernel, &terms, N,
                          &(visml_update_arrays){s.w, g, s.a, steps[which].b ? s.b : NULL, steps[which].c ? s.c : NULL});
    return s;
}

static void drop(arrays *s) {
    free(s->w);
    free(s->a);
    free(s->b);
    free(s->c);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *g = random_array(N, 9), *start = random_array(N, 1);
    for (size_t l = 0; l < n; l++)
        for (size_t which = 0; which < COUNT; which++) {
            arrays s = stepped(&levels[l], 2, which, g);
            for (size_t i = 0; i < N; i++) {
                numbers want = {(double)start[i], 0, 0, 0};
                for (int k = 0; k < STEPS; k++)
                    steps[which].naive(&want, (double)g[i]);
                assert_near(s.w[i], want.w, 3, 10, steps[which].name, i);
                assert_near(s.a[i], want.a, 5, 10, steps[which].name, i);
                assert_near(s.b[i], want.b, 1, 10, steps[which].name, i);
                assert_near(s.c[i], want.c, 1, 10, steps[which].name, i);
            }
            drop(&s);
        }
    free(g);
    free(start);
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *g = random_array(N, 9);
    for (size_t which = 0; which < COUNT; which++) {
        arrays want = stepped(&levels[0], 1, which, g);
        for (size_t l = 0; l < n; l++)
            for (size_t t = 0; t < 4 && levels[l].fused; t++) {
                arrays got = stepped(&levels[l], threads[t], which, g);
                assert_same(got.w, want.w, N, steps[which].name, levels[l].name);
                assert_same(got.a, want.a, N, steps[which].name, levels[l].name);
                assert_same(got.b, want.b, N, steps[which].name, levels[l].name);
                assert_same(got.c, want.c, N, steps[which].name, levels[l].name);
                drop(&got);
            }
        drop(&want);
    }
    free(g);
}

/* A gradient that does not change has no variance: what rounding leaves of it must not become the root of a negative number. */
static void a_variance_of_nothing_stays_finite(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(1);
    const visml_update_terms t = {.rate = 0.1f, .second = 0.1f, .epsilon = 1e-7f};
    float w = 0, a = 0, c = 0;
    const float g = 1234.5f;
    all_levels(levels);
    visml_compute compute = {&levels[0].kernels, &p};
    for (int i = 0; i < 500; i++) {
        visml_update_step(&compute, levels[0].kernels.rmsprop, &t, 1, &(visml_update_arrays){&w, &g, &a, NULL, &c});
        assert_true(isfinite(w));
    }
}

static void what_surrounds_a_step(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(3);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    float *x = random_array(N, 1), *y = random_array(N, 2), *sum = random_array(N, 3), *g = random_array(N, 4);
    visml_approach(&c, N, x, y, 0.25f);
    visml_take_mean(&c, N, g, sum, 0.5f);
    visml_clamp(&c, N, x, 0.5f);
    visml_approach(&c, 1, NULL, y + 5, 0.5f);
    float *x0 = random_array(N, 1), *y0 = random_array(N, 2), *sum0 = random_array(N, 3), *g0 = random_array(N, 4);
    for (size_t i = 0; i < N; i++) {
        double to_x = (double)y0[i] + ((double)x0[i] - (double)y0[i]) * 0.25;
        assert_near(y[i], i == 5 ? to_x / 2 : to_x, 2, 2, "approach", i);
        assert_near(g[i], ((double)g0[i] + (double)sum0[i]) / 2, 2, 2, "mean", i);
        assert_true(sum[i] == 0 && x[i] == fminf(fmaxf(x0[i], -0.5f), 0.5f));
    }
    x[0] = NAN;
    visml_clamp(&c, 1, x, 1);
    assert_true(isnan(x[0]));
    float *all[] = {x, y, sum, g, x0, y0, sum0, g0};
    for (size_t i = 0; i < 8; i++)
        free(all[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(a_variance_of_nothing_stays_finite),
        cmocka_unit_test(what_surrounds_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
