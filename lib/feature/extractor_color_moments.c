/* Mean, deviation and skewness of each channel. */
#include <math.h>
#include <string.h>

#include "feature/colors.h"

static const char *const skewness_names[] = {"cube_root", "standardized", "none", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_color_moments_opts, space, VISML_SPACE_AS_IS, visml_color_space_names),
    VISML_FIELD_OF_ENUM(visml_color_moments_opts, skewness, VISML_SKEWNESS_CUBE_ROOT, skewness_names),
    VISML_FIELD_OF_RESERVED(visml_color_moments_opts),
    {0},
};

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_color_moments_opts *o = e->object.opts;
    int64_t c = visml_space_channels(o->space, channels, err);
    (void)height, (void)width;
    *rows = 1;
    *columns = c * (o->skewness == VISML_SKEWNESS_NONE ? 2 : 3);
    return c ? VISML_OK : VISML_EINVAL;
}

/* Room for sums of any channels, and for what is converted at a time. */
typedef struct work {
    visml_planes planes;
    uint8_t gray[VISML_RUN];
    uint64_t sums[]; /* [3, channels] */
} work;

static size_t scratch(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)c, (void)height, (void)width;
    return sizeof(work) + 3 * (size_t)channels * sizeof(uint64_t);
}

static void put(const visml_color_moments_opts *o, visml_moments m, double unit, int64_t channels, float *y) {
    double two = m.two > 0 ? m.two / m.n : 0, three = m.three / m.n, deviation = sqrt(two);
    y[0] = (float)(m.mean * unit);
    y[channels] = (float)(deviation * unit);
    if (o->skewness == VISML_SKEWNESS_CUBE_ROOT)
        y[2 * channels] = (float)(cbrt(three) * unit);
    else if (o->skewness == VISML_SKEWNESS_STANDARDIZED)
        y[2 * channels] = (float)(two > 0 ? three / (two * deviation) : 0);
}

static void extract_bytes(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, work *w) {
    const visml_color_moments_opts *o = e->object.opts;
    int gray = o->space == VISML_SPACE_GRAY && v->channels > 1;
    int64_t channels = gray ? 1 : v->channels;
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    memset(w->sums, 0, 3 * (size_t)channels * sizeof *w->sums);
    while ((x = visml_runs_next(&runs, gray ? VISML_RUN : SIZE_MAX, &n))) {
        if (gray)
            c->kernels->rgb_to_gray(n, v->channels, x, w->gray);
        c->kernels->moments_u8(n, channels, gray ? w->gray : x, w->sums);
    }
    for (int64_t k = 0; k < channels; k++)
        put(o, visml_moments_of_sums(v->height * v->width, w->sums + k, channels), 1.0 / 255, channels, y + k);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch_) {
    const visml_color_moments_opts *o = e->object.opts;
    work *w = scratch_;
    if (o->space != VISML_SPACE_HSV && o->space != VISML_SPACE_LAB) {
        extract_bytes(e, c, v, y, w);
        return;
    }
    visml_moments m[3] = {{0}};
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    visml_planes_begin(&w->planes, c, o->space);
    while ((x = visml_runs_next(&runs, VISML_RUN, &n))) {
        visml_planes_of(&w->planes, c, n, x);
        for (size_t k = 0; k < 3; k++)
            m[k] = visml_moments_join(m[k], visml_moments_of_run(c, n, w->planes.planes + k * VISML_RUN));
    }
    for (int64_t k = 0; k < 3; k++)
        put(o, m[k], 1, 3, y + k);
}

const visml_extractor_class visml_extractor_color_moments_class = {
    .kind = {.name = "color_moments", .opts_size = sizeof(visml_color_moments_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES,
    .measure = measure,
    .scratch = scratch,
    .extract = extract,
};

visml_extractor *visml_extractor_color_moments(visml_context *ctx, const visml_color_moments_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_color_moments_class, opts, err);
}
