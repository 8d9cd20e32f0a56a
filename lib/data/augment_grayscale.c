#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_random_grayscale_opts, factor, F64, 0, 1, 0, 1, 0.5),
    VISML_FIELD_OF_RESERVED(visml_random_grayscale_opts),
    {0},
};

/* drawn: whether */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_grayscale_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_chance(rng, o->factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    (void)opts, (void)key;
    if (drawn[0] != 0)
        visml_canvas_fade(c, 1);
}

const visml_augmentation_class visml_random_grayscale_class = {
    .name = "random_grayscale",
    .opts_size = sizeof(visml_random_grayscale_opts),
    .fields = fields,
    .properties = VISML_AUGMENT_RGB,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_grayscale(visml_context *ctx, const visml_random_grayscale_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_grayscale_class, opts, err);
}
