/* Exact search as an object. */
#include "base/error.h"
#include "base/options.h"
#include "context/context.h"
#include "feature/search.h"
#include "kernel/elementwise.h"
#include "tensor/tensor.h"
#include "visml/feature.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_index_opts, metric, VISML_METRIC_L2, visml_metric_names),
    {0},
};

struct visml_index {
    visml_context *context; /* one reference */
    visml_index_opts opts;
    visml_tensor *rows; /* [N, D], one reference */
    float longest;      /* see visml_search */
};

static visml_search search_of(const visml_index *index, int64_t k) {
    const visml_tensor *rows = index->rows;
    return (visml_search){.metric = index->opts.metric, .n = rows->shape.dims[0], .d = rows->shape.dims[1],
                          .rows = (const float *)(const void *)rows->data, .k = k, .longest = index->longest};
}

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
    visml_compute c = visml_context_compute(ctx);
    *index = (visml_index){visml_context_retain(ctx), o, visml_tensor_retain(rows), 0};
    visml_search s = search_of(index, 1);
    visml_search_measure(&c, &s);
    index->longest = s.longest;
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

/* ---- search ---- */

static visml_status search_all(const visml_index *index, const visml_tensor *queries, int64_t k, visml_tensor *places, visml_tensor *values,
                               visml_error *err) {
    visml_memory *m = &index->context->memory;
    visml_compute c = visml_context_compute(index->context);
    visml_search s = search_of(index, k);
    void *scratch = visml_mem_alloc(m, visml_search_scratch(&c, &s), err);
    if (!scratch)
        return VISML_ENOMEM;
    visml_search_run(&c, &s, queries->shape.dims[0], (const float *)(const void *)queries->data, s.d, (int32_t *)(void *)places->data,
                     (float *)(void *)values->data, scratch);
    visml_mem_free(m, scratch);
    return VISML_OK;
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
