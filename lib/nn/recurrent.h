/* What the recurrent layers have in common. */
#ifndef NN_RECURRENT_H
#define NN_RECURRENT_H

#include "nn/layer.h"

/* The options of any of them. */
typedef struct visml_recurrent {
    int32_t cell; /* VISML_CELL_... */
    int32_t units, activation, recurrent_activation;
    int32_t no_bias, sequences, backwards, state, stateful;
    visml_init kernel, recurrent, bias;
    double dropout, recurrent_dropout;
} visml_recurrent;

/* Entry i names the activation i. 0 stands for the default; softmax is no function of one element. */
extern const char *const visml_recurrent_activations[];

/* Of lstm, gru or simple_rnn. */
visml_recurrent visml_recurrent_of(const visml_layer *layer);

/* Rows of the state: h, and c of an LSTM. */
int64_t visml_recurrent_states(const visml_recurrent *r);
/* 1: a mask has the time steps of x[0]. */
static inline int visml_recurrent_masked(const visml_pass *pass) {
    return pass->masked && pass->mask_dims == 1;
}

/* For their classes. */
visml_status visml_recurrent_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
visml_status visml_recurrent_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err);
size_t visml_recurrent_scratch(const visml_layer *layer, const visml_pass *pass);
size_t visml_recurrent_keep(const visml_layer *layer, const visml_pass *pass);
void visml_recurrent_forward(const visml_layer *layer, const visml_pass *pass);
void visml_recurrent_backward(const visml_layer *layer, const visml_pass *pass);
int visml_recurrent_ends_mask(const visml_layer *layer);
int64_t visml_recurrent_state(const visml_layer *layer);

#endif
