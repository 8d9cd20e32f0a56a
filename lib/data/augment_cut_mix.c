/* Yun et al. 2019: CutMix. */
#include <math.h>
#include <string.h>

#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RANGE(visml_cut_mix_opts, factor, 0, 0, 1, 0, 1),
    VISML_FIELD_OF_RESERVED(visml_cut_mix_opts),
    {0},
};

/* drawn: alpha of the batch. As Keras, with 1e-6 so that it is above 0. */
static void draw_batch(const void *opts, visml_rng *rng, double *drawn) {
    const visml_cut_mix_opts *o = opts;
    drawn[0] = visml_draw_between(rng, o->factor) + 1e-6;
}

/* drawn: the share of pixels that stay; the rectangle: top, left, bottom, right */
static void draw_pair(const void *opts, visml_rng *rng, const double *batch, int64_t height, int64_t width, double *drawn) {
    double side = sqrt(1 - visml_draw_beta(rng, batch[0]));
    double across = visml_rng_uniform(rng), down = visml_rng_uniform(rng);
    visml_patch p = visml_patch_place(height, width, side * (double)height, side * (double)width, down, across);
    (void)opts;
    drawn[0] = 1 - (double)((p.bottom - p.top) * (p.right - p.left)) / (double)(height * width);
    drawn[1] = (double)p.top;
    drawn[2] = (double)p.left;
    drawn[3] = (double)p.bottom;
    drawn[4] = (double)p.right;
}

/* Pixels of so many bytes. */
static void paste(const double *drawn, const visml_shape *shape, size_t pixel, const void *a, const void *b, void *y) {
    visml_patch p = {(int64_t)drawn[1], (int64_t)drawn[2], (int64_t)drawn[3], (int64_t)drawn[4]};
    size_t row = (size_t)shape->dims[1] * pixel;
    memcpy(y, a, (size_t)shape->dims[0] * row);
    for (int64_t i = p.top; i < p.bottom; i++) {
        size_t at = (size_t)i * row + (size_t)p.left * pixel;
        memcpy((char *)y + at, (const char *)b + at, (size_t)(p.right - p.left) * pixel);
    }
}

static void pair_u8(visml_context *ctx, const double *drawn, const visml_shape *shape, const uint8_t *a, const uint8_t *b, uint8_t *y) {
    (void)ctx;
    paste(drawn, shape, (size_t)shape->dims[2], a, b, y);
}

static void pair_f32(visml_context *ctx, const double *drawn, const visml_shape *shape, const float *a, const float *b, float *y) {
    (void)ctx;
    paste(drawn, shape, (size_t)shape->dims[2] * sizeof(float), a, b, y);
}

const visml_augmentation_class visml_cut_mix_class = {
    .name = "cut_mix",
    .opts_size = sizeof(visml_cut_mix_opts),
    .fields = fields,
    .draw_batch = draw_batch,
    .draw_pair = draw_pair,
    .pair_u8 = pair_u8,
    .pair_f32 = pair_f32,
};

visml_augmentation *visml_cut_mix(visml_context *ctx, const visml_cut_mix_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_cut_mix_class, opts, err);
}
