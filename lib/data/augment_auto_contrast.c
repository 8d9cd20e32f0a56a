#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_VALUES(visml_auto_contrast_opts),
    VISML_FIELD_OF_RESERVED(visml_auto_contrast_opts),
    {0},
};

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_auto_contrast_opts *o = opts;
    (void)drawn, (void)key;
    visml_canvas_auto_contrast(c, o->value_range);
}

const visml_augmentation_class visml_auto_contrast_class = {
    .name = "auto_contrast",
    .opts_size = sizeof(visml_auto_contrast_opts),
    .fields = fields,
    .apply = apply,
};

visml_augmentation *visml_auto_contrast(visml_context *ctx, const visml_auto_contrast_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_auto_contrast_class, opts, err);
}
