#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_equalization_opts, bins, I32, 0, 1, 2, 256, 256),
    VISML_FIELD_OF_VALUES(visml_equalization_opts),
    {0},
};

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_equalization_opts *o = opts;
    (void)drawn, (void)key;
    visml_canvas_equalize(c, o->bins, o->value_range);
}

const visml_augmentation_class visml_equalization_class = {
    .name = "equalization",
    .opts_size = sizeof(visml_equalization_opts),
    .fields = fields,
    .apply = apply,
};

visml_augmentation *visml_equalization(visml_context *ctx, const visml_equalization_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_equalization_class, opts, err);
}
