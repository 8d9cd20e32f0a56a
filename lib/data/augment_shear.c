#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_shear_opts, x_factor, 0, 0, 1, 0, 0),
    VISML_FIELD_OF_RANGE(visml_random_shear_opts, y_factor, 0, 0, 1, 0, 0),
    VISML_FIELDS_OF_SAMPLING(visml_random_shear_opts),
    {0},
};

/* drawn: along x and along y, signs applied */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_shear_opts *o = opts;
    (void)c;
    double sign = visml_draw_sign(rng);
    drawn[0] = sign * visml_draw_between(rng, o->x_factor);
    drawn[1] = sign * visml_draw_between(rng, o->y_factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_shear_opts *o = opts;
    (void)key;
    visml_sampling s = visml_sampling_of(o->fill_mode, o->interpolation, o->fill_value);
    visml_canvas_shear(c, drawn[0], drawn[1], &s);
}

const visml_augmentation_class visml_random_shear_class = {
    .name = "random_shear",
    .opts_size = sizeof(visml_random_shear_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_shear(visml_context *ctx, const visml_random_shear_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_shear_class, opts, err);
}
