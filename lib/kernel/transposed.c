#include "kernel/transposed.h"

#include "base/checked.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"
#include "kernel/norm.h"
#include "visml/base.h"

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Rounded up to whole cache lines; SIZE_MAX, which no allocation survives, when it cannot be addressed. */
static size_t bytes_of(int64_t elements) {
    size_t n;
    return visml_size_mul((size_t)elements, sizeof(real), &n) && visml_size_align(n, 64, &n) ? n : SIZE_MAX;
}

static size_t sum_of(size_t a, size_t b) {
    size_t n;
    return visml_size_add(a, b, &n) ? n : SIZE_MAX;
}

static int is_dense(const visml_conv2d_geometry *g) {
    return g->sh == 1 && g->sw == 1;
}

/* ---- strides of 1: y is the convolution of x with the taps from the last to the first and channels for filters ---- */

static visml_conv2d_geometry turned(const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = *g;
    t.h = g->oh;
    t.w = g->ow;
    t.c = g->f;
    t.oh = g->h;
    t.ow = g->w;
    t.f = g->c;
    t.top = (g->kh - 1) * g->dh - g->top;
    t.left = (g->kw - 1) * g->dw - g->left;
    return t;
}

typedef struct turn_job {
    const visml_kernels *k;
    const visml_conv2d_geometry *g;
    const real *w;
    real *to;
} turn_job;

static void turn_tap(void *arg, size_t tap, size_t worker) {
    const turn_job *j = arg;
    int64_t size = j->g->c * j->g->f, last = j->g->kh * j->g->kw - 1;
    (void)worker;
    j->k->transpose(j->g->c, j->g->f, j->w + (last - (int64_t)tap) * size, j->g->f, j->to + (int64_t)tap * size, j->g->c);
}

static void turn(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, real *to) {
    turn_job j = {c->kernels, g, w, to};
    visml_parallel_run(c->parallel, (size_t)(g->kh * g->kw), turn_tap, &j);
}

static size_t weights_bytes(const visml_conv2d_geometry *g) {
    return bytes_of(g->kh * g->kw * g->c * g->f);
}

size_t visml_transposed_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = turned(g);
    return is_dense(g) ? sum_of(weights_bytes(g), visml_conv2d_packed_bytes(c, &t)) : 0;
}

int32_t visml_transposed_packed_form(const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = turned(g);
    return is_dense(g) ? visml_conv2d_packed_form(&t) : 0;
}

/* The turned weights, which a convolution may not need any more, and behind them the packed ones. */
void visml_transposed_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed) {
    visml_conv2d_geometry t = turned(g);
    turn(c, g, w, packed);
    visml_conv2d_pack(c, &t, packed, (char *)packed + weights_bytes(g));
}

static void dense_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed, real *y,
                          const visml_epilogue *epilogue, void *scratch) {
    visml_conv2d_geometry t = turned(g);
    size_t weights = weights_bytes(g);
    if (packed) {
        visml_conv2d_forward(c, &t, x, packed, (const char *)packed + weights, y, epilogue, (char *)scratch + weights);
        return;
    }
    turn(c, g, w, scratch);
    visml_conv2d_forward(c, &t, x, scratch, NULL, y, epilogue, (char *)scratch + weights);
}

/* ---- other strides ---- */

static void fill(int64_t n, real value, real *to) {
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

/* The epilogue on the whole of y. spare: [2, c]. */
static void finish(const visml_compute *c, const visml_conv2d_geometry *g, const visml_epilogue *e, real *y, real *spare) {
    int64_t rows = g->n * g->h * g->w;
    size_t n = (size_t)(rows * g->c);
    fill(g->c, 1, spare);
    fill(g->c, 0, spare + g->c);
    if (e->gain || e->bias)
        visml_affine(c, rows, g->c, y, e->gain ? e->gain : spare, e->bias ? e->bias : spare + g->c, y);
    if (e->residual)
        visml_sum(c, n, y, e->residual, y);
    if (e->activation != VISML_LINEAR)
        visml_activate(c, e->activation, e->alpha, n, y, y);
    if (e->scale)
        visml_affine(c, rows, g->c, y, e->scale, e->shift, y);
}

size_t visml_transposed_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    visml_conv2d_geometry t = turned(g);
    if (is_dense(g))
        return sum_of(weights_bytes(g), visml_conv2d_forward_scratch(c, &t));
    return larger(visml_conv2d_backward_data_scratch(c, g), bytes_of(2 * g->c));
}

void visml_transposed_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                              real *y, const visml_epilogue *epilogue, void *scratch) {
    if (is_dense(g)) {
        dense_forward(c, g, x, w, packed, y, epilogue, scratch);
        return;
    }
    visml_conv2d_backward_data(c, g, x, w, y, scratch);
    if (epilogue)
        finish(c, g, epilogue, y, scratch);
}
