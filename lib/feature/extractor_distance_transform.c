/* How far pixels are from the nearest edge: the exact Euclidean distance transform (Felzenszwalb and Huttenlocher 2012), column by column
 * and then row by row. */
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

static const char *const maps[] = {"edges", "bright", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_distance_transform_opts, map, VISML_DISTANCE_MAP_EDGES, maps),
    VISML_FIELD(visml_distance_transform_opts, bins, I32, 0, 1, 1, MOST_BINS, 16),
    VISML_FIELD_OF_RESERVED(visml_distance_transform_opts),
    VISML_FIELD(visml_distance_transform_opts, threshold, F64, 0, 1, 0, 1.5, 0.1),
    {0},
};

/* What is known of a band of rows. */
typedef struct sums {
    double sum, squares, most;
    uint32_t counts[MOST_BINS];
} sums;

/* A row's parabolas: x^2 + height around the places where they lie lowest, each from `from` to that of the next. */
typedef struct envelope {
    int32_t *at;
    double *from, *height;
} envelope;

typedef struct distance_job {
    const visml_distance_transform_opts *o;
    const visml_compute *c;
    const visml_view *v;
    double unit;     /* half the shorter side */
    double none;     /* the square of the distance where there is no edge at all: the diagonal's */
    uint16_t *apart; /* [height, width]: 0 for edges and FAR for others; then rows to the nearest edge of the column */
    sums *found;     /* [bands] */
    char *room;      /* of each worker: planes or an envelope */
    size_t part;
} distance_job;

/* ---- the map ---- */

static void mark_edges(const visml_planes *p, int64_t row, int64_t n, float least, uint16_t *to) {
    const float *here = p->x + row * p->stride, *above = here - p->stride, *below = here + p->stride;
    for (int64_t i = 0; i < n; i++) {
        float dx = here[i + 1] - here[i - 1], dy = below[i] - above[i];
        to[i] = dx * dx + dy * dy > least ? 0 : FAR;
    }
}

static void mark_bright(const visml_planes *p, int64_t row, int64_t n, float least, uint16_t *to) {
    const float *here = p->x + row * p->stride;
    for (int64_t i = 0; i < n; i++)
        to[i] = here[i] > least ? 0 : FAR;
}

static void mark_band(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    int64_t top = (int64_t)block * BAND, n = j->v->width, rows = visml_block_length((int64_t)block, BAND, j->v->height);
    visml_planes p = visml_planes_make(j->v, 0, j->room + worker * j->part);
    float threshold = (float)(j->v->bytes ? j->o->threshold * 255 : j->o->threshold);
    visml_planes_fill(&p, j->c, j->v, top, rows);
    for (int64_t i = 0; i < rows; i++)
        if (j->o->map == VISML_DISTANCE_MAP_BRIGHT)
            mark_bright(&p, i, n, threshold, j->apart + (top + i) * n);
        else
            mark_edges(&p, i, n, threshold * threshold, j->apart + (top + i) * n);
}

/* ---- columns ---- */

/* Each at most one more than the one before. */
static void spread(int64_t n, const uint16_t *before, uint16_t *here) {
    for (int64_t i = 0; i < n; i++) {
        uint16_t next = (uint16_t)(before[i] + (before[i] < FAR));
        here[i] = here[i] < next ? here[i] : next;
    }
}

static void one_stripe(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    int64_t w = j->v->width, h = j->v->height, n = visml_block_length((int64_t)block, STRIPE, w);
    uint16_t *first = j->apart + (int64_t)block * STRIPE;
    (void)worker;
    for (int64_t y = 1; y < h; y++)
        spread(n, first + (y - 1) * w, first + y * w);
    for (int64_t y = h - 2; y >= 0; y--)
        spread(n, first + (y + 1) * w, first + y * w);
}

/* ---- rows ---- */

/* The lowest of the row's parabolas everywhere; how many there are. Two meet where x^2 + height of one is that of the other. */
static int64_t find_envelope(int64_t n, const uint16_t *apart, const envelope *e) {
    int64_t count = 0;
    for (int64_t x = 0; x < n; x++) {
        double height = (double)apart[x] * apart[x], from = -INFINITY;
        if (apart[x] == FAR)
            continue;
        for (; count; count--) {
            int64_t last = e->at[count - 1];
            from = (height + (double)(x * x) - e->height[count - 1] - (double)(last * last)) / (double)(2 * (x - last));
            if (from > e->from[count - 1])
                break;
            from = -INFINITY;
        }
        e->at[count] = (int32_t)x;
        e->from[count] = from;
        e->height[count++] = height;
    }
    return count;
}

static void add_distance(const distance_job *j, double square, sums *s) {
    double distance = sqrt(square) / j->unit, bin = distance * j->o->bins;
    s->sum += distance;
    s->squares += square;
    s->most = distance > s->most ? distance : s->most;
    s->counts[bin < j->o->bins ? (int32_t)bin : j->o->bins - 1]++;
}

static void one_row(const distance_job *j, const uint16_t *apart, const envelope *e, sums *s) {
    int64_t count = find_envelope(j->v->width, apart, e), k = 0;
    for (int64_t x = 0; x < j->v->width; x++) {
        while (k + 1 < count && e->from[k + 1] < (double)x)
            k++;
        double off = count ? (double)(x - e->at[k]) : 0;
        add_distance(j, count ? off * off + e->height[k] : j->none, s);
    }
}

static void one_band(void *arg, size_t block, size_t worker) {
    const distance_job *j = arg;
    int64_t w = j->v->width, top = (int64_t)block * BAND, rows = visml_block_length((int64_t)block, BAND, j->v->height);
    envelope e = {.from = (double *)(void *)(j->room + worker * j->part)};
    e.height = e.from + w;
    e.at = (int32_t *)(void *)(e.height + w);
    memset(&j->found[block], 0, sizeof *j->found);
    for (int64_t i = 0; i < rows; i++)
        one_row(j, j->apart + (top + i) * w, &e, &j->found[block]);
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
    size_t planes = visml_planes_bytes(width, 1), parabolas = (size_t)width * (2 * sizeof(double) + sizeof(int32_t));
    return visml_whole_lines(planes > parabolas ? planes : parabolas);
}

static size_t found_bytes(int64_t height) {
    return visml_whole_lines((size_t)visml_blocks(height, BAND) * sizeof(sums));
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)channels;
    return found_bytes(height) + c->parallel->workers * part_of(width) + (size_t)(height * width) * sizeof(uint16_t);
}

/* Bands in their order. */
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
    double mean = sum / n, variance = squares / (j->unit * j->unit) / n - mean * mean;
    y[0] = (float)mean;
    y[1] = (float)sqrt(variance > mean * mean * 0x1p-40 ? variance : 0); /* less is rounding */
    y[2] = (float)most;
    for (int32_t i = 0; i < j->o->bins; i++)
        y[3 + i] = (float)(counts[i] / n);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    distance_job j = {.o = e->object.opts, .c = c, .v = v, .found = scratch, .room = (char *)scratch + found_bytes(v->height)};
    size_t bands = (size_t)visml_blocks(v->height, BAND);
    j.part = part_of(v->width);
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
