/* How far pixels are from the nearest edge: the exact Euclidean distance transform, column by column and then row by row. Of a column's
 * distances g the squares are those of parabolas g^2 + (x - at)^2, and the least of these is wanted everywhere: by looking around as far
 * as can matter, or, where that is far, by their lower envelope (Felzenszwalb and Huttenlocher 2012). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "feature/planes.h"
#include "kernel/span.h"

#define MOST_BINS 256
#define STRIPE 512  /* columns of a piece of work */
#define BAND VISML_PLANES_ROWS
#define FAR 65535   /* there is no edge in the column; sides are shorter */
#define REACH 32    /* pixels: as far as is looked around */

static const char *const maps[] = {"edges", "bright", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_distance_transform_opts, map, VISML_DISTANCE_MAP_EDGES, maps),
    VISML_FIELD(visml_distance_transform_opts, bins, I32, 0, 1, 1, MOST_BINS, 16),
    VISML_FIELD_OF_RESERVED(visml_distance_transform_opts),
    VISML_FIELD(visml_distance_transform_opts, threshold, F64, 0, 1, 0, 1.5, 0.1),
    {0},
};

/* What is known of a band of rows, in pixels. */
typedef struct sums {
    double sum, squares, most; /* most: the square of the largest */
    uint32_t counts[MOST_BINS];
} sums;

/* A row's parabolas (x - at)^2 + height: where each lies lowest, which is from numerator / denominator on to where the next does. */
typedef struct envelope {
    int32_t *at;
    int64_t *height, *numerator, *denominator;
} envelope;

/* A worker's room for rows. */
typedef struct rows_room {
    double *distances;   /* [width] */
    float *around, *near; /* [REACH + width + REACH], [width] */
    envelope e;
} rows_room;

typedef struct distance_job {
    const visml_distance_transform_opts *o;
    const visml_compute *c;
    const visml_view *v;
    double unit;     /* half the shorter side */
    double none;     /* the square of the distance where there is no edge at all: the diagonal's */
    int64_t stride;  /* of `apart`: a whole number of steps */
    uint16_t *apart; /* [height, width]: 0 for edges and FAR for others; then rows to the nearest edge of the column */
    sums *found;     /* [bands] */
    char *room;      /* of each worker: planes and two lines, or what rows need */
    size_t part;
} distance_job;

/* Loops over whole steps, whose length is known to the compiler; lines have room for the last. */
#define STEP 16
#define STEPS(i, n) for (int64_t first_ = 0; first_ < (n); first_ += STEP) for (int64_t i = first_; i < first_ + STEP; i++)

static int64_t whole_steps(int64_t n) {
    return (n + STEP - 1) / STEP * STEP;
}

/* ---- the map ---- */

/* How long the gradients of a row are, or how bright it is. */
static void look_at(const distance_job *j, const visml_planes *p, int64_t row, float *line, float *other) {
    const visml_kernels *k = j->c->kernels;
    const float *here = p->x + row * p->stride;
    int64_t n = j->v->width;
    if (j->o->map == VISML_DISTANCE_MAP_BRIGHT) {
        memcpy(line, here, (size_t)n * sizeof *line);
        return;
    }
    k->difference(n, here + 1, here - 1, line);
    k->difference(n, here + p->stride, here - p->stride, other);
    k->polar(n, line, other, 0, line, NULL);
}

static void mark(int64_t n, const float *line, float threshold, uint16_t *to) {
    STEPS(i, n)
        to[i] = line[i] > threshold ? 0 : FAR;
}

static void mark_band(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    char *room = j->room + worker * j->part;
    int64_t top = (int64_t)block * BAND, n = j->v->width, rows = visml_block_length((int64_t)block, BAND, j->v->height);
    float *line = (float *)(void *)(room + visml_planes_bytes(n, 1));
    visml_planes p = visml_planes_make(j->v, 0, room);
    visml_planes_fill(&p, j->c, j->v, top, rows);
    memset(line, 0, (size_t)whole_steps(n) * sizeof *line);
    for (int64_t i = 0; i < rows; i++) {
        look_at(j, &p, i, line, line + whole_steps(n));
        mark(n, line, (float)(j->v->bytes ? j->o->threshold * 255 : j->o->threshold), j->apart + (top + i) * j->stride);
    }
}

/* ---- columns ---- */

/* Each at most one more than the one before. */
static void spread(int64_t n, const uint16_t *before, uint16_t *here) {
    STEPS(i, n) {
        uint16_t next = (uint16_t)(before[i] + (before[i] < FAR));
        here[i] = here[i] < next ? here[i] : next;
    }
}

static void one_stripe(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    int64_t h = j->v->height, n = visml_block_length((int64_t)block, STRIPE, j->v->width);
    uint16_t *first = j->apart + (int64_t)block * STRIPE;
    (void)worker;
    for (int64_t y = 1; y < h; y++)
        spread(n, first + (y - 1) * j->stride, first + y * j->stride);
    for (int64_t y = h - 2; y >= 0; y--)
        spread(n, first + (y + 1) * j->stride, first + y * j->stride);
}

/* ---- rows ---- */

/* The lowest of the row's parabolas everywhere; how many there are. Two cross where x^2 - 2 x at + at^2 + height of both is the same; whole
 * numbers, of which products stay below 2^52. */
static int64_t find_envelope(int64_t n, const uint16_t *apart, const envelope *e) {
    int64_t count = 0;
    for (int64_t x = 0; x < n; x++) {
        int64_t height = (int64_t)apart[x] * apart[x], numerator = 0, denominator = 1;
        if (apart[x] == FAR)
            continue;
        for (; count; count--) {
            int64_t last = count - 1, at = e->at[last];
            numerator = height + x * x - e->height[last] - at * at;
            denominator = 2 * (x - at);
            if (!last || numerator * e->denominator[last] > e->numerator[last] * denominator)
                break;
        }
        e->at[count] = (int32_t)x;
        e->height[count] = height;
        e->numerator[count] = numerator;
        e->denominator[count++] = denominator;
    }
    return count;
}

/* The squares of a row's distances by the envelope. */
static void find_far_squares(const distance_job *j, const uint16_t *apart, const envelope *e, double *squares) {
    int64_t count = find_envelope(j->v->width, apart, e), k = 0;
    for (int64_t x = 0; x < j->v->width; x++) {
        while (k + 1 < count && e->numerator[k + 1] < x * e->denominator[k + 1])
            k++;
        squares[x] = count ? (double)((x - e->at[k]) * (x - e->at[k]) + e->height[k]) : j->none;
    }
}

/* By looking around; 0 where that is not enough. */
static int find_near_squares(const distance_job *j, const uint16_t *apart, const rows_room *r) {
    int64_t n = j->v->width;
    float *x = r->around + REACH;
    STEPS(i, n)
        x[i] = apart[i] == FAR ? INFINITY : (float)apart[i] * (float)apart[i];
    for (int64_t i = 0; i < REACH; i++)
        r->around[i] = x[n + i] = INFINITY;
    if (!j->c->kernels->least_parabolas(n, REACH, x, r->near))
        return 0;
    STEPS(i, n)
        r->distances[i] = (double)r->near[i];
    return 1;
}

/* A distance at the edge between two bins, which is a whole number, is to be in the upper one however the product is rounded; others are
 * farther from edges than this. */
#define NUDGE (1 + 0x1p-45)

static void add_row(const distance_job *j, double *squares, sums *s) {
    int64_t n = j->v->width;
    double scale = j->o->bins / j->unit * NUDGE;
    for (int64_t i = 0; i < n; i++) {
        s->squares += squares[i];
        s->most = squares[i] > s->most ? squares[i] : s->most;
    }
    STEPS(i, n)
        squares[i] = sqrt(squares[i]);
    for (int64_t i = 0; i < n; i++) {
        double bin = squares[i] * scale;
        s->sum += squares[i];
        s->counts[bin < j->o->bins ? (int32_t)bin : j->o->bins - 1]++;
    }
}

static rows_room place_rows(int64_t width, char *room) {
    int64_t n = whole_steps(width);
    rows_room r = {.distances = (double *)(void *)room};
    r.e.height = (int64_t *)(void *)(r.distances + n);
    r.e.numerator = r.e.height + n;
    r.e.denominator = r.e.numerator + n;
    r.e.at = (int32_t *)(void *)(r.e.denominator + n);
    r.around = (float *)(void *)(r.e.at + n);
    r.near = r.around + n + 2 * REACH;
    memset(r.near, 0, (size_t)n * sizeof *r.near);
    memset(r.distances, 0, (size_t)n * sizeof *r.distances);
    return r;
}

static void one_band(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    int64_t top = (int64_t)block * BAND, rows = visml_block_length((int64_t)block, BAND, j->v->height);
    rows_room r = place_rows(j->v->width, j->room + worker * j->part);
    memset(&j->found[block], 0, sizeof *j->found);
    for (int64_t i = 0; i < rows; i++) {
        const uint16_t *apart = j->apart + (top + i) * j->stride;
        if (!find_near_squares(j, apart, &r))
            find_far_squares(j, apart, &r.e, r.distances);
        add_row(j, r.distances, &j->found[block]);
    }
}

/* ---- the class ---- */

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_distance_transform_opts *o = e->object.opts;
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 3 + (int64_t)o->bins;
    return VISML_OK;
}

static size_t part_of(int64_t width) {
    size_t n = (size_t)whole_steps(width), planes = visml_planes_bytes(width, 1) + 2 * n * sizeof(float);
    size_t rows = n * (sizeof(double) + 3 * sizeof(int64_t) + sizeof(int32_t) + 2 * sizeof(float)) + 2 * REACH * sizeof(float);
    return visml_whole_lines(planes > rows ? planes : rows);
}

static size_t found_bytes(int64_t height) {
    return visml_whole_lines((size_t)visml_blocks(height, BAND) * sizeof(sums));
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)channels;
    return found_bytes(height) + c->parallel->workers * part_of(width) + (size_t)(height * whole_steps(width)) * sizeof(uint16_t);
}

/* Bands in their order. Squares are whole numbers and exact; a variance below 2^-40 of them is rounding. */
static void finish(const distance_job *j, float *y) {
    double n = (double)(j->v->height * j->v->width), sum = 0, squares = 0, most = 0, counts[MOST_BINS] = {0};
    for (int64_t b = 0; b < visml_blocks(j->v->height, BAND); b++) {
        const sums *s = &j->found[b];
        sum += s->sum;
        squares += s->squares;
        most = fmax(most, s->most);
        for (int32_t i = 0; i < j->o->bins; i++)
            counts[i] += s->counts[i];
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    y[0] = (float)(mean / j->unit);
    y[1] = (float)(sqrt(variance > mean * mean * 0x1p-40 ? variance : 0) / j->unit);
    y[2] = (float)(sqrt(most) / j->unit);
    for (int32_t i = 0; i < j->o->bins; i++)
        y[3 + i] = (float)(counts[i] / n);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    distance_job j = {.o = e->object.opts, .c = c, .v = v, .found = scratch, .room = (char *)scratch + found_bytes(v->height)};
    size_t bands = (size_t)visml_blocks(v->height, BAND);
    j.part = part_of(v->width);
    j.stride = whole_steps(v->width);
    j.apart = (uint16_t *)(void *)(j.room + c->parallel->workers * j.part);
    j.unit = 0.5 * (double)(v->height < v->width ? v->height : v->width);
    j.none = (double)(v->height * v->height + v->width * v->width);
    visml_parallel_run(c->parallel, bands, mark_band, &j);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(v->width, STRIPE), one_stripe, &j);
    visml_parallel_run(c->parallel, bands, one_band, &j);
    finish(&j, y);
}

const visml_extractor_class visml_extractor_distance_transform_class = {
    .kind = {.name = "distance_transform", .opts_size = sizeof(visml_distance_transform_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
};

visml_extractor *visml_extractor_distance_transform(visml_context *ctx, const visml_distance_transform_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_distance_transform_class, opts, err);
}
