#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_solarization_opts, addition_factor, 0, 0, 1, 0, 0),
    VISML_FIELD_OF_RANGE(visml_solarization_opts, threshold_factor, 0, 0, 1, 0, 0),
    VISML_FIELD_OF_VALUES(visml_solarization_opts),
    VISML_FIELD_OF_RESERVED(visml_solarization_opts),
    {0},
};

/* drawn: what is added and the threshold, parts of the range */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_solarization_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_between(rng, o->addition_factor);
    drawn[1] = visml_draw_between(rng, o->threshold_factor);
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_solarization_opts *o = opts;
    (void)key;
    visml_canvas_solarize(c, drawn[0], drawn[1], o->value_range);
}

const visml_augmentation_class visml_solarization_class = {
    .name = "solarization",
    .opts_size = sizeof(visml_solarization_opts),
    .fields = fields,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_solarization(visml_context *ctx, const visml_solarization_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_solarization_class, opts, err);
}
