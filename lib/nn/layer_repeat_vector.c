#include "base/error.h"
#include "kernel/larger.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_repeat_vector_opts, n, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD(visml_repeat_vector_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_repeat_vector_opts *o = layer->opts;
    (void)inputs;
    if (in->rank != 1)
        return visml_fail(err, VISML_EINVAL, "input %s must have one dimension", visml_shape_format(in).s);
    *out = visml_shape_make(2, (int64_t[]){o->n, in->dims[0]});
    return VISML_OK;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_repeat(&pass->compute, pass->batch, pass->out->dims[0], pass->out->dims[1], pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    if (pass->dx[0])
        visml_repeat_backward(&pass->compute, pass->batch, pass->out->dims[0], pass->out->dims[1], pass->dy, pass->dx[0]);
}

const visml_layer_class visml_repeat_vector_class = {
    .name = "repeat_vector",
    .title = "RepeatVector",
    .opts_size = sizeof(visml_repeat_vector_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_repeat_vector(visml_context *ctx, const visml_repeat_vector_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_repeat_vector_class, opts, err);
}
