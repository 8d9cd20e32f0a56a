
#include "base/error.h"
#include "kernel/conv2d.h"
#include "kernel/winograd.h"
#include "kernel/norm.h"
#include "nn/layer.h"
#include "nn/window.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_conv2d_opts, filters, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD(visml_conv2d_opts, kernel_size, I32, VISML_FIELD_REQUIRED | VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0),
    VISML_FIELD(visml_conv2d_opts, strides, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD(visml_conv2d_opts, dilation_rate, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD_OF_ENUM(visml_conv2d_opts, padding, VISML_VALID, visml_padding_names),
    VISML_FIELD(visml_conv2d_opts, groups, I32, 0, 1, 1, INT32_MAX, 1),
    VISML_FIELD_OF_ENUM(visml_conv2d_opts, activation, VISML_LINEAR, visml_act_names),
    VISML_FIELD(visml_conv2d_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_conv2d_opts, kernel_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_conv2d_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD(visml_conv2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status check(const visml_layer *layer, visml_error *err) {
    const visml_conv2d_opts *o = layer->opts;
    if (o->filters % o->groups)
        return visml_fail(err, VISML_EINVAL, "conv2d: filters is %d, must be a multiple of groups, %d", o->filters, o->groups);
    return VISML_OK;
}

static visml_windows windows_of(const visml_conv2d_opts *o) {
    return (visml_windows){{o->kernel_size[0], o->strides[0], o->dilation_rate[0], 0, 0},
                           {o->kernel_size[1], o->strides[1], o->dilation_rate[1], 0, 0}};
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_conv2d_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    (void)inputs;
    VISML_TRY(visml_windows_fit("kernel", in, o->padding, &s, err));
    if (in->dims[2] % o->groups)
        return visml_fail(err, VISML_EINVAL, "input %s has %lld channels, must be a multiple of groups, %d", visml_shape_format(in).s,
                          (long long)in->dims[2], o->groups);
    *out = visml_shape_make(3, (int64_t[]){s.h.out, s.w.out, o->filters});
    return VISML_OK;
}

/* Fans as Keras counts them, from the kernel's shape: those of one group in, of all groups out. */
static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_conv2d_opts *o = layer->opts;
    int64_t channels = in->dims[2] / o->groups, filters = o->filters;
    visml_shape kernel = visml_shape_make(4, (int64_t[]){o->kernel_size[0], o->kernel_size[1], channels, filters});
    visml_shape bias = visml_shape_make(1, &filters);
    (void)inputs;
    VISML_TRY(visml_shape_check("kernel", &kernel, 1, err));
    int64_t field = (int64_t)o->kernel_size[0] * o->kernel_size[1];
    VISML_TRY(visml_layer_param(layer, "kernel", &kernel, o->kernel_initializer, 1, field * channels, field * filters, err));
    return o->no_bias ? VISML_OK : visml_layer_param(layer, "bias", &bias, o->bias_initializer, 1, filters, filters, err);
}

static visml_conv2d_geometry geometry_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_conv2d_opts *o = layer->opts;
    const int64_t *in = pass->in[0].dims;
    visml_windows s = windows_of(o);
    visml_windows_fit("kernel", pass->in, o->padding, &s, NULL); /* fitted in infer, fits again */
    return (visml_conv2d_geometry){.n = pass->batch, .h = in[0], .w = in[1], .c = in[2], .oh = s.h.out, .ow = s.w.out, .f = o->filters,
                                   .kh = s.h.size, .kw = s.w.size, .sh = s.h.stride, .sw = s.w.stride, .dh = s.h.dilation,
                                   .dw = s.w.dilation, .top = s.h.front, .left = s.w.front, .groups = o->groups};
}

static int geometry(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g) {
    *g = geometry_of(layer, pass);
    return 1;
}

static int64_t places(const visml_conv2d_geometry *g) {
    return g->n * g->oh * g->ow;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    size_t most = visml_conv2d_forward_scratch(&pass->compute, &g);
    if (pass->mode == VISML_TRAINING) {
        most = larger(most, visml_conv2d_backward_data_scratch(&pass->compute, &g));
        most = larger(most, visml_conv2d_backward_weights_scratch(&pass->compute, &g));
        most = larger(most, visml_colsum_scratch(&pass->compute, places(&g), g.f));
    }
    return most;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_epilogue epilogue = {0};
    if (pass->epilogue)
        epilogue = *pass->epilogue;
    if (layer->param_count > 1 && !epilogue.bias)
        epilogue.bias = pass->params[1];
    visml_conv2d_forward(&pass->compute, &g, pass->x[0], pass->params[0], pass->prepared, pass->y, &epilogue, pass->scratch);
}

static size_t prepare_bytes(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    size_t bytes = visml_conv2d_packed_bytes(&pass->compute, &g);
    return visml_winograd_choice(&g) ? bytes : visml_layer_packed(bytes); /* to transform the weights anew takes too long */
}

static void prepare(const visml_layer *layer, const visml_pass *pass, void *prepared) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_conv2d_pack(&pass->compute, &g, pass->params[0], prepared);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    real *bias = layer->param_count > 1 ? pass->grads[1] : NULL;
    if (pass->grads[0])
        visml_conv2d_backward_weights(&pass->compute, &g, pass->x[0], pass->dy, pass->grads[0], bias, pass->scratch);
    else if (bias)
        visml_colsum(&pass->compute, places(&g), g.f, pass->dy, bias, pass->scratch);
    if (pass->dx[0])
        visml_conv2d_backward_data(&pass->compute, &g, pass->dy, pass->params[0], pass->dx[0], pass->scratch);
}

const visml_layer_class visml_conv2d_class = {
    .name = "conv2d",
    .title = "Conv2D",
    .opts_size = sizeof(visml_conv2d_opts),
    .fields = fields,
    .properties = VISML_FUSES_EPILOGUE | VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .check = check,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
    .prepare_bytes = prepare_bytes,
    .prepare = prepare,
    .geometry = geometry,
};

visml_layer *visml_conv2d(visml_context *ctx, const visml_conv2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_conv2d_class, opts, err);
}
