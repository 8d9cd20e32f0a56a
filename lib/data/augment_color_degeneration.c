#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_color_degeneration_opts, factor, VISML_FIELD_REQUIRED, 0, 1, 0, 0),
    VISML_FIELD_OF_VALUES(visml_random_color_degeneration_opts),
    VISML_FIELD_OF_RESERVED(visml_random_color_degeneration_opts),
    {0},
};

/* drawn: how far towards gray */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_color_degeneration_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_between(rng, o->factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_color_degeneration_opts *o = opts;
    (void)key;
    visml_canvas_fade(c, drawn[0]);
    visml_canvas_brighten(c, 0, o->value_range); /* to the range */
}

const visml_augmentation_class visml_random_color_degeneration_class = {
    .name = "random_color_degeneration",
    .opts_size = sizeof(visml_random_color_degeneration_opts),
    .fields = fields,
    .properties = VISML_AUGMENT_RGB,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_color_degeneration(visml_context *ctx, const visml_random_color_degeneration_opts *opts,
                                                    visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_color_degeneration_class, opts, err);
}
