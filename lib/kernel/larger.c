#include "kernel/larger.h"

#include <string.h>

#include "kernel/kernels.h"

typedef struct larger_job {
    const visml_kernels *k;
    visml_larger g;
    visml_larger_row row;
    int64_t in, out; /* elements of a row */
    const real *x;
    real *y;
} larger_job;

static larger_job job_of(const visml_compute *c, const visml_larger *g, const real *x, real *y) {
    return (larger_job){.k = c->kernels, .g = *g, .row = {g->w, g->c, g->across}, .in = g->w * g->c, .out = g->w * g->across * g->c, .x = x,
                        .y = y};
}

/* ---- nearest: one row of the input a piece of work ---- */

static void widen(const larger_job *j, const real *x, real *y) {
    const visml_larger_row *r = &j->row;
    if (r->c == 1) {
        j->k->spread((size_t)r->width, r->times, x, y);
        return;
    }
    for (int64_t i = 0; i < r->width; i++, x += r->c, y += r->times * r->c)
        j->k->copy_rows(r->times, r->c, x, 0, y, r->c);
}

static void nearest_row(void *arg, size_t row, size_t worker) {
    const larger_job *j = arg;
    real *y = j->y + (int64_t)row * j->g.down * j->out;
    (void)worker;
    widen(j, j->x + (int64_t)row * j->in, y);
    for (int64_t i = 1; i < j->g.down; i++)
        memcpy(y + i * j->out, y, (size_t)j->out * sizeof *y);
}

void visml_larger_nearest(const visml_compute *c, const visml_larger *g, const real *x, real *y) {
    larger_job j = job_of(c, g, x, y);
    visml_parallel_run(c->parallel, (size_t)(g->n * g->h), nearest_row, &j);
}

static void nearest_sums_row(void *arg, size_t row, size_t worker) {
    const larger_job *j = arg;
    (void)worker;
    j->k->larger_nearest_sums(&j->row, j->g.down, j->x + (int64_t)row * j->g.down * j->out, j->y + (int64_t)row * j->in);
}

void visml_larger_nearest_backward(const visml_compute *c, const visml_larger *g, const real *dy, real *dx) {
    larger_job j = job_of(c, g, dy, dx);
    visml_parallel_run(c->parallel, (size_t)(g->n * g->h), nearest_sums_row, &j);
}

/* ---- bilinear ---- */

/* The rows of an image that output row i lies between, and its share of the one below. */
typedef struct rows {
    int64_t above, below;
    real share;
} rows;

static rows rows_of(const visml_larger *g, int64_t i) {
    double at = ((double)i + 0.5) / (double)g->down - 0.5;
    int64_t above = at < 0 ? -1 : (int64_t)at, below = above + 1;
    return (rows){above < 0 ? 0 : above, below < g->h ? below : g->h - 1, (real)(at - (double)above)};
}

static void bilinear_row(void *arg, size_t row, size_t worker) {
    const larger_job *j = arg;
    int64_t out = j->g.h * j->g.down;
    const real *x = j->x + (int64_t)row / out * j->g.h * j->in;
    rows r = rows_of(&j->g, (int64_t)row % out);
    (void)worker;
    j->k->larger_bilinear(&j->row, r.share, x + r.above * j->in, x + r.below * j->in, j->y + (int64_t)row * j->out);
}

void visml_larger_bilinear(const visml_compute *c, const visml_larger *g, const real *x, real *y) {
    larger_job j = job_of(c, g, x, y);
    visml_parallel_run(c->parallel, (size_t)(g->n * g->h * g->down), bilinear_row, &j);
}

static void bilinear_back_image(void *arg, size_t image, size_t worker) {
    const larger_job *j = arg;
    int64_t out = j->g.h * j->g.down;
    real *dx = j->y + (int64_t)image * j->g.h * j->in;
    (void)worker;
    memset(dx, 0, (size_t)(j->g.h * j->in) * sizeof *dx);
    for (int64_t i = 0; i < out; i++) {
        rows r = rows_of(&j->g, i);
        j->k->larger_bilinear_backward(&j->row, r.share, j->x + ((int64_t)image * out + i) * j->out, dx + r.above * j->in,
                                       dx + r.below * j->in);
    }
}

void visml_larger_bilinear_backward(const visml_compute *c, const visml_larger *g, const real *dy, real *dx) {
    larger_job j = job_of(c, g, dy, dx);
    visml_parallel_run(c->parallel, (size_t)g->n, bilinear_back_image, &j);
}

/* ---- vectors: one a piece of work ---- */

typedef struct repeat_job {
    const visml_kernels *k;
    int64_t times, width;
    const real *x;
    real *y;
} repeat_job;

static void repeat_one(void *arg, size_t i, size_t worker) {
    const repeat_job *j = arg;
    (void)worker;
    j->k->copy_rows(j->times, j->width, j->x + (int64_t)i * j->width, 0, j->y + (int64_t)i * j->times * j->width, j->width);
}

void visml_repeat(const visml_compute *c, int64_t n, int64_t times, int64_t width, const real *x, real *y) {
    repeat_job j = {c->kernels, times, width, x, y};
    visml_parallel_run(c->parallel, (size_t)n, repeat_one, &j);
}

static void repeat_back_one(void *arg, size_t i, size_t worker) {
    const repeat_job *j = arg;
    (void)worker;
    j->k->colsum(j->times, j->width, j->x + (int64_t)i * j->times * j->width, j->y + (int64_t)i * j->width);
}

void visml_repeat_backward(const visml_compute *c, int64_t n, int64_t times, int64_t width, const real *dy, real *dx) {
    repeat_job j = {c->kernels, times, width, dy, dx};
    visml_parallel_run(c->parallel, (size_t)n, repeat_back_one, &j);
}
