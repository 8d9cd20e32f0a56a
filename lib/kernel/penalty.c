#include "kernel/penalty.h"

#include "kernel/kernels.h"
#include "kernel/reduce.h"
#include "kernel/span.h"

#define COLUMNS 64     /* of one piece of work */
#define EPSILON 1e-7   /* Keras' backend.epsilon() */

double visml_penalty(const visml_compute *c, size_t n, const real *x, double l1, double l2) {
    double sum = 0;
    if (l1 != 0)
        sum += l1 * (double)visml_reduce_abs(c, n, x);
    if (l2 != 0)
        sum += l2 * (double)visml_reduce_squares(c, n, x);
    return sum;
}

typedef struct penalty_job {
    const visml_kernels *k;
    size_t n;
    int64_t rows, cols;
    const real *x;
    real *dx, *w;
    real l1, twice_l2, limit;
} penalty_job;

static void penalize_span(void *arg, size_t span, size_t worker) {
    const penalty_job *j = arg;
    size_t i = span * VISML_SPAN;
    (void)worker;
    j->k->penalize(visml_span_length(span, j->n), j->x + i, j->l1, j->twice_l2, j->dx + i);
}

void visml_penalize(const visml_compute *c, size_t n, const real *x, double l1, double l2, real *dx) {
    penalty_job j = {.k = c->kernels, .n = n, .x = x, .dx = dx, .l1 = (real)l1, .twice_l2 = (real)(2 * l2)};
    visml_parallel_run(c->parallel, visml_spans(n), penalize_span, &j);
}

static void max_norm_columns(void *arg, size_t block, size_t worker) {
    const penalty_job *j = arg;
    int64_t b = (int64_t)block;
    (void)worker;
    j->k->max_norm(j->rows, visml_block_length(b, COLUMNS, j->cols), j->cols, j->limit, (real)EPSILON, j->w + b * COLUMNS);
}

void visml_max_norm(const visml_compute *c, int64_t rows, int64_t cols, double limit, real *w) {
    penalty_job j = {.k = c->kernels, .rows = rows, .cols = cols, .w = w, .limit = (real)limit};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(cols, COLUMNS), max_norm_columns, &j);
}
