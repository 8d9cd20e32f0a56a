#include "kernel/margins.h"

#include <string.h>

#include "base/parallel.h"

typedef struct margins_job {
    const visml_margins *g;
    const real *from;
    real *to;
} margins_job;

/* One row of an outer image. */
static void add_row(void *arg, size_t number, size_t worker) {
    const margins_job *j = arg;
    const visml_margins *g = j->g;
    int64_t image = (int64_t)number / g->outer_h, row = (int64_t)number % g->outer_h - g->top;
    int64_t width = g->outer_w * g->c, left = g->left * g->c, inside = row >= 0 && row < g->h ? g->w * g->c : 0;
    real *to = j->to + (int64_t)number * width;
    (void)worker;
    memset(to, 0, (size_t)left * sizeof *to);
    if (inside)
        memcpy(to + left, j->from + (image * g->h + row) * inside, (size_t)inside * sizeof *to);
    memset(to + left + inside, 0, (size_t)(width - left - inside) * sizeof *to);
}

void visml_margins_add(const visml_compute *c, const visml_margins *g, const real *inner, real *outer) {
    margins_job j = {g, inner, outer};
    visml_parallel_run(c->parallel, (size_t)(g->n * g->outer_h), add_row, &j);
}

/* One row of an inner image. */
static void remove_row(void *arg, size_t number, size_t worker) {
    const margins_job *j = arg;
    const visml_margins *g = j->g;
    int64_t image = (int64_t)number / g->h, row = (int64_t)number % g->h + g->top, width = g->w * g->c;
    (void)worker;
    memcpy(j->to + (int64_t)number * width, j->from + ((image * g->outer_h + row) * g->outer_w + g->left) * g->c,
           (size_t)width * sizeof *j->to);
}

void visml_margins_remove(const visml_compute *c, const visml_margins *g, const real *outer, real *inner) {
    margins_job j = {g, outer, inner};
    visml_parallel_run(c->parallel, (size_t)(g->n * g->h), remove_row, &j);
}
