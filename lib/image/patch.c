/* Rectangles of a picture, and one picture over another. */
#include <math.h>

#include "base/rng.h"
#include "image/adjust.h"

#define FEW 512 /* elements at a time */

/* Pixel i is inside when start <= i < end. */
static int64_t first_inside(double start, int64_t n) {
    double i = ceil(start);
    return i < 0 ? 0 : i > (double)n ? n : (int64_t)i;
}

visml_patch visml_patch_place(int64_t height, int64_t width, double tall, double wide, double down, double across) {
    double top = down * ((double)height - tall), left = across * ((double)width - wide);
    return (visml_patch){first_inside(top, height), first_inside(left, width), first_inside(top + tall, height),
                         first_inside(left + wide, width)};
}

void visml_canvas_fill(visml_canvas *c, visml_patch p, double value) {
    for (int64_t y = p.top; y < p.bottom; y++)
        for (int64_t i = p.left * c->channels; i < p.right * c->channels; i++)
            c->pixels[y * c->width * c->channels + i] = (float)value;
}

void visml_canvas_noise(visml_canvas *c, visml_patch p, uint64_t key, const double range[2]) {
    visml_rng rng;
    visml_rng_init(&rng, key);
    for (int64_t y = p.top; y < p.bottom; y++)
        for (int64_t i = p.left * c->channels; i < p.right * c->channels; i++) {
            double v = visml_rng_normal(&rng) * range[1];
            c->pixels[y * c->width * c->channels + i] = (float)(v < range[0] ? range[0] : v > range[1] ? range[1] : v);
        }
}

void visml_blend_f32(visml_context *ctx, size_t n, double weight, const float *a, const float *b, float *y) {
    const visml_kernels *k = &ctx->kernels;
    float part[FEW], rest[FEW];
    for (size_t i = 0; i < n; i += FEW) {
        size_t few = n - i < FEW ? n - i : FEW;
        k->scale(few, a + i, (float)weight, 0, part);
        k->scale(few, b + i, (float)(1 - weight), 0, rest);
        k->sum(few, part, rest, y + i);
    }
}

void visml_blend_u8(visml_context *ctx, size_t n, double weight, const uint8_t *a, const uint8_t *b, uint8_t *y) {
    float x[FEW], other[FEW];
    for (size_t i = 0; i < n; i += FEW) {
        size_t few = n - i < FEW ? n - i : FEW;
        ctx->kernels.from_u8(few, a + i, x);
        ctx->kernels.from_u8(few, b + i, other);
        visml_blend_f32(ctx, few, weight, x, other, x);
        ctx->kernels.f32_to_u8(few, x, 1, 0, y + i);
    }
}
