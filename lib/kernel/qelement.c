#include "kernel/qelement.h"

#ifndef VISML_REAL_DOUBLE

#include <math.h>

#include "kernel/kernels.h"
#include "kernel/span.h"
#include "visml/base.h"

/* ---- element by element ---- */

typedef struct bytes_job {
    const visml_kernels *k;
    size_t n;
    const float *x;
    float *y;
    const uint8_t *from;
    uint8_t *to;
    float scale;
    int32_t zero;
    visml_qsum sum;
} bytes_job;

static void quantize_span(void *arg, size_t span, size_t worker) {
    const bytes_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->quantize(visml_span_length(span, j->n), j->x + i, j->scale, j->zero, j->to + i);
}

void visml_quantize_bytes(const visml_compute *c, size_t n, const float *x, visml_qform form, uint8_t *q) {
    bytes_job j = {.k = c->kernels, .n = n, .x = x, .to = q, .scale = (float)(1 / (double)form.scale), .zero = form.zero};
    visml_parallel_run(c->parallel, visml_spans(n), quantize_span, &j);
}

static void dequantize_span(void *arg, size_t span, size_t worker) {
    const bytes_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->dequantize(visml_span_length(span, j->n), j->from + i, j->scale, j->zero, j->y + i);
}

void visml_dequantize_bytes(const visml_compute *c, size_t n, const uint8_t *q, visml_qform form, float *x) {
    bytes_job j = {.k = c->kernels, .n = n, .from = q, .y = x, .scale = form.scale, .zero = form.zero};
    visml_parallel_run(c->parallel, visml_spans(n), dequantize_span, &j);
}

static void sum_span(void *arg, size_t span, size_t worker) {
    const bytes_job *j = arg;
    size_t i = span * VISML_SPAN;
    visml_qsum s = j->sum;
    (void)worker;
    s.a += i;
    s.b += i;
    j->k->qsum(&s, visml_span_length(span, j->n), j->to + i);
}

void visml_qadd_run(const visml_compute *c, const visml_qadd *s, size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y) {
    bytes_job j = {.k = c->kernels, .n = n, .to = y};
    int relu = s->activation == VISML_RELU || s->activation == VISML_RELU6;
    j.sum = (visml_qsum){.a = a, .b = b, .a_zero = s->a.zero, .b_zero = s->b.zero};
    j.sum.a_scale = (float)((double)s->a.scale / (double)s->y.scale);
    j.sum.b_scale = (float)((double)s->b.scale / (double)s->y.scale);
    j.sum.r = (visml_requantize){.activation = relu ? VISML_LINEAR : s->activation, .alpha = s->alpha, .zero = s->y.zero};
    j.sum.r.lo = relu ? 0 : (float)-s->y.zero;
    j.sum.r.hi = (float)(255 - s->y.zero);
    if (s->activation == VISML_RELU6)
        j.sum.r.hi = fminf(j.sum.r.hi, (float)(6 / (double)s->y.scale));
    visml_parallel_run(c->parallel, visml_spans(n), sum_span, &j);
}

/* ---- pooling: one row of windows a task ---- */

typedef struct qpool_job {
    const visml_pool2d_geometry *g;
    void (*windows)(const visml_pool_windows *w, const uint8_t *x, uint8_t *y);
    const uint8_t *x;
    uint8_t *y;
} qpool_job;

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Windows that lie inside the width in one call, those at the edges one by one. */
static void pool_row(void *arg, size_t task, size_t worker) {
    const qpool_job *j = arg;
    const visml_pool2d_geometry *g = j->g;
    int64_t n = (int64_t)task / g->oh, top = (int64_t)task % g->oh * g->sh - g->top, y0 = most(top, 0), y1 = least(top + g->ph, g->h);
    visml_pool_windows w = {.step = g->sw * g->c, .th = y1 - y0, .row = g->w * g->c, .c = g->c};
    (void)worker;
    for (int64_t ox = 0; ox < g->ow; ox += w.count) {
        int64_t from = ox * g->sw - g->left, x0 = most(from, 0), x1 = least(from + g->pw, g->w);
        w.tw = x1 - x0;
        w.count = 1;
        if (from >= 0 && from + g->pw <= g->w)
            w.count = least((g->w - g->pw - from) / g->sw + 1, g->ow - ox);
        j->windows(&w, j->x + ((n * g->h + y0) * g->w + x0) * g->c, j->y + ((int64_t)task * g->ow + ox) * g->c);
    }
}

void visml_qmaxpool2d(const visml_compute *c, const visml_pool2d_geometry *g, const uint8_t *x, uint8_t *y) {
    qpool_job j = {g, c->kernels->qmaxpool, x, y};
    visml_parallel_run(c->parallel, (size_t)(g->n * g->oh), pool_row, &j);
}

void visml_qavgpool2d(const visml_compute *c, const visml_pool2d_geometry *g, const uint8_t *x, uint8_t *y) {
    qpool_job j = {g, c->kernels->qavgpool, x, y};
    visml_parallel_run(c->parallel, (size_t)(g->n * g->oh), pool_row, &j);
}

typedef struct qrowmean_job {
    const visml_kernels *k;
    int64_t rows, c;
    const uint8_t *x;
    visml_qform form;
    float *y;
} qrowmean_job;

static void rowmean_sample(void *arg, size_t task, size_t worker) {
    const qrowmean_job *j = arg;
    int64_t n = (int64_t)task;
    (void)worker;
    j->k->qrowmean(j->rows, j->c, j->x + n * j->rows * j->c, j->form.scale, j->form.zero, j->y + n * j->c);
}

void visml_qrowmean(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const uint8_t *x, visml_qform form, float *y) {
    qrowmean_job j = {c->kernels, rows, channels, x, form, y};
    visml_parallel_run(c->parallel, (size_t)n, rowmean_sample, &j);
}

#endif
