/* Zhang et al. 2018: mixup. */
#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_mix_up_opts, alpha, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1000, 0.2),
    VISML_FIELD_OF_RESERVED(visml_mix_up_opts),
    {0},
};

/* drawn: the weight of the picture itself */
static void draw_pair(const void *opts, visml_rng *rng, const double *batch, int64_t height, int64_t width, double *drawn) {
    const visml_mix_up_opts *o = opts;
    (void)batch, (void)height, (void)width;
    drawn[0] = visml_draw_beta(rng, o->alpha);
}

static void pair_u8(visml_context *ctx, const double *drawn, const visml_shape *shape, const uint8_t *a, const uint8_t *b, uint8_t *y) {
    visml_blend_u8(ctx, (size_t)visml_shape_count(shape), drawn[0], a, b, y);
}

static void pair_f32(visml_context *ctx, const double *drawn, const visml_shape *shape, const float *a, const float *b, float *y) {
    visml_blend_f32(ctx, (size_t)visml_shape_count(shape), drawn[0], a, b, y);
}

const visml_augmentation_class visml_mix_up_class = {
    .name = "mix_up",
    .opts_size = sizeof(visml_mix_up_opts),
    .fields = fields,
    .draw_pair = draw_pair,
    .pair_u8 = pair_u8,
    .pair_f32 = pair_f32,
};

visml_augmentation *visml_mix_up(visml_context *ctx, const visml_mix_up_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_mix_up_class, opts, err);
}
