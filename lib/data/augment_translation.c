#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_translation_opts, height_factor, VISML_FIELD_REQUIRED | VISML_FIELD_MIRRORED, -1, 1, 0, 0),
    VISML_FIELD_OF_RANGE(visml_random_translation_opts, width_factor, VISML_FIELD_REQUIRED | VISML_FIELD_MIRRORED, -1, 1, 0, 0),
    VISML_FIELDS_OF_SAMPLING(visml_random_translation_opts),
    {0},
};

/* drawn: parts of the height and of the width */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_translation_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_between(rng, o->height_factor);
    drawn[1] = visml_draw_between(rng, o->width_factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_translation_opts *o = opts;
    (void)key;
    visml_sampling s = visml_sampling_of(o->fill_mode, o->interpolation, o->fill_value);
    visml_canvas_translate(c, drawn[0] * (double)c->height, drawn[1] * (double)c->width, &s);
}

const visml_augmentation_class visml_random_translation_class = {
    .name = "random_translation",
    .opts_size = sizeof(visml_random_translation_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_translation(visml_context *ctx, const visml_random_translation_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_translation_class, opts, err);
}
