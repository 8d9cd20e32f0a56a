/* LSTM over whole sequences (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), as Keras has it:
 *
 *   [i f g o] = x_t W + h_{t-1} R + b;  i, f, o through the recurrent activation, g through the activation;
 *   c_t = f c_{t-1} + i g;  h_t = o act(c_t);  h_{-1} = c_{-1} = 0.
 *
 * x W and h R are added up along k in blocks of VISML_KC as in any product: x W, then b, then h R. How the batch and the units are cut for
 * threads has no influence on results. */
#ifndef KERNEL_LSTM_H
#define KERNEL_LSTM_H

#include "kernel/compute.h"

typedef struct visml_lstm_sequence {
    int64_t batch, steps, channels, units;
    int32_t activation, recurrent_activation; /* not VISML_SOFTMAX */
    int32_t backwards;     /* 1: from the last time step to the first; y is in the order of processing */
    int32_t sequences;     /* 1: y is the output of every step, [batch, steps, units]; 0: of the last one, [batch, units] */
    const real *x;         /* [batch, steps, channels] */
    const real *kernel;    /* W [channels, 4 units] */
    const real *recurrent; /* R [units, 4 units] */
    const real *bias;      /* [4 units], or NULL */
    real *y;
    void *keep;            /* visml_lstm_keep bytes: written by forward, read by backward; NULL: inference */
    const real *dy;        /* backward: as y */
    real *dx, *dkernel, *drecurrent, *dbias; /* backward: overwritten; NULL: not wanted */
} visml_lstm_sequence;

/* Of the arrays only `keep` is looked at for the scratch of forward, and only whether it is NULL. */
size_t visml_lstm_keep(const visml_lstm_sequence *l);
size_t visml_lstm_scratch(const visml_compute *c, const visml_lstm_sequence *l);
void visml_lstm_forward(const visml_compute *c, const visml_lstm_sequence *l, void *scratch);
size_t visml_lstm_backward_scratch(const visml_compute *c, const visml_lstm_sequence *l);
void visml_lstm_backward(const visml_compute *c, const visml_lstm_sequence *l, void *scratch);

#endif
