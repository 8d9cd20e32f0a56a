/* Calls of the kernels for rows of channels (statistics, windows, softmax, losses), one function a row of kernels.def: a part of
 * test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_ROWS_H
#define KERNEL_TEST_RUNS_ROWS_H

#include "trial.h"

static void run_colsum(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->n);
    k->colsum((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_colsquares(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = in(t, t->n), *d = out(t, t->n);
    k->colsquares((int64_t)t->rows, (int64_t)t->n, a, b, d);
}

static void run_batchnorm_sums(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n), *mean = in(t, t->n), *invstd = in(t, t->n);
    float *dgamma = out(t, t->n), *dbeta = out(t, t->n);
    k->batchnorm_sums((int64_t)t->rows, (int64_t)t->n, x, mean, invstd, dy, dgamma, dbeta);
}

static void run_affine(const visml_kernels *k, trial *t) {
    const float *scale = in(t, t->n), *shift = in(t, t->n);
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->affine((int64_t)t->rows, (int64_t)t->n, a, scale, shift, b);
}

static void run_batchnorm_dx(const visml_kernels *k, trial *t) {
    const float *mean = in(t, t->n), *p = in(t, t->n), *q = in(t, t->n), *r = in(t, t->n);
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    ELEMENTWISE_ACTIVATIONS(a) {
        visml_batchnorm_terms terms = {mean, p, q, r, a, 0.3f};
        k->batchnorm_dx((int64_t)t->rows, (int64_t)t->n, &terms, x, dy, out(t, t->rows * t->n));
    }
}

static void run_rowmean(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->n);
    k->rowmean((int64_t)t->rows, (int64_t)t->n, a, b);
}

/* Statistics of a row are outputs. rms: the mean is kept. */
static void layernorm_rows(const visml_kernels *k, trial *t, int32_t keeps_mean, int with_gamma, int with_beta) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n, .epsilon = 1e-3f, .keeps_mean = keeps_mean};
    r.x = in(t, all);
    r.gamma = with_gamma ? in(t, t->n) : NULL;
    r.beta = with_beta ? in(t, t->n) : NULL;
    float *y = out(t, all), *mean = out(t, t->rows), *inverse = out(t, t->rows), *alone = out(t, all);
    k->layernorm(&r, y, mean, inverse);
    k->layernorm(&r, alone, NULL, NULL);
    for (size_t i = 0; i < all; i++)
        assert_true(same_float(y[i], alone[i]));
}

static void run_layernorm(const visml_kernels *k, trial *t) {
    for (int i = 0; i < 8; i++)
        layernorm_rows(k, t, i >> 2, i & 1, i >> 1 & 1);
}

static void run_layernorm_dx(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n};
    const float *mean = in(t, t->rows), *inverse = in(t, t->rows), *dy = in(t, all), *gamma = in(t, t->n);
    r.x = in(t, all);
    for (int i = 0; i < 4; i++) {
        r.keeps_mean = i & 1;
        r.gamma = i & 2 ? gamma : NULL;
        k->layernorm_dx(&r, mean, inverse, dy, out(t, all));
    }
}

static void run_layernorm_sums(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n};
    const float *mean = in(t, t->rows), *inverse = in(t, t->rows), *dy = in(t, all);
    r.x = in(t, all);
    for (int i = 0; i < 2; i++) {
        float *dgamma = out(t, t->n), *dbeta = out(t, t->n);
        int64_t half = r.c / 32 * 16;
        r.keeps_mean = i;
        k->layernorm_sums(&r, 0, half, mean, inverse, dy, dgamma, dbeta);
        k->layernorm_sums(&r, half, r.c, mean, inverse, dy, dgamma, dbeta);
    }
}

static void run_groupnorm_dx(const visml_kernels *k, trial *t) {
    const float *mean = in(t, t->n), *p = in(t, t->n), *q = in(t, t->n), *r = in(t, t->n);
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    visml_batchnorm_terms terms = {.mean = mean, .p = p, .q = q, .r = r};
    k->groupnorm_dx((int64_t)t->rows, (int64_t)t->n, &terms, x, dy, out(t, t->rows * t->n));
}

static void run_spread(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    k->spread(t->n, (int64_t)t->rows, x, out(t, t->rows * t->n));
}

static void run_fold(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->rows * t->n);
    k->fold(t->n, (int64_t)t->rows, x, out(t, t->n));
}

static void run_softmax(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->softmax((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_softmax_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->softmax_backward((int64_t)t->rows, (int64_t)t->n, y, dy, out(t, t->rows * t->n));
}

static void run_log_softmax(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->log_softmax((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_log_softmax_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->log_softmax_backward((int64_t)t->rows, (int64_t)t->n, y, dy, out(t, t->rows * t->n));
}

static void run_crossentropy(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    int32_t *labels = test_guarded(t->rows * sizeof *labels);
    visml_crossentropy_rows x = {.rows = (int64_t)t->rows, .channels = (int64_t)t->n, .keep = 0.9f, .spread = 0.1f, .labels = labels};
    for (size_t i = 0; i < t->rows; i++)
        labels[i] = i == 2 ? -1 : (int32_t)(t->n ? test_random(&t->seed) % t->n : 0);
    x.z = in(t, all);
    x.loss = out(t, t->rows);
    x.dz = out(t, all);
    x.prob = out(t, all);
    k->crossentropy(&x);
    x.targets = in(t, all);
    x.factor = in(t, t->rows);
    x.loss = out(t, t->rows);
    x.dz = out(t, all);
    x.prob = NULL;
    k->crossentropy(&x);
    test_guarded_free(labels, t->rows * sizeof *labels);
}

static void run_multiply_rows(const visml_kernels *k, trial *t) {
    int64_t n = (int64_t)t->n;
    const float *a = in(t, t->rows * t->n), *b = in(t, t->n);
    float *to = out(t, t->rows * t->n);
    k->multiply_rows((int64_t)t->rows, n, a, n, b, 0, to, n);
    for (size_t i = 0; i < t->rows * t->n; i++)
        assert_true(same_float(to[i], a[i] * b[i % t->n]));
    k->multiply_rows((int64_t)t->rows, n, to, n, a, n, to, n);
}

/* Three windows of 2 x 3 pixels, two apart, in two rows of seven. */
static visml_pool_windows windows(const trial *t) {
    int64_t c = (int64_t)t->n;
    return (visml_pool_windows){.count = 3, .step = 2 * c, .th = 2, .tw = 3, .row = 7 * c, .c = c};
}

static void run_maxpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 14 * t->n), *b = out(t, 3 * t->n);
    k->maxpool(&w, a, b);
}

static void run_maxpool_backward(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *x = in(t, 14 * t->n), *y = in(t, 3 * t->n);
    for (size_t i = 0; i < 14 * t->n; i++) /* equal values are common */
        x[i] = rintf(x[i] * 2);
    k->maxpool(&w, x, y);
    float *dy = in(t, 3 * t->n), *dx = out(t, 14 * t->n), *written = out(t, 14 * t->n);
    k->maxpool_backward(&w, x, y, dy, dx);
    w.tw = 2;
    w.alone = 1;
    k->maxpool(&w, x, y);
    k->maxpool_backward(&w, x, y, dy, written);
}

static void run_avgpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 14 * t->n), *b = out(t, 3 * t->n);
    k->avgpool(&w, a, b);
}

static void run_avgpool_backward(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 3 * t->n), *b = out(t, 14 * t->n), *written = out(t, 14 * t->n);
    k->avgpool_backward(&w, a, b);
    w.tw = 2;
    w.alone = 1;
    k->avgpool_backward(&w, a, written);
}

#endif
