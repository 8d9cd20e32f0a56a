/* Principal components. By the covariance: means in a first walk over the rows, then the products of the centred rows (gram.c); then its
 * eigenvectors. Or, for many columns, by random projections (pca_random.c). */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/column_sums.h"
#include "feature/eigen.h"
#include "feature/gram.h"
#include "feature/pca.h"
#include "kernel/gemm.h"

#define MOST 16384 /* columns that a covariance is made of */

static const char *const solver_names[] = {"auto", "covariance", "randomized", NULL};

static const visml_field fields[] = {
    VISML_FIELD(visml_pca_opts, components, I32, 0, 1, 1, 1e6, 0),
    VISML_FIELD(visml_pca_opts, variance, F64, VISML_FIELD_OPEN_MIN | VISML_FIELD_OPEN_MAX, 1, 0, 1, 0),
    VISML_FIELD(visml_pca_opts, whiten, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_pca_opts, solver, 0, solver_names),
    VISML_FIELD(visml_pca_opts, oversamples, I32, 0, 1, 1, 10000, 10),
    VISML_FIELD(visml_pca_opts, power_iterations, I32, 0, 1, 1, 100, 4),
    {0},
};

static visml_status check(const void *opts, visml_error *err) {
    const visml_pca_opts *o = opts;
    if (o->solver == VISML_PCA_RANDOMIZED && o->variance > 0)
        return visml_fail(err, VISML_EINVAL, "pca: variance is given with solver randomized, which does not find it; give components");
    if (o->solver == VISML_PCA_RANDOMIZED && !o->components)
        return visml_fail(err, VISML_EINVAL, "pca: components must be given with solver randomized");
    return VISML_OK;
}

/* ---- the covariance ---- */

typedef struct covariance {
    int64_t d, n;
    double *sum;   /* [d] of the rows, then their mean */
    float *shift; /* [d] its negative, rounded: what is added to the rows */
    visml_gram gram;
} covariance;

/* All in one piece, so that it goes with the object. */
static visml_status begin(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    (void)seed;
    if (o->solver == VISML_PCA_RANDOMIZED)
        return visml_fail(err, VISML_EINVAL, "pca: with solver randomized it learns from all vectors at once, and they do not fit in "
                          "memory; solver covariance learns in blocks");
    if (d > MOST)
        return visml_fail(err, VISML_EINVAL, "pca: vectors have %lld numbers, the most for solver covariance are %d; give components and "
                          "solver randomized", (long long)d, MOST);
    size_t at[5] = {sizeof(covariance), (size_t)d * sizeof(double), (size_t)d * sizeof(float), (size_t)(d * d) * sizeof(double),
                    visml_gram_scratch(c, d)}, total = 0;
    for (size_t i = 0; i < 5; i++) {
        size_t bytes = (at[i] + 63) / 64 * 64;
        at[i] = total;
        total += bytes;
    }
    visml_mem_free(m, t->work);
    char *room = t->work = visml_mem_zalloc(m, 1, total, err);
    if (!room)
        return VISML_ENOMEM;
    covariance *w = t->work;
    *w = (covariance){.d = d, .sum = (double *)(void *)(room + at[1]), .shift = (float *)(void *)(room + at[2])};
    w->gram = (visml_gram){.d = d, .shift = w->shift, .squares = (double *)(void *)(room + at[3]), .scratch = room + at[4]};
    return VISML_OK;
}

/* After the first walk; n counts from 0 down then, and back. */
static void find_mean(covariance *w) {
    for (int64_t j = 0; j < w->d; j++) {
        w->sum[j] /= (double)w->n;
        w->shift[j] = (float)-w->sum[j];
    }
    w->n = -w->n;
}

static visml_status add(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err) {
    covariance *w = t->work;
    if (t->pass == 0) {
        w->n += rows->n;
        return visml_add_columns(&t->object.context->memory, c, rows->n, w->d, rows->x, w->sum, err);
    }
    if (w->n > 0)
        find_mean(w);
    for (int64_t i = 0; i < rows->n; i += VISML_GRAM_ROWS)
        visml_gram_add(c, &w->gram, rows->n - i < VISML_GRAM_ROWS ? rows->n - i : VISML_GRAM_ROWS, rows->x + i * w->d);
    return VISML_OK;
}

/* The rounded mean was taken from the rows; about the mean itself squares are smaller. */
static void move_to_mean(covariance *w) {
    for (int64_t i = 0; i < w->d; i++) {
        double off = (double)w->n * (w->sum[i] + (double)w->shift[i]);
        for (int64_t j = 0; j <= i; j++)
            w->gram.squares[i * w->d + j] -= off * (w->sum[j] + (double)w->shift[j]);
    }
}

/* ---- what is kept ---- */

/* The largest number of a component is positive, which decides its sign (scikit-learn's svd_flip). */
static double sign_of(int64_t d, const double *v) {
    int64_t at = 0;
    for (int64_t j = 1; j < d; j++)
        if (fabs(v[j]) > fabs(v[at]))
            at = j;
    return v[at] < 0 ? -1 : 1;
}

static void keep_row(float *to, float *bias, int64_t d, double gain, const double *mean, const double *v) {
    double sign = sign_of(d, v), middle = 0;
    for (int64_t j = 0; j < d; j++) {
        to[j] = (float)(sign * v[j]);
        middle += mean[j] * (double)to[j];
    }
    *bias = (float)(-middle * gain);
}

visml_status visml_pca_keep(visml_transform *t, const visml_principal *p, visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    int64_t k = p->k, d = p->d;
    float *mean = visml_object_array_new(&t->object, "mean", VISML_F32, VISML_SHAPE(d), err);
    float *components = mean ? visml_object_array_new(&t->object, "components", VISML_F32, VISML_SHAPE(k, d), err) : NULL;
    float *variance = components ? visml_object_array_new(&t->object, "explained_variance", VISML_F32, VISML_SHAPE(k), err) : NULL;
    float *ratio = variance ? visml_object_array_new(&t->object, "explained_variance_ratio", VISML_F32, VISML_SHAPE(k), err) : NULL;
    float *gain = ratio ? visml_object_array_new(&t->object, "gain", VISML_F32, VISML_SHAPE(k), err) : NULL;
    float *bias = gain ? visml_object_array_new(&t->object, "bias", VISML_F32, VISML_SHAPE(k), err) : NULL;
    if (!bias)
        return VISML_ENOMEM;
    for (int64_t j = 0; j < d; j++)
        mean[j] = (float)p->mean[j];
    for (int64_t i = 0; i < k; i++) {
        double v = p->variance[i] > 0 ? p->variance[i] : 0;
        variance[i] = (float)v;
        ratio[i] = (float)(p->total > 0 ? v / p->total : 0);
        gain[i] = !o->whiten ? 1 : v > 1e-7 * p->variance[0] ? (float)(1 / sqrt(v)) : 0;
        keep_row(components + i * d, &bias[i], d, (double)gain[i], p->mean, p->vectors + i * d);
    }
    t->dims = d;
    return VISML_OK;
}

visml_status visml_pca_count(const visml_transform *t, int64_t n, int64_t d, int64_t *k, visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    int64_t most = n < d ? n : d;
    if (n < 2)
        return visml_fail(err, VISML_EINVAL, "pca: there is %lld vector to learn from, must be 2 at least", (long long)n);
    if (o->components > most)
        return visml_fail(err, VISML_EINVAL, "pca: components is %d, must be at most %lld: %lld vectors of %lld numbers",
                          (int)o->components, (long long)most, (long long)n, (long long)d);
    *k = o->components ? o->components : most;
    return VISML_OK;
}

/* As many of the first as explain more than that share of all variance. */
static int64_t count_for_share(double share, int64_t k, const double *variance, double total) {
    double sum = 0;
    for (int64_t i = 0; i < k; i++) {
        sum += variance[i] > 0 ? variance[i] : 0;
        if (sum > share * total)
            return i + 1;
    }
    return k;
}

static visml_status decompose(visml_transform *t, const visml_compute *c, covariance *w, double *values, double *vectors, int64_t k,
                              visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    double total = 0, *squares = w->gram.squares;
    move_to_mean(w);
    for (int64_t i = 0; i < w->d; i++)
        total += squares[i * w->d + i] / (double)(w->n - 1);
    VISML_TRY(visml_eigen_symmetric(c, &t->object.context->memory, w->d, squares, k, values, vectors, err));
    for (int64_t i = 0; i < k; i++)
        values[i] /= (double)(w->n - 1);
    if (o->variance > 0)
        k = count_for_share(o->variance, k, values, total);
    visml_principal p = {.d = w->d, .k = k, .mean = w->sum, .variance = values, .vectors = vectors, .total = total};
    return visml_pca_keep(t, &p, err);
}

static visml_status end(visml_transform *t, const visml_compute *c, visml_error *err) {
    visml_memory *m = &t->object.context->memory;
    covariance *w = t->work;
    int64_t k = 0;
    w->n = w->n < 0 ? -w->n : w->n;
    visml_status status = visml_pca_count(t, w->n, w->d, &k, err);
    if (status == VISML_OK) {
        double *room = visml_mem_alloc(m, (size_t)((w->d + 1) * k) * sizeof *room, err);
        status = room ? decompose(t, c, w, room, room + k, k, err) : VISML_ENOMEM;
        visml_mem_free(m, room);
    }
    visml_mem_free(m, w);
    t->work = NULL;
    return status;
}

/* ---- all at once ---- */

static int wants_random(const visml_pca_opts *o, int64_t n, int64_t d) {
    int64_t least = n < d ? n : d;
    if (o->solver)
        return o->solver == VISML_PCA_RANDOMIZED;
    return o->components && !(o->variance > 0) && d > 1500 && o->components < least / 4;
}

static visml_status fit(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, uint64_t seed, visml_error *err) {
    int64_t k;
    VISML_TRY(visml_pca_count(t, rows->n, rows->d, &k, err));
    if (wants_random(t->object.opts, rows->n, rows->d))
        return visml_pca_random(t, c, rows, k, seed, err);
    VISML_TRY(begin(t, c, rows->d, seed, err));
    for (t->pass = 0; t->pass < 2; t->pass++)
        VISML_TRY(add(t, c, rows, err));
    return end(t, c, err);
}

/* ---- running ---- */

static int64_t length(const visml_transform *t, int64_t d) {
    const visml_tensor *components = visml_object_array_get(&t->object, "components");
    (void)d;
    return components ? components->shape.dims[0] : 0;
}

static visml_gemm projection(const visml_transform *t, int64_t n, int64_t d, const visml_epilogue *e) {
    int64_t k = length(t, d);
    return (visml_gemm){.m = n, .n = k, .k = d, .b = visml_object_array_data(&t->object, "components"), .lda = d, .ldb = d, .ldc = k,
                        .trans_b = 1, .epilogue = e};
}

static size_t scratch_of(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d) {
    visml_gemm g = projection(t, n, d, NULL);
    return visml_gemm_scratch(c, &g);
}

static void apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    visml_epilogue e = {.gain = visml_object_array_data(&t->object, "gain"), .bias = visml_object_array_data(&t->object, "bias"),
                        .activation = VISML_LINEAR};
    visml_gemm g = projection(t, n, d, &e);
    g.a = x;
    g.c = y;
    visml_gemm_run(c, &g, scratch);
}

static visml_status restore(visml_object *o, visml_error *err) {
    int64_t shape[2] = {-1, -1};
    VISML_TRY(visml_object_array_expect(o, "components", VISML_F32, 2, shape, err));
    VISML_TRY(visml_object_array_expect(o, "mean", VISML_F32, 1, shape + 1, err));
    VISML_TRY(visml_object_array_expect(o, "explained_variance", VISML_F32, 1, shape, err));
    VISML_TRY(visml_object_array_expect(o, "explained_variance_ratio", VISML_F32, 1, shape, err));
    VISML_TRY(visml_object_array_expect(o, "gain", VISML_F32, 1, shape, err));
    VISML_TRY(visml_object_array_expect(o, "bias", VISML_F32, 1, shape, err));
    if (!shape[0] || !shape[1])
        return visml_fail(err, VISML_EFORMAT, "pca: array \"components\" is empty");
    ((visml_transform *)o)->dims = shape[1];
    return VISML_OK;
}

const visml_transform_class visml_transform_pca_class = {
    .kind = {.name = "pca", .opts_size = sizeof(visml_pca_opts), .fields = fields, .check = check, .restore = restore},
    .length = length,
    .apply = apply,
    .scratch = scratch_of,
    .fit = fit,
    .begin = begin,
    .add = add,
    .end = end,
    .passes = 2,
};

visml_transform *visml_transform_pca(visml_context *ctx, const visml_pca_opts *opts, visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_pca_class, opts, err);
}
