/* Recurrent layers over whole sequences, as Keras has them, for any cell and with all options. (lstm.h is faster, and does what most LSTMs
 * need.)
 *
 *   VISML_CELL_SIMPLE     h = act(x W + b + h R)
 *   VISML_CELL_LSTM       see lstm.h
 *   VISML_CELL_GRU        [z r] through the recurrent activation; c = act(x W_c + b_c + r (h R_c + b'_c)); h = z h + (1 - z) c
 *   VISML_CELL_GRU_FIRST  c = act(x W_c + b_c + (r h) R_c)
 *
 * One product for x W over all steps, then one (GRU: two) a step for h R. */
#ifndef KERNEL_RNN_H
#define KERNEL_RNN_H

#include "kernel/compute.h"
#include "kernel/kernels.h"

typedef struct visml_rnn {
    int32_t cell;
    int64_t batch, steps, channels, units;
    int32_t activation, recurrent_activation; /* not VISML_SOFTMAX */
    int32_t backwards;     /* 1: from the last time step to the first; y is in the order of processing */
    int32_t sequences;     /* 1: y is the output of every step; 0: of the last one */
    int64_t ldy;           /* from one sample of y and dy to the next; rows of a sample are `units` apart */
    const real *x;         /* [batch, steps, channels] */
    const real *kernel;    /* W [channels, gates units] */
    const real *recurrent; /* R [units, gates units] */
    const real *bias, *recurrent_bias; /* [gates units], or NULL */
    const uint8_t *mask;   /* [batch, steps]: 0: the step keeps the state and repeats the output; NULL: none does. Before the first step
                              that counts the output is 0, whatever the state is */
    const real *h0, *c0;   /* [batch] rows of units, ld0 apart: the state before the first step; NULL: 0. It has no gradient */
    real *h_end, *c_end;   /* and after the last, rows ld_end apart; NULL: not wanted. May be h0 and c0 */
    int64_t ld0, ld_end;
    real *y;
    int32_t training;      /* 0: without dropout, and nothing is kept */
    void *keep;            /* visml_rnn_keep bytes: written by forward, read by backward */
    /* Dropout of x and of h in the products, [0, 1): one mask for all steps and gates, see visml_dropout_apply. */
    double dropout, recurrent_dropout;
    int32_t drops_by_gate; /* 1: one mask for all steps, but others for each gate, whose products are then made one by one */
    uint64_t dropout_key, recurrent_key, step;
    const real *dy;        /* backward: as y */
    const real *dh_end, *dc_end; /* backward: gradients of the last state, [batch] rows ldy apart, or NULL */
    real *dx, *dkernel, *drecurrent, *dbias, *drecurrent_bias; /* backward: overwritten; NULL: not wanted */
} visml_rnn;

/* 1, 3 or 4. */
int64_t visml_rnn_gates(int32_t cell);

/* Without a look at the arrays. */
size_t visml_rnn_keep(const visml_rnn *l);
size_t visml_rnn_scratch(const visml_compute *c, const visml_rnn *l);
void visml_rnn_forward(const visml_compute *c, const visml_rnn *l, void *scratch);
size_t visml_rnn_backward_scratch(const visml_compute *c, const visml_rnn *l);
void visml_rnn_backward(const visml_compute *c, const visml_rnn *l, void *scratch);

#endif
