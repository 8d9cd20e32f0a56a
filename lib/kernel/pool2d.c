#include "kernel/pool2d.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

typedef struct pool_job pool_job;
struct pool_job {
    const visml_kernels *k;
    const visml_pool2d_geometry *g;
    void (*windows)(const pool_job *j, const visml_pool_windows *w, int64_t in, int64_t out);
    void (*row)(const pool_job *j, int64_t in, int64_t out, int64_t oy);
    int64_t block; /* rows of outputs in a piece of work */
    const real *x, *y, *dy;
    real *to;
};

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* No two windows share a pixel, and only pixels behind the last ones are in none. */
static int is_tiled(const visml_pool2d_geometry *g) {
    return g->sh == g->ph && g->sw == g->pw && g->oh > 0 && g->ow > 0;
}

/* One output row: windows that lie inside the width in one call, those at the edges one by one. in: the sample's first element. */
static void pool_row(const pool_job *j, int64_t in, int64_t out, int64_t oy) {
    const visml_pool2d_geometry *g = j->g;
    int64_t y0 = most(oy * g->sh - g->top, 0), y1 = least(oy * g->sh - g->top + g->ph, g->h);
    visml_pool_windows w = {.step = g->sw * g->c, .th = y1 - y0, .row = g->w * g->c, .c = g->c, .alone = is_tiled(g)};
    for (int64_t ox = 0; ox < g->ow; ox += w.count) {
        int64_t from = ox * g->sw - g->left, x0 = most(from, 0), x1 = least(from + g->pw, g->w);
        w.tw = x1 - x0;
        w.count = 1;
        if (from >= 0 && from + g->pw <= g->w)
            w.count = least((g->w - g->pw - from) / g->sw + 1, g->ow - ox);
        j->windows(j, &w, in + (y0 * g->w + x0) * g->c, out + (oy * g->ow + ox) * g->c);
    }
}

static void rows_block(void *arg, size_t block, size_t worker) {
    const pool_job *j = arg;
    const visml_pool2d_geometry *g = j->g;
    int64_t at = (int64_t)block * j->block, end = least(at + j->block, g->n * g->oh);
    (void)worker;
    for (; at < end; at++)
        j->row(j, at / g->oh * g->h * g->w * g->c, at / g->oh * g->oh * g->ow * g->c, at % g->oh);
}

static void run_rows(const visml_compute *c, pool_job *j, void (*row)(const pool_job *j, int64_t in, int64_t out, int64_t oy)) {
    j->row = row;
    j->block = visml_span_rows(j->g->ow * j->g->c);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->g->n * j->g->oh, j->block), rows_block, j);
}

static void run_forward(const visml_compute *c, pool_job *j) {
    run_rows(c, j, pool_row);
}

/* Rows of pixels y0 ... y1, columns from x0 on, become 0. */
static void clear(const pool_job *j, int64_t in, int64_t y0, int64_t y1, int64_t x0) {
    const visml_pool2d_geometry *g = j->g;
    if (x0 < g->w && y0 < y1)
        j->k->copy_rows(y1 - y0, (g->w - x0) * g->c, NULL, 0, j->to + in + (y0 * g->w + x0) * g->c, g->w * g->c);
}

/* Backward, tiled: every pixel of the windows is written once. */
static void tiled_row(const pool_job *j, int64_t in, int64_t out, int64_t oy) {
    const visml_pool2d_geometry *g = j->g;
    int64_t y0 = most(oy * g->sh - g->top, 0), y1 = least(oy * g->sh - g->top + g->ph, g->h);
    pool_row(j, in, out, oy);
    clear(j, in, y0, y1, g->ow * g->sw - g->left);
    if (oy == g->oh - 1)
        clear(j, in, y1, g->h, 0);
}

/* Backward where windows may overlap: a whole sample is one task. Rows are cleared just before they are added to. */
static void backward_sample(void *arg, size_t task, size_t worker) {
    const pool_job *j = arg;
    const visml_pool2d_geometry *g = j->g;
    int64_t in = (int64_t)task * g->h * g->w * g->c, done = 0;
    (void)worker;
    for (int64_t oy = 0; oy < g->oh; oy++) {
        int64_t end = most(done, least(oy * g->sh - g->top + g->ph, g->h));
        clear(j, in, done, end, 0);
        done = end;
        pool_row(j, in, (int64_t)task * g->oh * g->ow * g->c, oy);
    }
    clear(j, in, done, g->h, 0);
}

static void run_backward(const visml_compute *c, pool_job *j) {
    if (is_tiled(j->g))
        run_rows(c, j, tiled_row);
    else
        visml_parallel_run(c->parallel, (size_t)j->g->n, backward_sample, j);
}

static void max_windows(const pool_job *j, const visml_pool_windows *w, int64_t in, int64_t out) {
    j->k->maxpool(w, j->x + in, j->to + out);
}

void visml_maxpool2d_forward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, real *y) {
    pool_job j = {.k = c->kernels, .g = g, .windows = max_windows, .x = x, .to = y};
    run_forward(c, &j);
}

static void max_backward_windows(const pool_job *j, const visml_pool_windows *w, int64_t in, int64_t out) {
    j->k->maxpool_backward(w, j->x + in, j->y + out, j->dy + out, j->to + in);
}

void visml_maxpool2d_backward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, const real *y, const real *dy,
                              real *dx) {
    pool_job j = {.k = c->kernels, .g = g, .windows = max_backward_windows, .x = x, .y = y, .dy = dy, .to = dx};
    run_backward(c, &j);
}

static void average_windows(const pool_job *j, const visml_pool_windows *w, int64_t in, int64_t out) {
    j->k->avgpool(w, j->x + in, j->to + out);
}

void visml_avgpool2d_forward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, real *y) {
    pool_job j = {.k = c->kernels, .g = g, .windows = average_windows, .x = x, .to = y};
    run_forward(c, &j);
}

static void average_backward_windows(const pool_job *j, const visml_pool_windows *w, int64_t in, int64_t out) {
    j->k->avgpool_backward(w, j->dy + out, j->to + in);
}

void visml_avgpool2d_backward(const visml_compute *c, const visml_pool2d_geometry *g, const real *dy, real *dx) {
    pool_job j = {.k = c->kernels, .g = g, .windows = average_backward_windows, .dy = dy, .to = dx};
    run_backward(c, &j);
}

typedef struct rowmean_job {
    const visml_kernels *k;
    int64_t rows, c;
    const real *x;
    real *y;
} rowmean_job;

static void rowmean_sample(void *arg, size_t task, size_t worker) {
    const rowmean_job *j = arg;
    int64_t n = (int64_t)task;
    (void)worker;
    j->k->rowmean(j->rows, j->c, j->x + n * j->rows * j->c, j->y + n * j->c);
}

void visml_rowmean_forward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, real *y) {
    rowmean_job j = {c->kernels, rows, channels, x, y};
    visml_parallel_run(c->parallel, (size_t)n, rowmean_sample, &j);
}

static void rowmean_backward_sample(void *arg, size_t task, size_t worker) {
    const rowmean_job *j = arg;
    int64_t n = (int64_t)task;
    const real *dy = j->x + n * j->c;
    real *dx = j->y + n * j->rows * j->c;
    (void)worker;
    if (!j->rows)
        return;
    /* every row is dy / rows: one window of all rows */
    visml_pool_windows w = {.count = 1, .th = j->rows, .tw = 1, .row = j->c, .c = j->c, .alone = 1};
    j->k->avgpool_backward(&w, dy, dx);
}

void visml_rowmean_backward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *dy, real *dx) {
    rowmean_job j = {c->kernels, rows, channels, dy, dx};
    visml_parallel_run(c->parallel, (size_t)n, rowmean_backward_sample, &j);
}

typedef struct rowmax_job {
    const visml_kernels *k;
    visml_pool_windows window; /* all rows of a sample */
    const real *x, *y, *dy;
    real *to;
} rowmax_job;

static rowmax_job rowmax_of(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *to) {
    return (rowmax_job){.k = c->kernels, .window = {.count = 1, .th = rows, .tw = 1, .row = channels, .c = channels, .alone = 1}, .x = x,
                        .to = to};
}

static void rowmax_sample(void *arg, size_t task, size_t worker) {
    const rowmax_job *j = arg;
    int64_t n = (int64_t)task, c = j->window.c;
    (void)worker;
    j->k->maxpool(&j->window, j->x + n * j->window.th * c, j->to + n * c);
}

void visml_rowmax_forward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, real *y) {
    rowmax_job j = rowmax_of(c, rows, channels, x, y);
    visml_parallel_run(c->parallel, (size_t)n, rowmax_sample, &j);
}

static void rowmax_backward_sample(void *arg, size_t task, size_t worker) {
    const rowmax_job *j = arg;
    int64_t n = (int64_t)task, c = j->window.c, at = n * j->window.th * c;
    (void)worker;
    j->k->maxpool_backward(&j->window, j->x + at, j->y + n * c, j->dy + n * c, j->to + at);
}

void visml_rowmax_backward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, const real *y, const real *dy,
                           real *dx) {
    rowmax_job j = rowmax_of(c, rows, channels, x, dx);
    j.y = y;
    j.dy = dy;
    visml_parallel_run(c->parallel, (size_t)n, rowmax_backward_sample, &j);
}
