/* Co-occurrence of gray levels. Counts are whole numbers, and so are their sums up to the last division. */
#include <math.h>
#include <string.h>

#include "feature/extractor.h"

#define PROPERTIES 7
#define OFTEN 1024 /* how often a pair occurs: below, pairs are counted by that */

static const visml_field fields[] = {
    VISML_FIELD(visml_glcm_opts, levels, I32, 0, 1, 2, 256, 256),
    VISML_FIELD(visml_glcm_opts, distances, I32, VISML_FIELD_LIST, 8, 1, 1024, 0),
    VISML_FIELD(visml_glcm_opts, angles, I32, 0, 1, 1, 64, 4),
    VISML_FIELD(visml_glcm_opts, symmetric, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_glcm_opts, average, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_glcm_opts),
    {0},
};

static int64_t distances_of(const visml_glcm_opts *o) {
    int64_t n = 0;
    while (n < 8 && o->distances[n])
        n++;
    return n ? n : 1;
}

typedef struct glcm_job {
    const visml_glcm_opts *o;
    const visml_view *v;
    const uint8_t *levels; /* [height, width] */
    uint32_t *counts;      /* [levels, levels] for each worker */
    double *found;         /* [distances, angles, PROPERTIES] */
} glcm_job;

/* Pairs of a pixel and the one (dy, dx) from it; dy >= 0. */
static void count_pairs(const glcm_job *j, int64_t dy, int64_t dx, uint32_t *counts) {
    int64_t w = j->v->width, first = dx < 0 ? -dx : 0, end = dx < 0 ? w : w - dx, n = j->o->levels;
    memset(counts, 0, (size_t)(n * n) * sizeof *counts);
    for (int64_t i = 0; i + dy < j->v->height; i++) {
        const uint8_t *a = j->levels + i * w, *b = a + dy * w + dx;
        for (int64_t x = first; x < end; x++)
            counts[a[x] * n + b[x]]++;
    }
}

/* Pairs in both directions. */
static void add_transposed(int64_t n, uint32_t *counts) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k <= i; k++)
            counts[i * n + k] = counts[k * n + i] = counts[i * n + k] + counts[k * n + i];
}

typedef struct sums {
    int64_t all, product;            /* of counts, of i k count */
    int64_t rows[256], columns[256]; /* of counts */
    int64_t apart[256];              /* of counts with |i - k| */
    int64_t often[OFTEN];            /* pairs that occur so often */
    double squares, logarithms;      /* of counts c that are larger: c^2, c log c */
} sums;

static void add_up(int64_t n, const uint32_t *counts, sums *s) {
    memset(s, 0, sizeof *s);
    for (int64_t i = 0; i < n; i++, counts += n)
        for (int64_t k = 0; k < n; k++) {
            uint32_t c = counts[k];
            if (!c)
                continue;
            s->rows[i] += c;
            s->columns[k] += c;
            s->apart[i < k ? k - i : i - k] += c;
            s->product += i * k * (int64_t)c;
            if (c < OFTEN) {
                s->often[c]++;
            } else {
                s->squares += (double)c * c;
                s->logarithms += c * log(c);
            }
        }
    for (int64_t i = 0; i < n; i++)
        s->all += s->rows[i];
}

/* Around a whole number near the mean, so that nothing cancels. */
typedef struct margin {
    int64_t near, sum, first; /* first: the sum of (i - near) count */
    double deviation;
} margin;

static margin margin_of(int64_t n, const int64_t *counts, int64_t all) {
    margin m = {0};
    int64_t second = 0;
    for (int64_t i = 0; i < n; i++)
        m.sum += i * counts[i];
    m.near = (m.sum + all / 2) / all;
    m.first = m.sum - m.near * all;
    for (int64_t i = 0; i < n; i++)
        second += (i - m.near) * (i - m.near) * counts[i];
    double off = (double)m.first / (double)all;
    m.deviation = sqrt(fmax(0, (double)second / (double)all - off * off));
    return m;
}

/* 1 where either side does not vary, as scikit-image has it. */
static double correlation(int64_t n, const sums *s) {
    margin a = margin_of(n, s->rows, s->all), b = margin_of(n, s->columns, s->all);
    if (a.deviation < 1e-15 || b.deviation < 1e-15)
        return 1;
    int64_t product = s->product - a.near * b.sum - b.near * a.sum + a.near * b.near * s->all;
    double all = (double)s->all, covariance = (double)product / all - (double)a.first / all * ((double)b.first / all);
    return covariance / (a.deviation * b.deviation);
}

/* contrast, dissimilarity, homogeneity, ASM, energy, correlation, entropy */
static void properties_of(int64_t n, sums *s, double *y) {
    double all = (double)s->all;
    memset(y, 0, PROPERTIES * sizeof *y);
    y[5] = 1;
    if (!s->all)
        return;
    for (int64_t d = 0; d < n; d++) {
        double p = (double)s->apart[d] / all;
        y[0] += p * (double)(d * d);
        y[1] += p * (double)d;
        y[2] += p / (double)(1 + d * d);
    }
    for (int64_t c = 1; c < OFTEN; c++)
        if (s->often[c]) {
            s->squares += (double)s->often[c] * (double)(c * c);
            s->logarithms += (double)s->often[c] * ((double)c * log((double)c));
        }
    y[3] = s->squares / all / all;
    y[4] = sqrt(y[3]);
    y[5] = correlation(n, s);
    y[6] = fmax(0, log(all) - s->logarithms / all);
}

/* One distance and angle. */
static void one_matrix(void *arg, size_t block, size_t worker) {
    const glcm_job *j = arg;
    const visml_glcm_opts *o = j->o;
    int64_t n = o->levels, given = o->distances[block / (size_t)o->angles], distance = given ? given : 1;
    int64_t k = (int64_t)(block % (size_t)o->angles);
    double angle = 3.14159265358979323846 * (double)k / o->angles;
    int64_t dy = (int64_t)round(sin(angle) * (double)distance), dx = (int64_t)round(cos(angle) * (double)distance);
    uint32_t *counts = j->counts + worker * (size_t)(n * n);
    sums s;
    count_pairs(j, dy, dx, counts);
    if (o->symmetric)
        add_transposed(n, counts);
    add_up(n, counts, &s);
    properties_of(n, &s, j->found + block * PROPERTIES);
}

/* ---- the class ---- */

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_glcm_opts *o = e->object.opts;
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = PROPERTIES * distances_of(o) * (o->average ? 1 : o->angles);
    return VISML_OK;
}

static size_t found_of(const visml_glcm_opts *o) {
    return (size_t)(PROPERTIES * distances_of(o) * o->angles) * sizeof(double);
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    const visml_glcm_opts *o = e->object.opts;
    (void)channels;
    return found_of(o) + c->parallel->workers * (size_t)(o->levels * o->levels) * sizeof(uint32_t) + (size_t)(height * width);
}

static void quantize(const visml_view *v, int32_t levels, uint8_t *to) {
    for (int64_t i = 0; i < v->height; i++)
        for (int64_t x = 0; x < v->width; x++)
            *to++ = (uint8_t)(v->bytes[i * v->stride + x] * levels >> 8);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_glcm_opts *o = e->object.opts;
    int64_t distances = distances_of(o);
    glcm_job j = {.o = o, .v = v, .found = scratch};
    j.counts = (uint32_t *)(void *)((char *)scratch + found_of(o));
    uint8_t *levels = (uint8_t *)(j.counts + c->parallel->workers * (size_t)(o->levels * o->levels));
    quantize(v, o->levels, levels);
    j.levels = levels;
    visml_parallel_run(c->parallel, (size_t)(distances * o->angles), one_matrix, &j);
    for (int64_t p = 0; p < PROPERTIES; p++)
        for (int64_t d = 0; d < distances; d++) {
            const double *found = j.found + d * o->angles * PROPERTIES + p;
            double sum = 0;
            for (int64_t a = 0; a < o->angles; a++)
                sum += found[a * PROPERTIES];
            if (o->average)
                *y++ = (float)(sum / o->angles);
            for (int64_t a = 0; a < o->angles && !o->average; a++)
                *y++ = (float)found[a * PROPERTIES];
        }
}

const visml_extractor_class visml_extractor_glcm_class = {
    .kind = {.name = "glcm", .opts_size = sizeof(visml_glcm_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
};

visml_extractor *visml_extractor_glcm(visml_context *ctx, const visml_glcm_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_glcm_class, opts, err);
}
