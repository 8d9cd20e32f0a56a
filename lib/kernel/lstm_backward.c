#include "kernel/gemm.h"
#include "kernel/lstm_plan.h"
#include "kernel/product.h"

typedef struct backward_job {
    const visml_compute *compute;
    const visml_lstm_sequence *l;
    visml_lstm_kept kept; /* the gates become dz on the way */
    visml_lstm_cut cut;
    int64_t panels, panel; /* of the turned weights: how many, elements of one */
    int64_t columns, ldd;
    real *weights; /* [panels, columns, 64] */
    real *sums;    /* [channels + 1 or units, columns]: gradients of weights with the columns of dz */
    real *local;   /* of each worker: dc, as many rows as a piece has */
    void *rest;    /* scratch of the products */
    visml_lstm_back step; /* few: the one that is being worked on ... */
    int64_t units;        /* ... and how many units each job takes */
} backward_job;

/* ---- columns of dz, which lie as in visml_lstm_step, and in Keras' order ---- */

/* Gates of one row, or what belongs to them, in Keras' order. */
static void put_in_order(const backward_job *j, const real *from, real *to) {
    const visml_kernels *kernels = j->compute->kernels;
    int64_t units = j->l->units, whole = units / VISML_LSTM_UNITS, rest = units % VISML_LSTM_UNITS;
    for (int64_t g = 0; g < 4; g++, from += VISML_LSTM_UNITS, to += units) {
        kernels->copy_rows(whole, VISML_LSTM_UNITS, from, VISML_LSTM_WIDTH, to, VISML_LSTM_UNITS);
        kernels->copy_rows(1, rest, from + whole * VISML_LSTM_WIDTH, 0, to + whole * VISML_LSTM_UNITS, 0);
    }
}

/* `rows` rows of dz, the columns that Keras has at col ... col + cols. */
static void copy_in_order(const backward_job *j, int64_t rows, const real *dz, int64_t col, int64_t cols, real *to, int64_t ld) {
    for (int64_t end = col + cols, n; col < end; col += n, to += n) {
        int64_t g = col / j->l->units, u = col % j->l->units, lane = u % VISML_LSTM_UNITS;
        n = visml_block_length(u / VISML_LSTM_UNITS, VISML_LSTM_UNITS, j->l->units) - lane;
        n = n < end - col ? n : end - col;
        j->compute->kernels->copy_rows(rows, n, dz + (u - lane) * 4 + g * VISML_LSTM_UNITS + lane, j->kept.ld_gates, to, ld);
    }
}

/* ---- dW = x' dz, with the gradient of the bias as one more row, of ones: rows of dz are in the order of steps ---- */

typedef struct weight_rows {
    const backward_job *job;
    int64_t first;
} weight_rows;

static void left_x(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc,
                   real *to) {
    const weight_rows *w = p->source;
    const visml_lstm_sequence *l = w->job->l;
    int64_t from = w->first + row, cols = from + rows > l->channels ? l->channels - from : rows;
    for (int64_t k = k0, n; k < k0 + kc; k += n) {
        int64_t t = k / l->batch, b = k % l->batch;
        n = l->batch - b < k0 + kc - k ? l->batch - b : k0 + kc - k;
        c->kernels->copy_rows(n, cols, l->x + (b * l->steps + visml_lstm_time(l, t)) * l->channels + from, l->steps * l->channels,
                              to + (k - k0) * mc, mc);
    }
    for (int64_t k = 0; cols < rows && k < kc; k++)
        to[k * mc + cols] = 1;
}

static void right_dz(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr,
                     real *to) {
    c->kernels->copy_rows(kc, cols, p->right_plain + k0 * p->ld_plain + col, p->ld_plain, to, nr);
}

static void kernel_rows(const backward_job *j, int64_t first, int64_t rows) {
    weight_rows w = {j, first};
    visml_product p = {.m = rows, .n = j->columns, .k = j->l->batch * j->l->steps, .left = left_x, .right = right_dz, .left_cols = 1,
                       .source = &w, .right_plain = j->kept.gates, .ld_plain = j->kept.ld_gates, .c = j->sums + first * j->columns,
                       .ldc = j->columns};
    visml_product_run(j->compute, &p, j->rest);
}

/* ---- dR = h' dz: without the first step, before which h is 0 ---- */

static void recurrent_rows(const backward_job *j, int64_t first, int64_t rows) {
    const visml_lstm_sequence *l = j->l;
    const visml_lstm_kept *k = &j->kept;
    visml_gemm g = {.m = rows, .n = j->columns, .k = (l->steps - 1) * l->batch, .a = k->h + first, .lda = k->ld_c, .trans_a = 1,
                    .b = k->gates + l->batch * k->ld_gates, .ldb = k->ld_gates, .c = j->sums + first * j->columns, .ldc = j->columns};
    visml_gemm_run(j->compute, &g, j->rest);
}

/* ---- dx = dz W' ---- */

static void left_dz(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, int64_t mc,
                    real *to) {
    const backward_job *j = p->source;
    (void)c, (void)mc;
    copy_in_order(j, rows, j->kept.gates + row * j->kept.ld_gates, k0, kc, to, VISML_LEFT_LD);
}

static void right_kernel(const visml_compute *c, const visml_product *p, int64_t k0, int64_t kc, int64_t col, int64_t cols, int64_t nr,
                         real *to) {
    const visml_lstm_sequence *l = ((const backward_job *)p->source)->l;
    c->kernels->transpose(cols, kc, l->kernel + col * 4 * l->units + k0, 4 * l->units, to, nr);
}

static void locate_dx(const visml_product *p, int64_t row, int64_t rows, int64_t *offset) {
    const visml_lstm_sequence *l = ((const backward_job *)p->source)->l;
    for (int64_t i = 0; i < rows; i++, row++)
        offset[i] = (row % l->batch * l->steps + visml_lstm_time(l, row / l->batch)) * l->channels;
}

static void data_rows(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    visml_product p = {.m = l->batch * l->steps, .n = l->channels, .k = 4 * l->units, .left = left_dz, .right = right_kernel,
                       .locate = locate_dx, .source = j, .c = l->dx};
    visml_product_run(j->compute, &p, j->rest);
}

/* ---- all products ---- */

static size_t products_scratch(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    size_t weights = visml_product_scratch(j->compute, j->columns, l->batch * l->steps);
    size_t data = visml_product_scratch(j->compute, l->channels, 4 * l->units);
    return weights > data ? weights : data;
}

/* So many rows at a time as are packed at a time, or fewer and all alike: dz is then read where it lies. */
static void run_rows(const backward_job *j, int64_t all, void (*part)(const backward_job *j, int64_t first, int64_t rows)) {
    int64_t parts = visml_blocks(all, j->compute->kernels->gemm_blocking().mc), rows = parts ? visml_blocks(all, parts) : 0;
    for (int64_t first = 0; first < all; first += rows)
        part(j, first, visml_block_length(first / rows, rows, all));
}

static void put_rows(const backward_job *j, int64_t rows, const real *from, real *to) {
    for (int64_t i = 0; to && i < rows; i++)
        put_in_order(j, from + i * j->columns, to + i * 4 * j->l->units);
}

static void run_products(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    if (l->dkernel || l->dbias)
        run_rows(j, l->channels + (l->dbias != NULL), kernel_rows);
    put_rows(j, l->channels, j->sums, l->dkernel);
    put_rows(j, 1, j->sums + l->channels * j->columns, l->dbias);
    if (l->drecurrent)
        run_rows(j, l->units, recurrent_rows);
    put_rows(j, l->units, j->sums, l->drecurrent);
    if (l->dx)
        data_rows(j);
}

/* ---- memory ---- */

static size_t lay_out(const visml_compute *c, const visml_lstm_sequence *l, void *scratch, backward_job *j) {
    visml_lstm_regions r = {scratch, 0};
    size_t all;
    *j = (backward_job){.compute = c, .l = l, .kept = visml_lstm_kept_of(l), .cut = visml_lstm_cut_of(c, l->batch)};
    j->panels = visml_blocks(l->units, VISML_LSTM_WIDTH);
    j->columns = visml_lstm_columns(l);
    j->panel = j->columns * VISML_LSTM_WIDTH;
    j->ldd = visml_lstm_ld(l->units);
    j->weights = visml_lstm_take(&r, j->panels, j->panel);
    j->sums = visml_lstm_take(&r, l->channels + 1 > l->units ? l->channels + 1 : l->units, j->columns);
    j->local = visml_lstm_take(&r, visml_lstm_room(c, l->batch), j->ldd);
    j->rest = scratch ? (char *)scratch + r.used : NULL;
    return visml_size_add(r.used, products_scratch(j), &all) ? all : SIZE_MAX;
}

size_t visml_lstm_backward_scratch(const visml_compute *c, const visml_lstm_sequence *l) {
    backward_job j;
    return lay_out(c, l, NULL, &j);
}

/* Rows in the order of dz, 0 for units that there are not. */
static void turn_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    const visml_kernels *kernels = j->compute->kernels;
    int64_t units = j->l->units, n = visml_block_length((int64_t)task, VISML_LSTM_WIDTH, units);
    const real *from = j->l->recurrent + (int64_t)task * VISML_LSTM_WIDTH * 4 * units;
    real *to = j->weights + (int64_t)task * j->panel;
    (void)worker;
    if (n < VISML_LSTM_WIDTH || units % VISML_LSTM_UNITS)
        kernels->copy_rows(1, j->panel, NULL, 0, to, 0);
    for (int64_t u = 0; u < units; u += VISML_LSTM_UNITS)
        for (int64_t g = 0; g < 4; g++, to += VISML_LSTM_UNITS * VISML_LSTM_WIDTH)
            kernels->lstm_turn(n, visml_block_length(u / VISML_LSTM_UNITS, VISML_LSTM_UNITS, units), from + g * units + u, 4 * units, to);
}

/* ---- one step ---- */

static void describe_step(const backward_job *j, const visml_lstm_piece *p, int64_t t, visml_lstm_back *s) {
    const visml_lstm_sequence *l = j->l;
    const visml_lstm_kept *k = &j->kept;
    int64_t at = t * l->batch + p->row;
    int last = t + 1 == l->steps;
    *s = (visml_lstm_back){.rows = p->rows, .end = l->units, .units = l->units, .activation = l->activation,
                           .recurrent_activation = l->recurrent_activation, .b = j->weights, .panel = j->panel,
                           .gates = k->gates + at * k->ld_gates, .ldg = k->ld_gates, .c = k->c + at * k->ld_c, .ldc = k->ld_c,
                           .dc = p->local, .ldd = j->ldd};
    s->after = last ? NULL : s->gates + l->batch * k->ld_gates;
    s->c_before = t ? s->c - l->batch * k->ld_c : NULL;
    s->ldy = l->sequences ? l->steps * l->units : l->units;
    s->dy = l->sequences || last ? l->dy + p->row * s->ldy + (l->sequences ? t * l->units : 0) : NULL;
}

static void step_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    visml_lstm_back s = j->step;
    (void)worker;
    visml_lstm_share(task, j->units, s.units, &s.first, &s.end);
    j->compute->kernels->lstm_step_backward(&s);
}

/* ---- the sequence ---- */

static void run_few(backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    visml_lstm_piece p = visml_lstm_piece_of(&j->cut, l->batch, j->local, j->ldd, 0, 0);
    j->units = visml_lstm_job_units(j->compute, l->batch * l->units * l->units * 4, l->units, VISML_LSTM_WIDTH);
    for (int64_t t = l->steps; t--;) {
        describe_step(j, &p, t, &j->step);
        visml_parallel_run(j->compute->parallel, (size_t)visml_blocks(l->units, j->units), step_task, j);
    }
}

static void piece_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    visml_lstm_piece p = visml_lstm_piece_of(&j->cut, j->l->batch, j->local, j->ldd, task, worker);
    for (int64_t t = j->l->steps; t--;) {
        visml_lstm_back s;
        describe_step(j, &p, t, &s);
        j->compute->kernels->lstm_step_backward(&s);
    }
}

void visml_lstm_backward(const visml_compute *c, const visml_lstm_sequence *l, void *scratch) {
    backward_job j;
    lay_out(c, l, scratch, &j);
    visml_parallel_run(c->parallel, (size_t)j.panels, turn_task, &j);
    if (j.cut.few)
        run_few(&j);
    else
        visml_parallel_run(c->parallel, (size_t)j.cut.pieces, piece_task, &j);
    run_products(&j);
}
