/* Histograms of gray and of colours, of each channel or of all together. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/byte_pairs.h"
#include "feature/colors.h"
#include "kernel/histogram.h"

#define MOST_BINS (1 << 20) /* of all channels */

static const char *const norm_names[] = {"l1", "l2", "max", "none", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_histogram_opts, space, VISML_SPACE_AS_IS, visml_color_space_names),
    VISML_FIELD_OF_ENUM(visml_histogram_opts, norm, VISML_HISTOGRAM_L1, norm_names),
    VISML_FIELD(visml_histogram_opts, bins, I32, VISML_FIELD_SPREAD, 4, 1, 256, 0),
    VISML_FIELD(visml_histogram_opts, joint, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_histogram_opts, cumulative, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_histogram_opts),
    {0},
};

static int32_t bins_of(const visml_histogram_opts *o, int64_t channel) {
    int32_t b = o->bins[channel < 4 ? channel : 3];
    return b ? b : o->joint ? 8 : 256;
}

/* Bins of all; 0: too many. */
static int64_t all_bins(const visml_histogram_opts *o, int64_t channels) {
    int64_t all = o->joint ? 1 : 0;
    for (int64_t k = 0; k < channels && all <= MOST_BINS; k++)
        all = o->joint ? all * bins_of(o, k) : all + bins_of(o, k);
    return all <= MOST_BINS ? all : 0;
}

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_histogram_opts *o = e->object.opts;
    int64_t c = visml_space_channels(o->space, channels, err);
    (void)height, (void)width;
    if (!c)
        return VISML_EINVAL;
    if (o->joint && c > VISML_JOINT_CHANNELS)
        return visml_fail(err, VISML_EINVAL, "needs a picture of at most %d channels for \"joint\", this one has %lld",
                          VISML_JOINT_CHANNELS, (long long)c);
    *rows = 1;
    *columns = all_bins(o, c);
    if (!*columns)
        return visml_fail(err, VISML_EINVAL, "needs fewer bins: at most %d of all channels together", MOST_BINS);
    return VISML_OK;
}

typedef struct work {
    visml_planes planes;
    uint8_t gray[VISML_RUN];
    int32_t at[VISML_RUN];
    uint32_t counts[]; /* those of bytes [channels, 256], then the bins, then pairs of bytes [VISML_BYTE_PAIRS] */
} work;

static int counts_pairs(const visml_histogram_opts *o, int64_t channels, int64_t pixels) {
    int bytes = o->space != VISML_SPACE_HSV && o->space != VISML_SPACE_LAB && !o->joint;
    return bytes && channels == 1 && pixels >= VISML_PAIRS_PAY;
}

static size_t scratch(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    const visml_histogram_opts *o = e->object.opts;
    int64_t used = o->space == VISML_SPACE_GRAY ? 1 : channels;
    int64_t pairs = counts_pairs(o, used, height * width) ? VISML_BYTE_PAIRS : 0;
    (void)c;
    return sizeof(work) + (size_t)(256 * used + all_bins(o, used) + pairs) * sizeof(uint32_t);
}

/* ---- counting ---- */

static void count_bytes(const visml_histogram_opts *o, const visml_compute *c, const visml_view *v, int64_t channels, work *w,
                        uint32_t *counts) {
    int gray = channels != v->channels, by_pairs = counts_pairs(o, channels, v->height * v->width);
    uint32_t *pairs = counts + all_bins(o, channels);
    int32_t bins[VISML_JOINT_CHANNELS];
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    for (int64_t k = 0; k < VISML_JOINT_CHANNELS; k++)
        bins[k] = bins_of(o, k);
    memset(w->counts, 0, 256 * (size_t)channels * sizeof *w->counts);
    if (by_pairs)
        memset(pairs, 0, VISML_BYTE_PAIRS * sizeof *pairs);
    while ((x = visml_runs_next(&runs, gray ? VISML_RUN : SIZE_MAX, &n))) {
        if (gray)
            c->kernels->rgb_to_gray(n, v->channels, x, w->gray);
        if (o->joint)
            c->kernels->histogram_joint(n, channels, bins, gray ? w->gray : x, counts);
        else if (by_pairs)
            visml_count_pairs(n, gray ? w->gray : x, pairs, w->counts);
        else
            c->kernels->histogram_u8(n, channels, gray ? w->gray : x, w->counts);
    }
    if (by_pairs)
        visml_split_pairs(pairs, w->counts);
    for (int64_t k = 0; k < channels && !o->joint; counts += bins_of(o, k), k++)
        visml_histogram_fewer(1, w->counts + 256 * k, bins_of(o, k), counts);
}

static void count_planes(const visml_histogram_opts *o, const visml_compute *c, const visml_view *v, work *w, uint32_t *counts) {
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    visml_planes_begin(&w->planes, c, o->space);
    while ((x = visml_runs_next(&runs, VISML_RUN, &n))) {
        uint32_t *to = counts;
        visml_planes_of(&w->planes, c, n, x);
        for (int64_t k = 0; k < 3; k++) {
            float low, high, scale;
            int32_t bins = bins_of(o, k);
            visml_space_range(o->space, k, &low, &high);
            scale = (float)bins / (high - low);
            c->kernels->bin_numbers(n, w->planes.planes + k * (int64_t)VISML_RUN, scale, -low * scale, bins, !o->joint || k == 0, w->at);
            if (o->joint)
                continue;
            c->kernels->count_numbers(n, w->at, (size_t)bins, to);
            to += bins;
        }
        if (o->joint)
            c->kernels->count_numbers(n, w->at, (size_t)all_bins(o, 3), counts);
    }
}

/* ---- what becomes of counts: of each histogram by itself ---- */

static double divisor(visml_histogram_norm norm, int64_t n, const float *y) {
    double one = 0, two = 0, most = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)y[i];
        one += v;
        two += v * v;
        most = v > most ? v : most;
    }
    return norm == VISML_HISTOGRAM_L1 ? one : norm == VISML_HISTOGRAM_L2 ? sqrt(two) : norm == VISML_HISTOGRAM_MAX ? most : 1;
}

static void finish(const visml_histogram_opts *o, int64_t n, const uint32_t *counts, float *y) {
    double by;
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)counts[i];
    by = divisor(o->norm, n, y);
    for (int64_t i = 0; i < n; i++) {
        sum += counts[i];
        y[i] = (float)((double)(o->cumulative ? sum : counts[i]) / by);
    }
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch_) {
    const visml_histogram_opts *o = e->object.opts;
    int64_t channels = visml_space_channels(o->space, v->channels, NULL), all = all_bins(o, channels);
    work *w = scratch_;
    uint32_t *counts = w->counts + 256 * channels;
    memset(counts, 0, (size_t)all * sizeof *counts);
    if (o->space == VISML_SPACE_HSV || o->space == VISML_SPACE_LAB)
        count_planes(o, c, v, w, counts);
    else
        count_bytes(o, c, v, channels, w, counts);
    for (int64_t k = 0, at = 0; k < (o->joint ? 1 : channels); k++) {
        int64_t n = o->joint ? all : bins_of(o, k);
        finish(o, n, counts + at, y + at);
        at += n;
    }
}

const visml_extractor_class visml_extractor_histogram_class = {
    .kind = {.name = "histogram", .opts_size = sizeof(visml_histogram_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES,
    .measure = measure,
    .scratch = scratch,
    .extract = extract,
};

visml_extractor *visml_extractor_histogram(visml_context *ctx, const visml_histogram_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_histogram_class, opts, err);
}
