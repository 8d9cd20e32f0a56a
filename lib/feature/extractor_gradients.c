/* What there is of gradients as a whole: edges by direction, and moments. A picture is looked at in bands of rows, whose sums are added in
 * order. */
#include <math.h>

#include "base/error.h"
#include "feature/directions.h"
#include "feature/extractor.h"
#include "feature/planes.h"
#include "kernel/span.h"

#define MOMENTS 8
#define LANES 16 /* parts of the votes of a bin */

static visml_status check_channels(int64_t channels, visml_error *err) {
    if (channels > VISML_PLANES_CHANNELS)
        return visml_fail(err, VISML_EINVAL, "needs a picture of at most %d channels", VISML_PLANES_CHANNELS);
    return VISML_OK;
}

/* ---- bands ---- */

typedef struct bands_job {
    const visml_compute *c;
    const visml_view *v;
    visml_votes votes; /* what is the same for all bands; no bins: moments */
    int64_t numbers;   /* of a band */
    float *sums;       /* [bands, numbers] */
    char *room;        /* of each worker: planes, then parts of votes */
    size_t part;
} bands_job;

static size_t part_of(int64_t numbers, int64_t width, int64_t channels) {
    return visml_planes_bytes(width, channels) + visml_whole_lines((size_t)(numbers * LANES) * sizeof(float));
}

static size_t sums_bytes(int64_t numbers, int64_t height) {
    return visml_whole_lines((size_t)(visml_blocks(height, VISML_PLANES_ROWS) * numbers) * sizeof(float));
}

static size_t bands_scratch(const visml_compute *c, int64_t numbers, int64_t height, int64_t width, int64_t channels) {
    return sums_bytes(numbers, height) + part_of(numbers, width, channels) * c->parallel->workers;
}

static void band(void *arg, size_t block, size_t worker) {
    const bands_job *j = arg;
    float *sums = j->sums + (int64_t)block * j->numbers;
    char *room = j->room + worker * j->part;
    float *parts = (float *)(void *)(room + visml_planes_bytes(j->v->width, j->v->channels));
    visml_planes p = visml_planes_make(j->v, 0, room);
    visml_votes votes = j->votes;
    votes.x = p.x;
    votes.stride = p.stride;
    votes.channels = j->v->channels;
    votes.plane = p.plane;
    votes.rows = visml_block_length((int64_t)block, VISML_PLANES_ROWS, j->v->height);
    visml_planes_fill(&p, j->c, j->v, (int64_t)block * VISML_PLANES_ROWS, votes.rows);
    if (!votes.bins) {
        j->c->kernels->vote_moments(&votes, j->v->width, sums);
        return;
    }
    j->c->kernels->vote_totals(&votes, j->v->width, parts);
    for (int64_t k = 0; k < j->numbers; k++)
        sums[k] = (float)j->c->kernels->reduce_sum(LANES, parts + k * LANES);
}

/* All bands, then total[numbers]. */
static void run_bands(bands_job *j, void *scratch, double *total) {
    int64_t bands = visml_blocks(j->v->height, VISML_PLANES_ROWS);
    j->sums = scratch;
    j->room = (char *)scratch + sums_bytes(j->numbers, j->v->height);
    j->part = part_of(j->numbers, j->v->width, j->v->channels);
    visml_parallel_run(j->c->parallel, (size_t)bands, band, j);
    for (int64_t k = 0; k < j->numbers; k++) {
        total[k] = 0;
        for (int64_t b = 0; b < bands; b++)
            total[k] += (double)j->sums[b * j->numbers + k];
    }
}

/* ---- edges by direction ---- */

static const visml_field edge_fields[] = {
    VISML_FIELD(visml_edge_orientations_opts, bins, I32, 0, 1, 1, VISML_VOTE_BINS, 18),
    VISML_FIELD(visml_edge_orientations_opts, unsigned_angle, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_edge_orientations_opts, weighted, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_edge_orientations_opts, threshold, F64, 0, 1, 0, 1.5, 0.1),
    {0},
};

static int64_t numbers_of(const visml_extractor *e) {
    const visml_edge_orientations_opts *o = e->object.opts;
    return o->unsigned_angle ? o->bins : 2 * o->bins;
}

static visml_status measure_edges(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                  int64_t *columns, visml_error *err) {
    (void)height, (void)width;
    *rows = 1;
    *columns = numbers_of(e);
    return check_channels(channels, err);
}

static size_t scratch_edges(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    return bands_scratch(c, numbers_of(e), height, width, channels);
}

static void extract_edges(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_edge_orientations_opts *o = e->object.opts;
    visml_directions d;
    bands_job j = {.c = c, .v = v, .numbers = numbers_of(e)};
    double total[2 * VISML_VOTE_BINS], all = 0;
    j.votes = (visml_votes){.cosines = d.cosines, .sines = d.sines, .whole = !o->unsigned_angle, .counts = !o->weighted};
    j.votes.bins = o->bins;
    j.votes.threshold = (float)(v->bytes ? o->threshold * 255 : o->threshold);
    visml_directions_make(&d, j.votes.bins, 0);
    run_bands(&j, scratch, total);
    for (int64_t k = 0; k < j.numbers; k++)
        all += total[k];
    for (int64_t k = 0; k < j.numbers; k++)
        y[k] = all > 0 ? (float)(total[k] / all) : 0;
}

const visml_extractor_class visml_extractor_edge_orientations_class = {
    .kind = {.name = "edge_orientations", .opts_size = sizeof(visml_edge_orientations_opts), .fields = edge_fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS,
    .measure = measure_edges,
    .scratch = scratch_edges,
    .extract = extract_edges,
};

visml_extractor *visml_extractor_edge_orientations(visml_context *ctx, const visml_edge_orientations_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_edge_orientations_class, opts, err);
}

/* ---- moments ---- */

static const visml_field no_fields[] = {{0}};

static visml_status measure_stats(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                  int64_t *columns, visml_error *err) {
    (void)e, (void)height, (void)width;
    *rows = 1;
    *columns = 7;
    return check_channels(channels, err);
}

static size_t scratch_stats(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e;
    return bands_scratch(c, MOMENTS, height, width, channels);
}

/* Sums to what the header lists. A deviation of less than 2^-10 of the mean is what rounding may leave: there is none then. */
static void stats_of(const double *sums, double n, double unit, float *y) {
    double mean = sums[0] / n, second = sums[1] / n, third = sums[2] / n, fourth = sums[3] / n;
    double variance = second - mean * mean, deviation = sqrt(fmax(variance, 0));
    int varies = deviation > mean * 0x1p-10;
    y[0] = (float)(mean * unit);
    y[1] = varies ? (float)(deviation * unit) : 0;
    y[2] = varies ? (float)((third - 3 * mean * second + 2 * mean * mean * mean) / (variance * deviation)) : 0;
    y[3] = varies ? (float)((fourth - 4 * mean * third + 6 * mean * mean * second - 3 * mean * mean * mean * mean) / (variance * variance) -
                            3)
                  : 0;
    y[4] = sums[0] > 0 ? (float)(sums[4] / sums[0]) : 0;
    y[5] = sums[0] > 0 ? (float)(sums[5] / sums[0]) : 0;
    y[6] = sums[1] > 0 ? (float)(hypot(sums[6], sums[7]) / sums[1]) : 0;
}

static void extract_stats(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    bands_job j = {.c = c, .v = v, .numbers = MOMENTS};
    double total[MOMENTS];
    (void)e;
    run_bands(&j, scratch, total);
    stats_of(total, (double)(v->height * v->width), v->bytes ? 1.0 / 255 : 1, y);
}

const visml_extractor_class visml_extractor_gradient_stats_class = {
    .kind = {.name = "gradient_stats", .opts_size = sizeof(visml_no_opts), .fields = no_fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS,
    .measure = measure_stats,
    .scratch = scratch_stats,
    .extract = extract_stats,
};

visml_extractor *visml_extractor_gradient_stats(visml_context *ctx, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_gradient_stats_class, NULL, err);
}
