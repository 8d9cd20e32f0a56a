#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_saturation_opts, factor, VISML_FIELD_REQUIRED, 0, 1, 0, 0),
    VISML_FIELD_OF_VALUES(visml_random_saturation_opts),
    VISML_FIELD_OF_RESERVED(visml_random_saturation_opts),
    {0},
};

/* drawn: what the saturation is multiplied by. As Keras, with 1e-7 against a division by 0. */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_saturation_opts *o = opts;
    (void)c;
    double factor = visml_draw_between(rng, o->factor);
    drawn[0] = factor / (1 - factor + 1e-7);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_saturation_opts *o = opts;
    (void)key;
    visml_canvas_tint(c, 0, drawn[0], o->value_range);
}

const visml_augmentation_class visml_random_saturation_class = {
    .name = "random_saturation",
    .opts_size = sizeof(visml_random_saturation_opts),
    .fields = fields,
    .properties = VISML_AUGMENT_RGB,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_saturation(visml_context *ctx, const visml_random_saturation_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_saturation_class, opts, err);
}
