#include <math.h>
#include <string.h>

#include "classify/normal_equations.h"
#include "context/context.h"
#include "support/support.h"

enum { N = 2500, D = 70, K = 3, LENGTH = D + 1 + K };
static float x[N * D], turned[D * N], weights[N], targets[N];
static int32_t places[N];
static double naive[LENGTH * LENGTH];

static int set_up(void **state) {
    uint64_t seed = 5;
    (void)state;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++)
            turned[j * N + i] = x[i * D + j] = 100 + test_random_float(&seed);
        places[i] = (int32_t)(test_random(&seed) % K);
        targets[i] = test_random_float(&seed);
        weights[i] = (float)(test_random(&seed) % 4);
    }
    return 0;
}

static visml_samples samples(void) {
    return (visml_samples){.n = N, .d = D, .x = x, .row_stride = D, .column_stride = 1, .places = places, .class_count = K};
}

/* Sums of products of all rows, those of centred columns or about 0, to out. */
static void sums(const visml_samples *s, int32_t threads, int64_t outputs, int centred, double *out) {
    static const visml_classifier_fit_opts opts = {0};
    visml_context *ctx = test_context(threads);
    visml_compute compute = visml_context_compute(ctx);
    visml_fit_run run = {.opts = &opts};
    visml_normal_equations e = {.compute = &compute, .run = &run, .d = D, .outputs = outputs};
    visml_error err;
    assert_ok(visml_normal_equations_begin(&e, &ctx->memory, &err), &err);
    assert_ok(visml_normal_equations_add(&e, s, &err), &err);
    for (int64_t i = 0; i < e.length; i++)
        for (int64_t j = 0; j <= i && j < D; j++)
            out[i * LENGTH + j] = visml_normal_equations_product(&e, centred, i, j);
    visml_normal_equations_end(&e, &ctx->memory);
    visml_context_release(ctx);
}

static double column(const visml_samples *s, int i, int j) {
    return j < D ? (double)x[i * D + j] : j == D ? 1 : s->targets ? (double)targets[i] : places[i] == j - D - 1 ? 1 : -1;
}

/* In double, from the numbers themselves. */
static void sum_naively(const visml_samples *s, int outputs, int centred) {
    double mean[LENGTH] = {0}, all = 0;
    memset(naive, 0, sizeof naive);
    for (int i = 0; i < N; i++) {
        double w = visml_samples_weight(s, i);
        all += w;
        for (int j = 0; j < D + 1 + outputs; j++)
            mean[j] += w * column(s, i, j);
    }
    for (int j = 0; j < D + 1 + outputs; j++)
        mean[j] = centred ? mean[j] / all : 0;
    for (int i = 0; i < N; i++)
        for (int a = 0; a < D + 1 + outputs; a++)
            for (int b = 0; b <= a && b < D; b++)
                naive[a * LENGTH + b] += visml_samples_weight(s, i) * (column(s, i, a) - mean[a]) * (column(s, i, b) - mean[b]);
}

/* Sums of up to 2,500 products of numbers of size 1, weighed by up to 3, in floats over blocks: some 1e-6 of what was added, which shifts
 * of 100 must not make larger. About 0 the shift is put back: the sums are then 1e4 times as large. */
static void assert_sums(const visml_samples *s, int outputs, int centred) {
    static double found[LENGTH * LENGTH];
    sums(s, 1, outputs, centred, found);
    sum_naively(s, outputs, centred);
    for (int i = 0; i < D + 1 + outputs; i++)
        for (int j = 0; j <= i && j < D; j++)
            if (!centred || i != D)
                assert_true(fabs(found[i * LENGTH + j] - naive[i * LENGTH + j]) < (centred ? 0.01 : 1.5));
}

static void sums_are_those_of_the_products(void **state) {
    visml_samples s = samples();
    (void)state;
    assert_sums(&s, K, 1);
    assert_sums(&s, K, 0);
    s.weights = weights;
    assert_sums(&s, K, 1);
    s.targets = targets, s.places = NULL;
    assert_sums(&s, 1, 1);
}

static void assert_same(const visml_samples *a, int32_t threads, const visml_samples *b, int32_t others) {
    static double one[LENGTH * LENGTH], other[LENGTH * LENGTH];
    sums(a, threads, K, 1, one);
    sums(b, others, K, 1, other);
    for (int i = 0; i < LENGTH; i++)
        assert_memory_equal(one + i * LENGTH, other + i * LENGTH, sizeof(double) * (size_t)(i < D ? i + 1 : D));
}

static void threads_and_how_rows_lie_are_of_no_account(void **state) {
    visml_samples s = samples(), columns = samples(), weighed = samples();
    (void)state;
    columns.x = turned, columns.row_stride = 1, columns.column_stride = N;
    weighed.weights = weights;
    assert_same(&s, 1, &s, 3);
    assert_same(&s, 1, &columns, 2);
    assert_same(&weighed, 1, &weighed, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_products),
        cmocka_unit_test(threads_and_how_rows_lie_are_of_no_account),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
