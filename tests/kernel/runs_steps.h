/* Calls of the kernels for optimizers, one function a row of kernels.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_STEPS_H
#define KERNEL_TEST_RUNS_STEPS_H

#include "trial.h"

#include "kernel/update.h"

static void run_sgd(const visml_kernels *k, trial *t) {
    float *w = out(t, t->n), *g = in(t, t->n);
    k->sgd(t->n, w, g, 0.01f);
}

static void run_momentum(const visml_kernels *k, trial *t) {
    float *w = out(t, t->n), *v = out(t, t->n), *g = in(t, t->n);
    k->momentum(t->n, w, g, v, 0.01f, 0.9f, 0);
    k->momentum(t->n, w, g, v, 0.01f, 0.9f, 1);
}

static void run_adam(const visml_kernels *k, trial *t) {
    visml_adam_terms terms = {0.001f, 0.1f, 0.001f, 1e-7f};
    float *w = out(t, t->n), *m = out(t, t->n), *v = out(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        v[i] = fabsf(v[i]);
    k->adam(&terms, t->n, w, in(t, t->n), m, v);
}

static void run_penalize(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    k->penalize(t->n, x, 0.3f, 0.02f, out(t, t->n));
}

static void run_max_norm(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, n = (int64_t)t->n;
    k->max_norm(rows, n, n, 0.5f, 1e-7f, out(t, t->rows * t->n));
    k->max_norm(rows, n, n + 3, 2, 1e-7f, out(t, t->rows ? t->rows * (t->n + 3) - 3 : 0));
}

/* What is kept are squares: not below 0. */
static void run_update(trial *t, visml_update_kernel *step, size_t kept) {
    const visml_update_terms terms = {.rate = 0.01f, .rate_of_g = 0.003f, .first = 0.1f, .second = 0.001f, .keep = 0.999f,
                                      .momentum = 0.5f, .correction = 1.5f, .epsilon = 1e-3f};
    float *w = out(t, t->n), *s[3] = {NULL, NULL, NULL}, *g = in(t, t->n);
    for (size_t i = 0; i < kept; i++)
        s[i] = out(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < kept; j++)
            s[j][i] = fabsf(s[j][i]) + (j == 0 ? 1.0f : 0.0f);
    step(&terms, t->n, w, g, s[0], s[1], s[2]);
}

static void run_amsgrad(const visml_kernels *k, trial *t) {
    run_update(t, k->amsgrad, 3);
}

static void run_rmsprop(const visml_kernels *k, trial *t) {
    run_update(t, k->rmsprop, 1);
    run_update(t, k->rmsprop, 2);
    run_update(t, k->rmsprop, 3);
}

static void run_nadam(const visml_kernels *k, trial *t) {
    run_update(t, k->nadam, 2);
}

static void run_adamax(const visml_kernels *k, trial *t) {
    run_update(t, k->adamax, 2);
}

static void run_adagrad(const visml_kernels *k, trial *t) {
    run_update(t, k->adagrad, 1);
}

static void run_adadelta(const visml_kernels *k, trial *t) {
    run_update(t, k->adadelta, 2);
}

static void run_lion(const visml_kernels *k, trial *t) {
    run_update(t, k->lion, 1);
}

static void run_approach(const visml_kernels *k, trial *t) {
    const float *from = in(t, t->n);
    k->approach(t->n, from, out(t, t->n), 0.25f);
    k->approach(t->n, NULL, out(t, t->n), 0.25f);
}

static void run_clamp(const visml_kernels *k, trial *t) {
    k->clamp(t->n, out(t, t->n), 0.5f);
}

static void run_take_mean(const visml_kernels *k, trial *t) {
    float *g = out(t, t->n);
    k->take_mean(t->n, g, out(t, t->n), 0.25f);
}

#endif
