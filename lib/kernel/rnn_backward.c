#include <string.h>

#include "kernel/norm.h"
#include "kernel/rnn_plan.h"

typedef struct backward_job {
    const visml_compute *compute;
    const visml_rnn *l;
    visml_rnn_kept kept; /* the gates become their gradients on the way */
    int64_t rows, columns;
    real *dh, *dc;       /* [batch, units]: of the state, by other ways than the products */
    real *dh_in;         /* [batch, units]: of what was multiplied by R */
    real *dreset;        /* GRU: [batch, units] */
    real *factors, *x;   /* as in forward, or NULL */
    real *h_factors;
    real *h_in;          /* dropout: [batch * steps, units]: what was multiplied by R, by its last part; else what was kept */
    real *dpart;         /* a mask for each gate: [batch, units], of what one part of R has to do with */
    real *sums;          /* [ld_gates]: of the gradients */
    visml_rnn_parts parts;
    void *packed[VISML_RNN_MOST_PARTS]; /* R in these parts, turned */
    void *rest;
    visml_rnn_back step;
} backward_job;

/* The gate that R's third has its gradient in. */
static int64_t third_column(const visml_rnn *l) {
    return (l->cell == VISML_CELL_GRU ? 3 : 2) * l->units;
}

/* The column among the gates that the gradients of part i begin at. */
static int64_t gates_of(const backward_job *j, int i) {
    return visml_rnn_is_gru(j->l->cell) && i == j->parts.count - 1 ? third_column(j->l) : j->parts.part[i].first;
}

/* ---- memory ---- */

static size_t products_scratch(const visml_compute *c, const visml_rnn *l) {
    int64_t columns = visml_rnn_gates(l->cell) * l->units, rows = l->batch * l->steps;
    const visml_gemm kinds[] = {
        {.m = l->channels, .n = columns, .k = rows, .trans_a = 1}, {.m = l->units, .n = columns, .k = rows, .trans_a = 1},
        {.m = rows, .n = l->channels, .k = columns, .trans_b = 1}, {.m = l->batch, .n = l->units, .k = columns, .trans_b = 1},
    };
    size_t most = visml_colsum_scratch(c, rows, visml_rnn_kept_gates(l->cell) * l->units);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        most = visml_rnn_larger(most, visml_gemm_scratch(c, &kinds[i]));
    return most;
}

static void take_dropout(visml_lstm_regions *r, backward_job *j) {
    const visml_rnn *l = j->l;
    if (l->dropout > 0) {
        j->factors = visml_lstm_take(r, l->batch, l->channels);
        j->x = visml_lstm_take(r, j->rows, l->channels);
    }
    j->h_in = j->kept.before;
    if (l->recurrent_dropout > 0) {
        j->h_factors = visml_lstm_take(r, visml_rnn_masks(l) * l->batch, l->units);
        j->h_in = visml_lstm_take(r, j->rows, l->units);
    }
    j->dpart = l->drops_by_gate ? visml_lstm_take(r, l->batch, l->units) : NULL;
}

static size_t lay_out(const visml_compute *c, const visml_rnn *l, void *scratch, backward_job *j) {
    visml_lstm_regions r = {scratch, 0};
    *j = (backward_job){.compute = c, .l = l, .kept = visml_rnn_kept_of(l), .rows = l->batch * l->steps,
                        .columns = visml_rnn_gates(l->cell) * l->units, .parts = visml_rnn_parts_of(l)};
    j->dh = visml_lstm_take(&r, l->batch, l->units);
    j->dc = visml_lstm_take(&r, l->batch, l->units);
    j->dh_in = visml_lstm_take(&r, l->batch, l->units);
    j->dreset = visml_lstm_take(&r, l->batch, l->units);
    j->sums = visml_lstm_take(&r, 1, j->kept.ld_gates);
    take_dropout(&r, j);
    for (int i = 0; i < j->parts.count; i++)
        j->packed[i] = visml_rnn_take_bytes(&r, visml_rnn_packed(c, l->units, j->parts.part[i].n));
    j->rest = visml_rnn_take_bytes(&r, products_scratch(c, l));
    return r.used;
}

size_t visml_rnn_backward_scratch(const visml_compute *c, const visml_rnn *l) {
    backward_job j;
    return lay_out(c, l, NULL, &j);
}

/* ---- before the steps ---- */

/* to = gates R', of part i. */
static visml_gemm turned(const backward_job *j, int i, real *to) {
    const visml_rnn *l = j->l;
    return (visml_gemm){.m = l->batch, .n = l->units, .k = j->parts.part[i].n, .a = j->step.gates ? j->step.gates + gates_of(j, i) : NULL,
                        .lda = j->step.ldg, .b = l->recurrent + j->parts.part[i].first, .ldb = j->columns, .trans_b = 1, .c = to,
                        .ldc = l->units, .packed_b = j->packed[i]};
}

static void pack(const backward_job *j) {
    for (int i = 0; i < j->parts.count; i++) {
        visml_gemm g = turned(j, i, NULL);
        visml_gemm_pack(j->compute, &g, j->packed[i]);
    }
}

/* h_in becomes what part i multiplied. */
static void drop_h(const backward_job *j, int i) {
    const visml_rnn *l = j->l;
    const real *factors = visml_rnn_factors(l, j->h_factors, i);
    for (int64_t b = 0; factors && b < l->batch; b++)
        j->compute->kernels->multiply_rows(l->steps, l->units, j->kept.before + b * l->steps * l->units, l->units, factors + b * l->units,
                                           0, j->h_in + b * l->steps * l->units, l->units);
}

/* x becomes what the gates of mask i were made of. */
static void drop_x(const backward_job *j, int64_t i) {
    const visml_rnn *l = j->l;
    if (!j->factors)
        return;
    visml_rnn_draw(j->compute, l, l->dropout, l->dropout_key, i, l->channels, j->factors);
    visml_rnn_drop_x(j->compute, l, l->x, j->factors, j->x);
}

static void start(backward_job *j) {
    const visml_rnn *l = j->l;
    const visml_kernels *k = j->compute->kernels;
    k->copy_rows(l->batch, l->units, l->dh_end, l->ldy, j->dh, l->units);
    k->copy_rows(l->batch, l->units, l->dc_end, l->ldy, j->dc, l->units);
    k->copy_rows(l->batch, l->units, NULL, 0, j->dh_in, l->units);
    if (j->h_factors)
        visml_rnn_draw_h(j->compute, l, j->h_factors);
    drop_h(j, j->parts.count - 1);
}

/* ---- a step ---- */

static void describe(const backward_job *j, int64_t s, visml_rnn_back *to) {
    const visml_rnn *l = j->l;
    int64_t time = visml_rnn_time(l, s), n = l->units;
    *to = (visml_rnn_back){.units = n, .cell = l->cell, .activation = l->activation, .recurrent_activation = l->recurrent_activation,
                           .mask = l->mask ? l->mask + time : NULL, .ldm = l->steps, .ldy = l->ldy, .h_in = j->h_in + time * n,
                           .ldi = l->steps * n, .h_before = j->kept.before + time * n, .ldb = l->steps * n, .ldc = n,
                           .dh_in = j->dh_in, .dropped = l->drops_by_gate ? NULL : j->h_factors, .dh = j->dh, .dc = j->dc,
                           .gates = j->kept.gates + time * j->kept.ld_gates, .ldg = l->steps * j->kept.ld_gates, .dreset = j->dreset,
                           .dh_out = j->dh_in};
    if (l->sequences || s + 1 == l->steps)
        to->dy = l->dy + (l->sequences ? s * n : 0);
    if (l->cell == VISML_CELL_LSTM) {
        to->c_before = j->kept.c + s * l->batch * n;
        to->c = to->c_before + l->batch * n;
    }
}

static visml_rnn_back part_of(const backward_job *j, size_t task) {
    visml_rnn_back s = j->step;
    int64_t size = visml_rnn_job_rows(j->l), row = (int64_t)task * size, at = row * s.units;
    s.rows = visml_block_length((int64_t)task, size, j->l->batch);
    s.mask = s.mask ? s.mask + row * s.ldm : NULL;
    s.dy = s.dy ? s.dy + row * s.ldy : NULL;
    s.h_in += row * s.ldi;
    s.h_before += row * s.ldb;
    s.gates += row * s.ldg;
    if (s.c) {
        s.c += row * s.ldc;
        s.c_before += row * s.ldc;
    }
    s.dropped = s.dropped ? s.dropped + at : NULL;
    s.dh_in += at;
    s.dh += at;
    s.dc += at;
    s.dreset += at;
    s.dh_out += at;
    return s;
}

static void step_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    visml_rnn_back s = part_of(j, task);
    (void)worker;
    j->compute->kernels->rnn_step_backward(&s);
}

static void reset_task(void *arg, size_t task, size_t worker) {
    const backward_job *j = arg;
    visml_rnn_back s = part_of(j, task);
    (void)worker;
    j->compute->kernels->rnn_reset_backward(&s);
}

/* A part's share of dh_in by way of its mask. */
static void give_dropped(const backward_job *j, int i, real *share) {
    const visml_rnn *l = j->l;
    const visml_kernels *k = j->compute->kernels;
    if (!l->drops_by_gate)
        return;
    if (j->h_factors)
        k->multiply_rows(l->batch, l->units, share, l->units, visml_rnn_factors(l, j->h_factors, i), l->units, share, l->units);
    if (share != j->dh_in)
        k->add_rows(l->batch, l->units, share, l->units, j->dh_in, l->units);
}

/* The last part first: the reset gate, which the ones before have to do with, has its gradient from it. */
static void run_step(backward_job *j) {
    const visml_rnn *l = j->l;
    size_t jobs = (size_t)visml_blocks(l->batch, visml_rnn_job_rows(l));
    int last = j->parts.count - 1, waits = l->cell == VISML_CELL_GRU_FIRST;
    visml_parallel_run(j->compute->parallel, jobs, step_task, j);
    visml_gemm g = turned(j, last, waits ? j->dreset : j->dh_in);
    visml_gemm_run(j->compute, &g, j->rest);
    if (waits)
        visml_parallel_run(j->compute->parallel, jobs, reset_task, j);
    give_dropped(j, last, j->dh_in);
    for (int i = last; i--;) {
        g = turned(j, i, l->drops_by_gate ? j->dpart : j->dh_in);
        g.accumulate = !l->drops_by_gate;
        visml_gemm_run(j->compute, &g, j->rest);
        give_dropped(j, i, g.c);
    }
}

/* ---- behind the steps ---- */

/* to = a' gates: `n` of their columns from `from` on. */
static void weights(const backward_job *j, const real *a, int64_t lda, int64_t m, int64_t from, int64_t n, real *to) {
    visml_gemm g = {.m = m, .n = n, .k = j->rows, .a = a, .lda = lda, .trans_a = 1, .b = j->kept.gates + from, .ldb = j->kept.ld_gates,
                    .c = to, .ldc = j->columns};
    visml_gemm_run(j->compute, &g, j->rest);
}

static void recurrent_weights(const backward_job *j) {
    const visml_rnn *l = j->l;
    for (int i = 0; i < j->parts.count; i++) {
        int reset = l->cell == VISML_CELL_GRU_FIRST && i == j->parts.count - 1; /* what it multiplied has been kept */
        const real *a = reset ? j->kept.gates + 3 * l->units : j->h_in;
        if (l->drops_by_gate && !reset)
            drop_h(j, i);
        weights(j, a, reset ? j->kept.ld_gates : l->units, l->units, gates_of(j, i), j->parts.part[i].n,
                l->drecurrent + j->parts.part[i].first);
    }
}

static void kernel_weights(const backward_job *j) {
    const visml_rnn *l = j->l;
    int64_t masks = j->factors ? visml_rnn_masks(l) : 1, n = j->columns / masks;
    for (int64_t i = 0; i < masks; i++) {
        drop_x(j, i);
        weights(j, j->x ? j->x : l->x, l->channels, l->channels, i * n, n, l->dkernel + i * n);
    }
}

static void biases(const backward_job *j) {
    const visml_rnn *l = j->l;
    size_t units = (size_t)l->units * sizeof(real);
    if (!l->dbias && !l->drecurrent_bias)
        return;
    visml_colsum(j->compute, j->rows, j->kept.ld_gates, j->kept.gates, j->sums, j->rest);
    if (l->dbias)
        memcpy(l->dbias, j->sums, (size_t)j->columns * sizeof(real));
    if (l->drecurrent_bias) {
        memcpy(l->drecurrent_bias, j->sums, 2 * units);
        memcpy(l->drecurrent_bias + 2 * l->units, j->sums + third_column(l), units);
    }
}

/* Through the mask of each gate, the first one in place. */
static void data(const backward_job *j) {
    const visml_rnn *l = j->l;
    int64_t masks = j->factors ? visml_rnn_masks(l) : 1, n = j->columns / masks;
    for (int64_t i = 0; i < masks; i++) {
        visml_gemm g = {.m = j->rows, .n = l->channels, .k = n, .a = j->kept.gates + i * n, .lda = j->kept.ld_gates, .b = l->kernel + i * n,
                        .ldb = j->columns, .trans_b = 1, .c = i ? j->x : l->dx, .ldc = l->channels};
        visml_gemm_run(j->compute, &g, j->rest);
        if (!j->factors)
            return;
        visml_rnn_draw(j->compute, l, l->dropout, l->dropout_key, i, l->channels, j->factors);
        visml_rnn_drop_x(j->compute, l, g.c, j->factors, g.c);
        if (i)
            j->compute->kernels->add_rows(1, j->rows * l->channels, j->x, 0, l->dx, 0);
    }
}

void visml_rnn_backward(const visml_compute *c, const visml_rnn *l, void *scratch) {
    backward_job j;
    lay_out(c, l, scratch, &j);
    pack(&j);
    start(&j);
    for (int64_t s = l->steps; s--;) {
        describe(&j, s, &j.step);
        run_step(&j);
    }
    if (l->dkernel)
        kernel_weights(&j);
    if (l->drecurrent)
        recurrent_weights(&j);
    biases(&j);
    if (l->dx)
        data(&j);
}
