#include "base/error.h"
#include "base/text.h"
#include "nn/crossentropy.h"

/* label_smoothing is read, so that asking for it can be refused. */
static const visml_field fields[] = {
    VISML_FIELD(visml_crossentropy_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_crossentropy_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

static visml_status check(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err) {
    (void)loss;
    if (out->rank != 1)
        return visml_fail(err, VISML_EINVAL, "sparse_categorical_crossentropy: the model's output %s must be [classes]",
                          visml_shape_format(out).s);
    if (!labels)
        return visml_fail(err, VISML_EINVAL, "sparse_categorical_crossentropy: targets %s must be class numbers; for arrays use "
                          "categorical_crossentropy", visml_shape_format(target).s);
    return VISML_OK;
}

const visml_loss_class visml_sparse_categorical_crossentropy_class = {
    .name = "sparse_categorical_crossentropy",
    .opts_size = sizeof(visml_crossentropy_opts),
    .fields = fields,
    .joins_softmax = 1,
    .check = check,
    .run = visml_crossentropy_loss,
};

visml_loss *visml_sparse_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err) {
    visml_loss *loss = visml_loss_make(ctx, &visml_sparse_categorical_crossentropy_class, opts, err);
    const visml_crossentropy_opts *o = loss ? loss->opts : NULL;
    if (o && o->label_smoothing != 0) {
        visml_fail(err, VISML_EINVAL, "sparse_categorical_crossentropy: label_smoothing is %s, must be 0; categorical_crossentropy has it",
                   visml_shortest(o->label_smoothing).s);
        visml_loss_free(loss);
        return NULL;
    }
    return loss;
}
