#include "base/error.h"
#include "nn/crossentropy.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_crossentropy_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_crossentropy_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

static visml_status check(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err) {
    (void)loss;
    if (out->rank != 1)
        return visml_fail(err, VISML_EINVAL, "categorical_crossentropy: the model's output %s must be [classes]",
                          visml_shape_format(out).s);
    if (!labels && !visml_shape_equal(out, target))
        return visml_fail(err, VISML_EINVAL, "categorical_crossentropy: targets %s must have the shape of the model's output, %s",
                          visml_shape_format(target).s, visml_shape_format(out).s);
    return VISML_OK;
}

const visml_loss_class visml_categorical_crossentropy_class = {
    .name = "categorical_crossentropy",
    .opts_size = sizeof(visml_crossentropy_opts),
    .fields = fields,
    .joins_softmax = 1,
    .check = check,
    .run = visml_crossentropy_loss,
};

visml_loss *visml_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_categorical_crossentropy_class, opts, err);
}
