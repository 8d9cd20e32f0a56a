/* Principal axes of the colours of a picture, and where a picture lies on those of a set. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/colors.h"

static const visml_field pca_fields[] = {
    VISML_FIELD(visml_color_pca_opts, components, I32, 0, 1, 1, 3, 3),
    {0},
};

/* Sums over pixels: r, g, b, r r, r g, r b, g g, g b, b b; then their number. Whole numbers, exact in double up to 2^37 pixels. */
#define SUMS 10

typedef struct spread {
    double mean[3], covariance[3][3]; /* in units of [0, 1]; divided by the number of pixels */
} spread;

static void add_view(const visml_compute *c, const visml_view *v, double *sums) {
    uint64_t whole[SUMS - 1] = {0};
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n;
    while ((x = visml_runs_next(&runs, SIZE_MAX, &n)))
        c->kernels->products_rgb(n, x, whole);
    for (int i = 0; i < SUMS - 1; i++)
        sums[i] += (double)whole[i];
    sums[SUMS - 1] += (double)(v->height * v->width);
}

static spread spread_of(const double *sums) {
    static const int at[3][3] = {{3, 4, 5}, {4, 6, 7}, {5, 7, 8}};
    double n = sums[SUMS - 1];
    spread s;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            s.covariance[i][j] = (sums[at[i][j]] - sums[i] / n * sums[j]) / n / (255 * 255);
    for (int i = 0; i < 3; i++)
        s.mean[i] = sums[i] / n / 255;
    return s;
}

/* ---- eigenvectors of a symmetric matrix: Jacobi's rotations (Golub and Van Loan 2013, 8.5) ---- */

static void rotate(double a[3][3], double v[3][3], int p, int q) {
    if (fabs(a[p][q]) <= DBL_MIN)
        return;
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]), t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 3; k++) {
        double x = a[k][p], y = a[k][q];
        a[k][p] = c * x - s * y;
        a[k][q] = s * x + c * y;
    }
    for (int k = 0; k < 3; k++) {
        double x = a[p][k], y = a[q][k], vx = v[k][p], vy = v[k][q];
        a[p][k] = c * x - s * y;
        a[q][k] = s * x + c * y;
        v[k][p] = c * vx - s * vy;
        v[k][q] = s * vx + c * vy;
    }
}

/* Axes are rows, that of the largest eigenvalue first; the number of an axis that is largest in magnitude is positive, of equals the
 * first. */
static void axes_of(const spread *s, double values[3], double axes[3][3]) {
    double a[3][3], v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    int order[3] = {0, 1, 2};
    memcpy(a, s->covariance, sizeof a);
    for (int sweep = 0; sweep < 12; sweep++)
        for (int p = 0; p < 2; p++)
            for (int q = p + 1; q < 3; q++)
                rotate(a, v, p, q);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (a[order[j]][order[j]] < a[order[j + 1]][order[j + 1]]) {
                int k = order[j];
                order[j] = order[j + 1];
                order[j + 1] = k;
            }
    for (int i = 0; i < 3; i++) {
        int k = order[i], top = 0;
        values[i] = a[k][k] > 0 ? a[k][k] : 0;
        for (int j = 1; j < 3; j++)
            top = fabs(v[j][k]) > fabs(v[top][k]) * (1 + 1e-9) ? j : top;
        for (int j = 0; j < 3; j++)
            axes[i][j] = v[top][k] < 0 ? -v[j][k] : v[j][k];
    }
}

/* ---- of a picture ---- */

static visml_status measure_pca(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                int64_t *columns, visml_error *err) {
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 3 + 3 * ((const visml_color_pca_opts *)e->object.opts)->components;
    return VISML_OK;
}

static void extract_pca(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_color_pca_opts *o = e->object.opts;
    double sums[SUMS] = {0}, values[3], axes[3][3];
    (void)scratch;
    add_view(c, v, sums);
    spread s = spread_of(sums);
    axes_of(&s, values, axes);
    for (int i = 0; i < 3; i++)
        y[i] = (float)values[i];
    for (int i = 0; i < 3 * o->components; i++)
        y[3 + i] = (float)axes[i / 3][i % 3];
}

const visml_extractor_class visml_extractor_color_pca_class = {
    .kind = {.name = "color_pca", .opts_size = sizeof(visml_color_pca_opts), .fields = pca_fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_RGB,
    .measure = measure_pca,
    .extract = extract_pca,
};

visml_extractor *visml_extractor_color_pca(visml_context *ctx, const visml_color_pca_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_color_pca_class, opts, err);
}

/* ---- on the axes of a set ---- */

static const visml_field projection_fields[] = {
    VISML_FIELD(visml_color_projection_opts, components, I32, 0, 1, 1, 3, 3),
    {0},
};

static visml_status measure_projection(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                       int64_t *columns, visml_error *err) {
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 3 * ((const visml_color_projection_opts *)e->object.opts)->components;
    return VISML_OK;
}

static visml_status fit_add(visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err) {
    double *sums = (double *)(uintptr_t)visml_object_array_data(&e->object, "sums");
    if (!sums)
        sums = visml_object_array_new(&e->object, "sums", VISML_F64, VISML_SHAPE(SUMS), err);
    if (!sums)
        return VISML_ENOMEM;
    add_view(c, v, sums);
    return VISML_OK;
}

static visml_status fit_end(visml_extractor *e, visml_error *err) {
    const double *sums = visml_object_array_data(&e->object, "sums");
    double values[3], axes[3][3];
    if (!sums)
        return visml_fail(err, VISML_EINVAL, "color_projection: no picture to learn from");
    spread s = spread_of(sums);
    axes_of(&s, values, axes);
    visml_object_arrays_clear(&e->object);
    double *mean = visml_object_array_new(&e->object, "mean", VISML_F64, VISML_SHAPE(3), err);
    double *to = mean ? visml_object_array_new(&e->object, "axes", VISML_F64, VISML_SHAPE(3, 3), err) : NULL;
    if (!to)
        return VISML_ENOMEM;
    memcpy(mean, s.mean, sizeof s.mean);
    memcpy(to, axes, sizeof axes);
    return VISML_OK;
}

static visml_status restore(visml_object *o, visml_error *err) {
    static const char *const names[] = {"mean", "axes"};
    int64_t three[2] = {3, 3};
    for (int32_t i = 0; i < 2; i++) {
        VISML_TRY(visml_object_array_expect(o, names[i], VISML_F64, i + 1, three, err));
        const double *x = visml_object_array_data(o, names[i]);
        for (int k = 0; k < (i ? 9 : 3); k++)
            if (!(fabs(x[k]) <= 2))
                return visml_fail(err, VISML_EFORMAT, "color_projection: number %d of \"%s\" is %g, must be -2 to 2", k, names[i], x[k]);
    }
    return VISML_OK;
}

static void extract_projection(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const double *center = visml_object_array_data(&e->object, "mean"), *axes = visml_object_array_data(&e->object, "axes");
    int32_t components = ((const visml_color_projection_opts *)e->object.opts)->components;
    double sums[SUMS] = {0};
    (void)scratch;
    add_view(c, v, sums);
    spread s = spread_of(sums);
    double all = s.covariance[0][0] + s.covariance[1][1] + s.covariance[2][2];
    for (int32_t i = 0; i < components; i++, axes += 3) {
        double mean = 0, variance = 0;
        for (int j = 0; j < 3; j++) {
            mean += axes[j] * (s.mean[j] - center[j]);
            for (int k = 0; k < 3; k++)
                variance += axes[j] * axes[k] * s.covariance[j][k];
        }
        variance = variance > 0 ? variance : 0;
        y[i] = (float)mean;
        y[components + i] = (float)sqrt(variance);
        y[2 * components + i] = all > 0 ? (float)(variance / all) : 0;
    }
}

const visml_extractor_class visml_extractor_color_projection_class = {
    .kind = {.name = "color_projection", .opts_size = sizeof(visml_color_projection_opts), .fields = projection_fields, .restore = restore},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_RGB,
    .measure = measure_projection,
    .extract = extract_projection,
    .fit_add = fit_add,
    .fit_end = fit_end,
};

visml_extractor *visml_extractor_color_projection(visml_context *ctx, const visml_color_projection_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_color_projection_class, opts, err);
}
