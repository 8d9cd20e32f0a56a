#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_random_flip_opts, mode, 0, visml_flip_mode_names),
    {0},
};

/* drawn: whether left and right, top and bottom change places */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    (void)opts, (void)c;
    drawn[0] = visml_draw_chance(rng, 0.5);
    drawn[1] = visml_draw_chance(rng, 0.5);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_flip_opts *o = opts;
    (void)key;
    if (drawn[0] != 0 && o->mode != VISML_FLIP_VERTICAL)
        visml_canvas_mirror(c);
    if (drawn[1] != 0 && o->mode != VISML_FLIP_HORIZONTAL)
        visml_canvas_upend(c);
}

const visml_augmentation_class visml_random_flip_class = {
    .name = "random_flip",
    .opts_size = sizeof(visml_random_flip_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_flip(visml_context *ctx, const visml_random_flip_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_flip_class, opts, err);
}
