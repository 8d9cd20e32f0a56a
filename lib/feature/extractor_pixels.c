/* The plainest ones: the pixels, and the largest and the mean of each channel. */
#include <math.h>
#include <string.h>

#include "feature/extractor.h"

static const visml_field fields[] = {{0}};

/* ---- pixels ---- */

static visml_status measure_pixels(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                   int64_t *columns, visml_error *err) {
    (void)e, (void)err;
    *rows = 1;
    *columns = height * width * channels;
    return VISML_OK;
}

static void extract_pixels(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    size_t n = (size_t)(v->width * v->channels);
    (void)e, (void)c, (void)scratch;
    for (int64_t i = 0; i < v->height; i++)
        memcpy(y + (size_t)i * n, v->floats + i * v->stride, n * sizeof(float));
}

const visml_extractor_class visml_extractor_pixels_class = {
    .kind = {.name = "pixels", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .takes = VISML_TAKES_FLOATS,
    .measure = measure_pixels,
    .extract = extract_pixels,
};

visml_extractor *visml_extractor_pixels(visml_context *ctx, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_pixels_class, NULL, err);
}

/* ---- one number a channel ---- */

static visml_status measure_channels(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                     int64_t *columns, visml_error *err) {
    (void)e, (void)height, (void)width, (void)err;
    *rows = 1;
    *columns = channels;
    return VISML_OK;
}

static void extract_maximum(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    (void)e, (void)c, (void)scratch;
    for (int64_t k = 0; k < v->channels; k++)
        y[k] = -INFINITY;
    for (int64_t i = 0; i < v->height; i++)
        for (const float *x = v->floats + i * v->stride, *end = x + v->width * v->channels; x < end; x += v->channels)
            for (int64_t k = 0; k < v->channels; k++)
                y[k] = x[k] > y[k] ? x[k] : y[k];
}

const visml_extractor_class visml_extractor_maximum_class = {
    .kind = {.name = "maximum", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .takes = VISML_TAKES_FLOATS,
    .measure = measure_channels,
    .extract = extract_maximum,
};

visml_extractor *visml_extractor_maximum(visml_context *ctx, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_maximum_class, NULL, err);
}

static size_t scratch_average(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)c, (void)height, (void)width;
    return sizeof(double) * (size_t)channels;
}

static void extract_average(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    double *sums = scratch;
    (void)e, (void)c;
    for (int64_t k = 0; k < v->channels; k++)
        sums[k] = 0;
    for (int64_t i = 0; i < v->height; i++)
        for (const float *x = v->floats + i * v->stride, *end = x + v->width * v->channels; x < end; x += v->channels)
            for (int64_t k = 0; k < v->channels; k++)
                sums[k] += (double)x[k];
    for (int64_t k = 0; k < v->channels; k++)
        y[k] = (float)(sums[k] / (double)(v->height * v->width));
}

const visml_extractor_class visml_extractor_average_class = {
    .kind = {.name = "average", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .takes = VISML_TAKES_FLOATS,
    .measure = measure_channels,
    .scratch = scratch_average,
    .extract = extract_average,
};

visml_extractor *visml_extractor_average(visml_context *ctx, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_average_class, NULL, err);
}
