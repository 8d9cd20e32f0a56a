/* What both directions of an LSTM have in common: how sizes are padded, what is kept, how the batch is cut. */
#ifndef KERNEL_LSTM_PLAN_H
#define KERNEL_LSTM_PLAN_H

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/lstm.h"
#include "kernel/span.h"

/* Rows of an array in which rows are worked on side by side: an odd number of cache lines, so that they do not fall into the same sets. */
static inline int64_t visml_lstm_ld(int64_t n) {
    return ((n + 15) / 16 | 1) * 16;
}

/* Regions one after the other, each at a multiple of 64 bytes. `used` becomes SIZE_MAX, which nobody can allocate, where sizes overflow. */
typedef struct visml_lstm_regions {
    char *base;
    size_t used;
} visml_lstm_regions;

static inline real *visml_lstm_take(visml_lstm_regions *r, int64_t rows, int64_t ld) {
    real *p = r->base ? (real *)(void *)(r->base + r->used) : NULL;
    size_t n;
    if (!visml_size_mul((size_t)rows, (size_t)ld, &n) || !visml_size_mul(n, sizeof(real), &n) || !visml_size_add(n, 63, &n) ||
        !visml_size_add(r->used, n & ~(size_t)63, &r->used))
        r->used = SIZE_MAX;
    return p;
}

/* Columns of a row of gates: those of all units, whole panels. */
static inline int64_t visml_lstm_columns(const visml_lstm_sequence *l) {
    return visml_blocks(l->units, VISML_LSTM_UNITS) * VISML_LSTM_WIDTH;
}

/* The time step of x at step s of the recurrence. */
static inline int64_t visml_lstm_time(const visml_lstm_sequence *l, int64_t s) {
    return l->backwards ? l->steps - 1 - s : s;
}

/* What forward leaves for backward. Backward leaves dz in place of the gates. */
typedef struct visml_lstm_kept {
    real *gates; /* [steps, batch, ld_gates]: see visml_lstm_step */
    real *c;     /* [steps, batch, ld_c] */
    real *h;     /* [steps - 1, batch, ld_c]: of the last step nobody asks */
    int64_t ld_gates, ld_c;
    size_t bytes;
} visml_lstm_kept;

static inline visml_lstm_kept visml_lstm_kept_of(const visml_lstm_sequence *l) {
    visml_lstm_regions r = {l->keep, 0};
    visml_lstm_kept k = {.ld_gates = visml_lstm_ld(visml_lstm_columns(l)), .ld_c = visml_lstm_ld(l->units)};
    k.gates = visml_lstm_take(&r, l->steps * l->batch, k.ld_gates);
    k.c = visml_lstm_take(&r, l->steps * l->batch, k.ld_c);
    k.h = visml_lstm_take(&r, (l->steps - 1) * l->batch, k.ld_c);
    k.bytes = r.used;
    return k;
}

/* How the batch is cut: pieces of `rows` samples that each go through all steps on their own; or, where that leaves threads idle or would
 * read all weights for a few samples, `few`: one piece, whose steps are cut by units. Either gives the same bits. */
typedef struct visml_lstm_cut {
    int few;
    int64_t rows, pieces;
} visml_lstm_cut;

#define VISML_LSTM_FEW 16  /* samples */
#define VISML_LSTM_MOST 64 /* of a piece: what it works on stays in the second cache */

/* The least batch that is not few. */
static inline int64_t visml_lstm_many(const visml_compute *c) {
    int64_t n = 8 * (int64_t)c->parallel->workers;
    return n > VISML_LSTM_FEW ? n : VISML_LSTM_FEW;
}

/* Samples that the workers' scratch is for, all together: enough for any cut of this batch and of every smaller one. */
static inline int64_t visml_lstm_room(const visml_compute *c, int64_t batch) {
    return (batch < VISML_LSTM_MOST ? batch : VISML_LSTM_MOST) * (int64_t)c->parallel->workers;
}

static inline visml_lstm_cut visml_lstm_cut_of(const visml_compute *c, int64_t batch) {
    int64_t workers = (int64_t)c->parallel->workers, n;
    if (batch < visml_lstm_many(c))
        return (visml_lstm_cut){1, batch, 1};
    n = visml_blocks(batch, VISML_LSTM_MOST);
    n = visml_blocks(n, workers) * workers; /* as many for each thread */
    if (workers > 1 && n == workers && batch >= 32 * workers)
        n = 2 * workers; /* a thread that was held up leaves some to the others */
    return (visml_lstm_cut){0, visml_blocks(batch, n), visml_blocks(batch, visml_blocks(batch, n))};
}

/* The samples of piece `task`, and what the worker has to itself: rows of `ld` elements out of `local`. */
typedef struct visml_lstm_piece {
    int64_t row, rows;
    real *local;
} visml_lstm_piece;

static inline visml_lstm_piece visml_lstm_piece_of(const visml_lstm_cut *cut, int64_t batch, real *local, int64_t ld, size_t task,
                                                   size_t worker) {
    return (visml_lstm_piece){(int64_t)task * cut->rows, visml_block_length((int64_t)task, cut->rows, batch),
                              local + (int64_t)worker * cut->rows * ld};
}

/* Units of one of the jobs that a step of so many multiplications is cut into; a multiple of `width`. A job is some microseconds. */
static inline int64_t visml_lstm_job_units(const visml_compute *c, int64_t work, int64_t units, int64_t width) {
    int64_t jobs = c->parallel->workers > 1 ? work / 65536 + 1 : 1, panels = visml_blocks(units, width);
    return visml_blocks(panels, jobs) * width;
}

/* The units of job `task`. */
static inline void visml_lstm_share(size_t task, int64_t size, int64_t units, int64_t *first, int64_t *end) {
    *first = (int64_t)task * size;
    *end = *first + visml_block_length((int64_t)task, size, units);
}

#endif
