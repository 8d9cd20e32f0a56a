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

/* Of each worker: what is converted at a time, and sums of bytes, which add up to the same in any order. */
typedef struct work {
    visml_planes planes;
    uint8_t gray[VISML_RUN];
    uint64_t sums[]; /* [3, channels] */
} work;

typedef struct walk {
    const visml_color_moments_opts *o;
    const visml_compute *c;
    const visml_view *v;
    int64_t channels;
    size_t bytes; /* of a worker's part */
    char *parts;
    visml_moments *moments; /* [bands, 3] of floats, which are joined in order */
} walk;

static int converts(const visml_color_moments_opts *o) {
    return o->space == VISML_SPACE_HSV || o->space == VISML_SPACE_LAB;
}

static size_t part_bytes(int64_t channels) {
    return visml_whole_lines(sizeof(work) + 3 * (size_t)channels * sizeof(uint64_t));
}

static size_t scratch(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    size_t bands = converts(e->object.opts) ? (size_t)visml_bands(height, width) : 0;
    return part_bytes(channels) * c->parallel->workers + 3 * bands * sizeof(visml_moments);
}

static work *part_of(const walk *j, size_t worker) {
    return (work *)(void *)(j->parts + worker * j->bytes);
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

static void sum_bytes(void *arg, size_t band, size_t worker) {
    const walk *j = arg;
    const visml_kernels *kernels = j->c->kernels;
    work *w = part_of(j, worker);
    int gray = j->channels != j->v->channels;
    visml_view v = visml_band_of(j->v, (int64_t)band);
    visml_runs runs = visml_runs_of(&v);
    const uint8_t *x;
    size_t n;
    while ((x = visml_runs_next(&runs, gray ? VISML_RUN : SIZE_MAX, &n))) {
        if (gray)
            kernels->rgb_to_gray(n, v.channels, x, w->gray);
        kernels->moments_u8(n, j->channels, gray ? w->gray : x, w->sums);
    }
}

static void extract_bytes(walk *j, size_t bands, float *y) {
    size_t sums = 3 * (size_t)j->channels, workers = j->c->parallel->workers;
    uint64_t *all = part_of(j, 0)->sums;
    for (size_t i = 0; i < workers; i++)
        memset(part_of(j, i)->sums, 0, sums * sizeof *all);
    visml_parallel_run(j->c->parallel, bands, sum_bytes, j);
    for (size_t i = 1; i < workers; i++)
        for (size_t k = 0; k < sums; k++)
            all[k] += part_of(j, i)->sums[k];
    for (int64_t k = 0; k < j->channels; k++)
        put(j->o, visml_moments_of_sums(j->v->height * j->v->width, all + k, j->channels), 1.0 / 255, j->channels, y + k);
}

static void join_runs(void *arg, size_t band, size_t worker) {
    const walk *j = arg;
    visml_planes *p = &part_of(j, worker)->planes;
    visml_moments *m = j->moments + 3 * band;
    visml_view v = visml_band_of(j->v, (int64_t)band);
    visml_runs runs = visml_runs_of(&v);
    const uint8_t *x;
    size_t n;
    m[0] = m[1] = m[2] = (visml_moments){0};
    while ((x = visml_runs_next(&runs, VISML_RUN, &n))) {
        visml_planes_of(p, j->c, n, x);
        for (size_t k = 0; k < 3; k++)
            m[k] = visml_moments_join(m[k], visml_moments_of_run(j->c, n, p->planes + k * VISML_RUN));
    }
}

static void extract_planes(walk *j, size_t bands, float *y) {
    for (size_t i = 0; i < j->c->parallel->workers; i++)
        visml_planes_begin(&part_of(j, i)->planes, j->c, j->o->space);
    visml_parallel_run(j->c->parallel, bands, join_runs, j);
    for (size_t k = 0; k < 3; k++) {
        visml_moments m = {0};
        for (size_t b = 0; b < bands; b++)
            m = visml_moments_join(m, j->moments[3 * b + k]);
        put(j->o, m, 1, 3, y + k);
    }
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch_) {
    walk j = {.o = e->object.opts, .c = c, .v = v, .channels = v->channels, .bytes = part_bytes(v->channels), .parts = scratch_};
    size_t bands = (size_t)visml_bands(v->height, v->width);
    j.moments = (visml_moments *)(void *)(j.parts + j.bytes * c->parallel->workers);
    if (j.o->space == VISML_SPACE_GRAY)
        j.channels = 1;
    if (converts(j.o))
        extract_planes(&j, bands, y);
    else
        extract_bytes(&j, bands, y);
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
