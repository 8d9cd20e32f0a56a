#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_brightness_opts, factor, VISML_FIELD_REQUIRED | VISML_FIELD_MIRRORED, -1, 1, 0, 0),
    VISML_FIELD_OF_VALUES(visml_random_brightness_opts),
    VISML_FIELD_OF_RESERVED(visml_random_brightness_opts),
    {0},
};

/* drawn: parts of the range */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_brightness_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_between(rng, o->factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_brightness_opts *o = opts;
    (void)key;
    visml_canvas_brighten(c, drawn[0], o->value_range);
}

const visml_augmentation_class visml_random_brightness_class = {
    .name = "random_brightness",
    .opts_size = sizeof(visml_random_brightness_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_brightness(visml_context *ctx, const visml_random_brightness_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_brightness_class, opts, err);
}
