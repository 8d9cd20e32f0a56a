#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "feature/column_sums.h"
#include "feature/eigen.h"
#include "feature/pca.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS 1024 /* that one thread centres at a time */
#define STREAM_PCA 0x706361u /* "pca": what a key is for */

typedef struct projection {
    const visml_compute *c;
    int64_t n, d, l; /* l: directions that are looked at */
    double *mean, *values, *small, *vectors, *wide; /* [d], [l], [l, l], [l, l], [k, d] */
    float *x;                                       /* [n, d], centred */
    float *rows, *columns;                          /* [l, n], [l, d]: directions among rows and columns */
    const float *source; /* [n, d] */
    double *squares;     /* [blocks of ROWS] sums of squares */
    void *scratch;
    double total; /* the sum of all squares */
} projection;

/* columns = rows x, or rows = columns x'. */
static visml_gemm product_of(const projection *w, int to_rows) {
    return to_rows ? (visml_gemm){.m = w->l, .n = w->n, .k = w->d, .a = w->columns, .b = w->x, .c = w->rows, .lda = w->d, .ldb = w->d,
                                  .ldc = w->n, .trans_b = 1}
                   : (visml_gemm){.m = w->l, .n = w->d, .k = w->n, .a = w->rows, .b = w->x, .c = w->columns, .lda = w->n, .ldb = w->d,
                                  .ldc = w->d};
}

static void multiply(const projection *w, int to_rows) {
    visml_gemm g = product_of(w, to_rows);
    visml_gemm_run(w->c, &g, w->scratch);
}

/* Gram and Schmidt, twice over; a row that is nothing but rounding after that becomes 0. */
static void make_orthonormal(const visml_compute *c, int64_t l, int64_t n, float *q) {
    for (int64_t i = 0; i < l; i++) {
        float *x = q + i * n, before = c->kernels->reduce_squares((size_t)n, x);
        for (int64_t j = 0; j < 2 * i; j++) {
            const float *y = q + j % i * n;
            float along = c->kernels->reduce_dot((size_t)n, x, y);
            c->kernels->sgd((size_t)n, x, y, along); /* x -= along y */
        }
        float left = c->kernels->reduce_squares((size_t)n, x);
        c->kernels->scale((size_t)n, x, left > 1e-10f * before ? 1 / sqrtf(left) : 0, 0, x);
    }
}

/* Some rows, centred; their squares. */
static void center_rows(void *arg, size_t block, size_t worker) {
    const projection *w = arg;
    int64_t first = (int64_t)block * ROWS, rows = visml_block_length((int64_t)block, ROWS, w->n);
    const float *x = w->source + first * w->d;
    float *to = w->x + first * w->d;
    double sum[2] = {0, 0};
    (void)worker;
    for (int64_t i = 0; i < rows; i++, x += w->d, to += w->d)
        for (int64_t j = 0; j < w->d; j++) {
            double off = (double)x[j] - w->mean[j];
            to[j] = (float)off;
            sum[j % 2] += off * off;
        }
    w->squares[block] = sum[0] + sum[1];
}

static visml_status center(projection *w, visml_memory *m, visml_error *err) {
    VISML_TRY(visml_add_columns(m, w->c, w->n, w->d, w->source, w->mean, err));
    for (int64_t j = 0; j < w->d; j++)
        w->mean[j] /= (double)w->n;
    visml_parallel_run(w->c->parallel, (size_t)visml_blocks(w->n, ROWS), center_rows, w);
    for (int64_t b = 0; b < visml_blocks(w->n, ROWS); b++)
        w->total += w->squares[b];
    return VISML_OK;
}

/* small = columns columns', its lower triangle. */
static void multiply_small(const projection *w) {
    for (int64_t i = 0; i < w->l; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum[4] = {0};
            const float *a = w->columns + i * w->d, *b = w->columns + j * w->d;
            for (int64_t p = 0; p < w->d; p++)
                sum[p % 4] += (double)a[p] * (double)b[p];
            w->small[i * w->l + j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
}

/* Components: the small vectors times columns, each of length 1; zeros where nothing varies. */
static void widen(const projection *w, int64_t k) {
    for (int64_t i = 0; i < k; i++) {
        double *to = w->wide + i * w->d, factor = w->values[i] > 1e-14 * w->values[0] ? 1 / sqrt(w->values[i]) : 0;
        for (int64_t j = 0; j < w->l; j++) {
            double share = w->vectors[i * w->l + j] * factor;
            for (int64_t p = 0; p < w->d; p++)
                to[p] += share * (double)w->columns[j * w->d + p];
        }
    }
}

static visml_status project(visml_transform *t, projection *w, int64_t k, uint64_t seed, visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    visml_rng rng;
    visml_rng_init(&rng, visml_key(seed, STREAM_PCA));
    VISML_TRY(center(w, m, err));
    for (int64_t i = 0; i < w->l * w->d; i++)
        w->columns[i] = (float)visml_rng_normal(&rng);
    for (int32_t i = 0; i < o->power_iterations + 1; i++) {
        if (i)
            make_orthonormal(w->c, w->l, w->d, w->columns);
        multiply(w, 1);
        make_orthonormal(w->c, w->l, w->n, w->rows);
        multiply(w, 0);
    }
    multiply_small(w);
    VISML_TRY(visml_eigen_symmetric(w->c, m, w->l, w->small, k, w->values, w->vectors, err));
    widen(w, k);
    for (int64_t i = 0; i < k; i++)
        w->values[i] /= (double)(w->n - 1);
    visml_principal p = {.d = w->d, .k = k, .mean = w->mean, .variance = w->values, .vectors = w->wide,
                         .total = w->total / (double)(w->n - 1)};
    return visml_pca_keep(t, &p, err);
}

/* One piece of memory for all. */
static void *take_room(projection *w, visml_memory *m, int64_t k, visml_error *err) {
    visml_gemm there = product_of(w, 1), back = product_of(w, 0);
    size_t a = visml_gemm_scratch(w->c, &there), b = visml_gemm_scratch(w->c, &back), big;
    size_t doubles = (size_t)(w->d + w->l + 2 * w->l * w->l + k * w->d + visml_blocks(w->n, ROWS));
    size_t floats = (size_t)(w->l * (w->n + w->d)), scratch = a > b ? a : b;
    if (!visml_size_mul((size_t)w->n, (size_t)w->d, &big) || !visml_size_add(big, floats + 2 * doubles + 64, &floats) ||
        !visml_size_mul(floats, sizeof(float), &big) || !visml_size_add(big, scratch + 64, &big)) {
        visml_fail(err, VISML_ENOMEM, "pca: %lld vectors of %lld numbers do not fit in memory", (long long)w->n, (long long)w->d);
        return NULL;
    }
    char *room = visml_mem_zalloc(m, 1, big, err);
    if (!room)
        return NULL;
    w->scratch = room;
    w->mean = (double *)(void *)(room + (scratch + 63) / 64 * 64);
    w->values = w->mean + w->d;
    w->small = w->values + w->l;
    w->vectors = w->small + w->l * w->l;
    w->wide = w->vectors + w->l * w->l;
    w->squares = w->wide + k * w->d;
    w->x = (float *)(void *)(w->squares + visml_blocks(w->n, ROWS));
    w->rows = w->x + w->n * w->d;
    w->columns = w->rows + w->l * w->n;
    return room;
}

visml_status visml_pca_random(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, int64_t k, uint64_t seed,
                              visml_error *err) {
    const visml_pca_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    projection w = {.c = c, .source = rows->x, .n = rows->n, .d = rows->d, .l = k + o->oversamples};
    w.l = w.l > w.n ? w.n : w.l;
    w.l = w.l > w.d ? w.d : w.l;
    void *room = take_room(&w, m, k, err);
    visml_status status = room ? project(t, &w, k, seed, err) : VISML_ENOMEM;
    visml_mem_free(m, room);
    return status;
}
