#include "nn/recurrent.h"

#include "base/error.h"
#include "kernel/rnn.h"

const char *const visml_recurrent_activations[] = {"", "relu", "leaky_relu", "sigmoid", "tanh", "", "relu6", "linear", NULL};

/* ---- options ---- */

#define COMMON(o)                                                                                                       \
    .units = (o)->units, .activation = (o)->activation, .no_bias = (o)->no_bias, .sequences = (o)->return_sequences,    \
    .backwards = (o)->go_backwards, .state = (o)->return_state, .stateful = (o)->stateful,                              \
    .kernel = (o)->kernel_initializer, .recurrent = (o)->recurrent_initializer, .bias = (o)->bias_initializer,          \
    .dropout = (o)->dropout, .recurrent_dropout = (o)->recurrent_dropout

visml_recurrent visml_recurrent_of(const visml_layer *layer) {
    const visml_lstm_opts *lstm = layer->opts;
    const visml_gru_opts *gru = layer->opts;
    const visml_simple_rnn_opts *simple = layer->opts;
    if (layer->cls == &visml_lstm_class)
        return (visml_recurrent){COMMON(lstm), .cell = VISML_CELL_LSTM, .recurrent_activation = lstm->recurrent_activation};
    if (layer->cls == &visml_gru_class)
        return (visml_recurrent){COMMON(gru), .cell = gru->no_reset_after ? VISML_CELL_GRU_FIRST : VISML_CELL_GRU,
                                 .recurrent_activation = gru->recurrent_activation};
    return (visml_recurrent){COMMON(simple), .cell = VISML_CELL_SIMPLE, .recurrent_activation = VISML_LINEAR};
}

int64_t visml_recurrent_states(const visml_recurrent *r) {
    return r->cell == VISML_CELL_LSTM ? 2 : 1;
}

/* Rows of the state are no time steps. */
int visml_recurrent_ends_mask(const visml_layer *layer) {
    return visml_recurrent_of(layer).state;
}

int64_t visml_recurrent_state(const visml_layer *layer) {
    visml_recurrent r = visml_recurrent_of(layer);
    return r.stateful ? visml_recurrent_states(&r) * r.units : 0;
}

/* ---- shapes and parameters ---- */

visml_status visml_recurrent_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_recurrent r = visml_recurrent_of(layer);
    (void)inputs;
    if (in->rank != 2)
        return visml_fail(err, VISML_EINVAL, "input %s must have two dimensions: time steps and channels", visml_shape_format(in).s);
    if (r.sequences || r.state)
        *out = visml_shape_make(2, (int64_t[]){(r.sequences ? in->dims[0] : 1) + (r.state ? visml_recurrent_states(&r) : 0), r.units});
    else
        *out = visml_shape_make(1, (int64_t[]){r.units});
    return VISML_OK;
}

visml_status visml_recurrent_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    visml_recurrent r = visml_recurrent_of(layer);
    int64_t channels = in->dims[1], units = r.units, columns = visml_rnn_gates(r.cell) * units;
    visml_shape kernel = visml_shape_make(2, (int64_t[]){channels, columns}), recurrent = visml_shape_make(2, (int64_t[]){units, columns});
    visml_shape bias = visml_shape_make(1, &columns);
    (void)inputs;
    if (r.cell == VISML_CELL_GRU)
        bias = visml_shape_make(2, (int64_t[]){2, columns});
    VISML_TRY(visml_layer_param(layer, "kernel", &kernel, r.kernel, 1, channels, columns, err));
    VISML_TRY(visml_layer_param(layer, "recurrent_kernel", &recurrent, r.recurrent, 1, units, columns, err));
    if (r.no_bias)
        return VISML_OK;
    return visml_layer_param(layer, "bias", &bias, r.bias, 1, r.cell == VISML_CELL_GRU ? 2 : columns, columns, err);
}

/* ---- passes ---- */

static visml_rnn sequence_of(const visml_layer *layer, const visml_pass *pass) {
    visml_recurrent r = visml_recurrent_of(layer);
    return (visml_rnn){.cell = r.cell, .batch = pass->batch, .steps = pass->in->dims[0], .channels = pass->in->dims[1], .units = r.units,
                       .activation = r.activation, .recurrent_activation = r.recurrent_activation, .backwards = r.backwards,
                       .sequences = r.sequences, .ldy = visml_shape_count(pass->out), .training = pass->mode == VISML_TRAINING,
                       .dropout = r.dropout, .recurrent_dropout = r.recurrent_dropout, .dropout_key = visml_key(pass->key, 0),
                       .drops_by_gate = pass->mode == VISML_TRAINING && r.recurrent_dropout > 0 && r.cell != VISML_CELL_SIMPLE,
                       .recurrent_key = visml_key(pass->key, 1), .step = pass->step};
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t visml_recurrent_scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_rnn l = sequence_of(layer, pass);
    size_t forward = visml_rnn_scratch(&pass->compute, &l);
    return l.training ? larger(forward, visml_rnn_backward_scratch(&pass->compute, &l)) : forward;
}

size_t visml_recurrent_keep(const visml_layer *layer, const visml_pass *pass) {
    visml_rnn l = sequence_of(layer, pass);
    return visml_rnn_keep(&l);
}

static void give(const visml_layer *layer, const visml_pass *pass, visml_rnn *l) {
    l->x = pass->x[0];
    l->keep = pass->keep;
    l->mask = visml_recurrent_masked(pass) ? pass->mask : NULL;
    l->kernel = pass->params[0];
    l->recurrent = pass->params[1];
    l->bias = layer->param_count > 2 ? pass->params[2] : NULL;
    if (l->bias && l->cell == VISML_CELL_GRU)
        l->recurrent_bias = l->bias + 3 * l->units;
}

/* Where in a sample's output the rows of the state begin. */
static int64_t state_at(const visml_rnn *l) {
    return (l->sequences ? l->steps : 1) * l->units;
}

void visml_recurrent_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_rnn l = sequence_of(layer, pass);
    give(layer, pass, &l);
    visml_recurrent r = visml_recurrent_of(layer);
    l.y = pass->y;
    if (r.stateful) {
        l.h0 = l.h_end = pass->state;
        l.ld0 = l.ld_end = pass->state_ld;
    } else if (r.state) {
        l.h_end = pass->y + state_at(&l);
        l.ld_end = l.ldy;
    }
    if (l.cell == VISML_CELL_LSTM) {
        l.c_end = l.h_end ? l.h_end + l.units : NULL;
        l.c0 = r.stateful ? l.c_end : NULL;
    }
    visml_rnn_forward(&pass->compute, &l, pass->scratch);
    if (r.stateful && r.state)
        pass->compute.kernels->copy_rows(l.batch, visml_recurrent_states(&r) * l.units, l.h_end, l.ld_end, l.y + state_at(&l), l.ldy);
}

void visml_recurrent_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_rnn l = sequence_of(layer, pass);
    give(layer, pass, &l);
    l.dy = pass->dy;
    if (visml_recurrent_of(layer).state) {
        l.dh_end = pass->dy + state_at(&l);
        l.dc_end = l.cell == VISML_CELL_LSTM ? l.dh_end + l.units : NULL;
    }
    l.dx = pass->dx[0];
    l.dkernel = pass->grads[0];
    l.drecurrent = pass->grads[1];
    l.dbias = layer->param_count > 2 ? pass->grads[2] : NULL;
    if (l.dbias && l.cell == VISML_CELL_GRU)
        l.drecurrent_bias = l.dbias + 3 * l.units;
    visml_rnn_backward(&pass->compute, &l, pass->scratch);
}
