#include "feature/aggregator.h"

#include "base/error.h"
#include "kernel/elementwise.h"

const visml_aggregator_class *const visml_aggregator_classes[] = {
#define AGGREGATOR(name) &visml_aggregator_##name##_class,
#include "feature/aggregators.def"
#undef AGGREGATOR
    NULL,
};

static const char *name_of(size_t i) {
    return visml_aggregator_classes[i] ? visml_aggregator_classes[i]->kind.name : NULL;
}
static const visml_family family = {"aggregator", name_of};

visml_aggregator *visml_aggregator_make(visml_context *ctx, const visml_aggregator_class *cls, const void *opts, visml_error *err) {
    return visml_object_make(ctx, "aggregator", &cls->kind, sizeof(visml_aggregator), opts, err);
}

visml_aggregator *visml_aggregator_from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    return visml_object_from_json(ctx, "aggregator", &visml_aggregator_classes[i]->kind, sizeof(visml_aggregator), object, known, err);
}

void visml_aggregator_free(visml_aggregator *aggregator) {
    visml_object_release(aggregator);
}

int visml_aggregator_waits(const visml_aggregator *a) {
    return visml_aggregator_class_of(a)->fit && !a->dims;
}

/* ---- on its own ---- */

static visml_status check_rows(const visml_aggregator *a, const visml_tensor *rows, visml_error *err) {
    if (!a)
        return visml_fail(err, VISML_EINVAL, "aggregator: aggregator is NULL");
    VISML_TRY(visml_tensor_check("aggregator: rows", rows, VISML_F32, err));
    if (rows->shape.rank != 2 || rows->shape.dims[1] < 1)
        return visml_fail(err, VISML_EINVAL, "aggregator: rows are %s, must be [n, d]", visml_shape_format(&rows->shape).s);
    return VISML_OK;
}

visml_status visml_aggregator_fit(visml_aggregator *aggregator, const visml_tensor *rows, uint64_t seed, visml_error *err) {
    VISML_TRY(check_rows(aggregator, rows, err));
    const visml_aggregator_class *cls = visml_aggregator_class_of(aggregator);
    visml_context *ctx = aggregator->object.context;
    visml_compute c = visml_context_compute(ctx);
    if (!visml_all_finite(&c, (size_t)rows->count, (const float *)(const void *)rows->data))
        return visml_fail(err, VISML_EINVAL, "%s: rows have a number that is NaN or infinite, must be finite", cls->kind.name);
    if (!cls->fit)
        return VISML_OK;
    return cls->fit(aggregator, &c, rows->shape.dims[0], rows->shape.dims[1], (const float *)(const void *)rows->data,
                    seed ? seed : ctx->seed, err);
}

static visml_status check_run(const visml_aggregator *a, const visml_tensor *rows, int64_t *length, visml_error *err) {
    VISML_TRY(check_rows(a, rows, err));
    const char *name = a->object.kind->name;
    if (visml_aggregator_waits(a))
        return visml_fail(err, VISML_ESTATE, "%s: not fitted yet; call visml_aggregator_fit first", name);
    if (a->dims && a->dims != rows->shape.dims[1])
        return visml_fail(err, VISML_EINVAL, "%s: rows have %lld numbers, those that it learned from %lld", name,
                          (long long)rows->shape.dims[1], (long long)a->dims);
    *length = visml_aggregator_class_of(a)->length(a, rows->shape.dims[0], rows->shape.dims[1]);
    return VISML_OK;
}

visml_tensor *visml_aggregator_run(const visml_aggregator *aggregator, const visml_tensor *rows, visml_error *err) {
    int64_t length = 0;
    if (check_run(aggregator, rows, &length, err) < 0)
        return NULL;
    visml_context *ctx = aggregator->object.context;
    visml_compute c = visml_context_compute(ctx);
    int64_t n = rows->shape.dims[0], d = rows->shape.dims[1];
    void *scratch = visml_mem_alloc(&ctx->memory, visml_aggregator_scratch(aggregator, &c, n, d), err);
    visml_tensor *y = scratch ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(length), err) : NULL;
    if (y)
        visml_aggregator_class_of(aggregator)->aggregate(aggregator, &c, n, d, (const float *)(const void *)rows->data,
                                                         (float *)(void *)y->data, scratch);
    visml_mem_free(&ctx->memory, scratch);
    return y;
}
