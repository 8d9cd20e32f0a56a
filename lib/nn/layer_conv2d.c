#include "base/error.h"
#include "nn/convolving.h"
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
    return visml_convolving_filters(layer, o->filters, o->groups, err);
}

static visml_windows windows_of(const visml_conv2d_opts *o) {
    return (visml_windows){{o->kernel_size[0], o->strides[0], o->dilation_rate[0], 0, 0},
                           {o->kernel_size[1], o->strides[1], o->dilation_rate[1], 0, 0}, 0};
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_conv2d_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    (void)inputs;
    VISML_TRY(visml_windows_fit("kernel", in, o->padding, &s, err));
    VISML_TRY(visml_windows_groups(in, o->groups, err));
    *out = visml_windows_out(&s, o->filters);
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_conv2d_opts *o = layer->opts;
    visml_shape kernel = visml_shape_make(4, (int64_t[]){o->kernel_size[0], o->kernel_size[1], in->dims[2] / o->groups, o->filters});
    (void)inputs;
    VISML_TRY(visml_convolving_kernel(layer, "kernel", &kernel, o->kernel_initializer, err));
    return visml_convolving_bias(layer, o->no_bias, o->filters, o->bias_initializer, err);
}

static int geometry(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g) {
    const visml_conv2d_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    visml_windows_fit("kernel", pass->in, o->padding, &s, NULL); /* fitted in infer, fits again */
    *g = visml_windows_conv(&s, pass->batch, pass->in, o->filters, o->groups);
    return 1;
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
    .scratch = visml_convolving_scratch,
    .forward = visml_convolving_forward,
    .backward = visml_convolving_backward,
    .prepare_bytes = visml_convolving_prepare_bytes,
    .prepare = visml_convolving_prepare,
    .prepared_form = visml_convolving_prepared_form,
    .geometry = geometry,
};

visml_layer *visml_conv2d(visml_context *ctx, const visml_conv2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_conv2d_class, opts, err);
}
