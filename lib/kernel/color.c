#include "kernel/color.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

#define PIXELS ((size_t)4096) /* of one piece of work */
#define FEW ((size_t)256)     /* bytes are made floats of so many pixels at a time */

typedef struct color_job {
    const visml_kernels *k;
    size_t n;
    int64_t channels;
    void (*convert)(size_t n, const float *x, float *y);
    const float *x;
    const uint8_t *bytes;
    float *y;
    uint8_t *gray;
} color_job;

static size_t pixels_from(const color_job *j, size_t first) {
    return j->n - first < PIXELS ? j->n - first : PIXELS;
}

static void (*conversion(const visml_kernels *k, int32_t kind))(size_t n, const float *x, float *y) {
    return kind == VISML_COLOR_RGB_TO_HSV ? k->rgb_to_hsv : kind == VISML_COLOR_HSV_TO_RGB ? k->hsv_to_rgb : k->rgb_to_lab;
}

static size_t pieces(size_t n) {
    return n / PIXELS + (n % PIXELS != 0);
}

static void convert_piece(void *arg, size_t piece, size_t worker) {
    const color_job *j = arg;
    size_t first = piece * PIXELS;
    (void)worker;
    j->convert(pixels_from(j, first), j->x + 3 * first, j->y + 3 * first);
}

void visml_color_convert(const visml_compute *c, int32_t kind, size_t n, const float *x, float *y) {
    color_job j = {.k = c->kernels, .n = n, .convert = conversion(c->kernels, kind), .x = x, .y = y};
    visml_parallel_run(c->parallel, pieces(n), convert_piece, &j);
}

static void bytes_piece(void *arg, size_t piece, size_t worker) {
    static const float scale[3] = {1.0f / 255, 1.0f / 255, 1.0f / 255}, offset[3] = {0, 0, 0};
    const color_job *j = arg;
    size_t first = piece * PIXELS, end = first + pixels_from(j, first);
    float x[3 * FEW];
    (void)worker;
    for (; first < end; first += FEW) {
        size_t n = end - first < FEW ? end - first : FEW;
        j->k->u8_to_nhwc((int64_t)n, 3, j->bytes + 3 * first, scale, offset, x);
        j->convert(n, x, j->y + 3 * first);
    }
}

void visml_color_convert_u8(const visml_compute *c, int32_t kind, size_t n, const uint8_t *x, float *y) {
    color_job j = {.k = c->kernels, .n = n, .convert = conversion(c->kernels, kind), .bytes = x, .y = y};
    visml_parallel_run(c->parallel, pieces(n), bytes_piece, &j);
}

static void gray_piece(void *arg, size_t piece, size_t worker) {
    const color_job *j = arg;
    size_t first = piece * PIXELS;
    (void)worker;
    j->k->rgb_to_gray(pixels_from(j, first), j->channels, j->bytes + first * (size_t)j->channels, j->gray + first);
}

void visml_rgb_to_gray(const visml_compute *c, size_t n, int64_t channels, const uint8_t *x, uint8_t *y) {
    color_job j = {.k = c->kernels, .n = n, .channels = channels, .bytes = x, .gray = y};
    visml_parallel_run(c->parallel, pieces(n), gray_piece, &j);
}

#endif
