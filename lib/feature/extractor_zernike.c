/* Magnitudes of Zernike moments. All of them are sums over moments x^p y^q within the disk, which one walk over the picture gives. */
#include <math.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "kernel/span.h"

#define DEGREE 20 /* at most: the sums keep seven digits up to there */
#define BAND 16   /* rows */
#define CHUNK 32  /* pixels at a time */

static const visml_field fields[] = {
    VISML_FIELD(visml_zernike_opts, degree, I32, 0, 1, 1, DEGREE, 8),
    {0},
};

typedef struct moments {
    double m[DEGREE + 1][DEGREE + 1]; /* [p][q], p + q <= degree */
} moments;

typedef struct zernike_job {
    const visml_view *v;
    int32_t degree;
    double top, left, radius; /* of the first pixel, from the middle; in pixels */
    moments *bands;
} zernike_job;

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    int64_t n = ((const visml_zernike_opts *)e->object.opts)->degree;
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = (n / 2 + 1) * (n / 2 + 1 + n % 2);
    return VISML_OK;
}

static size_t scratch_bytes(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)c, (void)width, (void)channels;
    return (size_t)visml_blocks(height, BAND) * sizeof(moments);
}

/* Up to CHUNK pixels: sums of x^p times them, p = 0 ... degree, in four lanes. */
static void chunk(int32_t degree, int64_t n, const uint8_t *pixels, double x, double step, double sums[DEGREE + 1][4]) {
    double term[CHUNK] = {0}, place[CHUNK];
    for (int i = 0; i < CHUNK; i++)
        place[i] = x + step * i;
    for (int64_t i = 0; i < n; i++)
        term[i] = pixels[i];
    for (int32_t p = 0; p <= degree; p++) {
        for (int i = 0; i < CHUNK; i += 4)
            for (int l = 0; l < 4; l++) {
                sums[p][l] += term[i + l];
                term[i + l] *= place[i + l];
            }
    }
}

/* One row's pixels within the disk. */
static void add_row(const zernike_job *j, int64_t row, moments *m) {
    double down = j->top + (double)row, y = down / j->radius, left = j->radius * j->radius - down * down; /* exact: quarters of pixels */
    double half = sqrt(fmax(left, 0)), sums[DEGREE + 1][4] = {{0}};
    int64_t first = (int64_t)ceil(-half - j->left), end = (int64_t)floor(half - j->left) + 1;
    const uint8_t *pixels = j->v->bytes + row * j->v->stride;
    if (left < 0)
        return;
    first = first < 0 ? 0 : first;
    end = end > j->v->width ? j->v->width : end;
    for (int64_t i = first; i < end; i += CHUNK)
        chunk(j->degree, end - i < CHUNK ? end - i : CHUNK, pixels + i, (j->left + (double)i) / j->radius, 1 / j->radius, sums);
    for (int32_t p = 0; p <= j->degree; p++) {
        double sum = (sums[p][0] + sums[p][2]) + (sums[p][1] + sums[p][3]);
        for (int32_t q = 0; q <= j->degree - p; q++, sum *= y)
            m->m[p][q] += sum;
    }
}

static void band(void *arg, size_t block, size_t worker) {
    const zernike_job *j = arg;
    int64_t first = (int64_t)block * BAND, n = visml_block_length((int64_t)block, BAND, j->v->height);
    (void)worker;
    j->bands[block] = (moments){{{0}}};
    for (int64_t i = first; i < first + n; i++)
        add_row(j, i, &j->bands[block]);
}

static double choose(int32_t n, int32_t k) {
    double c = 1;
    for (int32_t i = 1; i <= k; i++)
        c = c * (n - k + i) / i;
    return c;
}

/* The sum of (x - i y)^m (x^2 + y^2)^j, added to sum[2] times a factor. */
static void add_term(const moments *g, int32_t m, int32_t j, double factor, double *sum) {
    for (int32_t a = 0; a <= m; a++) /* (-i)^a: 1, -i, -1, i */
        for (int32_t b = 0; b <= j; b++) {
            double term = factor * choose(m, a) * choose(j, b) * g->m[m - a + 2 * (j - b)][a + 2 * b];
            sum[a % 2] += a % 4 == 0 || a % 4 == 3 ? term : -term;
        }
}

static double factorial(int32_t n) {
    double f = 1;
    for (; n > 1; n--)
        f *= n;
    return f;
}

/* |Z_nm|: radial polynomials' terms of r^(n - 2 k). */
static double magnitude(const moments *g, int32_t n, int32_t m) {
    double sum[2] = {0};
    for (int32_t k = 0; 2 * k <= n - m; k++) {
        double c = factorial(n - k) / (factorial(k) * factorial((n + m) / 2 - k) * factorial((n - m) / 2 - k));
        add_term(g, m, (n - m) / 2 - k, k % 2 ? -c : c, sum);
    }
    return (n + 1) / 3.14159265358979323846 * sqrt(sum[0] * sum[0] + sum[1] * sum[1]);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    int64_t bands = visml_blocks(v->height, BAND);
    zernike_job j = {.v = v, .degree = ((const visml_zernike_opts *)e->object.opts)->degree, .bands = scratch};
    j.top = -0.5 * (double)(v->height - 1);
    j.left = -0.5 * (double)(v->width - 1);
    j.radius = 0.5 * (double)(v->height < v->width ? v->height : v->width);
    visml_parallel_run(c->parallel, (size_t)bands, band, &j);
    for (int64_t b = 1; b < bands; b++)
        for (int32_t p = 0; p <= j.degree; p++)
            for (int32_t q = 0; q <= j.degree - p; q++)
                j.bands[0].m[p][q] += j.bands[b].m[p][q];
    for (int32_t n = 0; n <= j.degree; n++)
        for (int32_t m = n % 2; m <= n; m += 2)
            *y++ = j.bands[0].m[0][0] > 0 ? (float)(magnitude(&j.bands[0], n, m) / j.bands[0].m[0][0]) : 0;
}

const visml_extractor_class visml_extractor_zernike_class = {
    .kind = {.name = "zernike", .opts_size = sizeof(visml_zernike_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_bytes,
    .extract = extract,
};

visml_extractor *visml_extractor_zernike(visml_context *ctx, const visml_zernike_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_zernike_class, opts, err);
}
