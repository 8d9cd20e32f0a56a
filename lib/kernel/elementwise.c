#include "kernel/elementwise.h"

#include <math.h>
#include <stdatomic.h>

#include "kernel/kernels.h"
#include "kernel/span.h"
#include "visml/base.h"

int visml_activation_is_elementwise(int32_t activation) {
    return activation != VISML_SOFTMAX && activation != VISML_LOG_SOFTMAX;
}

int visml_activation_fuses(int32_t activation) {
    return activation <= VISML_RELU6 && activation != VISML_SOFTMAX;
}

int visml_activation_needs_x(int32_t activation) {
    return activation == VISML_GELU || activation == VISML_GELU_TANH || activation == VISML_SILU || activation == VISML_HARD_SILU ||
           activation == VISML_MISH;
}

typedef struct activation_job {
    const visml_kernels *k;
    int32_t activation;
    real alpha;
    size_t n;
    const real *x, *dy;
    real *y;
} activation_job;

static void activate_span(void *arg, size_t span, size_t worker) {
    const activation_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->activate(j->activation, j->alpha, visml_span_length(span, j->n), j->x + i, j->y + i);
}

void visml_activate(const visml_compute *c, int32_t activation, real alpha, size_t n, const real *x, real *y) {
    activation_job j = {c->kernels, activation, alpha, n, x, NULL, y};
    visml_parallel_run(c->parallel, visml_spans(n), activate_span, &j);
}

static void backward_span(void *arg, size_t span, size_t worker) {
    const activation_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->activate_backward(j->activation, j->alpha, visml_span_length(span, j->n), j->x + i, j->dy + i, j->y + i);
}

void visml_activate_backward(const visml_compute *c, int32_t activation, real alpha, size_t n, const real *y, const real *dy, real *dx) {
    activation_job j = {c->kernels, activation, alpha, n, y, dy, dx};
    visml_parallel_run(c->parallel, visml_spans(n), backward_span, &j);
}

typedef struct linear_job {
    const visml_kernels *k;
    size_t n;
    const real *x, *b;
    const uint8_t *bytes;
    real scale, offset;
    real *y;
} linear_job;

static void scale_span(void *arg, size_t span, size_t worker) {
    const linear_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->scale(visml_span_length(span, j->n), j->x + i, j->scale, j->offset, j->y + i);
}

void visml_scale(const visml_compute *c, size_t n, const real *x, real scale, real offset, real *y) {
    linear_job j = {.k = c->kernels, .n = n, .x = x, .scale = scale, .offset = offset, .y = y};
    visml_parallel_run(c->parallel, visml_spans(n), scale_span, &j);
}

static void sum_span(void *arg, size_t span, size_t worker) {
    const linear_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->sum(visml_span_length(span, j->n), j->x + i, j->b + i, j->y + i);
}

void visml_sum(const visml_compute *c, size_t n, const real *a, const real *b, real *y) {
    linear_job j = {.k = c->kernels, .n = n, .x = a, .b = b, .y = y};
    visml_parallel_run(c->parallel, visml_spans(n), sum_span, &j);
}

static void from_u8_span(void *arg, size_t span, size_t worker) {
    const linear_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->from_u8(visml_span_length(span, j->n), j->bytes + i, j->y + i);
}

void visml_from_u8(const visml_compute *c, size_t n, const uint8_t *x, real *y) {
    linear_job j = {.k = c->kernels, .n = n, .bytes = x, .y = y};
    visml_parallel_run(c->parallel, visml_spans(n), from_u8_span, &j);
}

typedef struct dropout_job {
    const visml_kernels *k;
    visml_dropout_terms terms;
    size_t n;
    const real *x;
    real *y;
} dropout_job;

static void dropout_span(void *arg, size_t span, size_t worker) {
    const dropout_job *j = arg;
    size_t i = span * VISML_SPAN;
    visml_dropout_terms t = j->terms;
    (void)worker;
    t.first = i / 4;
    j->k->dropout(&t, visml_span_length(span, j->n), j->x + i, j->y + i);
}

void visml_dropout_apply(const visml_compute *c, size_t n, const real *x, double rate, uint64_t key, uint64_t step, real *y) {
    double threshold = ceil(rate * 0x1p32); /* word * 2^-32 >= rate */
    dropout_job j = {.k = c->kernels, .n = n, .x = x, .y = y};
    if (threshold > UINT32_MAX) { /* nothing is kept */
        visml_scale(c, n, x, 0, 0, y);
        return;
    }
    j.terms = (visml_dropout_terms){key, step, 0, (uint32_t)threshold, (real)(1 / (1 - rate))};
    visml_parallel_run(c->parallel, visml_spans(n), dropout_span, &j);
}

typedef struct noise_job {
    const visml_kernels *k;
    visml_noise_terms terms;
    size_t n;
    const real *x;
    real *y;
} noise_job;

static void noise_span(void *arg, size_t span, size_t worker) {
    const noise_job *j = arg;
    size_t i = span * VISML_SPAN;
    visml_noise_terms t = j->terms;
    (void)worker;
    t.first = i / 4;
    j->k->noise(&t, visml_span_length(span, j->n), j->x + i, j->y + i);
}

void visml_noise_apply(const visml_compute *c, size_t n, const real *x, double deviation, int multiplies, uint64_t key, uint64_t step,
                       real *y) {
    noise_job j = {.k = c->kernels, .n = n, .x = x, .y = y, .terms = {key, step, 0, (real)deviation, multiplies}};
    visml_parallel_run(c->parallel, visml_spans(n), noise_span, &j);
}

typedef struct finite_job {
    const visml_kernels *k;
    size_t n;
    const real *x;
    _Atomic int bad;
} finite_job;

static void finite_span(void *arg, size_t span, size_t worker) {
    finite_job *j = arg;
    (void)worker;
    if (!j->k->all_finite(visml_span_length(span, j->n), j->x + span * VISML_SPAN))
        atomic_store_explicit(&j->bad, 1, memory_order_relaxed);
}

int visml_all_finite(const visml_compute *c, size_t n, const real *x) {
    finite_job j = {.k = c->kernels, .n = n, .x = x};
    visml_parallel_run(c->parallel, visml_spans(n), finite_span, &j);
    return !atomic_load(&j.bad);
}
