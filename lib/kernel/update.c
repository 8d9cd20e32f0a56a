#include "kernel/update.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

typedef struct update_job {
    const visml_kernels *k;
    visml_update_kernel *step;
    const visml_update_terms *terms;
    visml_update_arrays arrays;
    size_t n;
    const real *from;
    real *x, *sum;
    real number; /* a share or a limit */
} update_job;

static real *at(real *array, size_t i) {
    return array ? array + i : NULL;
}

static void step_span(void *arg, size_t span, size_t worker) {
    const update_job *j = arg;
    const visml_update_arrays *p = &j->arrays;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->step(j->terms, visml_span_length(span, j->n), p->w + i, p->g + i, at(p->a, i), at(p->b, i), at(p->c, i));
}

void visml_update_step(const visml_compute *c, visml_update_kernel *step, const visml_update_terms *terms, size_t n,
                       const visml_update_arrays *arrays) {
    update_job j = {.step = step, .terms = terms, .arrays = *arrays, .n = n};
    visml_parallel_run(c->parallel, visml_spans(n), step_span, &j);
}

static void approach_span(void *arg, size_t span, size_t worker) {
    const update_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->approach(visml_span_length(span, j->n), j->from ? j->from + i : NULL, j->x + i, j->number);
}

void visml_approach(const visml_compute *c, size_t n, const real *from, real *to, real share) {
    update_job j = {.k = c->kernels, .n = n, .from = from, .x = to, .number = share};
    visml_parallel_run(c->parallel, visml_spans(n), approach_span, &j);
}

static void clamp_span(void *arg, size_t span, size_t worker) {
    const update_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->clamp(visml_span_length(span, j->n), j->x + i, j->number);
}

void visml_clamp(const visml_compute *c, size_t n, real *x, real limit) {
    update_job j = {.k = c->kernels, .n = n, .x = x, .number = limit};
    visml_parallel_run(c->parallel, visml_spans(n), clamp_span, &j);
}

static void mean_span(void *arg, size_t span, size_t worker) {
    const update_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->take_mean(visml_span_length(span, j->n), j->x + i, j->sum + i, j->number);
}

void visml_take_mean(const visml_compute *c, size_t n, real *g, real *sum, real share) {
    update_job j = {.k = c->kernels, .n = n, .x = g, .sum = sum, .number = share};
    visml_parallel_run(c->parallel, visml_spans(n), mean_span, &j);
}
