/* Exact search: the distances to all rows, and the k best of each query in a heap. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"
#include "context/context.h"
#include "kernel/distance.h"
#include "kernel/elementwise.h"
#include "tensor/tensor.h"
#include "visml/feature.h"

#define QUERIES 64 /* whose distances are there at a time */
#define ROWS 4096  /* that they are the distances to */

static const char *const metric_names[] = {"", "l2", "cosine", "chi2", "l1", "intersection", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_index_opts, metric, VISML_METRIC_L2, metric_names),
    {0},
};

struct visml_index {
    visml_context *context; /* one reference */
    visml_index_opts opts;
    visml_tensor *rows; /* [N, D], one reference */
};

static visml_status check_rows(const visml_context *ctx, const visml_index_opts *o, const char *what, const visml_tensor *x,
                               visml_error *err) {
    visml_compute c = visml_context_compute(ctx);
    const float *v;
    VISML_TRY(visml_tensor_check(what, x, VISML_F32, err));
    if (x->shape.rank != 2 || x->shape.dims[1] < 1)
        return visml_fail(err, VISML_EINVAL, "%s are %s, must be [N, D]", what, visml_shape_format(&x->shape).s);
    v = (const float *)(const void *)x->data;
    if (!visml_all_finite(&c, (size_t)x->count, v))
        return visml_fail(err, VISML_EINVAL, "%s have a number that is NaN or infinite, must be finite", what);
    for (int64_t i = 0; o->metric == VISML_METRIC_CHI2 && i < x->count; i++)
        if (v[i] < 0)
            return visml_fail(err, VISML_EINVAL, "%s have %g in row %lld, must not be negative for chi2", what, (double)v[i],
                              (long long)(i / x->shape.dims[1]));
    return VISML_OK;
}

visml_index *visml_index_new(visml_context *ctx, visml_tensor *rows, const visml_index_opts *opts, visml_error *err) {
    visml_index_opts o;
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "index: ctx is NULL, must be a context");
        return NULL;
    }
    if (visml_options_read("index", fields, opts, &o, sizeof o, err) < 0 || check_rows(ctx, &o, "index: rows", rows, err) < 0)
        return NULL;
    if (rows->shape.dims[0] < 1 || rows->shape.dims[0] > INT32_MAX) {
        visml_fail(err, VISML_EINVAL, "index: there are %lld rows, must be 1 to %d", (long long)rows->shape.dims[0], INT32_MAX);
        return NULL;
    }
    visml_index *index = visml_mem_zalloc(&ctx->memory, 1, sizeof *index, err);
    if (!index)
        return NULL;
    *index = (visml_index){visml_context_retain(ctx), o, visml_tensor_retain(rows)};
    return index;
}

void visml_index_free(visml_index *index) {
    if (!index)
        return;
    visml_context *ctx = index->context;
    visml_tensor_release(index->rows);
    visml_mem_free(&ctx->memory, index);
    visml_context_release(ctx);
}

int64_t visml_index_count(const visml_index *index) {
    return index ? index->rows->shape.dims[0] : 0;
}

/* ---- the best of a query: a heap with the worst of them on top ---- */

typedef struct search {
    const visml_index *index;
    int64_t k;
    const float *distances; /* [queries, rows] of a block */
    int64_t queries, first, rows;
    int32_t *places; /* [queries, k] of this block of queries */
    float *values;
} search;

static int worse(float a, int32_t i, float b, int32_t j) {
    return a > b || (a == b && i > j);
}

/* Puts a pair in where the top was. */
static void sink(float *v, int32_t *p, int64_t n, float value, int32_t place) {
    int64_t at = 0;
    for (int64_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && worse(v[child + 1], p[child + 1], v[child], p[child]))
            child++;
        if (!worse(v[child], p[child], value, place))
            break;
        v[at] = v[child], p[at] = p[child];
        at = child;
    }
    v[at] = value, p[at] = place;
}

static void search_query(void *arg, size_t query, size_t worker) {
    const search *s = arg;
    const float *d = s->distances + (int64_t)query * s->rows;
    float *v = s->values + (int64_t)query * s->k, sign = s->index->opts.metric == VISML_METRIC_INTERSECTION ? -1.0f : 1.0f;
    int32_t *p = s->places + (int64_t)query * s->k;
    (void)worker;
    for (int64_t i = 0; i < s->rows; i++) {
        float value = isnan(d[i]) ? INFINITY : sign * d[i]; /* of numbers too large for a float */
        if (worse(v[0], p[0], value, (int32_t)(s->first + i)))
            sink(v, p, s->k, value, (int32_t)(s->first + i));
    }
}

/* The heap becomes a list, the best first; distances as they are told. */
static void sort_query(void *arg, size_t query, size_t worker) {
    const search *s = arg;
    float *v = s->values + (int64_t)query * s->k;
    int32_t *p = s->places + (int64_t)query * s->k;
    (void)worker;
    for (int64_t n = s->k - 1; n > 0; n--) {
        float value = v[n];
        int32_t place = p[n];
        v[n] = v[0], p[n] = p[0];
        sink(v, p, n, value, place);
    }
    for (int64_t i = 0; i < s->k; i++)
        v[i] = s->index->opts.metric == VISML_METRIC_L2 ? sqrtf(v[i]) : s->index->opts.metric == VISML_METRIC_INTERSECTION ? -v[i] : v[i];
}

/* ---- all queries ---- */

static int32_t kind_of(visml_metric metric) {
    static const int32_t kinds[] = {0, VISML_DISTANCE_L2, VISML_DISTANCE_COSINE, VISML_DISTANCE_CHI2, VISML_DISTANCE_L1,
                                    VISML_DISTANCE_INTERSECTION};
    return kinds[metric];
}

static visml_distances pairs_of(const visml_index *index, int64_t n) {
    int64_t d = index->rows->shape.dims[1], rows = index->rows->shape.dims[0];
    return (visml_distances){.kind = kind_of(index->opts.metric), .by_product = index->opts.metric == VISML_METRIC_COSINE,
                             .n = n < QUERIES ? n : QUERIES, .m = rows < ROWS ? rows : ROWS, .d = d, .lda = d, .ldb = d};
}

static void search_block(search *s, const visml_compute *c, const float *queries, float *distances, void *scratch) {
    const visml_tensor *rows = s->index->rows;
    visml_distances x = pairs_of(s->index, s->queries);
    for (int64_t i = 0; i < s->queries * s->k; i++) {
        s->values[i] = INFINITY;
        s->places[i] = INT32_MAX;
    }
    x.a = queries;
    x.n = s->queries;
    x.out = distances;
    for (s->first = 0; s->first < rows->shape.dims[0]; s->first += ROWS) {
        s->rows = x.m = x.ldo = rows->shape.dims[0] - s->first < ROWS ? rows->shape.dims[0] - s->first : ROWS;
        x.b = (const float *)(const void *)rows->data + s->first * x.d;
        visml_distances_run(c, &x, scratch);
        visml_parallel_run(c->parallel, (size_t)s->queries, search_query, s);
    }
    visml_parallel_run(c->parallel, (size_t)s->queries, sort_query, s);
}

static visml_status search_all(const visml_index *index, const visml_tensor *queries, int64_t k, visml_tensor *places, visml_tensor *values,
                               visml_error *err) {
    visml_memory *m = &index->context->memory;
    visml_compute c = visml_context_compute(index->context);
    int64_t n = queries->shape.dims[0], d = queries->shape.dims[1];
    visml_distances x = pairs_of(index, n);
    float *distances = visml_mem_alloc(m, (size_t)(x.n * x.m) * sizeof *distances, err);
    void *scratch = distances ? visml_mem_alloc(m, visml_distances_scratch(&c, &x), err) : NULL;
    for (int64_t i = 0; scratch && i < n; i += QUERIES) {
        search s = {.index = index, .k = k, .distances = distances, .queries = n - i < QUERIES ? n - i : QUERIES,
                    .places = (int32_t *)(void *)places->data + i * k, .values = (float *)(void *)values->data + i * k};
        search_block(&s, &c, (const float *)(const void *)queries->data + i * d, distances, scratch);
    }
    visml_mem_free(m, distances);
    visml_mem_free(m, scratch);
    return scratch ? VISML_OK : VISML_ENOMEM;
}

static visml_status check_search(const visml_index *index, const visml_tensor *queries, int64_t k, visml_error *err) {
    if (!index)
        return visml_fail(err, VISML_EINVAL, "index: index is NULL");
    VISML_TRY(check_rows(index->context, &index->opts, "index: queries", queries, err));
    if (queries->shape.dims[1] != index->rows->shape.dims[1])
        return visml_fail(err, VISML_EINVAL, "index: queries have %lld numbers, rows %lld", (long long)queries->shape.dims[1],
                          (long long)index->rows->shape.dims[1]);
    if (k < 1 || k > index->rows->shape.dims[0])
        return visml_fail(err, VISML_EINVAL, "index: k is %lld, must be 1 to %lld, the number of rows", (long long)k,
                          (long long)index->rows->shape.dims[0]);
    return VISML_OK;
}

visml_status visml_index_search(const visml_index *index, const visml_tensor *queries, int64_t k, visml_tensor **places,
                                visml_tensor **distances, visml_error *err) {
    if (!places)
        return visml_fail(err, VISML_EINVAL, "index: places is NULL");
    VISML_TRY(check_search(index, queries, k, err));
    int64_t n = queries->shape.dims[0];
    visml_tensor *p = visml_tensor_new(index->context, VISML_I32, VISML_SHAPE(n, k), err);
    visml_tensor *v = p ? visml_tensor_new(index->context, VISML_F32, VISML_SHAPE(n, k), err) : NULL;
    visml_status status = v ? search_all(index, queries, k, p, v, err) : VISML_ENOMEM;
    if (status == VISML_OK) {
        *places = p;
        p = NULL;
        if (distances) {
            *distances = v;
            v = NULL;
        }
    }
    visml_tensor_release(p);
    visml_tensor_release(v);
    return status;
}
