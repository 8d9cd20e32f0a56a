/* SIFT descriptors on a grid (Lowe 2004; dense: Bosch, Zisserman and Munoz 2007). Gradients are shared among eight directions and lie pixel
 * by pixel, eight numbers each; a spatial bin is a weighted sum of these, down the columns for all pixels of a row of bins, then across for
 * those that there are. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "feature/rolling.h"
#include "kernel/span.h"

#define BINS 4       /* down and across */
#define DIRECTIONS 8
#define NUMBERS (BINS * BINS * DIRECTIONS)
#define MOST_BIN 64  /* pixels */
#define CLIP 0.2f    /* Lowe 2004 */
#define EPSILON 1.1920929e-7f
#define TILE 256     /* pixels of a piece of work, about, down and across */

static const visml_field fields[] = {
    VISML_FIELD(visml_dense_sift_opts, bin_size, I32, 0, 1, 1, MOST_BIN, 4),
    VISML_FIELD(visml_dense_sift_opts, step, I32, VISML_FIELD_SPREAD, 2, 1, 4096, 8),
    VISML_FIELD(visml_dense_sift_opts, flat_window, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_dense_sift_opts),
    VISML_FIELD(visml_dense_sift_opts, window_size, F64, 0, 1, 0.1, 100, 2),
    {0},
};

static int64_t side_of(const visml_dense_sift_opts *o) {
    return (BINS - 1) * (int64_t)o->bin_size + 1;
}

/* Descriptors along a side. */
static int64_t count_of(const visml_dense_sift_opts *o, int64_t side, int axis) {
    return (side - side_of(o)) / o->step[axis] + 1;
}

/* Descriptors of a tile along a side. */
static int64_t tile_of(const visml_dense_sift_opts *o, int axis) {
    return o->step[axis] < TILE ? TILE / o->step[axis] : 1;
}

/* Columns that a tile reads: of all bins, and what their triangles reach beyond. */
static int64_t columns_of(const visml_dense_sift_opts *o, int64_t descriptors) {
    return (descriptors - 1) * o->step[1] + side_of(o) + 2 * ((int64_t)o->bin_size - 1);
}

/* ---- weights ---- */

typedef struct weights {
    float across[BINS][2 * MOST_BIN];             /* taps of each bin */
    float even[BINS][MOST_BIN], odd[BINS][MOST_BIN]; /* the same down, apart */
} weights;

/* A triangle of height 1, under a Gaussian around the descriptor's middle; or times the Gaussian's mean over the triangle's base. */
static double weight_of(const visml_dense_sift_opts *o, int bin, int64_t x) {
    double side = o->bin_size, sigma = side * o->window_size, middle = side * (bin - 0.5 * (BINS - 1)), window = 0;
    for (int64_t i = o->flat_window ? 1 - o->bin_size : x; i <= (o->flat_window ? o->bin_size - 1 : x); i++)
        window += exp(-0.5 * ((double)i + middle) * ((double)i + middle) / (sigma * sigma));
    return (1 - fabs((double)x) / side) * (o->flat_window ? window / (2 * side - 1) : window);
}

static void make_weights(const visml_dense_sift_opts *o, weights *w) {
    int64_t reach = o->bin_size - 1;
    for (int bin = 0; bin < BINS; bin++)
        for (int64_t x = 0; x <= reach; x++) {
            double ahead = weight_of(o, bin, x), behind = weight_of(o, bin, -x);
            w->across[bin][reach + x] = (float)ahead;
            w->across[bin][reach - x] = (float)behind;
            w->even[bin][x] = (float)(0.5 * (ahead + behind));
            w->odd[bin][x] = (float)(0.5 * (ahead - behind));
        }
}

/* ---- a tile of descriptors ---- */

typedef struct sift_job {
    const visml_dense_sift_opts *o;
    const visml_kernels *k;
    const visml_view *v;
    weights w;
    int64_t rows, columns; /* of descriptors */
    float *y;
    char *room; /* of each worker */
    size_t part;
} sift_job;

typedef struct tile {
    const sift_job *j;
    int64_t left, width; /* columns of pixels, also some beyond the edges */
    visml_rolling rolling;
    float *pixels; /* [3, line]: a row, that above and that below, with one more pixel on either side */
    float *dx, *dy; /* [line]; lengths and angles later */
    float *even, *odd; /* [width, DIRECTIONS] */
    int64_t line;
} tile;

/* Floats of a tile's arrays. */
static int64_t line_of(int64_t width) {
    return visml_rolling_length(width + 2);
}

static size_t part_of(const visml_dense_sift_opts *o, int64_t descriptors) {
    int64_t width = columns_of(o, descriptors), row = visml_rolling_length(width * DIRECTIONS);
    int64_t kept = visml_rolling_capacity(columns_of(o, 1));
    return (size_t)((kept + 2) * row + 5 * line_of(width)) * sizeof(float);
}

/* Pixels first - 1 ... first + n of row y. What would be beyond an edge goes on as straight as inside: then half the difference of both
 * neighbours is the difference to the one that is there. */
static void load_row(const tile *t, int64_t y, int64_t first, int64_t n, float *to) {
    const visml_view *v = t->j->v;
    int64_t from = first > 0 ? first - 1 : 0, end = first + n < v->width ? first + n + 1 : v->width;
    visml_row_floats(t->j->k, v, y, from, end - from, to + 1 + from - first);
    to++;
    if (first == 0)
        to[-1] = 2 * to[0] - to[1];
    if (first + n == v->width)
        to[n] = 2 * to[n - 1] - to[n - 2];
}

/* The row before the first, or after the last, likewise: `near` is the row at the edge, `far` the next one inside. */
static void go_on(int64_t n, const float *near, const float *far, float *to) {
    for (int64_t i = 0; i < n; i++)
        to[i] = 2 * near[i] - far[i];
}

static void load_rows(const tile *t, int64_t y, int64_t first, int64_t n) {
    float *here = t->pixels, *above = here + t->line, *below = above + t->line;
    load_row(t, y, first, n, here);
    if (y > 0)
        load_row(t, y - 1, first, n, above);
    if (y + 1 < t->j->v->height)
        load_row(t, y + 1, first, n, below);
    else
        go_on(n + 2, here, above, below);
    if (y == 0)
        go_on(n + 2, here, below, above);
}

/* Each gradient's length goes to the two directions that it lies between. */
static void share_out(int64_t n, float unit, const float *lengths, const float *angles, float *to) {
    const float scale = DIRECTIONS / 6.28318530717958647693f;
    memset(to, 0, (size_t)(n * DIRECTIONS) * sizeof *to);
    for (int64_t i = 0; i < n; i++, to += DIRECTIONS) {
        float place = angles[i] * scale, length = lengths[i] * unit;
        int32_t direction = (int32_t)place;
        float part = (place - (float)direction) * length;
        to[direction % DIRECTIONS] = length - part;
        to[(direction + 1) % DIRECTIONS] = part;
    }
}

static void make_row(void *arg, int64_t y, float *to) {
    const tile *t = arg;
    const visml_view *v = t->j->v;
    const visml_kernels *k = t->j->k;
    int64_t first = t->left > 0 ? t->left : 0, end = t->left + t->width < v->width ? t->left + t->width : v->width, n = end - first;
    const float *here = t->pixels + 1;
    load_rows(t, y, first, n);
    k->difference(n, here + 1, here - 1, t->dx);
    k->difference(n, here + 2 * t->line, here + t->line, t->dy);
    k->polar(n, t->dx, t->dy, 0, t->dx, t->dy);
    share_out(n, v->bytes ? 0.5f / 255 : 0.5f, t->dx, t->dy, to + (first - t->left) * DIRECTIONS);
    visml_row_beyond(VISML_EDGE_REPEATED, v->width, t->left, t->width, DIRECTIONS, to);
}

/* Bin number `bin` down of all columns, to t->even. */
static void sum_down(const tile *t, int64_t y, int bin) {
    const weights *w = &t->j->w;
    int64_t n = t->width * DIRECTIONS;
    visml_even_odd f = {t->j->o->bin_size - 1, t->rolling.length, w->even[bin], w->odd[bin], t->even, t->odd};
    if (t->j->o->flat_window)
        f.odd = NULL;
    t->j->k->even_odd(&f, n, visml_rolling_row(&t->rolling, y));
    if (f.odd)
        t->j->k->sum((size_t)n, t->even, t->odd, t->even);
}

/* to[DIRECTIONS] = the weighted sum of pixels. */
static void sum_across(int64_t taps, const float *w, const float *x, float *to) {
    float sum[DIRECTIONS] = {0};
    for (int64_t i = 0; i < taps; i++, x += DIRECTIONS)
        for (int d = 0; d < DIRECTIONS; d++)
            sum[d] += w[i] * x[d];
    memcpy(to, sum, sizeof sum);
}

static void scale(float *y, float factor, float most) {
    for (int i = 0; i < NUMBERS; i++) {
        float x = y[i] * factor;
        y[i] = x < most ? x : most;
    }
}

static void normalize(const visml_kernels *k, float *y) {
    scale(y, 1 / (sqrtf(k->reduce_squares(NUMBERS, y)) + EPSILON), CLIP);
    scale(y, 1 / (sqrtf(k->reduce_squares(NUMBERS, y)) + EPSILON), INFINITY);
}

/* n descriptors from number `first` of row i on. */
static void one_row(tile *t, int64_t i, int64_t first, int64_t n) {
    const sift_job *j = t->j;
    int64_t size = j->o->bin_size, top = i * j->o->step[0], taps = 2 * size - 1;
    float *y = j->y + (i * j->columns + first) * NUMBERS;
    visml_rolling_reach(&t->rolling, top - size + 1, top + side_of(j->o) + size - 2, make_row, t);
    for (int down = 0; down < BINS; down++) {
        sum_down(t, top + down * size, down);
        for (int64_t d = 0; d < n; d++)
            for (int across = 0; across < BINS; across++)
                sum_across(taps, j->w.across[across], t->even + (d * j->o->step[1] + across * size) * DIRECTIONS,
                           y + d * NUMBERS + (down * BINS + across) * DIRECTIONS);
    }
    for (int64_t d = 0; d < n; d++)
        normalize(j->k, y + d * NUMBERS);
}

static void one_tile(void *arg, size_t block, size_t worker) {
    const sift_job *j = arg;
    const visml_dense_sift_opts *o = j->o;
    int64_t tall = tile_of(o, 0), wide = tile_of(o, 1), across = visml_blocks(j->columns, wide), which = (int64_t)block / across;
    int64_t first = (int64_t)block % across * wide, n = visml_block_length((int64_t)block % across, wide, j->columns);
    tile t = {.j = j, .left = first * o->step[1] - o->bin_size + 1, .width = columns_of(o, n)};
    int64_t row = visml_rolling_length(t.width * DIRECTIONS);
    t.line = line_of(t.width);
    t.rolling = (visml_rolling){.edge = VISML_EDGE_REPEATED, .height = j->v->height, .length = row};
    t.rolling.capacity = visml_rolling_capacity(columns_of(o, 1));
    t.rolling.rows = (float *)(void *)(j->room + worker * j->part);
    t.even = t.rolling.rows + t.rolling.capacity * row;
    t.odd = t.even + row;
    t.pixels = t.odd + row;
    t.dx = t.pixels + 3 * t.line;
    t.dy = t.dx + t.line;
    for (int64_t i = 0; i < visml_block_length(which, tall, j->rows); i++)
        one_row(&t, which * tall + i, first, n);
}

/* ---- the class ---- */

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_dense_sift_opts *o = e->object.opts;
    int64_t least = side_of(o);
    (void)channels;
    if (height < least || width < least)
        return visml_fail(err, VISML_EINVAL, "needs at least %lld x %lld pixels", (long long)least, (long long)least);
    *rows = count_of(o, height, 0) * count_of(o, width, 1);
    *columns = NUMBERS;
    return VISML_OK;
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    const visml_dense_sift_opts *o = e->object.opts;
    int64_t wide = tile_of(o, 1), all = count_of(o, width, 1);
    (void)height, (void)channels;
    return c->parallel->workers * part_of(o, wide < all ? wide : all);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_dense_sift_opts *o = e->object.opts;
    sift_job j = {.o = o, .k = c->kernels, .v = v, .y = y, .room = scratch};
    j.rows = count_of(o, v->height, 0);
    j.columns = count_of(o, v->width, 1);
    j.part = part_of(o, tile_of(o, 1) < j.columns ? tile_of(o, 1) : j.columns);
    make_weights(o, &j.w);
    visml_parallel_run(c->parallel, (size_t)(visml_blocks(j.rows, tile_of(o, 0)) * visml_blocks(j.columns, tile_of(o, 1))), one_tile, &j);
}

const visml_extractor_class visml_extractor_dense_sift_class = {
    .kind = {.name = "dense_sift", .opts_size = sizeof(visml_dense_sift_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
};

visml_extractor *visml_extractor_dense_sift(visml_context *ctx, const visml_dense_sift_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_dense_sift_class, opts, err);
}
