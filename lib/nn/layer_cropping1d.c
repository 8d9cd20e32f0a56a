#include "nn/framing.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_cropping1d_opts),
    VISML_FIELD(visml_cropping1d_opts, cropping, I32, 0, 2, 0, INT32_MAX, 0),
    VISML_FIELD(visml_cropping1d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

const visml_layer_class visml_cropping1d_class = {
    .name = "cropping1d",
    .title = "Cropping1D",
    .opts_size = sizeof(visml_cropping1d_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_frame_remove_infer,
    .forward = visml_frame_remove_forward,
    .backward = visml_frame_remove_backward,
};

visml_layer *visml_cropping1d(visml_context *ctx, const visml_cropping1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_cropping1d_class, opts, err);
}
