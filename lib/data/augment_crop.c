#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_random_crop_opts, height, I32, VISML_FIELD_REQUIRED, 1, 1, VISML_WARP_SIDE, 0),
    VISML_FIELD(visml_random_crop_opts, width, I32, VISML_FIELD_REQUIRED, 1, 1, VISML_WARP_SIDE, 0),
    VISML_FIELD_OF_RESERVED(visml_random_crop_opts),
    {0},
};

static void sides(const void *opts, int64_t *height, int64_t *width) {
    const visml_random_crop_opts *o = opts;
    *height = o->height;
    *width = o->width;
}

static int fits(const visml_random_crop_opts *o, const visml_canvas *c) {
    return o->height <= c->height && o->width <= c->width;
}

/* drawn: top and left */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_crop_opts *o = opts;
    if (!fits(o, c))
        return;
    drawn[0] = (double)visml_rng_below(rng, (uint64_t)(c->height - o->height + 1));
    drawn[1] = (double)visml_rng_below(rng, (uint64_t)(c->width - o->width + 1));
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_crop_opts *o = opts;
    (void)key;
    if (fits(o, c))
        visml_canvas_crop(c, (int64_t)drawn[0], (int64_t)drawn[1], o->height, o->width);
    else
        visml_canvas_resize_middle(c, o->height, o->width);
}

const visml_augmentation_class visml_random_crop_class = {
    .name = "random_crop",
    .opts_size = sizeof(visml_random_crop_opts),
    .fields = fields,
    .sides = sides,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_crop(visml_context *ctx, const visml_random_crop_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_crop_class, opts, err);
}
