#include "kernel/gemm.h"
#include "kernel/lstm_plan.h"
#include "kernel/norm.h"

typedef struct backward_job {
    const visml_compute *compute;
    const visml_lstm_sequence *l;
    visml_lstm_kept kept;
    visml_lstm_cut cut;
    int64_t panels, panel; /* of the turned weights: how many, elements of one */
    int64_t lda, ldd;
    real *weights; /* [panels, 4 units, 64] */
    real *dz;      /* [batch * steps, 4 units], in the order of x */
    real *local;   /* of each worker: as many rows as a piece has, of local_ld */
    int64_t local_ld;
    void *rest;    /* scratch of the large products */
    visml_lstm_back step; /* few: the one that is being worked on ... */
    int64_t units;        /* ... and how many units each job takes */
} backward_job;

/* What a piece works on: dz of this step and the one after, dc. */
typedef struct piece {
    int64_t row, rows;
    real *a[2], *dc;
} piece;

static void describe_piece(const backward_job *j, size_t task, size_t worker, piece *p) {
    real *local = j->local + (int64_t)worker * j->cut.rows * j->local_ld;
    p->row = (int64_t)task * j->cut.rows;
    p->rows = visml_block_length((int64_t)task, j->cut.rows, j->l->batch);
    p->a[0] = local;
    p->a[1] = local + j->cut.rows * j->lda;
    p->dc = local + 2 * j->cut.rows * j->lda;
}

/* ---- the products over all steps: dW = x' dz, dR = h' dz, dx = dz W' ---- */

static visml_gemm product_for_weights(const backward_job *j, const real *from, int64_t k, real *to) {
    const visml_lstm_sequence *l = j->l;
    return (visml_gemm){.m = k, .n = 4 * l->units, .k = l->batch * l->steps, .a = from, .lda = k, .trans_a = 1, .b = j->dz,
                        .ldb = 4 * l->units, .c = to, .ldc = 4 * l->units};
}

static visml_gemm product_for_data(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    return (visml_gemm){.m = l->batch * l->steps, .n = l->channels, .k = 4 * l->units, .a = j->dz, .lda = 4 * l->units, .b = l->kernel,
                        .ldb = 4 * l->units, .trans_b = 1, .c = l->dx, .ldc = l->channels};
}

static size_t products_scratch(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    visml_gemm g[3] = {product_for_weights(j, l->x, l->channels, l->dkernel), product_for_weights(j, NULL, l->units, l->drecurrent),
                       product_for_data(j)};
    size_t most = visml_colsum_scratch(j->compute, l->batch * l->steps, 4 * l->units);
    for (int i = 0; i < 3; i++) {
        size_t bytes = visml_gemm_scratch(j->compute, &g[i]);
        most = most > bytes ? most : bytes;
    }
    return most;
}

static void run_products(const backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    visml_gemm kernel = product_for_weights(j, l->x, l->channels, l->dkernel);
    visml_gemm recurrent = product_for_weights(j, j->kept.before, l->units, l->drecurrent), data = product_for_data(j);
    if (l->dkernel)
        visml_gemm_run(j->compute, &kernel, j->rest);
    if (l->drecurrent)
        visml_gemm_run(j->compute, &recurrent, j->rest);
    if (l->dbias)
        visml_colsum(j->compute, l->batch * l->steps, 4 * l->units, j->dz, l->dbias, j->rest);
    if (l->dx)
        visml_gemm_run(j->compute, &data, j->rest);
}

/* ---- memory ---- */

static size_t lay_out(const visml_compute *c, const visml_lstm_sequence *l, void *scratch, backward_job *j) {
    visml_lstm_regions r = {scratch, 0};
    size_t all;
    *j = (backward_job){.compute = c, .l = l, .kept = visml_lstm_kept_of(l), .cut = visml_lstm_cut_of(c, l->batch)};
    j->panels = visml_blocks(l->units, VISML_LSTM_WIDTH);
    j->panel = 4 * l->units * VISML_LSTM_WIDTH;
    j->lda = visml_lstm_ld(4 * l->units);
    j->ldd = visml_lstm_ld(l->units);
    j->weights = visml_lstm_take(&r, j->panels, j->panel);
    j->dz = visml_lstm_take(&r, l->batch * l->steps, 4 * l->units);
    j->local_ld = 2 * j->lda + j->ldd;
    j->local = visml_lstm_take(&r, visml_lstm_room(c, l->batch), j->local_ld);
    j->rest = scratch ? (char *)scratch + r.used : NULL;
    return visml_size_add(r.used, products_scratch(j), &all) ? all : SIZE_MAX;
}

size_t visml_lstm_backward_scratch(const visml_compute *c, const visml_lstm_sequence *l) {
    backward_job j;
    return lay_out(c, l, NULL, &j);
}

static void turn_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    int64_t k = 4 * j->l->units, n = visml_block_length((int64_t)task, VISML_LSTM_WIDTH, j->l->units);
    real *to = j->weights + (int64_t)task * j->panel;
    (void)worker;
    if (n < VISML_LSTM_WIDTH)
        j->compute->kernels->copy_rows(1, j->panel, NULL, 0, to, 0);
    j->compute->kernels->lstm_turn(n, k, j->l->recurrent + (int64_t)task * VISML_LSTM_WIDTH * k, k, to);
}

/* ---- one step ---- */

static void describe_step(const backward_job *j, const piece *p, int64_t t, visml_lstm_back *s) {
    const visml_lstm_sequence *l = j->l;
    const visml_lstm_kept *k = &j->kept;
    int64_t at = t * l->batch + p->row, all = l->steps * l->units;
    int last = t + 1 == l->steps;
    *s = (visml_lstm_back){.rows = p->rows, .end = l->units, .units = l->units, .activation = l->activation,
                           .recurrent_activation = l->recurrent_activation, .after = last ? NULL : p->a[(t + 1) % 2], .lda = j->lda,
                           .b = j->weights, .panel = j->panel, .gates = k->gates + at * k->ld_gates, .ldg = k->ld_gates,
                           .c = k->c + at * k->ld_c, .ldc = k->ld_c, .dc = p->dc, .ldd = j->ldd};
    s->c_before = t ? s->c - l->batch * k->ld_c : NULL;
    s->ldy = l->sequences ? all : l->units;
    s->dy = l->sequences || last ? l->dy + p->row * s->ldy + (l->sequences ? t * l->units : 0) : NULL;
    s->dz[0] = t ? p->a[t % 2] : NULL;
    s->ldo[0] = j->lda;
    s->dz[1] = j->dz + (p->row * l->steps + visml_lstm_time(l, t)) * 4 * l->units;
    s->ldo[1] = 4 * all;
}

static void step_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    visml_lstm_back s = j->step;
    (void)worker;
    s.first = (int64_t)task * j->units;
    s.end = s.first + j->units < s.units ? s.first + j->units : s.units;
    j->compute->kernels->lstm_step_backward(&s);
}

/* ---- the sequence ---- */

static void run_few(backward_job *j) {
    const visml_lstm_sequence *l = j->l;
    piece p;
    describe_piece(j, 0, 0, &p);
    j->units = visml_lstm_job_units(j->compute, l->batch * l->units * l->units * 4, l->units, VISML_LSTM_WIDTH);
    for (int64_t t = l->steps; t--;) {
        describe_step(j, &p, t, &j->step);
        visml_parallel_run(j->compute->parallel, (size_t)visml_blocks(l->units, j->units), step_task, j);
    }
}

static void piece_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    piece p;
    describe_piece(j, task, worker, &p);
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
