#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_hue_opts, factor, VISML_FIELD_REQUIRED, 0, 1, 0, 0),
    VISML_FIELD_OF_VALUES(visml_random_hue_opts),
    VISML_FIELD_OF_RESERVED(visml_random_hue_opts),
    {0},
};

/* drawn: turns of the circle */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_hue_opts *o = opts;
    (void)c;
    double sign = visml_draw_sign(rng);
    drawn[0] = sign * visml_draw_between(rng, o->factor) / 2;
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_hue_opts *o = opts;
    (void)key;
    visml_canvas_tint(c, drawn[0], 1, o->value_range);
}

const visml_augmentation_class visml_random_hue_class = {
    .name = "random_hue",
    .opts_size = sizeof(visml_random_hue_opts),
    .fields = fields,
    .properties = VISML_AUGMENT_RGB,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_hue(visml_context *ctx, const visml_random_hue_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_hue_class, opts, err);
}
