/* Calls of the kernels for arrays element by element, one function a row of kernels.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_ELEMENTS_H
#define KERNEL_TEST_RUNS_ELEMENTS_H

#include "trial.h"

static void run_activate(const visml_kernels *k, trial *t) {
    for (int32_t a = VISML_LINEAR; a <= VISML_MISH; a += a == VISML_TANH ? 2 : 1) {
        const float *x = in(t, t->n);
        k->activate(a, 0.2f, t->n, x, out(t, t->n));
    }
    float *same = out(t, t->n);
    k->activate(VISML_RELU, 0, t->n, same, same);
}

static void run_activate_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->n), *dy = in(t, t->n);
    for (int32_t a = VISML_LINEAR; a <= VISML_MISH; a += a == VISML_TANH ? 2 : 1)
        k->activate_backward(a, 0.2f, t->n, y, dy, out(t, t->n));
}

static void run_scale(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->scale(t->n, a, 0.3f, -0.7f, b);
}

static void run_sum(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = in(t, t->n), *d = out(t, t->n);
    k->sum(t->n, a, b, d);
}

static void run_from_u8(const visml_kernels *k, trial *t) {
    uint8_t *bytes = test_guarded(t->n);
    for (size_t i = 0; i < t->n; i++)
        bytes[i] = (uint8_t)test_random(&t->seed);
    k->from_u8(t->n, bytes, out(t, t->n));
    test_guarded_free(bytes, t->n);
}

static void run_dropout(const visml_kernels *k, trial *t) {
    visml_dropout_terms terms = {t->seed * 0x9E3779B97F4A7C15u, 7, 0xfffffff8u, 0x40000000u, 4.0f / 3};
    float *a = in(t, t->n), *b = out(t, t->n);
    k->dropout(&terms, t->n, a, b);
}

static void run_noise(const visml_kernels *k, trial *t) {
    visml_noise_terms terms = {t->seed * 0x9E3779B97F4A7C15u, 7, 0xfffffff8u, 0.3f, 0};
    const float *a = in(t, t->n);
    k->noise(&terms, t->n, a, out(t, t->n));
    terms.multiplies = 1;
    k->noise(&terms, t->n, a, out(t, t->n));
}

static void run_combine(const visml_kernels *k, trial *t) {
    const float *x[3] = {in(t, t->n + 2)};
    x[1] = in(t, t->n + 2);
    x[2] = in(t, t->n + 2);
    for (int32_t how = VISML_COMBINE_SUBTRACT; how <= VISML_COMBINE_MINIMUM; how++) {
        visml_combination m = {how, how == VISML_COMBINE_SUBTRACT ? 2 : 3, x};
        k->combine(&m, 2, t->n, out(t, t->n));
    }
}

static void run_combine_backward(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n + 2), *b = in(t, t->n + 2), *c = in(t, t->n + 2);
    const float *x[3] = {a, b, c}, *dy = in(t, t->n);
    for (size_t i = 0; i < t->n + 2; i++) { /* equal values are common */
        a[i] = rintf(a[i] * 2);
        b[i] = rintf(b[i] * 2);
        c[i] = rintf(c[i] * 2);
    }
    for (int32_t how = VISML_COMBINE_SUBTRACT; how <= VISML_COMBINE_MINIMUM; how++) {
        visml_combination m = {how, how == VISML_COMBINE_SUBTRACT ? 2 : 3, x};
        float *y = out(t, t->n);
        k->combine(&m, 2, t->n, y);
        for (int32_t i = 0; i < m.inputs; i++)
            k->combine_backward(&m, i, 2, t->n, y, dy, out(t, t->n));
    }
}

/* A slope a column, a row, an element, and one for all. */
static const int64_t slopes[][2] = {{0, 1}, {1, 0}, {1, 1}, {0, 0}};

static void run_prelu(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, c = (int64_t)t->n;
    const float *x = in(t, t->rows * t->n), *alpha = in(t, t->rows * t->n + t->n + t->rows + 1);
    for (int i = 0; i < 4; i++) {
        visml_prelu_rows p = {rows, c, slopes[i][0] * (slopes[i][1] ? c : 1), slopes[i][1]};
        k->prelu(&p, x, alpha, out(t, t->rows * t->n));
    }
}

static void run_prelu_backward(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, c = (int64_t)t->n;
    size_t size = t->rows * t->n, most = size + t->n + t->rows + 1;
    const float *x = in(t, size), *alpha = in(t, most), *dy = in(t, size);
    for (int i = 0; i < 4; i++) {
        visml_prelu_rows p = {rows, c, slopes[i][0] * (slopes[i][1] ? c : 1), slopes[i][1]};
        float *dx = out(t, size);
        k->prelu_backward(&p, x, alpha, dy, dx, out(t, most));
        k->prelu_backward(&p, x, alpha, dy, NULL, out(t, most));
        k->prelu_backward(&p, x, alpha, dy, out(t, size), NULL);
    }
}

static void run_larger_nearest_sums(const visml_kernels *k, trial *t) {
    visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = 2};
    const float *dy = in(t, t->rows * 6 * t->n);
    k->larger_nearest_sums(&r, (int64_t)t->rows, dy, out(t, 3 * t->n));
}

static void run_larger_bilinear(const visml_kernels *k, trial *t) {
    const float *above = in(t, 3 * t->n), *below = in(t, 3 * t->n);
    for (int64_t times = 1; times <= 3; times++) {
        visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = times};
        k->larger_bilinear(&r, 0.3f, above, below, out(t, 3 * (size_t)times * t->n));
    }
}

static void run_larger_bilinear_backward(const visml_kernels *k, trial *t) {
    for (int64_t times = 1; times <= 3; times++) {
        visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = times};
        const float *dy = in(t, 3 * (size_t)times * t->n);
        float *above = out(t, 3 * t->n), *same = out(t, 3 * t->n);
        k->larger_bilinear_backward(&r, 0.3f, dy, above, out(t, 3 * t->n));
        k->larger_bilinear_backward(&r, 0.25f, dy, same, same);
    }
}

static void run_all_finite(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    int finite = 1;
    for (size_t i = 0; i < t->n; i++)
        finite &= isfinite(x[i]) != 0;
    assert_int_equal(k->all_finite(t->n, x) != 0, finite);
}

static void run_exp(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->exp(t->n, a, b);
}

static void run_log(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->log(t->n, a, b);
}

#endif
