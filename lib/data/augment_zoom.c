#include "data/augment.h"

#define AS_HEIGHT 2 /* in place of a width_factor: what no caller can give */

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_zoom_opts, height_factor, VISML_FIELD_REQUIRED | VISML_FIELD_MIRRORED, -1, 1, 0, 0),
    VISML_FIELD_OF_RANGE(visml_random_zoom_opts, width_factor, VISML_FIELD_MIRRORED, -1, 1, AS_HEIGHT, AS_HEIGHT),
    VISML_FIELDS_OF_SAMPLING(visml_random_zoom_opts),
    {0},
};

/* drawn: how many times as much the height and the width show */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_zoom_opts *o = opts;
    (void)c;
    drawn[0] = 1 + visml_draw_between(rng, o->height_factor);
    drawn[1] = o->width_factor[0] == AS_HEIGHT ? drawn[0] : 1 + visml_draw_between(rng, o->width_factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_zoom_opts *o = opts;
    (void)key;
    visml_sampling s = visml_sampling_of(o->fill_mode, o->interpolation, o->fill_value);
    visml_canvas_zoom(c, drawn[0], drawn[1], &s);
}

const visml_augmentation_class visml_random_zoom_class = {
    .name = "random_zoom",
    .opts_size = sizeof(visml_random_zoom_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_zoom(visml_context *ctx, const visml_random_zoom_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_zoom_class, opts, err);
}
