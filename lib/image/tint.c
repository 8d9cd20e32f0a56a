/* Colours of red, green and blue. */
#include <string.h>

#include "image/adjust.h"

#define FEW 256 /* pixels at a time: they stay in the first cache through all steps */

static float at_most_one(float x) {
    return x < 1 ? x : 1;
}

/* n pixels with values of 0 ... 1. */
static void tint_few(const visml_kernels *k, size_t n, float *x, float turns, float saturation) {
    k->rgb_to_hsv(n, x, x);
    for (size_t i = 0; i < n; i++) {
        x[3 * i] += turns; /* hsv_to_rgb takes it round the circle */
        x[3 * i + 1] = at_most_one(x[3 * i + 1] * saturation);
    }
    k->hsv_to_rgb(n, x, x);
}

void visml_canvas_tint(visml_canvas *c, double turns, double saturation, const double range[2]) {
    static const float zero[3] = {0, 0, 0};
    const visml_kernels *k = &c->context->kernels;
    float low = (float)range[0], width = (float)(range[1] - range[0]);
    float lows[3] = {low, low, low}, in[3] = {1 / width, 1 / width, 1 / width}, out[3] = {width, width, width};
    visml_tone to_one = {lows, in, zero, 0, 1}, back = {zero, out, lows, low, (float)range[1]};
    size_t pixels = (size_t)(c->height * c->width);
    for (size_t i = 0; i < pixels; i += FEW) {
        size_t n = pixels - i < FEW ? pixels - i : FEW;
        float *x = c->pixels + 3 * i;
        k->tone((int64_t)n, 3, &to_one, x);
        tint_few(k, n, x, (float)turns, (float)saturation);
        k->tone((int64_t)n, 3, &back, x);
    }
}

void visml_canvas_fade(visml_canvas *c, double amount) {
    const float red = 19595.0f / 65536, green = 38470.0f / 65536, blue = 7471.0f / 65536, part = (float)amount;
    float *x = c->pixels;
    for (int64_t i = 0; i < c->height * c->width; i++, x += 3) {
        float gray = red * x[0] + green * x[1] + blue * x[2];
        for (int ch = 0; ch < 3; ch++)
            x[ch] = amount == 1 ? gray : x[ch] + part * (gray - x[ch]);
    }
}
