#include "nn/pooling.h"

const visml_layer_class visml_maxpool1d_class = {
    .name = "max_pooling1d",
    .title = "MaxPooling1D",
    .opts_size = sizeof(visml_pool1d_opts),
    .fields = visml_pool1d_fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_BACKWARD_NEEDS_Y | VISML_CHOOSES,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_pool_infer,
    .forward = visml_pool_max_forward,
    .backward = visml_pool_max_backward,
};

visml_layer *visml_maxpool1d(visml_context *ctx, const visml_pool1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_maxpool1d_class, opts, err);
}
