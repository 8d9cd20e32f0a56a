#include "kernel/lstm.h"

#include "kernel/lstm_plan.h"

#define PACK_ROWS 32      /* of the weights, a job */
#define PROJECT_ROWS 192 /* of x at a time, by one panel of weights */

typedef struct forward_job {
    const visml_compute *compute;
    const visml_lstm_sequence *l;
    visml_lstm_kept kept;
    visml_lstm_cut cut;
    int64_t panels, panel; /* of the packed weights: how many, elements of one */
    int64_t ldx, ldz;
    real *weights; /* [panels, channels + units, 64] */
    real *z;       /* few: [batch * steps, ldz], x W + b; else NULL */
    real *local;   /* of each worker: as many rows as a piece has, of local_ld */
    int64_t local_ld;
    visml_lstm_step step; /* few: the one that is being worked on ... */
    int64_t units;        /* ... and how many units each job takes */
} forward_job;

/* (Scratch may not be less for a larger batch: so there is room for what only a smaller one uses.) */
static size_t lay_out(const visml_compute *c, const visml_lstm_sequence *l, void *scratch, forward_job *j) {
    visml_lstm_regions r = {scratch, 0};
    int64_t few = visml_lstm_many(c) - 1;
    *j = (forward_job){.compute = c, .l = l, .kept = visml_lstm_kept_of(l), .cut = visml_lstm_cut_of(c, l->batch)};
    j->panels = visml_blocks(l->units, VISML_LSTM_UNITS);
    j->panel = visml_lstm_ld((l->channels + l->units) * VISML_LSTM_WIDTH);
    j->ldx = visml_lstm_ld(l->channels);
    j->ldz = visml_lstm_ld(visml_lstm_columns(l));
    j->weights = visml_lstm_take(&r, j->panels, j->panel);
    j->z = visml_lstm_take(&r, (l->batch < few ? l->batch : few) * l->steps, j->ldz);
    j->z = j->cut.few ? j->z : NULL;
    j->local_ld = j->ldx + 3 * j->kept.ld_c;
    j->local = visml_lstm_take(&r, visml_lstm_room(c, l->batch), j->local_ld);
    return r.used;
}

size_t visml_lstm_keep(const visml_lstm_sequence *l) {
    return visml_lstm_kept_of(l).bytes;
}

size_t visml_lstm_scratch(const visml_compute *c, const visml_lstm_sequence *l) {
    forward_job j;
    return lay_out(c, l, NULL, &j);
}

/* ---- the weights, once a sequence ---- */

/* Rows k ... k + rows of w, to all panels; they begin `at` rows further down there. Row by row, as they lie in memory. */
static void pack(const forward_job *j, const real *w, int64_t k, int64_t rows, int64_t at) {
    const visml_kernels *kernels = j->compute->kernels;
    int64_t units = j->l->units, whole = units / VISML_LSTM_UNITS, rest = units % VISML_LSTM_UNITS;
    for (int64_t row = k; row < k + rows; row++) {
        const real *from = w + row * 4 * units;
        real *to = j->weights + (at + row) * VISML_LSTM_WIDTH;
        if (rest)
            kernels->copy_rows(1, VISML_LSTM_WIDTH, NULL, 0, to + whole * j->panel, 0);
        for (int64_t g = 0; g < 4; g++, from += units, to += VISML_LSTM_UNITS) {
            kernels->copy_rows(whole, VISML_LSTM_UNITS, from, VISML_LSTM_UNITS, to, j->panel);
            kernels->copy_rows(1, rest, from + whole * VISML_LSTM_UNITS, 0, to + whole * j->panel, 0);
        }
    }
}

static void pack_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    int64_t block = (int64_t)task, blocks = visml_blocks(j->l->channels, PACK_ROWS);
    (void)worker;
    if (block < blocks)
        pack(j, j->l->kernel, block * PACK_ROWS, visml_block_length(block, PACK_ROWS, j->l->channels), 0);
    else
        pack(j, j->l->recurrent, (block - blocks) * PACK_ROWS, visml_block_length(block - blocks, PACK_ROWS, j->l->units), j->l->channels);
}

/* ---- x W + b of all steps ---- */

static void project_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    const visml_lstm_sequence *l = j->l;
    int64_t block = (int64_t)task / j->panels, u = (int64_t)task % j->panels * VISML_LSTM_UNITS, row = block * PROJECT_ROWS;
    visml_lstm_step s = {.rows = visml_block_length(block, PROJECT_ROWS, l->batch * l->steps), .first = u, .units = l->units};
    (void)worker;
    s.end = u + VISML_LSTM_UNITS < l->units ? u + VISML_LSTM_UNITS : l->units;
    s.kx = s.ldx = l->channels;
    s.x = l->x + row * l->channels;
    s.b = j->weights;
    s.panel = j->panel;
    s.bias = l->bias;
    s.ldz = j->ldz;
    j->compute->kernels->lstm_project(&s, j->z + row * j->ldz);
}

/* ---- one step ---- */

/* Where h is from and where it goes: what is kept is in order; else two places in turn. */
static void describe_h(const forward_job *j, const visml_lstm_piece *p, int64_t t, visml_lstm_step *s) {
    const visml_lstm_sequence *l = j->l;
    int64_t ld = j->kept.ld_c, n = p->rows * ld;
    int last = t + 1 == l->steps;
    real *here = l->keep ? j->kept.h + (t * l->batch + p->row) * ld : p->local + t % 2 * n;
    const real *before = l->keep ? here - l->batch * ld : p->local + (t + 1) % 2 * n;
    s->h_before = t ? before : NULL;
    s->ldb = s->ldh[0] = ld;
    s->h[0] = last ? NULL : here;
    s->ldh[1] = l->sequences ? l->steps * l->units : l->units;
    s->h[1] = l->sequences || last ? l->y + p->row * s->ldh[1] + (l->sequences ? t * l->units : 0) : NULL;
}

static void describe_step(const forward_job *j, const visml_lstm_piece *p, int64_t t, visml_lstm_step *s) {
    const visml_lstm_sequence *l = j->l;
    const visml_lstm_kept *k = &j->kept;
    int64_t at = t * l->batch + p->row, n = p->rows * k->ld_c;
    *s = (visml_lstm_step){.rows = p->rows, .end = l->units, .units = l->units, .activation = l->activation,
                           .recurrent_activation = l->recurrent_activation, .kx = l->channels, .kh = t ? l->units : 0,
                           .x = p->local + 3 * n, .ldx = j->ldx, .b = j->weights, .panel = j->panel, .bias = l->bias,
                           .ldg = k->ld_gates, .ldc = k->ld_c};
    s->z = j->z ? j->z + (p->row * l->steps + visml_lstm_time(l, t)) * j->ldz : NULL;
    s->ldz = l->steps * j->ldz;
    s->gates = l->keep ? k->gates + at * k->ld_gates : NULL;
    s->c = l->keep ? k->c + at * k->ld_c : p->local + 2 * n;
    s->c_before = t == 0 ? NULL : l->keep ? s->c - l->batch * k->ld_c : s->c;
    describe_h(j, p, t, s);
}

static void step_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    visml_lstm_step s = j->step;
    (void)worker;
    visml_lstm_share(task, j->units, s.units, &s.first, &s.end);
    j->compute->kernels->lstm_step(&s);
}

/* ---- the sequence ---- */

static void run_few(forward_job *j) {
    const visml_lstm_sequence *l = j->l;
    const visml_parallel *parallel = j->compute->parallel;
    visml_lstm_piece p = visml_lstm_piece_of(&j->cut, l->batch, j->local, j->local_ld, 0, 0);
    visml_parallel_run(parallel, (size_t)(j->panels * visml_blocks(l->batch * l->steps, PROJECT_ROWS)), project_task, j);
    j->units = visml_lstm_job_units(j->compute, l->batch * l->units * l->units * 4, l->units, VISML_LSTM_UNITS);
    for (int64_t t = 0; t < l->steps; t++) {
        describe_step(j, &p, t, &j->step);
        visml_parallel_run(parallel, (size_t)visml_blocks(l->units, j->units), step_task, j);
    }
}

/* x is copied because its rows are far apart, often by a power of two. */
static void piece_task(void *arg, size_t task, size_t worker) {
    const forward_job *j = arg;
    const visml_lstm_sequence *l = j->l;
    visml_lstm_piece p = visml_lstm_piece_of(&j->cut, l->batch, j->local, j->local_ld, task, worker);
    real *to = p.local + 3 * p.rows * j->kept.ld_c;
    for (int64_t t = 0; t < l->steps; t++) {
        visml_lstm_step s;
        const real *x = l->x + (p.row * l->steps + visml_lstm_time(l, t)) * l->channels;
        describe_step(j, &p, t, &s);
        j->compute->kernels->copy_rows(p.rows, l->channels, x, l->steps * l->channels, to, j->ldx);
        j->compute->kernels->lstm_step(&s);
    }
}

void visml_lstm_forward(const visml_compute *c, const visml_lstm_sequence *l, void *scratch) {
    forward_job j;
    lay_out(c, l, scratch, &j);
    if (l->batch <= 0)
        return;
    visml_parallel_run(c->parallel, (size_t)(visml_blocks(l->channels, PACK_ROWS) + visml_blocks(l->units, PACK_ROWS)), pack_task, &j);
    if (j.cut.few)
        run_few(&j);
    else
        visml_parallel_run(c->parallel, (size_t)j.cut.pieces, piece_task, &j);
}
