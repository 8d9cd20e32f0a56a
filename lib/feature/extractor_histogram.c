/* Histograms of gray and of colours, of each channel or of all together. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/byte_pairs.h"
#include "feature/colors.h"
#include "kernel/histogram.h"

#define GRAY_RUN ((size_t)16384) /* pixels that are made gray at a time: a table of counts is cleared and added for each */
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

/* Of each worker. Whole numbers add up to the same in any order. */
typedef struct work {
    visml_planes planes;
    uint8_t gray[GRAY_RUN];
    int32_t at[VISML_RUN];
    int32_t begun;
    uint32_t counts[]; /* those of bytes [channels, 256], then the bins, then pairs of bytes [VISML_BYTE_PAIRS] */
} work;

typedef struct counting {
    const visml_histogram_opts *o;
    const visml_compute *c;
    const visml_view *v;
    int64_t channels, all; /* counted ones; bins of all of them */
    int converts, by_pairs;
    size_t bytes; /* of a worker's part */
    char *parts;
} counting;

static counting counting_of(const visml_extractor *e, const visml_compute *c, int64_t pixels, int64_t channels) {
    const visml_histogram_opts *o = e->object.opts;
    counting j = {.o = o, .c = c, .channels = o->space == VISML_SPACE_GRAY ? 1 : channels};
    j.all = all_bins(o, j.channels);
    j.converts = o->space == VISML_SPACE_HSV || o->space == VISML_SPACE_LAB;
    j.by_pairs = !j.converts && !o->joint && j.channels == 1 && pixels / VISML_PAIRS_PAY >= (int64_t)c->parallel->workers;
    j.bytes = visml_whole_lines(sizeof(work) + (size_t)(256 * j.channels + j.all + (j.by_pairs ? VISML_BYTE_PAIRS : 0)) * sizeof(uint32_t));
    return j;
}

static size_t scratch(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    return counting_of(e, c, height * width, channels).bytes * c->parallel->workers;
}

static work *part_of(const counting *j, size_t worker) {
    return (work *)(void *)(j->parts + worker * j->bytes);
}

/* ---- counting ---- */

static void count_bytes(const counting *j, const visml_view *v, work *w, uint32_t *bins_of_all) {
    const visml_kernels *k = j->c->kernels;
    int gray = j->channels != v->channels;
    int32_t bins[VISML_JOINT_CHANNELS];
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    for (int64_t i = 0; i < VISML_JOINT_CHANNELS; i++)
        bins[i] = bins_of(j->o, i);
    while ((x = visml_runs_next(&runs, gray ? GRAY_RUN : SIZE_MAX, &n))) {
        if (gray)
            k->rgb_to_gray(n, v->channels, x, w->gray);
        if (j->o->joint)
            k->histogram_joint(n, j->channels, bins, gray ? w->gray : x, bins_of_all);
        else if (j->by_pairs)
            visml_count_pairs(n, gray ? w->gray : x, bins_of_all + j->all, w->counts);
        else
            k->histogram_u8(n, j->channels, gray ? w->gray : x, w->counts);
    }
}

static void count_planes(const counting *j, const visml_view *v, work *w, uint32_t *bins_of_all) {
    const visml_kernels *kernels = j->c->kernels;
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    while ((x = visml_runs_next(&runs, VISML_RUN, &n))) {
        uint32_t *to = bins_of_all;
        visml_planes_of(&w->planes, j->c, n, x);
        for (int64_t k = 0; k < 3; k++) {
            float low, high, scale;
            int32_t bins = bins_of(j->o, k);
            visml_space_range(j->o->space, k, &low, &high);
            scale = (float)bins / (high - low);
            kernels->bin_numbers(n, w->planes.planes + k * (int64_t)VISML_RUN, scale, -low * scale, bins, !j->o->joint || k == 0, w->at);
            if (j->o->joint)
                continue;
            kernels->count_numbers(n, w->at, (size_t)bins, to);
            to += bins;
        }
        if (j->o->joint)
            kernels->count_numbers(n, w->at, (size_t)j->all, bins_of_all);
    }
}

static void begin(const counting *j, work *w) {
    w->begun = 1;
    memset(w->counts, 0, j->bytes - sizeof *w);
    if (j->converts)
        visml_planes_begin(&w->planes, j->c, j->o->space);
}

static void count_band(void *arg, size_t band, size_t worker) {
    const counting *j = arg;
    work *w = part_of(j, worker);
    visml_view v = visml_band_of(j->v, (int64_t)band);
    if (!w->begun)
        begin(j, w);
    (j->converts ? count_planes : count_bytes)(j, &v, w, w->counts + 256 * j->channels);
}

/* A worker's own table of pairs, as counts of bytes. */
static void split_pairs(void *arg, size_t worker, size_t any) {
    const counting *j = arg;
    work *w = part_of(j, worker);
    (void)any;
    if (w->begun)
        visml_split_pairs(w->counts + 256 * j->channels + j->all, w->counts);
}

/* All that was counted, in the first part. Borrowed: [all]. */
static const uint32_t *add_parts(counting *j) {
    work *first = part_of(j, 0);
    uint32_t *bins = first->counts + 256 * j->channels;
    if (!first->begun)
        begin(j, first);
    if (j->by_pairs)
        visml_parallel_run(j->c->parallel, j->c->parallel->workers, split_pairs, j);
    for (size_t i = 1; i < j->c->parallel->workers; i++)
        for (int64_t k = 0; part_of(j, i)->begun && k < 256 * j->channels + j->all; k++)
            first->counts[k] += part_of(j, i)->counts[k];
    if (j->converts || j->o->joint)
        return bins;
    for (int64_t k = 0, at = 0; k < j->channels; at += bins_of(j->o, k), k++)
        visml_histogram_fewer(1, first->counts + 256 * k, bins_of(j->o, k), bins + at);
    return bins;
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
    counting j = counting_of(e, c, v->height * v->width, v->channels);
    j.v = v;
    j.parts = scratch_;
    for (size_t i = 0; i < c->parallel->workers; i++)
        part_of(&j, i)->begun = 0;
    visml_parallel_run(c->parallel, (size_t)visml_bands(v->height, v->width), count_band, &j);
    const uint32_t *counts = add_parts(&j);
    for (int64_t k = 0, at = 0; k < (j.o->joint ? 1 : j.channels); k++) {
        int64_t n = j.o->joint ? j.all : bins_of(j.o, k);
        finish(j.o, n, counts + at, y + at);
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
