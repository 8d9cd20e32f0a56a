#include "nn/crossentropy.h"
#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_crossentropy_opts, from_logits, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_crossentropy_opts, label_smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    {0},
};

const visml_loss_class visml_categorical_crossentropy_class = {
    .name = "categorical_crossentropy",
    .opts_size = sizeof(visml_crossentropy_opts),
    .fields = fields,
    .joins = VISML_SOFTMAX,
    .logits_of = VISML_SOFTMAX,
    .along_last = 1,
    .check = visml_loss_check_classes,
    .run = visml_crossentropy_loss,
};

visml_loss *visml_categorical_crossentropy(visml_context *ctx, const visml_crossentropy_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_categorical_crossentropy_class, opts, err);
}
