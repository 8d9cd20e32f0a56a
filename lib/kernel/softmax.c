#include "kernel/softmax.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

typedef struct softmax_job {
    visml_kernel_softmax *forward;
    visml_kernel_softmax_backward *backward;
    int64_t rows, c, block;
    const real *x, *dy;
    real *y;
} softmax_job;

static void forward_block(void *arg, size_t b, size_t worker) {
    const softmax_job *j = arg;
    int64_t i = (int64_t)b, at = i * j->block * j->c;
    (void)worker;
    j->forward(visml_block_length(i, j->block, j->rows), j->c, j->x + at, j->y + at);
}

static void run_forward(const visml_compute *c, visml_kernel_softmax *fn, int64_t rows, int64_t channels, const real *x, real *y) {
    softmax_job j = {.forward = fn, .rows = rows, .c = channels, .block = visml_span_rows(channels), .x = x, .y = y};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, j.block), forward_block, &j);
}

void visml_softmax_forward(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *y) {
    run_forward(c, c->kernels->softmax, rows, channels, x, y);
}

void visml_log_softmax_forward(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *y) {
    run_forward(c, c->kernels->log_softmax, rows, channels, x, y);
}

static void backward_block(void *arg, size_t b, size_t worker) {
    const softmax_job *j = arg;
    int64_t i = (int64_t)b, at = i * j->block * j->c;
    (void)worker;
    j->backward(visml_block_length(i, j->block, j->rows), j->c, j->x + at, j->dy + at, j->y + at);
}

static void run_backward(const visml_compute *c, visml_kernel_softmax_backward *fn, int64_t rows, int64_t channels, const real *y,
                         const real *dy, real *dx) {
    softmax_job j = {.backward = fn, .rows = rows, .c = channels, .block = visml_span_rows(channels), .x = y, .dy = dy, .y = dx};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, j.block), backward_block, &j);
}

void visml_softmax_backward(const visml_compute *c, int64_t rows, int64_t channels, const real *y, const real *dy, real *dx) {
    run_backward(c, c->kernels->softmax_backward, rows, channels, y, dy, dx);
}

void visml_log_softmax_backward(const visml_compute *c, int64_t rows, int64_t channels, const real *y, const real *dy, real *dx) {
    run_backward(c, c->kernels->log_softmax_backward, rows, channels, y, dy, dx);
}

typedef struct crossentropy_job {
    const visml_kernels *k;
    const visml_crossentropy *x;
    int64_t block;
} crossentropy_job;

static void crossentropy_block(void *arg, size_t b, size_t worker) {
    const crossentropy_job *j = arg;
    const visml_crossentropy *x = j->x;
    int64_t row = (int64_t)b * j->block, at = row * x->channels;
    (void)worker;
    visml_crossentropy_rows r = {.rows = visml_block_length((int64_t)b, j->block, x->rows), .channels = x->channels};
    r.z = x->z + at;
    r.labels = x->labels ? x->labels + row : NULL;
    r.targets = x->targets ? x->targets + at : NULL;
    r.factor = x->factor ? x->factor + row : NULL;
    r.keep = (real)(1 - x->smoothing);
    r.spread = (real)(x->smoothing / (double)(x->channels ? x->channels : 1));
    r.loss = x->loss + row;
    r.dz = x->dz ? x->dz + at : NULL;
    r.prob = x->prob ? x->prob + at : NULL;
    j->k->crossentropy(&r);
}

void visml_crossentropy_run(const visml_compute *c, const visml_crossentropy *x) {
    crossentropy_job j = {c->kernels, x, visml_span_rows(x->channels)};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(x->rows, j.block), crossentropy_block, &j);
}
