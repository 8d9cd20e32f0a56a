#include "nn/framing.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_zero_padding1d_opts),
    VISML_FIELD(visml_zero_padding1d_opts, padding, I32, 0, 2, 0, INT32_MAX, 0),
    VISML_FIELD(visml_zero_padding1d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_frame frame_of(const visml_layer *layer) {
    const visml_zero_padding1d_opts *o = layer->opts;
    return visml_frame_of(o->padding, 2, 1);
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_frame f = frame_of(layer);
    (void)inputs;
    return visml_frame_add(&f, 2, in, out, err);
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_frame f = frame_of(layer);
    visml_margins g = visml_frame_margins(&f, pass->batch, pass->in);
    visml_margins_add(&pass->compute, &g, pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_frame f = frame_of(layer);
    visml_margins g = visml_frame_margins(&f, pass->batch, pass->in);
    if (pass->dx[0])
        visml_margins_remove(&pass->compute, &g, pass->dy, pass->dx[0]);
}

const visml_layer_class visml_zero_padding1d_class = {
    .name = "zero_padding1d",
    .title = "ZeroPadding1D",
    .opts_size = sizeof(visml_zero_padding1d_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_zero_padding1d(visml_context *ctx, const visml_zero_padding1d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_zero_padding1d_class, opts, err);
}
