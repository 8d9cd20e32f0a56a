#include "base/error.h"
#include "base/text.h"
#include "nn/crossentropy.h"
#include "nn/row_loss.h"

/* label_smoothing is read, so that asking for it can be refused. */
static const visml_field fields[] = {
    VISML_FIELD(visml_crossentropy_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_crossentropy_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

static visml_status check(const visml_loss *loss, const visml_shape *out, int labels, const visml_shape *target, visml_error *err) {
    if (!labels)
        return visml_fail(err, VISML_EINVAL, "sparse_categorical_crossentropy: targets %s must be class numbers; for arrays use "
                          "categorical_crossentropy", visml_shape_format(target).s);
    return visml_loss_check_classes(loss, out, labels, target, err);
}

static visml_status refuse(const visml_loss *loss, visml_error *err) {
    const visml_crossentropy_opts *o = loss->opts;
    if (!(o->label_smoothing > 0))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "sparse_categorical_crossentropy: label_smoothing is %s, must be 0; categorical_crossentropy has "
                      "it", visml_shortest(o->label_smoothing).s);
}

const visml_loss_class visml_sparse_categorical_crossentropy_class = {
    .name = "sparse_categorical_crossentropy",
    .opts_size = sizeof(visml_crossentropy_opts),
    .fields = fields,
    .joins = VISML_SOFTMAX,
    .logits_of = VISML_SOFTMAX,
    .along_last = 1,
    .refuse = refuse,
    .check = check,
    .run = visml_crossentropy_loss,
};

visml_loss *visml_sparse_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err) {
    visml_loss *loss = visml_loss_make(ctx, &visml_sparse_categorical_crossentropy_class, opts, err);
    if (!loss || refuse(loss, err) == VISML_OK)
        return loss;
    visml_loss_free(loss);
    return NULL;
}
