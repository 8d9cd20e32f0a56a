/* What both directions of a recurrent layer have in common. */
#ifndef KERNEL_RNN_PLAN_H
#define KERNEL_RNN_PLAN_H

#include "base/rng.h"
#include "kernel/elementwise.h"
#include "kernel/gemm.h"
#include "kernel/lstm_plan.h"
#include "kernel/rnn.h"

/* What forward leaves for backward. Rows of x's order: that of step s of sample b is b * steps + the time of s. */
typedef struct visml_rnn_kept {
    real *gates;  /* [batch * steps, ld_gates]: see VISML_CELL_... */
    real *before; /* [batch * steps, units]: h before the step */
    real *c;      /* LSTM: [steps + 1, batch, units], the first one before the first step */
    int64_t ld_gates;
    size_t bytes;
} visml_rnn_kept;

/* GRU: four, for what the reset gate has to do with. */
static inline int64_t visml_rnn_kept_gates(int32_t cell) {
    return cell == VISML_CELL_SIMPLE ? 1 : 4;
}

static inline int visml_rnn_is_gru(int32_t cell) {
    return cell == VISML_CELL_GRU || cell == VISML_CELL_GRU_FIRST;
}

static inline visml_rnn_kept visml_rnn_kept_of(const visml_rnn *l) {
    visml_lstm_regions r = {l->keep, 0};
    visml_rnn_kept k = {.ld_gates = visml_rnn_kept_gates(l->cell) * l->units};
    int64_t rows = l->batch * l->steps;
    k.gates = visml_lstm_take(&r, rows, k.ld_gates);
    k.before = visml_lstm_take(&r, rows, l->units);
    k.c = visml_lstm_take(&r, l->cell == VISML_CELL_LSTM ? rows + l->batch : 0, l->units);
    k.bytes = r.used;
    return k;
}

static inline int64_t visml_rnn_time(const visml_rnn *l, int64_t s) {
    return l->backwards ? l->steps - 1 - s : s;
}

/* The products with R of a step: the columns of R that each takes. One for all gates; where the reset gate comes between, one for the
 * first two and one for the third; with a mask for each gate, one for each. */
#define VISML_RNN_MOST_PARTS 4

typedef struct visml_rnn_parts {
    int count;
    struct {
        int64_t first, n;
    } part[VISML_RNN_MOST_PARTS];
} visml_rnn_parts;

static inline visml_rnn_parts visml_rnn_parts_of(const visml_rnn *l) {
    int64_t gates = visml_rnn_gates(l->cell), n = l->units;
    visml_rnn_parts p = {.count = 1, .part = {{0, gates * n}}};
    if (visml_rnn_is_gru(l->cell))
        p = (visml_rnn_parts){.count = 2, .part = {{0, 2 * n}, {2 * n, n}}};
    if (!l->drops_by_gate)
        return p;
    p.count = (int)gates;
    for (int i = 0; i < p.count; i++) {
        p.part[i].first = i * n;
        p.part[i].n = n;
    }
    return p;
}

/* How many masks there are. */
static inline int64_t visml_rnn_masks(const visml_rnn *l) {
    return l->drops_by_gate ? visml_rnn_gates(l->cell) : 1;
}

/* Dropout's factors for [batch, n], the same at every step, into `to`: those of a gate, or with one mask of all of them. */
static inline void visml_rnn_draw(const visml_compute *c, const visml_rnn *l, double rate, uint64_t key, int64_t gate, int64_t n,
                                  real *to) {
    size_t count = (size_t)(l->batch * n);
    for (size_t i = 0; i < count; i++)
        to[i] = 1;
    visml_dropout_apply(c, count, to, rate, l->drops_by_gate ? visml_key(key, (uint64_t)gate) : key, l->step, to);
}

/* The factors of h for all masks, [masks][batch, units]. */
static inline void visml_rnn_draw_h(const visml_compute *c, const visml_rnn *l, real *to) {
    for (int64_t i = 0; i < visml_rnn_masks(l); i++)
        visml_rnn_draw(c, l, l->recurrent_dropout, l->recurrent_key, i, l->units, to + i * l->batch * l->units);
}

/* Those that part `i` of a step's products goes with. */
static inline const real *visml_rnn_factors(const visml_rnn *l, const real *factors, int i) {
    return factors && l->drops_by_gate ? factors + i * l->batch * l->units : factors;
}

/* Every time step of x or of its gradient, times the factors of its sample. to may be x. */
static inline void visml_rnn_drop_x(const visml_compute *c, const visml_rnn *l, const real *x, const real *factors, real *to) {
    for (int64_t b = 0; b < l->batch; b++, x += l->steps * l->channels, to += l->steps * l->channels, factors += l->channels)
        c->kernels->multiply_rows(l->steps, l->channels, x, l->channels, factors, 0, to, l->channels);
}

/* Samples that are one job of a step. */
static inline int64_t visml_rnn_job_rows(const visml_rnn *l) {
    int64_t rows = 2048 / l->units;
    return rows > 0 ? rows : 1;
}

/* The scratch of the products, of whatever size: bytes of packed weights at their front. */
static inline size_t visml_rnn_packed(const visml_compute *c, int64_t n, int64_t k) {
    size_t bytes = visml_gemm_packed_bytes(c, n, k), all;
    return visml_size_align(bytes, 64, &all) ? all : SIZE_MAX;
}

static inline size_t visml_rnn_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static inline void *visml_rnn_take_bytes(visml_lstm_regions *r, size_t bytes) {
    void *p = r->base ? r->base + r->used : NULL;
    if (!visml_size_add(r->used, bytes, &r->used) || !visml_size_align(r->used, 64, &r->used))
        r->used = SIZE_MAX;
    return p;
}

#endif
