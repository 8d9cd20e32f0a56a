#include "nn/pooling.h"

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    visml_maxpool2d_forward(&pass->compute, &g, pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    if (pass->dx[0])
        visml_maxpool2d_backward(&pass->compute, &g, pass->x[0], pass->y, pass->dy, pass->dx[0]);
}

const visml_layer_class visml_maxpool2d_class = {
    .name = "max_pooling2d",
    .title = "MaxPooling2D",
    .opts_size = sizeof(visml_pool2d_opts),
    .fields = visml_pool_fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_BACKWARD_NEEDS_Y | VISML_CHOOSES,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_pool_infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_maxpool2d(visml_context *ctx, const visml_pool2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_maxpool2d_class, opts, err);
}
