/* Means over rings around the middle, or over the rings' sectors. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define BAND 16   /* rows */
#define CHUNK 256 /* pixels at a time */
#define MANY 4096 /* cells: their sums are not kept for each band */

static const visml_field fields[] = {
    VISML_FIELD(visml_radial_profile_opts, rings, I32, 0, 1, 1, 1024, 16),
    VISML_FIELD(visml_radial_profile_opts, sectors, I32, 0, 1, 1, 1024, 1),
    VISML_FIELD(visml_radial_profile_opts, log_polar, FLAG, 0, 1, 0, 1, 0),
    {0},
};

typedef struct profile_job {
    const visml_radial_profile_opts *o;
    const visml_compute *c;
    const visml_view *v;
    int64_t cells;
    float top, left, radius;
    int64_t *sums, *counts; /* [bands, cells] */
    float *edges;           /* [rings] */
    int32_t *first;         /* [radius + 1] */
    int32_t *before;        /* of each worker [width + 1] */
} profile_job;

static int64_t cells_of(const visml_radial_profile_opts *o) {
    return (int64_t)o->rings * o->sectors;
}

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = cells_of(e->object.opts);
    return VISML_OK;
}

static int64_t bands_of(int64_t height, int64_t cells) {
    return cells > MANY ? 1 : visml_blocks(height, BAND);
}

static size_t scratch_bytes(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    int64_t cells = cells_of(e->object.opts);
    (void)channels;
    return (size_t)(bands_of(height, cells) * cells) * 2 * sizeof(int64_t) +
           ((size_t)((const visml_radial_profile_opts *)e->object.opts)->rings + (size_t)(height < width ? height : width) / 2 + 1 +
            ((size_t)width + 1) * c->parallel->workers) * 4;
}

/* Ring i is from edges[i] on: radius * i / rings; log-polar: radius^(i / rings), the first from 0 on. first[n]: the ring of length n. */
static void make_rings(profile_job *j) {
    int32_t rings = j->o->rings, ring = 0;
    for (int32_t i = 0; i < rings; i++) {
        double part = (double)i / rings;
        j->edges[i] = (float)(!j->o->log_polar ? part * (double)j->radius : i ? pow(fmax((double)j->radius, 1), part) : 0);
    }
    for (int32_t n = 0; n <= (int32_t)j->radius; n++) {
        while (ring + 1 < rings && j->edges[ring + 1] <= (float)n)
            ring++;
        j->first[n] = ring;
    }
}

static int32_t ring_of(const profile_job *j, float length) {
    int32_t ring = j->first[(int32_t)length];
    while (ring + 1 < j->o->rings && j->edges[ring + 1] <= length)
        ring++;
    return ring;
}

/* The first pixel from the middle of a row on whose distance is at least `edge`, and is inside of the picture. */
static int64_t at_least(const profile_job *j, double down, double edge) {
    double left = edge * edge - down * down, far = left > 0 ? sqrt(left) : 0;
    int64_t i = (int64_t)ceil(far - (double)j->left);
    return i < j->v->width ? i : j->v->width;
}

/* Without sectors, a row's ring is two runs of pixels, mirrored at the middle, whose sums are differences of sums from the left. */
static void add_rings(const profile_job *j, const uint8_t *pixels, double down, int64_t *sums, int64_t *counts, int32_t *before) {
    double square = (double)j->radius * (double)j->radius - down * down, half = sqrt(square < 0 ? 0 : square);
    int64_t w = j->v->width, end = (int64_t)floor(half - (double)j->left) + 1, ring = j->o->rings;
    if (square < 0)
        return;
    end = end < w ? end : w;
    before[w - end] = 0;
    for (int64_t i = w - end; i < end; i++)
        before[i + 1] = before[i] + pixels[i];
    while (ring-- > 0 && end > w / 2) {
        int64_t from = ring ? at_least(j, down, (double)j->edges[ring]) : w / 2, left = w - from;
        if (from >= end)
            continue;
        int64_t middle = left > from ? left - from : 0; /* the two runs share the pixel in the middle */
        sums[ring] += before[end] - before[from] + before[left] - before[w - end];
        counts[ring] += 2 * (end - from) - middle;
        if (middle)
            sums[ring] -= before[left] - before[from];
        end = from;
    }
}

static void add_chunk(const profile_job *j, int64_t n, const uint8_t *pixels, float x, float y, int64_t *sums, int64_t *counts) {
    float dx[CHUNK], dy[CHUNK], length[CHUNK], angle[CHUNK], per_turn = (float)j->o->sectors / 6.28318531f;
    int32_t sectors = j->o->sectors;
    for (int64_t i = 0; i < n; i++) {
        dx[i] = x + (float)i;
        dy[i] = y;
    }
    j->c->kernels->polar(n, dx, dy, 0, length, angle);
    for (int64_t i = 0; i < n; i++) {
        if (length[i] > j->radius)
            continue;
        int32_t sector = (int32_t)(angle[i] * per_turn);
        int64_t cell = (int64_t)ring_of(j, length[i]) * sectors + (sector < sectors ? sector : sectors - 1);
        sums[cell] += pixels[i];
        counts[cell]++;
    }
}

static void add_row(const profile_job *j, int64_t i, size_t worker, int64_t *sums, int64_t *counts) {
    const uint8_t *pixels = j->v->bytes + i * j->v->stride;
    if (j->o->sectors == 1) {
        add_rings(j, pixels, (double)j->top + (double)i, sums, counts, j->before + (int64_t)worker * (j->v->width + 1));
        return;
    }
    for (int64_t x = 0; x < j->v->width; x += CHUNK)
        add_chunk(j, j->v->width - x < CHUNK ? j->v->width - x : CHUNK, pixels + x, j->left + (float)x, j->top + (float)i, sums, counts);
}

static void band(void *arg, size_t block, size_t worker) {
    const profile_job *j = arg;
    int64_t one = bands_of(j->v->height, j->cells) == 1, rows = one ? j->v->height : BAND, first = (int64_t)block * rows;
    int64_t *sums = j->sums + (int64_t)block * j->cells, *counts = j->counts + (int64_t)block * j->cells;
    memset(sums, 0, (size_t)j->cells * sizeof *sums);
    memset(counts, 0, (size_t)j->cells * sizeof *counts);
    for (int64_t i = first; i < first + visml_block_length((int64_t)block, rows, j->v->height); i++)
        add_row(j, i, worker, sums, counts);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    profile_job j = {.o = e->object.opts, .c = c, .v = v, .cells = cells_of(e->object.opts), .sums = scratch};
    int64_t bands = bands_of(v->height, j.cells);
    j.counts = j.sums + bands * j.cells;
    j.top = -0.5f * (float)(v->height - 1);
    j.left = -0.5f * (float)(v->width - 1);
    j.radius = 0.5f * (float)(v->height < v->width ? v->height : v->width);
    j.edges = (float *)(void *)(j.counts + bands * j.cells);
    j.first = (int32_t *)(void *)(j.edges + j.o->rings);
    j.before = j.first + (int64_t)j.radius + 1;
    make_rings(&j);
    visml_parallel_run(c->parallel, (size_t)bands, band, &j);
    for (int64_t k = 0; k < j.cells; k++) {
        int64_t sum = 0, count = 0;
        for (int64_t b = 0; b < bands; b++) {
            sum += j.sums[b * j.cells + k];
            count += j.counts[b * j.cells + k];
        }
        y[k] = count ? (float)((double)sum / (255.0 * (double)count)) : 0;
    }
}

const visml_extractor_class visml_extractor_radial_profile_class = {
    .kind = {.name = "radial_profile", .opts_size = sizeof(visml_radial_profile_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_bytes,
    .extract = extract,
};

visml_extractor *visml_extractor_radial_profile(visml_context *ctx, const visml_radial_profile_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_radial_profile_class, opts, err);
}
