#include "kernel/rnn.h"

#include "kernel/rnn_plan.h"
#include "visml/base.h"

typedef struct forward_job {
    const visml_compute *compute;
    const visml_rnn *l;
    visml_rnn_kept kept;
    int64_t columns;  /* of W and R */
    real *zx;         /* [batch * steps, columns] */
    real *zh;         /* [batch, columns] */
    real *x, *factors; /* dropout: what it leaves of x, and by what; else NULL */
    real *h_in, *h_factors; /* the same of h: [batch, units], and for each mask as much */
    real *gates, *h, *c; /* inference: of the step that is being worked on */
    visml_rnn_parts parts;
    void *packed[VISML_RNN_MOST_PARTS]; /* R in these parts */
    void *rest;       /* scratch of the products */
    visml_rnn_step step;
} forward_job;

int64_t visml_rnn_gates(int32_t cell) {
    return cell == VISML_CELL_SIMPLE ? 1 : cell == VISML_CELL_LSTM ? 4 : 3;
}

size_t visml_rnn_keep(const visml_rnn *l) {
    return visml_rnn_kept_of(l).bytes;
}

static visml_gemm product(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b, real *c, int64_t ldb) {
    return (visml_gemm){.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .c = c, .ldc = ldb};
}

static void take_dropout(visml_lstm_regions *r, forward_job *j) {
    const visml_rnn *l = j->l;
    int drops = l->training && l->dropout > 0, drops_h = l->training && l->recurrent_dropout > 0;
    j->x = drops ? visml_lstm_take(r, l->batch * l->steps, l->channels) : NULL;
    j->factors = drops ? visml_lstm_take(r, l->batch, l->channels) : NULL;
    j->h_in = drops_h ? visml_lstm_take(r, l->batch, l->units) : NULL;
    j->h_factors = drops_h ? visml_lstm_take(r, visml_rnn_masks(l) * l->batch, l->units) : NULL;
}

static size_t lay_out(const visml_compute *c, const visml_rnn *l, void *scratch, forward_job *j) {
    visml_lstm_regions r = {scratch, 0};
    visml_gemm x, h;
    *j = (forward_job){.compute = c, .l = l, .kept = visml_rnn_kept_of(l), .columns = visml_rnn_gates(l->cell) * l->units,
                       .parts = visml_rnn_parts_of(l)};
    x = product(l->batch * l->steps, j->columns, l->channels, NULL, l->channels, NULL, NULL, j->columns);
    h = product(l->batch, j->columns, l->units, NULL, l->units, NULL, NULL, j->columns);
    j->zx = visml_lstm_take(&r, l->batch * l->steps, j->columns);
    j->zh = visml_lstm_take(&r, l->batch, j->columns);
    take_dropout(&r, j);
    if (!l->training) {
        j->gates = visml_lstm_take(&r, l->batch, j->kept.ld_gates);
        j->h = visml_lstm_take(&r, l->batch, l->units);
        j->c = visml_lstm_take(&r, l->batch, l->units);
    }
    for (int i = 0; i < j->parts.count; i++)
        j->packed[i] = visml_rnn_take_bytes(&r, visml_rnn_packed(c, j->parts.part[i].n, l->units));
    j->rest = visml_rnn_take_bytes(&r, visml_rnn_larger(visml_gemm_scratch(c, &x), visml_gemm_scratch(c, &h)));
    return r.used;
}

size_t visml_rnn_scratch(const visml_compute *c, const visml_rnn *l) {
    forward_job j;
    return lay_out(c, l, NULL, &j);
}

/* ---- before the steps ---- */

static void pack(const forward_job *j) {
    const visml_rnn *l = j->l;
    for (int i = 0; i < j->parts.count; i++) {
        visml_gemm g = product(0, j->parts.part[i].n, l->units, NULL, 0, l->recurrent + j->parts.part[i].first, NULL, j->columns);
        visml_gemm_pack(j->compute, &g, j->packed[i]);
    }
}

/* zx of n columns from `first` on. */
static void project(const forward_job *j, const real *x, int64_t first, int64_t n) {
    const visml_rnn *l = j->l;
    visml_epilogue bias = {.bias = l->bias ? l->bias + first : NULL, .activation = VISML_LINEAR};
    visml_gemm g = product(l->batch * l->steps, n, l->channels, x, l->channels, l->kernel + first, j->zx + first, j->columns);
    g.epilogue = &bias;
    visml_gemm_run(j->compute, &g, j->rest);
}

static void project_all(const forward_job *j) {
    const visml_rnn *l = j->l;
    int64_t masks = visml_rnn_masks(l), n = j->columns / masks;
    if (j->h_factors)
        visml_rnn_draw_h(j->compute, l, j->h_factors);
    if (!j->x) {
        project(j, l->x, 0, j->columns);
        return;
    }
    for (int64_t i = 0; i < masks; i++) {
        visml_rnn_draw(j->compute, l, l->dropout, l->dropout_key, i, l->channels, j->factors);
        visml_rnn_drop_x(j->compute, l, l->x, j->factors, j->x);
        project(j, j->x, i * n, n);
    }
}

/* Where the rows of h before step s are, and how far apart. */
static real *h_before(const forward_job *j, int64_t s, int64_t *ld) {
    const visml_rnn *l = j->l;
    *ld = l->training ? l->steps * l->units : l->units;
    return l->training ? j->kept.before + visml_rnn_time(l, s) * l->units : j->h;
}

static real *c_before(const forward_job *j, int64_t s) {
    return j->l->training ? j->kept.c + s * j->l->batch * j->l->units : j->c;
}

static void start(const forward_job *j) {
    const visml_rnn *l = j->l;
    int64_t ld;
    real *h = h_before(j, 0, &ld);
    j->compute->kernels->copy_rows(l->batch, l->units, l->h0, l->ld0, h, ld);
    if (l->cell == VISML_CELL_LSTM)
        j->compute->kernels->copy_rows(l->batch, l->units, l->c0, l->ld0, c_before(j, 0), l->units);
}

/* ---- a step ---- */

static void describe(const forward_job *j, int64_t s, visml_rnn_step *to) {
    const visml_rnn *l = j->l;
    int64_t time = visml_rnn_time(l, s), n = l->units, ld;
    int last = s + 1 == l->steps;
    *to = (visml_rnn_step){.units = n, .cell = l->cell, .activation = l->activation, .recurrent_activation = l->recurrent_activation,
                           .zx = j->zx + time * j->columns, .ldx = l->steps * j->columns, .zh = j->zh, .ldz = j->columns,
                           .mask = l->mask ? l->mask + time : NULL, .ldm = l->steps, .ldc = n, .ldg = j->kept.ld_gates};
    to->h_before = h_before(j, s, &to->ldb);
    to->h_in = j->h_in ? j->h_in : to->h_before;
    to->ldi = j->h_in ? n : to->ldb;
    to->gates = l->training ? j->kept.gates + time * j->kept.ld_gates : j->gates;
    to->ldg *= l->training ? l->steps : 1;
    to->h[0] = last && l->training ? NULL : h_before(j, last ? s : s + 1, &ld);
    to->ldh[0] = to->ldb;
    to->h[1] = l->sequences || last ? l->y + (l->sequences ? s * n : 0) : NULL;
    to->ldh[1] = l->ldy;
    if (l->cell == VISML_CELL_LSTM) {
        to->c_before = c_before(j, s);
        to->c = c_before(j, s + 1);
    }
}

/* The samples of a job. */
static visml_rnn_step part_of(const forward_job *j, size_t task) {
    visml_rnn_step s = j->step;
    int64_t size = visml_rnn_job_rows(j->l), row = (int64_t)task * size;
    s.rows = visml_block_length((int64_t)task, size, j->l->batch);
    s.mask = s.mask ? s.mask + row * s.ldm : NULL;
    s.zx += row * s.ldx;
    s.zh += row * s.ldz;
    s.h_in += row * s.ldi;
    s.h_before += row * s.ldb;
    s.gates += row * s.ldg;
    if (s.c) {
        s.c_before += row * s.ldc;
        s.c += row * s.ldc;
    }
    for (int i = 0; i < 2; i++)
        s.h[i] = s.h[i] ? s.h[i] + row * s.ldh[i] : NULL;
    return s;
}

static void gates_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    visml_rnn_step s = part_of(j, task);
    (void)worker;
    j->compute->kernels->rnn_gates(&s);
}

static void step_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    visml_rnn_step s = part_of(j, task);
    (void)worker;
    j->compute->kernels->rnn_step(&s);
}

/* zh of a part. */
static void multiply(const forward_job *j, int part, const real *a, int64_t lda) {
    const visml_rnn *l = j->l;
    int64_t first = j->parts.part[part].first;
    visml_epilogue bias = {.bias = l->recurrent_bias ? l->recurrent_bias + first : NULL, .activation = VISML_LINEAR};
    visml_gemm g = product(l->batch, j->parts.part[part].n, l->units, a, lda, l->recurrent + first, j->zh + first, j->columns);
    g.packed_b = j->packed[part];
    g.epilogue = &bias;
    visml_gemm_run(j->compute, &g, j->rest);
}

/* What dropout leaves of h for a part, where it is not there yet. */
static void drop_h(const forward_job *j, int part) {
    const visml_rnn *l = j->l;
    if (j->h_in && (part == 0 || l->drops_by_gate))
        j->compute->kernels->multiply_rows(l->batch, l->units, j->step.h_before, j->step.ldb, visml_rnn_factors(l, j->h_factors, part),
                                           l->units, j->h_in, l->units);
}

static void run_step(forward_job *j) {
    const visml_rnn *l = j->l;
    const visml_rnn_step *s = &j->step;
    size_t jobs = (size_t)visml_blocks(l->batch, visml_rnn_job_rows(l));
    int last = j->parts.count - 1, waits = l->cell == VISML_CELL_GRU_FIRST;
    for (int i = 0; i <= last; i++) {
        drop_h(j, i);
        if (i < last || !waits)
            multiply(j, i, s->h_in, s->ldi);
    }
    if (visml_rnn_is_gru(l->cell))
        visml_parallel_run(j->compute->parallel, jobs, gates_task, j);
    if (waits)
        multiply(j, last, s->gates + 3 * l->units, s->ldg);
    visml_parallel_run(j->compute->parallel, jobs, step_task, j);
}

/* Of outputs that repeat the state from before the first step. */
static void silence(const forward_job *j) {
    const visml_rnn *l = j->l;
    for (int64_t b = 0; l->mask && l->h0 && b < l->batch; b++) {
        int64_t s = 0;
        while (s < l->steps && !l->mask[b * l->steps + visml_rnn_time(l, s)])
            s++;
        int64_t rows = l->sequences ? s : s == l->steps;
        j->compute->kernels->copy_rows(rows, l->units, NULL, 0, l->y + b * l->ldy, l->units);
    }
}

/* The state after the last step: h as y has it. */
static void finish(const forward_job *j) {
    const visml_rnn *l = j->l;
    const visml_kernels *k = j->compute->kernels;
    const real *h = l->y + (l->sequences ? (l->steps - 1) * l->units : 0);
    if (l->h_end)
        k->copy_rows(l->batch, l->units, h, l->ldy, l->h_end, l->ld_end);
    if (l->c_end && l->cell == VISML_CELL_LSTM)
        k->copy_rows(l->batch, l->units, c_before(j, l->steps), l->units, l->c_end, l->ld_end);
}

void visml_rnn_forward(const visml_compute *c, const visml_rnn *l, void *scratch) {
    forward_job j;
    lay_out(c, l, scratch, &j);
    if (l->batch <= 0)
        return;
    pack(&j);
    project_all(&j);
    start(&j);
    for (int64_t s = 0; s < l->steps; s++) {
        describe(&j, s, &j.step);
        run_step(&j);
    }
    finish(&j);
    silence(&j);
}
