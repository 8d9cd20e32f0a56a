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

const visml_layer_class visml_conv2d_class = {
    .name = "conv2d",
    .title = "Conv2D",
    .opts_size = sizeof(visml_conv2d_opts),
    .fields = fields,
    .properties = VISML_FUSES_EPILOGUE | VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .check = visml_convolving_check,
    .infer = visml_convolving_infer,
    .build = visml_convolving_build,
    .scratch = visml_convolving_scratch,
    .forward = visml_convolving_forward,
    .backward = visml_convolving_backward,
    .prepare_bytes = visml_convolving_prepare_bytes,
    .prepare = visml_convolving_prepare,
    .prepared_form = visml_convolving_prepared_form,
    .geometry = visml_convolving_geometry,
};

visml_layer *visml_conv2d(visml_context *ctx, const visml_conv2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_conv2d_class, opts, err);
}
