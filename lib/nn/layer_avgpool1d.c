#include "nn/pooling.h"

const visml_layer_class visml_avgpool1d_class = {
    .name = "average_pooling1d",
    .title = "AveragePooling1D",
    .opts_size = sizeof(visml_pool1d_opts),
    .fields = visml_pool1d_fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_pool_infer,
    .forward = visml_pool_mean_forward,
    .backward = visml_pool_mean_backward,
};

visml_layer *visml_avgpool1d(visml_context *ctx, const visml_pool1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_avgpool1d_class, opts, err);
}
