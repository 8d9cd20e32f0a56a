/* DAISY descriptors (Tola, Lepetit and Fua 2010). Gradients are shared among directions by the circular normal distribution, and lie pixel
 * by pixel; what each ring needs of them is smoothed down and across, row after row, and goes to the descriptors that look there. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "feature/rolling.h"
#include "kernel/span.h"

#define PI 3.14159265358979323846
#define MOST_RADIUS 256
#define MOST_RINGS 16
#define MOST_HISTOGRAMS 64
#define MOST_ORIENTATIONS 64
#define DEVIATIONS 4                         /* that a Gaussian reaches */
#define MOST_TAPS (DEVIATIONS * MOST_RADIUS / 2 + 2)
#define TINY 1e-10f                          /* what each number has more before it is divided, as in scikit-image */
#define NOTHING 1e-30f                       /* gradients up to this length have no direction */
#define WIDE 128                             /* pixels of a piece of work, about, across */
#define TALL 512                             /* and down */

static const char *const norms[] = {"l1", "l2", "daisy", "off", NULL};
static const visml_field fields[] = {
    VISML_FIELD(visml_daisy_opts, step, I32, 0, 1, 1, 4096, 4),
    VISML_FIELD(visml_daisy_opts, radius, I32, 0, 1, 1, MOST_RADIUS, 15),
    VISML_FIELD(visml_daisy_opts, rings, I32, 0, 1, 1, MOST_RINGS, 3),
    VISML_FIELD(visml_daisy_opts, histograms, I32, 0, 1, 1, MOST_HISTOGRAMS, 8),
    VISML_FIELD(visml_daisy_opts, orientations, I32, 0, 1, 1, MOST_ORIENTATIONS, 8),
    VISML_FIELD_OF_ENUM(visml_daisy_opts, normalization, VISML_DAISY_L1, norms),
    {0},
};

static int64_t count_of(const visml_daisy_opts *o, int64_t side) {
    return (side - 2 * (int64_t)o->radius - 1) / o->step + 1;
}

static int64_t numbers_of(const visml_daisy_opts *o) {
    return ((int64_t)o->rings * o->histograms + 1) * o->orientations;
}

static double sigma_of(const visml_daisy_opts *o, int32_t ring) {
    return (double)o->radius * (ring + 1) / (2.0 * o->rings);
}

static int64_t reach_of(const visml_daisy_opts *o, int32_t ring) {
    return (int64_t)(DEVIATIONS * sigma_of(o, ring) + 0.5);
}

/* Descriptors of a tile along a side of so many pixels. */
static int64_t tile_of(const visml_daisy_opts *o, int64_t pixels) {
    return o->step < pixels ? pixels / o->step : 1;
}

/* Pixels across that n descriptors look at. */
static int64_t looked_at(const visml_daisy_opts *o, int64_t n) {
    return (n - 1) * o->step + 2 * (int64_t)o->radius + 1;
}

/* ---- what is looked for, and where ---- */

/* Numbers `at` ... of a descriptor: pixel (down, across) from its middle. */
typedef struct place {
    int64_t down, across, at;
} place;

/* Of a ring, the first one with the middle. */
typedef struct ring {
    int64_t reach;
    int32_t count;
    place places[MOST_HISTOGRAMS + 1];
    float taps[MOST_TAPS];
} ring;

static void make_ring(const visml_daisy_opts *o, int32_t which, ring *r) {
    double sigma = sigma_of(o, which), sum = 0, radius = (double)o->radius * (which + 1) / o->rings;
    r->reach = reach_of(o, which);
    r->count = 0;
    if (which == 0)
        r->places[r->count++] = (place){0, 0, 0};
    for (int32_t h = 0; h < o->histograms; h++) {
        double angle = 2 * PI * h / o->histograms;
        int64_t at = ((int64_t)which * o->histograms + h + 1) * o->orientations;
        r->places[r->count++] = (place){(int64_t)rint(radius * sin(angle)), (int64_t)rint(radius * cos(angle)), at};
    }
    for (int64_t k = -r->reach; k <= r->reach; k++)
        sum += exp(-0.5 * (double)(k * k) / (sigma * sigma));
    for (int64_t k = 0; k <= r->reach; k++)
        r->taps[k] = (float)(exp(-0.5 * (double)(k * k) / (sigma * sigma)) / sum);
}

/* ---- a tile of descriptors ---- */

typedef struct daisy_job {
    const visml_daisy_opts *o;
    const visml_compute *c;
    const visml_view *v;
    int64_t rows, columns; /* of descriptors */
    int64_t reach;         /* the farthest of any ring */
    float *y;
    ring *rings;
    char *room; /* of each worker */
    size_t part;
} daisy_job;

typedef struct tile {
    const daisy_job *j;
    int64_t first, count; /* descriptors across */
    int64_t top, bottom;  /* rows of descriptors top ... bottom - 1 */
    int64_t left, width;  /* columns of pixels, also some beyond the edges */
    visml_rolling rolling; /* rows of [width, orientations] */
    float *here, *below, *dx, *dy, *lengths; /* [line] */
    int64_t line;
    float *shares; /* [orientations, line] */
    float *down, *smooth; /* as a row of the rolling ones */
} tile;

static size_t part_of(const visml_daisy_opts *o, int64_t descriptors, int64_t reach) {
    int64_t width = looked_at(o, descriptors) + 2 * reach, line = visml_rolling_length(width + 1);
    int64_t row = visml_rolling_length(width * o->orientations);
    return (size_t)((visml_rolling_capacity(2 * reach + 1) + 2) * row + (5 + o->orientations) * line) * sizeof(float);
}

/* Differences to the right and down, none beyond the edges, in units of 1, and their lengths. */
static void gradients(const tile *t, int64_t y, int64_t first, int64_t n) {
    const visml_view *v = t->j->v;
    const visml_kernels *k = t->j->c->kernels;
    int edge = first + n == v->width;
    visml_row_floats(k, v, y, first, edge ? n : n + 1, t->here);
    visml_row_floats(k, v, y + 1 < v->height ? y + 1 : y, first, n, t->below);
    if (edge)
        t->here[n] = t->here[n - 1];
    k->difference(n, t->here + 1, t->here, t->dx);
    k->difference(n, t->below, t->here, t->dy);
    k->polar(n, t->dx, t->dy, 0, t->lengths, NULL);
}

/* length exp(kappa cos(direction of the gradient - direction d)); d begins at -pi. */
static void make_row(void *arg, int64_t y, float *to) {
    const tile *t = arg;
    const visml_view *v = t->j->v;
    const visml_kernels *k = t->j->c->kernels;
    int32_t directions = t->j->o->orientations;
    int64_t first = t->left > 0 ? t->left : 0, end = t->left + t->width < v->width ? t->left + t->width : v->width, n = end - first;
    float unit = v->bytes ? 1.0f / 255 : 1, *inverse = t->here;
    gradients(t, y, first, n);
    for (int64_t i = 0; i < n; i++)
        inverse[i] = t->lengths[i] > NOTHING ? 1 / t->lengths[i] : 0;
    for (int32_t d = 0; d < directions; d++) {
        double angle = 2 * PI * d / directions - PI, kappa = directions / PI;
        float cosine = (float)(kappa * cos(angle)), sine = (float)(kappa * sin(angle)), *share = t->shares + d * t->line;
        for (int64_t i = 0; i < n; i++)
            share[i] = (t->dx[i] * cosine + t->dy[i] * sine) * inverse[i];
        k->exp((size_t)n, share, share);
        for (int64_t i = 0; i < n; i++)
            share[i] *= t->lengths[i] * unit;
    }
    k->transpose(directions, n, t->shares, t->line, to + (first - t->left) * directions, directions);
    visml_row_beyond(VISML_EDGE_MIRRORED, v->width, t->left, t->width, directions, to);
}

/* The row of descriptors that looks at row y from a place; -1: none of the tile's. */
static int64_t row_of(const tile *t, const place *p, int64_t y) {
    const visml_daisy_opts *o = t->j->o;
    int64_t middle = y - p->down - o->radius, row = middle / o->step;
    return middle >= 0 && middle % o->step == 0 && row >= t->top && row < t->bottom ? row : -1;
}

static int is_needed(const tile *t, const ring *r, int64_t y) {
    for (int32_t i = 0; i < r->count; i++)
        if (row_of(t, &r->places[i], y) >= 0)
            return 1;
    return 0;
}

/* Row y as this ring sees it: t->smooth[looked_at, orientations]. */
static void smooth_row(const tile *t, const ring *r, int64_t y) {
    const visml_kernels *k = t->j->c->kernels;
    int64_t directions = t->j->o->orientations, n = looked_at(t->j->o, t->count), skip = t->j->reach - r->reach;
    visml_even_odd f = {.reach = r->reach, .stride = t->rolling.length, .even = r->taps, .to_even = t->down};
    k->even_odd(&f, (n + 2 * r->reach) * directions, visml_rolling_row(&t->rolling, y) + skip * directions);
    f.stride = directions;
    f.to_even = t->smooth;
    k->even_odd(&f, n * directions, t->down + r->reach * directions);
}

static void hand_out(const tile *t, const ring *r, int64_t y) {
    const visml_daisy_opts *o = t->j->o;
    int64_t numbers = numbers_of(o), directions = o->orientations;
    for (int32_t i = 0; i < r->count; i++) {
        const place *p = &r->places[i];
        int64_t row = row_of(t, p, y);
        const float *from = t->smooth + (o->radius + p->across) * directions;
        float *to = t->j->y + (row * t->j->columns + t->first) * numbers + p->at;
        for (int64_t d = 0; row >= 0 && d < t->count; d++, from += o->step * directions, to += numbers)
            memcpy(to, from, (size_t)directions * sizeof *to);
    }
}

/* ---- lengths ---- */

static float sum_of(const visml_kernels *k, visml_daisy_norm norm, int64_t n, const float *y) {
    return norm == VISML_DAISY_L1 ? k->reduce_sum((size_t)n, y) : sqrtf(k->reduce_squares((size_t)n, y));
}

static void normalize(const visml_kernels *k, const visml_daisy_opts *o, float *y) {
    int64_t numbers = numbers_of(o), part = o->normalization == VISML_DAISY_DAISY ? o->orientations : numbers;
    if (o->normalization == VISML_DAISY_OFF)
        return;
    for (int64_t i = 0; i < numbers; i++)
        y[i] += TINY;
    for (int64_t first = 0; first < numbers; first += part) {
        float factor = 1 / sum_of(k, o->normalization, part, y + first);
        for (int64_t i = 0; i < part; i++)
            y[first + i] *= factor;
    }
}

/* ---- the walk ---- */

static void place_arrays(tile *t, char *room) {
    const daisy_job *j = t->j;
    int64_t row = visml_rolling_length(t->width * j->o->orientations);
    t->line = visml_rolling_length(t->width + 1);
    t->rolling = (visml_rolling){.edge = VISML_EDGE_MIRRORED, .height = j->v->height, .length = row, .rows = (float *)(void *)room};
    t->rolling.capacity = visml_rolling_capacity(2 * j->reach + 1);
    t->down = t->rolling.rows + t->rolling.capacity * row;
    t->smooth = t->down + row;
    t->here = t->smooth + row;
    t->below = t->here + t->line;
    t->dx = t->below + t->line;
    t->dy = t->dx + t->line;
    t->lengths = t->dy + t->line;
    t->shares = t->lengths + t->line;
}

static void one_tile(void *arg, size_t block, size_t worker) {
    const daisy_job *j = arg;
    const visml_daisy_opts *o = j->o;
    int64_t tall = tile_of(o, TALL), wide = tile_of(o, WIDE), across = visml_blocks(j->columns, wide);
    int64_t i = (int64_t)block / across, x = (int64_t)block % across;
    tile t = {.j = j, .first = x * wide, .count = visml_block_length(x, wide, j->columns), .top = i * tall};
    t.bottom = t.top + visml_block_length(i, tall, j->rows);
    t.left = t.first * o->step - j->reach;
    t.width = looked_at(o, t.count) + 2 * j->reach;
    place_arrays(&t, j->room + worker * j->part);
    for (int64_t y = t.top * o->step; y < (t.bottom - 1) * o->step + 2 * o->radius + 1; y++)
        for (const ring *r = j->rings; r < j->rings + o->rings; r++) {
            if (!is_needed(&t, r, y))
                continue;
            visml_rolling_reach(&t.rolling, y - j->reach, y + j->reach, make_row, &t);
            smooth_row(&t, r, y);
            hand_out(&t, r, y);
        }
    for (int64_t row = t.top; row < t.bottom; row++)
        for (int64_t d = 0; d < t.count; d++)
            normalize(j->c->kernels, o, j->y + (row * j->columns + t.first + d) * numbers_of(o));
}

/* ---- the class ---- */

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_daisy_opts *o = e->object.opts;
    int64_t least = 2 * (int64_t)o->radius + 1;
    (void)channels;
    if (height < least || width < least)
        return visml_fail(err, VISML_EINVAL, "needs at least %lld x %lld pixels", (long long)least, (long long)least);
    *rows = count_of(o, height) * count_of(o, width);
    *columns = numbers_of(o);
    return VISML_OK;
}

static size_t rings_bytes(const visml_daisy_opts *o) {
    return visml_whole_lines((size_t)o->rings * sizeof(ring));
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    const visml_daisy_opts *o = e->object.opts;
    int64_t wide = tile_of(o, WIDE), all = count_of(o, width);
    (void)height, (void)channels;
    return rings_bytes(o) + c->parallel->workers * part_of(o, wide < all ? wide : all, reach_of(o, o->rings - 1));
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_daisy_opts *o = e->object.opts;
    daisy_job j = {.o = o, .c = c, .v = v, .rows = count_of(o, v->height), .columns = count_of(o, v->width), .y = y, .rings = scratch};
    int64_t wide = tile_of(o, WIDE);
    j.reach = reach_of(o, o->rings - 1);
    j.room = (char *)scratch + rings_bytes(o);
    j.part = part_of(o, wide < j.columns ? wide : j.columns, j.reach);
    for (int32_t i = 0; i < o->rings; i++)
        make_ring(o, i, &j.rings[i]);
    visml_parallel_run(c->parallel, (size_t)(visml_blocks(j.rows, tile_of(o, TALL)) * visml_blocks(j.columns, wide)), one_tile, &j);
}

const visml_extractor_class visml_extractor_daisy_class = {
    .kind = {.name = "daisy", .opts_size = sizeof(visml_daisy_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
};

visml_extractor *visml_extractor_daisy(visml_context *ctx, const visml_daisy_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_daisy_class, opts, err);
}
