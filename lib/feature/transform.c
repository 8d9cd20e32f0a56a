#include "feature/transform.h"

#include "base/error.h"
#include "kernel/elementwise.h"

const visml_transform_class *const visml_transform_classes[] = {
#define TRANSFORM(name) &visml_transform_##name##_class,
#include "feature/transforms.def"
#undef TRANSFORM
    NULL,
};

static const char *name_of(size_t i) {
    return visml_transform_classes[i] ? visml_transform_classes[i]->kind.name : NULL;
}
static const visml_family family = {"transform", name_of};

visml_transform *visml_transform_make(visml_context *ctx, const visml_transform_class *cls, const void *opts, visml_error *err) {
    return visml_object_make(ctx, "transform", &cls->kind, sizeof(visml_transform), opts, err);
}

visml_transform *visml_transform_from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    return visml_object_from_json(ctx, "transform", &visml_transform_classes[i]->kind, sizeof(visml_transform), object, known, err);
}

void visml_transform_free(visml_transform *transform) {
    visml_transform *t = transform;
    if (t && atomic_load_explicit(&t->object.references, memory_order_acquire) == 1)
        visml_mem_free(&t->object.context->memory, t->work);
    visml_object_release(t);
}

int visml_transform_waits(const visml_transform *t) {
    const visml_transform_class *cls = visml_transform_class_of(t);
    return (cls->fit || cls->add) && !t->dims;
}

/* ---- learning ---- */

static visml_status learn_in_walks(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, uint64_t seed,
                                   visml_error *err) {
    const visml_transform_class *cls = visml_transform_class_of(t);
    int32_t passes = cls->passes ? cls->passes : 1;
    VISML_TRY(cls->begin(t, c, rows->d, seed, err));
    for (t->pass = 0; t->pass < passes; t->pass++)
        VISML_TRY(cls->add(t, c, rows, err));
    return cls->end(t, c, err);
}

visml_status visml_transform_learn(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, uint64_t seed,
                                   visml_error *err) {
    const visml_transform_class *cls = visml_transform_class_of(t);
    if (cls->needs_labels && !rows->labels)
        return visml_fail(err, VISML_EINVAL, "%s: labels are missing; it learns from vectors with class numbers", cls->kind.name);
    return cls->fit ? cls->fit(t, c, rows, seed, err) : learn_in_walks(t, c, rows, seed, err);
}

static visml_status check_x(const visml_transform *t, const visml_tensor *x, visml_error *err) {
    if (!t)
        return visml_fail(err, VISML_EINVAL, "transform: transform is NULL");
    VISML_TRY(visml_tensor_check("transform: x", x, VISML_F32, err));
    if (x->shape.rank != 2 || x->shape.dims[1] < 1)
        return visml_fail(err, VISML_EINVAL, "%s: x is %s, must be [N, D]", t->object.kind->name, visml_shape_format(&x->shape).s);
    return VISML_OK;
}

static visml_status check_labels(const char *name, const visml_tensor *x, const visml_tensor *labels, visml_error *err) {
    if (!labels)
        return VISML_OK;
    VISML_TRY(visml_tensor_check("transform: labels", labels, VISML_I32, err));
    if (labels->shape.rank != 1 || labels->shape.dims[0] != x->shape.dims[0])
        return visml_fail(err, VISML_EINVAL, "%s: labels are %s, must be [%lld], one for each row of x", name,
                          visml_shape_format(&labels->shape).s, (long long)x->shape.dims[0]);
    return VISML_OK;
}

visml_status visml_transform_fit(visml_transform *transform, const visml_tensor *x, const visml_tensor *labels, visml_error *err) {
    VISML_TRY(check_x(transform, x, err));
    const char *name = transform->object.kind->name;
    visml_compute c = visml_context_compute(transform->object.context);
    visml_vector_rows rows = {.n = x->shape.dims[0], .d = x->shape.dims[1], .x = (const float *)(const void *)x->data};
    VISML_TRY(check_labels(name, x, labels, err));
    if (rows.n < 1)
        return visml_fail(err, VISML_EINVAL, "%s: x has no row, must have at least 1", name);
    if (!visml_all_finite(&c, (size_t)x->count, rows.x))
        return visml_fail(err, VISML_EINVAL, "%s: x has a number that is NaN or infinite, must be finite", name);
    rows.labels = labels ? (const int32_t *)(const void *)labels->data : NULL;
    const visml_transform_class *cls = visml_transform_class_of(transform);
    return cls->fit || cls->add ? visml_transform_learn(transform, &c, &rows, transform->object.context->seed, err) : VISML_OK;
}

/* ---- running ---- */

static visml_status check_run(const visml_transform *t, const visml_tensor *x, visml_error *err) {
    VISML_TRY(check_x(t, x, err));
    if (visml_transform_waits(t))
        return visml_fail(err, VISML_ESTATE, "%s: not fitted yet; call visml_transform_fit first", t->object.kind->name);
    if (t->dims && t->dims != x->shape.dims[1])
        return visml_fail(err, VISML_EINVAL, "%s: vectors have %lld numbers, those that it learned from %lld", t->object.kind->name,
                          (long long)x->shape.dims[1], (long long)t->dims);
    return VISML_OK;
}

visml_tensor *visml_transform_run(const visml_transform *transform, const visml_tensor *x, visml_error *err) {
    if (check_run(transform, x, err) < 0)
        return NULL;
    const visml_transform_class *cls = visml_transform_class_of(transform);
    visml_context *ctx = transform->object.context;
    visml_compute c = visml_context_compute(ctx);
    int64_t n = x->shape.dims[0], d = x->shape.dims[1];
    void *scratch = visml_mem_alloc(&ctx->memory, visml_transform_scratch(transform, &c, n, d), err);
    visml_tensor *y = scratch ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, cls->length(transform, d)), err) : NULL;
    if (y)
        cls->apply(transform, &c, n, d, (const float *)(const void *)x->data, (float *)(void *)y->data, scratch);
    visml_mem_free(&ctx->memory, scratch);
    return y;
}
