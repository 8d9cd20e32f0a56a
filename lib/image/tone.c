/* Values of pixels, each channel by itself. */
#include <math.h>
#include <string.h>

#include "image/adjust.h"

#define CHANNELS 4
#define BINS 256

static int64_t pixels_of(const visml_canvas *c) {
    return c->height * c->width;
}

/* (x - from) gain + to in each channel. */
static void apply(visml_canvas *c, const float *from, const float *gain, const float *to, const double range[2]) {
    visml_tone t = {from, gain, to, (float)range[0], (float)range[1]};
    c->context->kernels.tone(pixels_of(c), c->channels, &t, c->pixels);
}

void visml_canvas_brighten(visml_canvas *c, double by, const double range[2]) {
    static const float zero[CHANNELS] = {0, 0, 0, 0}, one[CHANNELS] = {1, 1, 1, 1};
    float to = (float)(by * (range[1] - range[0]));
    apply(c, zero, one, (const float[CHANNELS]){to, to, to, to}, range);
}

/* Four sums a channel, taken up in turn: a chain of additions would wait for each. */
static double mean_of(const float *x, int64_t n, int64_t step) {
    double sum[4] = {0, 0, 0, 0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int64_t j = 0; j < 4; j++)
            sum[j] += (double)x[(i + j) * step];
    for (; i < n; i++)
        sum[0] += (double)x[i * step];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)n;
}

void visml_canvas_contrast(visml_canvas *c, double factor, const double range[2]) {
    float mean[CHANNELS], gain[CHANNELS];
    for (int64_t ch = 0; ch < c->channels; ch++) {
        mean[ch] = (float)mean_of(c->pixels + ch, pixels_of(c), c->channels);
        gain[ch] = (float)factor;
    }
    apply(c, mean, gain, mean, range);
}

static float clamped(float x, float low, float high) {
    return x > low ? (x < high ? x : high) : low; /* NaN becomes low */
}

void visml_canvas_solarize(visml_canvas *c, double add, double threshold, const double range[2]) {
    float low = (float)range[0], high = (float)range[1], width = (float)(range[1] - range[0]);
    float plus = (float)add * width, limit = low + (float)threshold * width;
    for (int64_t i = 0; i < pixels_of(c) * c->channels; i++) {
        float x = clamped(c->pixels[i] + plus, low, high);
        c->pixels[i] = x < limit ? x : high - (x - low);
    }
}

void visml_canvas_posterize(visml_canvas *c, int32_t bits, const double range[2]) {
    float low = (float)range[0], high = (float)range[1], scale = (high - low) / 255;
    uint32_t mask = 0xffu << (8 - bits) & 0xffu;
    for (int64_t i = 0; i < pixels_of(c) * c->channels; i++) {
        uint32_t byte = (uint32_t)((clamped(c->pixels[i], low, high) - low) / scale);
        c->pixels[i] = (float)(byte & mask) * scale + low;
    }
}

static void extremes(const visml_canvas *c, int64_t ch, float *low, float *high) {
    const float *x = c->pixels + ch;
    *low = *high = *x;
    for (int64_t i = 0; i < pixels_of(c); i++, x += c->channels) {
        *low = *x < *low ? *x : *low;
        *high = *x > *high ? *x : *high;
    }
}

void visml_canvas_auto_contrast(visml_canvas *c, const double range[2]) {
    float from[CHANNELS], gain[CHANNELS], to[CHANNELS], high;
    for (int64_t ch = 0; ch < c->channels; ch++) {
        extremes(c, ch, &from[ch], &high);
        int constant = !(high > from[ch]);
        gain[ch] = constant ? 1 : (float)(range[1] - range[0]) / (high - from[ch]);
        to[ch] = constant ? from[ch] : (float)range[0];
    }
    apply(c, from, gain, to, range);
}

/* ---- equalization ---- */

static int32_t bin_of(float x, float low, float scale) {
    return (int32_t)((x - low) * scale);
}

/* The value of each bin: the share of what lies in the bins up to it, without the first that is taken. 0 when all lies in one. */
static int make_levels(const uint32_t *counts, int32_t bins, const double range[2], float *levels) {
    uint64_t total = 0, first = 0, below = 0;
    for (int32_t b = 0; b < bins; b++) {
        first = total == 0 ? counts[b] : first;
        total += counts[b];
    }
    if (total == first)
        return 0;
    for (int32_t b = 0; b < bins; b++) {
        below += counts[b];
        double share = below > first ? (double)(below - first) / (double)(total - first) : 0;
        levels[b] = (float)(nearbyint(share * 255) / 255 * (range[1] - range[0]) + range[0]);
    }
    return 1;
}

static void equalize_channel(visml_canvas *c, int64_t ch, int32_t bins, const double range[2]) {
    uint32_t counts[BINS] = {0};
    float levels[BINS], low = (float)range[0], high = (float)range[1], scale = (float)(bins - 1) / (high - low), *x = c->pixels + ch;
    int64_t n = pixels_of(c), step = c->channels;
    for (int64_t i = 0; i < n; i++)
        counts[bin_of(clamped(x[i * step], low, high), low, scale)]++;
    if (!make_levels(counts, bins, range, levels))
        return;
    for (int64_t i = 0; i < n; i++)
        x[i * step] = levels[bin_of(clamped(x[i * step], low, high), low, scale)];
}

void visml_canvas_equalize(visml_canvas *c, int32_t bins, const double range[2]) {
    for (int64_t ch = 0; ch < c->channels; ch++)
        equalize_channel(c, ch, bins, range);
}
