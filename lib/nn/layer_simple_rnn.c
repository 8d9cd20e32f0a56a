/* Elman 1990: Finding structure in time. */
#include "nn/recurrent.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_simple_rnn_opts, units, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD_OF_ENUM(visml_simple_rnn_opts, activation, VISML_TANH, visml_recurrent_activations),
    VISML_FIELD(visml_simple_rnn_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_simple_rnn_opts, return_sequences, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_simple_rnn_opts, go_backwards, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_simple_rnn_opts, kernel_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_simple_rnn_opts, recurrent_initializer, VISML_INIT_ORTHOGONAL, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_simple_rnn_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD(visml_simple_rnn_opts, return_state, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_simple_rnn_opts, dropout, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_simple_rnn_opts, recurrent_dropout, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_simple_rnn_opts, name, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_simple_rnn_opts, stateful, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_simple_rnn_opts),
    {0},
};

const visml_layer_class visml_simple_rnn_class = {
    .name = "simple_rnn",
    .title = "SimpleRNN",
    .opts_size = sizeof(visml_simple_rnn_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_ACTIVATES_INSIDE | VISML_RECURS | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_recurrent_infer,
    .build = visml_recurrent_build,
    .scratch = visml_recurrent_scratch,
    .keep = visml_recurrent_keep,
    .forward = visml_recurrent_forward,
    .backward = visml_recurrent_backward,
    .ends_mask = visml_recurrent_ends_mask,
    .state = visml_recurrent_state,
};

visml_layer *visml_simple_rnn(visml_context *ctx, const visml_simple_rnn_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_simple_rnn_class, opts, err);
}
