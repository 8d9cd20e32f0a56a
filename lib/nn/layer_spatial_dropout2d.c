#include "nn/dropping.h"

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs;
    return visml_channel_dropout_infer(3, in, out, err);
}

const visml_layer_class visml_spatial_dropout2d_class = {
    .name = "spatial_dropout2d",
    .title = "SpatialDropout2D",
    .opts_size = sizeof(visml_dropout_opts),
    .fields = visml_dropping_fields,
    .properties = VISML_IDLE_INFERENCE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .scratch = visml_channel_dropout_scratch,
    .forward = visml_channel_dropout_forward,
    .backward = visml_channel_dropout_backward,
};

visml_layer *visml_spatial_dropout2d(visml_context *ctx, const visml_dropout_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_spatial_dropout2d_class, opts, err);
}
