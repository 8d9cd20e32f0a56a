/* Pixels and their neighbours. A picture with borders is filtered down and then across with the passes of a resize, which add up in double
 * in the order of the taps. */
#include <math.h>
#include <string.h>

#include "image/adjust.h"

#define TAPS (2 * VISML_BLUR_REACH + 1)

/* The picture with borders of so many rows and columns, to the spare. */
static void add_borders(const visml_canvas *c, int64_t rows, int64_t columns) {
    size_t pixel = (size_t)c->channels, row = (size_t)c->width * pixel;
    float *to = c->spare;
    for (int64_t y = -rows; y < c->height + rows; y++) {
        const float *from = c->pixels + (size_t)visml_reflected(y, c->height) * row;
        for (int64_t x = -columns; x < 0; x++, to += pixel)
            memcpy(to, from + (size_t)visml_reflected(x, c->width) * pixel, pixel * sizeof *to);
        memcpy(to, from, row * sizeof *to);
        to += row;
        for (int64_t x = c->width; x < c->width + columns; x++, to += pixel)
            memcpy(to, from + (size_t)visml_reflected(x, c->width) * pixel, pixel * sizeof *to);
    }
}

/* Picture and weights of 2 rows + 1 and 2 columns + 1 taps; the result is in the spare. */
static void filter(const visml_canvas *c, int64_t rows, const double *down, int64_t columns, const double *across) {
    const visml_kernels *k = &c->context->kernels;
    int64_t wide = (c->width + 2 * columns) * c->channels, row = c->width * c->channels;
    add_borders(c, rows, columns);
    for (int64_t y = 0; y < c->height; y++)
        k->resample_rows_f32(wide, 2 * rows + 1, wide, down, c->spare + y * wide, c->pixels + y * wide);
    for (int64_t y = 0; y < c->height; y++)
        k->resample_rows_f32(row, 2 * columns + 1, c->channels, across, c->pixels + y * wide, c->spare + y * row);
}

static void gauss(double *w, int64_t taps, double sigma) {
    double sum = 0;
    for (int64_t i = 0; i < taps; i++) {
        double x = ((double)i - (double)(taps - 1) / 2) / sigma;
        sum += w[i] = exp(-0.5 * x * x);
    }
    for (int64_t i = 0; i < taps; i++)
        w[i] /= sum;
}

void visml_canvas_blur(visml_canvas *c, int32_t height, int32_t width, double sigma_down, double sigma_across) {
    double down[TAPS], across[TAPS];
    gauss(down, height, sigma_down);
    gauss(across, width, sigma_across);
    filter(c, height / 2, down, width / 2, across);
    float *t = c->pixels;
    c->pixels = c->spare;
    c->spare = t;
}

/* The eight neighbours count once and the middle five times, 13 in all. */
void visml_canvas_sharpen(visml_canvas *c, double factor, const double range[2]) {
    const int64_t row = c->width * c->channels, wide = row + 2 * c->channels;
    const float part = (float)(1 - 2 * factor), low = (float)range[0], high = (float)range[1];
    add_borders(c, 1, 1);
    for (int64_t y = 0; y < c->height; y++)
        for (int64_t i = 0; i < row; i++) {
            const float *a = c->spare + y * wide + i, *b = a + wide, *d = b + wide;
            int64_t one = c->channels, two = 2 * one;
            float sum = ((a[0] + a[one]) + (a[two] + b[0])) + ((b[two] + d[0]) + (d[one] + d[two]));
            float smooth = (sum + 5 * b[one]) * (1.0f / 13), x = b[one] + part * (smooth - b[one]);
            c->pixels[y * row + i] = x > low ? (x < high ? x : high) : low;
        }
}
