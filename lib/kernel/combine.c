#include "kernel/combine.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

typedef struct combine_job {
    const visml_kernels *k;
    const visml_combination *m;
    size_t n;
    int32_t which;
    const real *y, *dy;
    real *out;
} combine_job;

static void combine_span(void *arg, size_t span, size_t worker) {
    const combine_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->combine(j->m, i, visml_span_length(span, j->n), j->out + i);
}

void visml_combine(const visml_compute *c, const visml_combination *m, size_t n, real *y) {
    combine_job j = {.k = c->kernels, .m = m, .n = n, .out = y};
    visml_parallel_run(c->parallel, visml_spans(n), combine_span, &j);
}

static void backward_span(void *arg, size_t span, size_t worker) {
    const combine_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->combine_backward(j->m, j->which, i, visml_span_length(span, j->n), j->y ? j->y + i : NULL, j->dy + i, j->out + i);
}

void visml_combine_backward(const visml_compute *c, const visml_combination *m, int32_t which, size_t n, const real *y, const real *dy,
                            real *dx) {
    combine_job j = {.k = c->kernels, .m = m, .n = n, .which = which, .y = y, .dy = dy, .out = dx};
    visml_parallel_run(c->parallel, visml_spans(n), backward_span, &j);
}
