#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_plain_opts),
    VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs, (void)err;
    *out = visml_shape_make(1, (int64_t[]){visml_shape_count(in)});
    return VISML_OK;
}

const visml_layer_class visml_flatten_class = {
    .name = "flatten",
    .title = "Flatten",
    .opts_size = sizeof(visml_plain_opts),
    .fields = fields,
    .properties = VISML_ALIASES_INPUT,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
};

visml_layer *visml_flatten(visml_context *ctx, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_flatten_class, opts, err);
}
