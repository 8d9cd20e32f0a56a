/* How well a picture is exposed and how sharp it is: from its histogram of luma, and from second differences. */
#include <math.h>
#include <string.h>

#include "feature/colors.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_quality_opts),
    VISML_FIELD(visml_quality_opts, dark, F64, 0, 1, 0, 1, 0.05),
    VISML_FIELD(visml_quality_opts, bright, F64, 0, 1, 0, 1, 0.95),
    {0},
};

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    (void)e, (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = VISML_QUALITY_NUMBERS;
    return VISML_OK;
}

/* The variance of the Laplacian; rows and columns beyond the edge are those inside by one. */
static double blur(const visml_compute *c, const visml_view *v) {
    int64_t sums[2] = {0, 0}, h = v->height;
    for (int64_t i = 0; i < h; i++) {
        const uint8_t *x = v->bytes + i * v->stride;
        const uint8_t *above = i ? x - v->stride : h > 1 ? x + v->stride : x;
        const uint8_t *below = i + 1 < h ? x + v->stride : h > 1 ? x - v->stride : x;
        c->kernels->laplacian_u8(v->width, above, x, below, sums);
    }
    double n = (double)(v->height * v->width), mean = (double)sums[0] / n, variance = (double)sums[1] / n - mean * mean;
    return variance > 0 ? variance : 0;
}

static double entropy(const uint32_t *counts, double n) {
    double sum = 0;
    for (int i = 0; i < 256; i++)
        if (counts[i])
            sum -= counts[i] / n * log2(counts[i] / n);
    return sum > 0 ? sum : 0;
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_quality_opts *o = e->object.opts;
    uint32_t counts[256] = {0};
    uint64_t sums[3] = {0}, under = 0, over = 0;
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    (void)scratch;
    while ((x = visml_runs_next(&runs, SIZE_MAX, &n)))
        c->kernels->histogram_u8(n, 1, x, counts);
    for (uint64_t i = 0; i < 256; i++) {
        sums[0] += counts[i] * i;
        sums[1] += counts[i] * i * i;
        sums[2] += counts[i] * i * i * i;
        under += (double)i <= o->dark * 255 ? counts[i] : 0;
        over += (double)i >= o->bright * 255 ? counts[i] : 0;
    }
    visml_moments m = visml_moments_of_sums(v->height * v->width, sums, 1);
    y[0] = (float)(m.mean / 255);
    y[1] = (float)(sqrt(m.two > 0 ? m.two / m.n : 0) / 255);
    y[2] = (float)((double)under / m.n);
    y[3] = (float)((double)over / m.n);
    y[4] = (float)blur(c, v);
    y[5] = (float)entropy(counts, m.n);
}

const visml_extractor_class visml_extractor_quality_class = {
    .kind = {.name = "quality", .opts_size = sizeof(visml_quality_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .extract = extract,
};

visml_extractor *visml_extractor_quality(visml_context *ctx, const visml_quality_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_quality_class, opts, err);
}
