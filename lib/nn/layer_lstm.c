#include "base/error.h"
#include "kernel/lstm.h"
#include "nn/recurrent.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_lstm_opts, units, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD_OF_ENUM(visml_lstm_opts, activation, VISML_TANH, visml_recurrent_activations),
    VISML_FIELD_OF_ENUM(visml_lstm_opts, recurrent_activation, VISML_SIGMOID, visml_recurrent_activations),
    VISML_FIELD(visml_lstm_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, no_unit_forget_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, return_sequences, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, go_backwards, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_lstm_opts, kernel_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_lstm_opts, recurrent_initializer, VISML_INIT_ORTHOGONAL, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_lstm_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD(visml_lstm_opts, return_state, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, dropout, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, recurrent_dropout, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_lstm_opts, name, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_lstm_opts, stateful, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_lstm_opts),
    {0},
};

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_lstm_opts *o = layer->opts;
    VISML_TRY(visml_recurrent_build(layer, in, inputs, err));
    if (!o->no_bias && !o->no_unit_forget_bias) {
        layer->params[2].ones = o->units;
        layer->params[2].ones_end = 2 * o->units;
    }
    return VISML_OK;
}

/* 1: kernel/lstm.h does not do it. */
static int is_general(const visml_layer *layer, const visml_pass *pass) {
    const visml_lstm_opts *o = layer->opts;
    int drops = pass->mode == VISML_TRAINING && (o->dropout > 0 || o->recurrent_dropout > 0);
    return visml_recurrent_masked(pass) || o->return_state || o->stateful || drops;
}

static visml_lstm_sequence sequence_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_lstm_opts *o = layer->opts;
    return (visml_lstm_sequence){.batch = pass->batch, .steps = pass->in->dims[0], .channels = pass->in->dims[1], .units = o->units,
                                 .activation = o->activation, .recurrent_activation = o->recurrent_activation,
                                 .backwards = o->go_backwards, .sequences = o->return_sequences};
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    if (is_general(layer, pass))
        return visml_recurrent_scratch(layer, pass);
    visml_lstm_sequence l = sequence_of(layer, pass);
    size_t forward = visml_lstm_scratch(&pass->compute, &l), backward = 0;
    if (pass->mode == VISML_TRAINING)
        backward = visml_lstm_backward_scratch(&pass->compute, &l);
    return forward > backward ? forward : backward;
}

static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    if (is_general(layer, pass))
        return visml_recurrent_keep(layer, pass);
    visml_lstm_sequence l = sequence_of(layer, pass);
    return visml_lstm_keep(&l);
}

static void give_params(const visml_layer *layer, const visml_pass *pass, visml_lstm_sequence *l) {
    l->kernel = pass->params[0];
    l->recurrent = pass->params[1];
    l->bias = layer->param_count > 2 ? pass->params[2] : NULL;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    if (is_general(layer, pass)) {
        visml_recurrent_forward(layer, pass);
        return;
    }
    visml_lstm_sequence l = sequence_of(layer, pass);
    give_params(layer, pass, &l);
    l.x = pass->x[0];
    l.y = pass->y;
    l.keep = pass->mode == VISML_TRAINING ? pass->keep : NULL;
    visml_lstm_forward(&pass->compute, &l, pass->scratch);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    if (is_general(layer, pass)) {
        visml_recurrent_backward(layer, pass);
        return;
    }
    visml_lstm_sequence l = sequence_of(layer, pass);
    give_params(layer, pass, &l);
    l.x = pass->x[0];
    l.keep = pass->keep;
    l.dy = pass->dy;
    l.dx = pass->dx[0];
    l.dkernel = pass->grads[0];
    l.drecurrent = pass->grads[1];
    l.dbias = layer->param_count > 2 ? pass->grads[2] : NULL;
    visml_lstm_backward(&pass->compute, &l, pass->scratch);
}

const visml_layer_class visml_lstm_class = {
    .name = "lstm",
    .title = "LSTM",
    .opts_size = sizeof(visml_lstm_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_ACTIVATES_INSIDE | VISML_RECURS | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_recurrent_infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
    .ends_mask = visml_recurrent_ends_mask,
    .state = visml_recurrent_state,
};

visml_layer *visml_lstm(visml_context *ctx, const visml_lstm_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_lstm_class, opts, err);
}
