/* Hu's seven invariants, from moments about the picture's middle, which whole numbers give exactly. */
#include <math.h>

#include "feature/extractor.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_hu_moments_opts, log_scale, FLAG, 0, 1, 0, 1, 0),
    {0},
};

/* Sums of x^p y^q, p + q <= 3, at [p][q]. */
typedef struct moments {
    double m[4][4];
} moments;

typedef struct hu_job {
    const visml_compute *c;
    const visml_view *v;
    moments *bands;
    int32_t *columns; /* of each worker [4, width] */
} hu_job;

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    (void)e, (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 7;
    return VISML_OK;
}

static size_t scratch_bytes(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)channels;
    return (size_t)visml_blocks(height, VISML_FALL_ROWS) * sizeof(moments) + 4 * (size_t)width * sizeof(int32_t) * c->parallel->workers;
}

/* Of whole numbers fall[4, n], the columns' prefix sums: sums of x^p times them, x from the middle. */
static void across(int64_t n, const int32_t *fall, double a[4][4]) {
    double middle = 0.5 * (double)(n - 1);
    for (int64_t i = 0; i < n; i++) {
        double x = (double)i - middle, f[4] = {fall[i], fall[n + i], fall[2 * n + i], fall[3 * n + i]};
        for (int p = 0; p < 4; p++)
            for (int q = 0; q < 4 - p; q++) {
                a[p][q] += f[q];
                f[q] *= x;
            }
    }
}

/* Prefix sums of t = rows, ..., 1 have binomials of t as their weights; y = bottom - t. */
static void down(double bottom, double a[4][4], double m[4][4]) {
    for (int p = 0; p < 4; p++) {
        double zero = a[p][0], one = a[p][1], two = 2 * a[p][2] - one, three = 6 * a[p][3] - 3 * two - 2 * one, b = bottom;
        m[p][0] = zero;
        m[p][1] = b * zero - one;
        m[p][2] = b * b * zero - 2 * b * one + two;
        m[p][3] = b * b * b * zero - 3 * b * b * one + 3 * b * two - three;
    }
}

static void band(void *arg, size_t block, size_t worker) {
    const hu_job *j = arg;
    int64_t n = j->v->width, top = (int64_t)block * VISML_FALL_ROWS;
    int64_t rows = visml_block_length((int64_t)block, VISML_FALL_ROWS, j->v->height);
    int32_t *columns = j->columns + (int64_t)worker * 4 * n;
    double a[4][4] = {{0}};
    j->c->kernels->fall(&(visml_fall){j->v->bytes + top * j->v->stride, rows, j->v->stride, n, columns});
    across(n, columns, a);
    down((double)(top + rows) - 0.5 * (double)(j->v->height - 1), a, j->bands[block].m);
}

/* Normalised central moments: about the centre of mass, without scale. */
static void central(double m[4][4], double eta[4][4]) {
    double n = m[0][0], x = m[1][0] / n, y = m[0][1] / n, second = n * n, third = n * n * sqrt(n);
    eta[2][0] = (m[2][0] - x * m[1][0]) / second;
    eta[1][1] = (m[1][1] - x * m[0][1]) / second;
    eta[0][2] = (m[0][2] - y * m[0][1]) / second;
    eta[3][0] = (m[3][0] - 3 * x * m[2][0] + 2 * x * x * m[1][0]) / third;
    eta[2][1] = (m[2][1] - 2 * x * m[1][1] - y * m[2][0] + 2 * x * x * m[0][1]) / third;
    eta[1][2] = (m[1][2] - 2 * y * m[1][1] - x * m[0][2] + 2 * y * y * m[1][0]) / third;
    eta[0][3] = (m[0][3] - 3 * y * m[0][2] + 2 * y * y * m[0][1]) / third;
}

static void invariants(double e[4][4], double *h) {
    double sum = e[2][0] + e[0][2], difference = e[2][0] - e[0][2], both = e[1][1];
    double a = e[3][0] + e[1][2], b = e[2][1] + e[0][3], c = e[3][0] - 3 * e[1][2], d = 3 * e[2][1] - e[0][3];
    double to_a = a * (a * a - 3 * b * b), to_b = b * (3 * a * a - b * b);
    h[0] = sum;
    h[1] = difference * difference + 4 * both * both;
    h[2] = c * c + d * d;
    h[3] = a * a + b * b;
    h[4] = c * to_a + d * to_b;
    h[5] = difference * (a * a - b * b) + 4 * both * a * b;
    h[6] = d * to_a - c * to_b;
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_hu_moments_opts *o = e->object.opts;
    int64_t bands = visml_blocks(v->height, VISML_FALL_ROWS);
    hu_job j = {.c = c, .v = v, .bands = scratch};
    double m[4][4] = {{0}}, eta[4][4] = {{0}}, h[7] = {0};
    j.columns = (int32_t *)(void *)(j.bands + bands);
    visml_parallel_run(c->parallel, (size_t)bands, band, &j);
    for (int64_t b = 0; b < bands; b++)
        for (int k = 0; k < 16; k++)
            m[k / 4][k % 4] += j.bands[b].m[k / 4][k % 4] / 255;
    if (m[0][0] > 0) {
        central(m, eta);
        invariants(eta, h);
    }
    for (int k = 0; k < 7; k++)
        y[k] = (float)(o->log_scale && h[k] != 0 ? copysign(log10(fabs(h[k])), -h[k]) : h[k]);
}

const visml_extractor_class visml_extractor_hu_moments_class = {
    .kind = {.name = "hu_moments", .opts_size = sizeof(visml_hu_moments_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_bytes,
    .extract = extract,
};

visml_extractor *visml_extractor_hu_moments(visml_context *ctx, const visml_hu_moments_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_hu_moments_class, opts, err);
}
