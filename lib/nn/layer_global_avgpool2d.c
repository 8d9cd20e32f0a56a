#include "base/error.h"
#include "kernel/pool2d.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_global_pool2d_opts, keepdims, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_global_pool2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_global_pool2d_opts *o = layer->opts;
    (void)inputs;
    if (in->rank != 3)
        return visml_fail(err, VISML_EINVAL, "input %s must be [height, width, channels]", visml_shape_format(in).s);
    *out = o->keepdims ? visml_shape_make(3, (int64_t[]){1, 1, in->dims[2]}) : visml_shape_make(1, &in->dims[2]);
    return VISML_OK;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const int64_t *in = pass->in[0].dims;
    (void)layer;
    visml_rowmean_forward(&pass->compute, pass->batch, in[0] * in[1], in[2], pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const int64_t *in = pass->in[0].dims;
    (void)layer;
    if (pass->dx[0])
        visml_rowmean_backward(&pass->compute, pass->batch, in[0] * in[1], in[2], pass->dy, pass->dx[0]);
}

const visml_layer_class visml_global_avgpool2d_class = {
    .name = "global_average_pooling2d",
    .title = "GlobalAveragePooling2D",
    .opts_size = sizeof(visml_global_pool2d_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_global_avgpool2d(visml_context *ctx, const visml_global_pool2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_global_avgpool2d_class, opts, err);
}
