#include <math.h>

#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_random_posterization_opts, factor, VISML_FIELD_REQUIRED | VISML_FIELD_TWICE, 1, 8, 0, 0),
    VISML_FIELD_OF_VALUES(visml_random_posterization_opts),
    VISML_FIELD_OF_RESERVED(visml_random_posterization_opts),
    {0},
};

/* drawn: bits; the range is rounded to whole numbers */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_posterization_opts *o = opts;
    (void)c;
    double low = round(o->factor[0]);
    drawn[0] = low + (double)visml_rng_below(rng, (uint64_t)(round(o->factor[1]) - low) + 1);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_posterization_opts *o = opts;
    (void)key;
    visml_canvas_posterize(c, (int32_t)drawn[0], o->value_range);
}

const visml_augmentation_class visml_random_posterization_class = {
    .name = "random_posterization",
    .opts_size = sizeof(visml_random_posterization_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_posterization(visml_context *ctx, const visml_random_posterization_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_posterization_class, opts, err);
}
