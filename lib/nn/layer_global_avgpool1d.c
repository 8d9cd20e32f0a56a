#include "nn/pooling.h"

const visml_layer_class visml_global_avgpool1d_class = {
    .name = "global_average_pooling1d",
    .title = "GlobalAveragePooling1D",
    .opts_size = sizeof(visml_global_pool1d_opts),
    .fields = visml_global_pool1d_fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_global_pool_infer,
    .forward = visml_global_mean_forward,
    .backward = visml_global_mean_backward,
};

visml_layer *visml_global_avgpool1d(visml_context *ctx, const visml_global_pool1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_global_avgpool1d_class, opts, err);
}
