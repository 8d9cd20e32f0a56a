#include "kernel/step.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

typedef struct step_job {
    const visml_kernels *k;
    size_t n;
    real *w, *m, *v;
    const real *g;
    real lr, momentum;
    int nesterov;
    visml_adam_terms terms;
} step_job;

static void sgd_span(void *arg, size_t span, size_t worker) {
    const step_job *j = arg;
    size_t i = span * VISML_SPAN, n = visml_span_length(span, j->n);
    (void)worker;
    if (j->momentum == 0)
        j->k->sgd(n, j->w + i, j->g + i, j->lr);
    else
        j->k->momentum(n, j->w + i, j->g + i, j->v + i, j->lr, j->momentum, j->nesterov);
}

void visml_sgd_step(const visml_compute *c, size_t n, real *w, const real *g, real *v, double lr, double momentum, int nesterov) {
    step_job j = {.k = c->kernels, .n = n, .w = w, .v = v, .g = g, .lr = (real)lr, .momentum = (real)momentum, .nesterov = nesterov};
    visml_parallel_run(c->parallel, visml_spans(n), sgd_span, &j);
}

static void adam_span(void *arg, size_t span, size_t worker) {
    const step_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->adam(&j->terms, visml_span_length(span, j->n), j->w + i, j->g + i, j->m + i, j->v + i);
}

void visml_adam_step(const visml_compute *c, size_t n, real *w, const real *g, real *m, real *v, double alpha, double beta_1,
                     double beta_2, double epsilon) {
    step_job j = {.k = c->kernels, .n = n, .w = w, .m = m, .v = v, .g = g};
    j.terms = (visml_adam_terms){(real)alpha, (real)(1 - beta_1), (real)(1 - beta_2), (real)epsilon};
    visml_parallel_run(c->parallel, visml_spans(n), adam_span, &j);
}
