/* An image as the sequence of its rows: nothing moves in memory. */
#include "base/error.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_plain_opts),
    VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs;
    if (in->rank != 3)
        return visml_fail(err, VISML_EINVAL, "input %s must be [height, width, channels]", visml_shape_format(in).s);
    *out = visml_shape_make(2, (int64_t[]){in->dims[0], in->dims[1] * in->dims[2]});
    return VISML_OK;
}

const visml_layer_class visml_rows_class = {
    .name = "rows",
    .title = "Rows",
    .opts_size = sizeof(visml_plain_opts),
    .fields = fields,
    .properties = VISML_ALIASES_INPUT,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
};

visml_layer *visml_rows(visml_context *ctx, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_rows_class, opts, err);
}
