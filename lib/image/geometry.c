/* Where pixels come from: flips, warps, rectangles. */
#include <math.h>
#include <string.h>

#include "image/adjust.h"

int64_t visml_canvas_floats(int64_t height, int64_t width, int64_t channels, int64_t border) {
    return (height + 2 * border) * (width + 2 * border) * channels;
}

static int64_t pixels_of(const visml_canvas *c) {
    return c->height * c->width;
}

void visml_canvas_load_u8(visml_canvas *c, const uint8_t *bytes) {
    c->context->kernels.from_u8((size_t)(pixels_of(c) * c->channels), bytes, c->pixels);
}

void visml_canvas_store_u8(const visml_canvas *c, uint8_t *bytes) {
    c->context->kernels.f32_to_u8((size_t)(pixels_of(c) * c->channels), c->pixels, 1, 0, bytes);
}

static void exchange(visml_canvas *c, int64_t height, int64_t width) {
    float *t = c->pixels;
    c->pixels = c->spare;
    c->spare = t;
    c->height = height;
    c->width = width;
}

/* ---- flips ---- */

/* `channels` is a constant where this is inlined. */
static inline void mirror_row(float *row, int64_t width, int64_t channels) {
    for (int64_t l = 0, r = width - 1; l < r; l++, r--)
        for (int64_t ch = 0; ch < channels; ch++) {
            float t = row[l * channels + ch];
            row[l * channels + ch] = row[r * channels + ch];
            row[r * channels + ch] = t;
        }
}

void visml_canvas_mirror(visml_canvas *c) {
    for (int64_t y = 0; y < c->height; y++) {
        float *row = c->pixels + y * c->width * c->channels;
        switch (c->channels) {
        case 1: mirror_row(row, c->width, 1); break;
        case 3: mirror_row(row, c->width, 3); break;
        case 4: mirror_row(row, c->width, 4); break;
        default: mirror_row(row, c->width, c->channels);
        }
    }
}

void visml_canvas_upend(visml_canvas *c) {
    size_t row = (size_t)(c->width * c->channels);
    for (int64_t y = 0; y < c->height; y++)
        memcpy(c->spare + (size_t)(c->height - 1 - y) * row, c->pixels + (size_t)y * row, row * sizeof(float));
    exchange(c, c->height, c->width);
}

/* ---- warps ---- */

void visml_canvas_warp(visml_canvas *c, const double m[6], const visml_sampling *s, int64_t height, int64_t width) {
    visml_warp w = {.height = c->height, .width = c->width, .channels = c->channels, .fill = s->fill, .nearest = s->nearest};
    w.value = (float)s->value;
    memcpy(w.m, m, sizeof w.m);
    for (int64_t y = 0; y < height; y++)
        c->context->kernels.warp_row(&w, y, width, c->pixels, c->spare + y * width * c->channels);
    exchange(c, height, width);
}

/* A linear map about the middle of the picture. */
static void warp_about_middle(visml_canvas *c, double xx, double xy, double yx, double yy, const visml_sampling *s) {
    double cx = (double)(c->width - 1) / 2, cy = (double)(c->height - 1) / 2;
    visml_canvas_warp(c, (const double[6]){xx, xy, cx - cx * xx - cy * xy, yx, yy, cy - cx * yx - cy * yy}, s, c->height, c->width);
}

void visml_canvas_rotate(visml_canvas *c, double turns, const visml_sampling *s) {
    double angle = 6.283185307179586 * turns;
    warp_about_middle(c, cos(angle), -sin(angle), sin(angle), cos(angle), s);
}

void visml_canvas_zoom(visml_canvas *c, double down, double across, const visml_sampling *s) {
    warp_about_middle(c, across, 0, 0, down, s);
}

void visml_canvas_translate(visml_canvas *c, double down, double right, const visml_sampling *s) {
    visml_canvas_warp(c, (const double[6]){1, 0, -right, 0, 1, -down}, s, c->height, c->width);
}

void visml_canvas_shear(visml_canvas *c, double by_x, double by_y, const visml_sampling *s) {
    visml_canvas_warp(c, (const double[6]){1, by_x, 0, by_y, 1, 0}, s, c->height, c->width);
}

/* ---- rectangles ---- */

void visml_canvas_crop(visml_canvas *c, int64_t top, int64_t left, int64_t height, int64_t width) {
    const float *from = c->pixels + (top * c->width + left) * c->channels;
    size_t row = (size_t)(width * c->channels);
    for (int64_t y = 0; y < height; y++)
        memcpy(c->spare + (size_t)y * row, from + y * c->width * c->channels, row * sizeof(float));
    exchange(c, height, width);
}

static int64_t at_least_one(double length, int64_t most) {
    int64_t n = (int64_t)length;
    return n < 1 ? 1 : n > most ? most : n;
}

void visml_canvas_resize_middle(visml_canvas *c, int64_t height, int64_t width) {
    static const visml_sampling edges = {.fill = VISML_WARP_NEAREST};
    int64_t tall = at_least_one((double)(c->width * height) / (double)width, c->height);
    int64_t wide = at_least_one((double)(c->height * width) / (double)height, c->width);
    double top = (double)((c->height - tall) / 2), left = (double)((c->width - wide) / 2);
    double sy = (double)tall / (double)height, sx = (double)wide / (double)width;
    visml_canvas_crop(c, (int64_t)top, (int64_t)left, tall, wide); /* what is around it must not shine in */
    visml_canvas_warp(c, (const double[6]){sx, 0, sx / 2 - 0.5, 0, sy, sy / 2 - 0.5}, &edges, height, width);
}
