/* Energies of Gabor filters. Their Gaussian is as wide as it is long, so that a filter is a row of complex taps times a column of them,
 * each with an even real part and an odd imaginary one. Filters of the angles a and pi - a are conjugate along a row: their sums are the
 * same, with other signs. Such a pair is a wave here. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "feature/rolling.h"
#include "kernel/span.h"

#define FREQUENCIES 8
#define MOST_REACH 1024
#define STRIPE 256 /* columns of a piece of work */
#define PI 3.14159265358979323846

static const visml_field fields[] = {
    VISML_FIELD(visml_gabor_opts, orientations, I32, 0, 1, 1, 64, 6),
    VISML_FIELD(visml_gabor_opts, frequencies, F64, VISML_FIELD_LIST, FREQUENCIES, 0.001, 1, 0),
    VISML_FIELD(visml_gabor_opts, bandwidth, F64, 0, 1, 0.1, 8, 1),
    VISML_FIELD(visml_gabor_opts, n_stds, F64, 0, 1, 0.5, 8, 3),
    {0},
};

/* Number i; 0: there is none. */
static double frequency_of(const visml_gabor_opts *o, int i) {
    static const double usual[] = {0.4, 0.2, 0.1, 0.05};
    if (!(o->frequencies[0] > 0))
        return i < 4 ? usual[i] : 0;
    return i < FREQUENCIES ? o->frequencies[i] : 0;
}

static int frequencies_of(const visml_gabor_opts *o) {
    int n = 0;
    while (frequency_of(o, n) > 0)
        n++;
    return n;
}

/* The deviation of a Gaussian that falls to a half at frequencies `bandwidth` octaves apart. */
static double sigma_of(const visml_gabor_opts *o, double frequency) {
    double octaves = pow(2, o->bandwidth);
    return 1 / PI * sqrt(log(2) / 2) * (octaves + 1) / (octaves - 1) / frequency;
}

static int64_t reach_of(const visml_gabor_opts *o, double frequency, double angle) {
    double far = o->n_stds * sigma_of(o, frequency);
    return (int64_t)ceil(fmax(fmax(fabs(far * cos(angle)), fabs(far * sin(angle))), 1));
}

static int64_t most_reach(const visml_gabor_opts *o) {
    int64_t most = 1;
    for (int i = 0; i < frequencies_of(o); i++) {
        int64_t reach = reach_of(o, frequency_of(o, i), 0);
        most = reach > most ? reach : most;
    }
    return most;
}

static int64_t waves_of(const visml_gabor_opts *o) {
    return (int64_t)frequencies_of(o) * (o->orientations / 2 + 1);
}

/* ---- waves ---- */

typedef struct wave {
    int64_t reach;
    int64_t filter;            /* number of the filter; */
    int64_t turned;            /* of the one turned the other way; -1: there is none */
    visml_even_odd across, down; /* without odd parts where nothing changes along a row, or down a column */
} wave;

/* Mean, and the sum of squares around it. */
typedef struct energy {
    double n, mean, squares;
} energy;

/* With the taps of a row or column: those of exp(-x^2 / (2 sigma^2) + i turn x). */
static void make_taps(visml_even_odd *f, int64_t reach, double sigma, double turn, double gain, float *taps) {
    float *even = taps, *odd = taps + MOST_REACH + 1;
    for (int64_t k = 0; k <= reach; k++) {
        double x = (double)k, height = gain * exp(-0.5 * x * x / (sigma * sigma));
        even[k] = (float)(height * cos(turn * x));
        odd[k] = (float)(height * sin(turn * x));
    }
    *f = (visml_even_odd){.reach = reach, .stride = 1, .even = even, .odd = odd};
}

/* Orientation k of o->orientations. unit: what a sample is multiplied with. */
static void make_wave(const visml_gabor_opts *o, int which, int32_t k, double unit, wave *w, float *taps) {
    double frequency = frequency_of(o, which), sigma = sigma_of(o, frequency), angle = PI * k / o->orientations;
    double turn = 2 * PI * frequency, gain = unit / (2 * PI * sigma * sigma);
    int64_t first = (int64_t)which * o->orientations;
    w->reach = reach_of(o, frequency, angle);
    w->filter = first + k;
    w->turned = k && 2 * k < o->orientations ? first + o->orientations - k : -1;
    make_taps(&w->across, w->reach, sigma, turn * cos(angle), gain, taps);
    make_taps(&w->down, w->reach, sigma, turn * sin(angle), 1, taps + 2 * (MOST_REACH + 1));
    if (2 * k == o->orientations)
        w->across.odd = NULL;
    if (k == 0)
        w->down.odd = NULL;
}

/* ---- a stripe of columns under a wave ---- */

typedef struct gabor_job {
    const visml_kernels *k;
    const visml_view *v;
    int64_t count, reach; /* waves; the farthest reach of any */
    wave *waves;
    float *taps;
    energy *found; /* [stripes, count, 2] */
    char *room;    /* of each worker */
    size_t part;
} gabor_job;

typedef struct stripe {
    const gabor_job *j;
    wave w;
    int64_t left, columns;
    visml_rolling rolling; /* of rows: the real parts, then the imaginary ones */
    float *source;         /* [STRIPE + 2 reach] */
    float *lines;          /* [LINES, STRIPE] */
} stripe;

#define LINES 6 /* of what is made of a row: four sums, two parts or a magnitude */

static int64_t line_length(void) {
    return visml_rolling_length(2 * STRIPE);
}

static size_t part_of(int64_t reach) {
    int64_t rows = visml_rolling_capacity(2 * reach + 1) * line_length();
    return (size_t)(rows + visml_rolling_length(STRIPE + 2 * reach) + LINES * STRIPE) * sizeof(float);
}

static void make_row(void *arg, int64_t y, float *to) {
    stripe *s = arg;
    const visml_view *v = s->j->v;
    int64_t left = s->left - s->w.reach, n = s->columns + 2 * s->w.reach, first = left > 0 ? left : 0;
    int64_t end = left + n < v->width ? left + n : v->width;
    visml_row_floats(s->j->k, v, y, first, end - first, s->source + first - left);
    visml_row_beyond(VISML_EDGE_MIRRORED, v->width, left, n, 1, s->source);
    s->w.across.to_even = to;
    s->w.across.to_odd = to + STRIPE;
    s->j->k->even_odd(&s->w.across, s->columns, s->source + s->w.reach);
}

/* The magnitudes of a row, from both parts, counted around the first one, so that of equal ones nothing is left. */
static void add_row(const stripe *s, const float *first, const float *second, float *magnitude, energy *e) {
    double n = (double)s->columns, all = e->n + n;
    float sums[3];
    s->j->k->polar(s->columns, first, second, 0, magnitude, NULL);
    s->j->k->moments_f32((size_t)s->columns, magnitude, magnitude[0], sums);
    double off = (double)sums[0] / n, apart = (double)magnitude[0] + off - e->mean; /* two means: Chan, Golub and LeVeque 1983 */
    e->squares += fmax((double)sums[1] - off * (double)sums[0], 0) + apart * apart * e->n * n / all;
    e->mean += apart * n / all;
    e->n = all;
}

/* Row y of both filters: with a + ib the sums across, (down's even taps of a) - (odd taps of b), and so on. */
static void filter_row(stripe *s, int64_t y, energy found[2]) {
    const visml_kernels *k = s->j->k;
    const float *a = visml_rolling_row(&s->rolling, y), *b = a + STRIPE;
    int64_t n = s->columns;
    float *even_a = s->lines, *odd_a = even_a + STRIPE, *even_b = odd_a + STRIPE, *odd_b = even_b + STRIPE;
    float *first = odd_b + STRIPE, *second = first + STRIPE;
    visml_even_odd down = s->w.down;
    down.stride = s->rolling.length;
    down.to_even = even_a;
    down.to_odd = odd_a;
    k->even_odd(&down, n, a);
    if (!s->w.across.odd) {
        add_row(s, even_a, odd_a, first, &found[0]);
        return;
    }
    down.to_even = even_b;
    down.to_odd = odd_b;
    k->even_odd(&down, n, b);
    if (!s->w.down.odd) {
        add_row(s, even_a, even_b, first, &found[0]);
        return;
    }
    k->difference(n, even_a, odd_b, first);
    k->sum((size_t)n, even_b, odd_a, second);
    add_row(s, first, second, first, &found[0]);
    if (s->w.turned < 0)
        return;
    k->sum((size_t)n, even_a, odd_b, first);
    k->difference(n, odd_a, even_b, second);
    add_row(s, first, second, first, &found[1]);
}

static void one_stripe(void *arg, size_t block, size_t worker) {
    const gabor_job *j = arg;
    stripe s = {.j = j, .w = j->waves[(int64_t)block % j->count], .left = (int64_t)block / j->count * STRIPE};
    energy found[2] = {{0}};
    s.columns = j->v->width - s.left < STRIPE ? j->v->width - s.left : STRIPE;
    s.rolling = (visml_rolling){.edge = VISML_EDGE_MIRRORED, .height = j->v->height, .length = line_length()};
    s.rolling.capacity = visml_rolling_capacity(2 * s.w.reach + 1);
    s.rolling.rows = (float *)(void *)(j->room + worker * j->part);
    s.source = s.rolling.rows + visml_rolling_capacity(2 * j->reach + 1) * s.rolling.length;
    s.lines = s.source + visml_rolling_length(STRIPE + 2 * j->reach);
    for (int64_t y = 0; y < j->v->height; y++) {
        visml_rolling_reach(&s.rolling, y - s.w.reach, y + s.w.reach, make_row, &s);
        filter_row(&s, y, found);
    }
    memcpy(j->found + 2 * block, found, sizeof found);
}

/* ---- the class ---- */

static visml_status check(const void *opts, visml_error *err) {
    const visml_gabor_opts *o = opts;
    for (int i = 0; i < frequencies_of(o); i++) {
        int64_t reach = reach_of(o, frequency_of(o, i), 0);
        if (reach > MOST_REACH)
            return visml_fail(err, VISML_EINVAL, "gabor: a filter of frequency %g reaches %lld pixels far with bandwidth %g and n_stds "
                              "%g, must be at most %d", frequency_of(o, i), (long long)reach, o->bandwidth, o->n_stds, MOST_REACH);
    }
    return VISML_OK;
}

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_gabor_opts *o = e->object.opts;
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 2 * (int64_t)frequencies_of(o) * o->orientations;
    return VISML_OK;
}

static size_t taps_bytes(int64_t waves) {
    return visml_whole_lines((size_t)waves * 4 * (MOST_REACH + 1) * sizeof(float));
}

static size_t found_bytes(int64_t waves, int64_t width) {
    return visml_whole_lines((size_t)(waves * 2 * visml_blocks(width, STRIPE)) * sizeof(energy));
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    const visml_gabor_opts *o = e->object.opts;
    int64_t waves = waves_of(o);
    (void)height, (void)channels;
    return c->parallel->workers * part_of(most_reach(o)) + taps_bytes(waves) + found_bytes(waves, width) +
           visml_whole_lines((size_t)waves * sizeof(wave));
}

/* All stripes of a filter, one after the other. */
static void finish(const gabor_job *j, const wave *w, int which, int64_t filter, float *y) {
    double n = 0, mean = 0, squares = 0;
    for (int64_t s = 0; s < visml_blocks(j->v->width, STRIPE); s++) {
        const energy *e = j->found + 2 * (s * j->count + (w - j->waves)) + which;
        double apart = e->mean - mean, all = n + e->n;
        squares += e->squares + apart * apart * n * e->n / all;
        mean += apart * e->n / all;
        n = all;
    }
    y[2 * filter] = (float)mean;
    y[2 * filter + 1] = (float)sqrt(squares / n);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_gabor_opts *o = e->object.opts;
    gabor_job j = {.k = c->kernels, .v = v, .count = waves_of(o), .reach = most_reach(o), .room = scratch};
    j.part = part_of(j.reach);
    char *at = j.room + c->parallel->workers * j.part;
    j.taps = (float *)(void *)at;
    j.found = (energy *)(void *)(at += taps_bytes(j.count));
    j.waves = (wave *)(void *)(at + found_bytes(j.count, v->width));
    for (int64_t i = 0; i < j.count; i++)
        make_wave(o, (int)(i / (o->orientations / 2 + 1)), (int32_t)(i % (o->orientations / 2 + 1)), v->bytes ? 1.0 / 255 : 1, &j.waves[i],
                  j.taps + i * 4 * (MOST_REACH + 1));
    visml_parallel_run(c->parallel, (size_t)(j.count * visml_blocks(v->width, STRIPE)), one_stripe, &j);
    for (const wave *w = j.waves; w < j.waves + j.count; w++) {
        finish(&j, w, 0, w->filter, y);
        if (w->turned >= 0)
            finish(&j, w, 1, w->turned, y);
    }
}

const visml_extractor_class visml_extractor_gabor_class = {
    .kind = {.name = "gabor", .opts_size = sizeof(visml_gabor_opts), .fields = fields, .check = check},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
};

visml_extractor *visml_extractor_gabor(visml_context *ctx, const visml_gabor_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_gabor_class, opts, err);
}
