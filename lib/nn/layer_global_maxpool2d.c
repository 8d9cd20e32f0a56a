#include "nn/pooling.h"

const visml_layer_class visml_global_maxpool2d_class = {
    .name = "global_max_pooling2d",
    .title = "GlobalMaxPooling2D",
    .opts_size = sizeof(visml_global_pool2d_opts),
    .fields = visml_global_pool_fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_BACKWARD_NEEDS_Y | VISML_CHOOSES,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_global_pool_infer,
    .forward = visml_global_max_forward,
    .backward = visml_global_max_backward,
};

visml_layer *visml_global_maxpool2d(visml_context *ctx, const visml_global_pool2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_global_maxpool2d_class, opts, err);
}
