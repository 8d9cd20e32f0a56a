/* Zhong et al. 2017: random erasing. */
#include <float.h>
#include <math.h>

#include "data/augment.h"

#define NOISE DBL_MAX /* in place of a fill_value: what no caller can give */

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_erasing_opts, factor, 0, 0, 1, 0, 1),
    VISML_FIELD_OF_RANGE(visml_random_erasing_opts, scale, 0, 0, 1, 0.02, 0.33),
    VISML_FIELD(visml_random_erasing_opts, fill_value, F64, 0, 1, -1e30, 1e30, NOISE),
    VISML_FIELD_OF_VALUES(visml_random_erasing_opts),
    VISML_FIELD_OF_RESERVED(visml_random_erasing_opts),
    {0},
};

/* drawn: whether, and the rectangle: top, left, bottom, right */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_erasing_opts *o = opts;
    double wide = sqrt(visml_draw_between(rng, o->scale)), tall = sqrt(visml_draw_between(rng, o->scale));
    double across = visml_rng_uniform(rng), down = visml_rng_uniform(rng);
    visml_patch p = visml_patch_place(c->height, c->width, tall * (double)c->height, wide * (double)c->width, down, across);
    drawn[0] = visml_draw_chance(rng, visml_draw_between(rng, o->factor));
    drawn[1] = (double)p.top;
    drawn[2] = (double)p.left;
    drawn[3] = (double)p.bottom;
    drawn[4] = (double)p.right;
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_erasing_opts *o = opts;
    visml_patch p = {(int64_t)drawn[1], (int64_t)drawn[2], (int64_t)drawn[3], (int64_t)drawn[4]};
    if (drawn[0] == 0)
        return;
    if (o->fill_value == NOISE)
        visml_canvas_noise(c, p, visml_key(key, VISML_DRAWN), o->value_range);
    else
        visml_canvas_fill(c, p, fmin(fmax(o->fill_value, o->value_range[0]), o->value_range[1]));
}

const visml_augmentation_class visml_random_erasing_class = {
    .name = "random_erasing",
    .opts_size = sizeof(visml_random_erasing_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_erasing(visml_context *ctx, const visml_random_erasing_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_erasing_class, opts, err);
}
