#include "base/checked.h"
#include "base/error.h"
#include "kernel/larger.h"
#include "nn/layer.h"

static const char *const interpolations[] = {"nearest", "bilinear", NULL};

static const visml_field fields[] = {
    VISML_FIELD(visml_up_sampling2d_opts, sizes, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 2),
    VISML_FIELD_OF_ENUM(visml_up_sampling2d_opts, interpolation, VISML_UP_NEAREST, interpolations),
    VISML_FIELD(visml_up_sampling2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_up_sampling2d_opts *o = layer->opts;
    (void)inputs;
    if (in->rank != 3)
        return visml_fail(err, VISML_EINVAL, "input %s must have three dimensions: height, width and channels", visml_shape_format(in).s);
    visml_shape s = *in;
    if (!visml_i64_mul(in->dims[0], o->sizes[0], &s.dims[0]) || !visml_i64_mul(in->dims[1], o->sizes[1], &s.dims[1]))
        return visml_fail(err, VISML_EINVAL, "input %s times sizes is more than can be addressed", visml_shape_format(in).s);
    *out = s;
    return VISML_OK;
}

static visml_larger geometry_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_up_sampling2d_opts *o = layer->opts;
    const int64_t *in = pass->in->dims;
    return (visml_larger){pass->batch, in[0], in[1], in[2], o->sizes[0], o->sizes[1]};
}

static int is_bilinear(const visml_layer *layer) {
    return ((const visml_up_sampling2d_opts *)layer->opts)->interpolation == VISML_UP_BILINEAR;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_larger g = geometry_of(layer, pass);
    (is_bilinear(layer) ? visml_larger_bilinear : visml_larger_nearest)(&pass->compute, &g, pass->x[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_larger g = geometry_of(layer, pass);
    if (pass->dx[0])
        (is_bilinear(layer) ? visml_larger_bilinear_backward : visml_larger_nearest_backward)(&pass->compute, &g, pass->dy, pass->dx[0]);
}

const visml_layer_class visml_up_sampling2d_class = {
    .name = "up_sampling2d",
    .title = "UpSampling2D",
    .opts_size = sizeof(visml_up_sampling2d_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_up_sampling2d(visml_context *ctx, const visml_up_sampling2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_up_sampling2d_class, opts, err);
}
