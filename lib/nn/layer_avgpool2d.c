#include "nn/pooling.h"

const visml_layer_class visml_avgpool2d_class = {
    .name = "average_pooling2d",
    .title = "AveragePooling2D",
    .opts_size = sizeof(visml_pool2d_opts),
    .fields = visml_pool_fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_pool_infer,
    .forward = visml_pool_mean_forward,
    .backward = visml_pool_mean_backward,
};

visml_layer *visml_avgpool2d(visml_context *ctx, const visml_pool2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_avgpool2d_class, opts, err);
}
