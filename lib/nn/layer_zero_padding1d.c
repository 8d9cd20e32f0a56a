#include "nn/framing.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_zero_padding1d_opts),
    VISML_FIELD(visml_zero_padding1d_opts, padding, I32, 0, 2, 0, INT32_MAX, 0),
    VISML_FIELD(visml_zero_padding1d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

const visml_layer_class visml_zero_padding1d_class = {
    .name = "zero_padding1d",
    .title = "ZeroPadding1D",
    .opts_size = sizeof(visml_zero_padding1d_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_frame_add_infer,
    .forward = visml_frame_add_forward,
    .backward = visml_frame_add_backward,
};

visml_layer *visml_zero_padding1d(visml_context *ctx, const visml_zero_padding1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_zero_padding1d_class, opts, err);
}
