#include "tensor/tensor.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {{"unknown", 0}, {"float32", 4}, {"float64", 8}, {"uint8", 1}, {"uint16", 2}, {"int32", 4}, {"int64", 8}};

static int is_dtype(visml_dtype dtype) {
    return dtype >= VISML_F32 && dtype <= VISML_I64;
}

size_t visml_dtype_bytes(visml_dtype dtype) {
    return is_dtype(dtype) ? dtypes[dtype].bytes : 0;
}

const char *visml_dtype_name(visml_dtype dtype) {
    return is_dtype(dtype) ? dtypes[dtype].name : dtypes[0].name;
}

/* ---- making and ending ---- */

static void row_major(const visml_shape *shape, int64_t *strides) {
    int64_t step = 1;
    for (int32_t i = shape->rank - 1; i >= 0; i--) {
        strides[i] = step;
        if (shape->dims[i] > 1)
            step *= shape->dims[i];
    }
}

static visml_status check_arguments(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    if (!ctx)
        return visml_fail(err, VISML_EINVAL, "tensor: ctx is NULL, must be a context");
    if (!is_dtype(dtype))
        return visml_fail(err, VISML_EINVAL, "tensor: dtype is %d, must be VISML_F32 (%d) to VISML_I64 (%d)", dtype, VISML_F32, VISML_I64);
    return visml_shape_check("tensor: shape", shape, 0, err);
}

/* A tensor without data and with one reference. The arguments have been checked. */
static visml_tensor *make(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    visml_tensor *t = visml_mem_zalloc(&ctx->memory, 1, sizeof *t, err);
    if (!t)
        return NULL;
    t->context = visml_context_retain(ctx);
    t->references = 1;
    t->dtype = dtype;
    t->shape = visml_shape_make(shape->rank, shape->dims);
    t->count = visml_shape_count(&t->shape);
    row_major(&t->shape, t->strides);
    return t;
}

static size_t bytes_of(const visml_tensor *t) {
    size_t bytes;
    return visml_size_mul((size_t)t->count, visml_dtype_bytes(t->dtype), &bytes) ? bytes : SIZE_MAX;
}

visml_tensor *visml_tensor_unset(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    if (check_arguments(ctx, dtype, shape, err) < 0)
        return NULL;
    visml_tensor *t = make(ctx, dtype, shape, err);
    if (!t)
        return NULL;
    t->owned = visml_mem_alloc(&ctx->memory, bytes_of(t), err);
    t->data = t->owned;
    if (!t->owned) {
        visml_tensor_release(t);
        return NULL;
    }
    return t;
}

visml_tensor *visml_tensor_new(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    visml_tensor *t = visml_tensor_unset(ctx, dtype, shape, err);
    if (t)
        memset(t->data, 0, bytes_of(t));
    return t;
}

visml_tensor *visml_tensor_wrap(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, const int64_t *strides, void *data,
                                visml_release_fn release, void *user, visml_error *err) {
    if (check_arguments(ctx, dtype, shape, err) < 0)
        return NULL;
    if (!data && visml_shape_count(shape) > 0) {
        visml_fail(err, VISML_EINVAL, "tensor: data is NULL, must hold %s elements of %s", visml_shape_format(shape).s,
                   visml_dtype_name(dtype));
        return NULL;
    }
    visml_tensor *t = make(ctx, dtype, shape, err);
    if (!t)
        return NULL;
    if (strides && shape->rank)
        memcpy(t->strides, strides, (size_t)shape->rank * sizeof *strides);
    t->data = data;
    t->release = release;
    t->release_user = user;
    return t;
}

visml_tensor *visml_tensor_retain(visml_tensor *t) {
    if (t)
        atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void visml_tensor_release(visml_tensor *t) {
    if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = t->context;
    visml_tensor_release(t->base);
    if (t->release)
        t->release(t->release_user);
    visml_mem_free(&ctx->memory, t->owned);
    visml_mem_free(&ctx->memory, t);
    visml_context_release(ctx);
}

/* ---- looking ---- */

visml_dtype visml_tensor_dtype(const visml_tensor *t) {
    return t ? t->dtype : 0;
}

const visml_shape *visml_tensor_shape(const visml_tensor *t) {
    return t ? &t->shape : NULL;
}

const int64_t *visml_tensor_strides(const visml_tensor *t) {
    return t ? t->strides : NULL;
}

void *visml_tensor_data(const visml_tensor *t) {
    return t ? t->data : NULL;
}

int64_t visml_tensor_count(const visml_tensor *t) {
    return t ? t->count : 0;
}

int32_t visml_tensor_is_contiguous(const visml_tensor *t) {
    int64_t step = 1;
    if (!t)
        return 0;
    for (int32_t i = t->shape.rank - 1; i >= 0 && t->count > 0; i--) {
        if (t->shape.dims[i] > 1 && t->strides[i] != step)
            return 0;
        step *= t->shape.dims[i];
    }
    return 1;
}

visml_status visml_tensor_check(const char *what, const visml_tensor *t, visml_dtype dtype, visml_error *err) {
    if (!t)
        return visml_fail(err, VISML_EINVAL, "%s is NULL, must be a tensor", what);
    if (dtype && t->dtype != dtype)
        return visml_fail(err, VISML_EINVAL, "%s is %s, must be %s", what, visml_dtype_name(t->dtype), visml_dtype_name(dtype));
    if (!visml_tensor_is_contiguous(t))
        return visml_fail(err, VISML_EINVAL, "%s has gaps or turned dimensions, must be contiguous (visml_tensor_convert copies)", what);
    return VISML_OK;
}

/* ---- views ---- */

static visml_tensor *view(visml_tensor *t, const visml_shape *shape, visml_error *err) {
    visml_tensor *v = make(t->context, t->dtype, shape, err);
    if (!v)
        return NULL;
    v->base = visml_tensor_retain(t);
    v->data = t->data;
    return v;
}

visml_tensor *visml_tensor_slice(visml_tensor *t, int64_t begin, int64_t end, visml_error *err) {
    if (!t || t->shape.rank < 1) {
        visml_fail(err, VISML_EINVAL, "slice: t is %s, must be a tensor with at least one dimension", t ? "a single number" : "NULL");
        return NULL;
    }
    if (begin < 0 || end < begin || end > t->shape.dims[0]) {
        visml_fail(err, VISML_EINVAL, "slice: begin is %lld and end %lld, must be 0 <= begin <= end <= %lld", (long long)begin,
                   (long long)end, (long long)t->shape.dims[0]);
        return NULL;
    }
    visml_shape shape = t->shape;
    shape.dims[0] = end - begin;
    visml_tensor *v = view(t, &shape, err);
    if (!v)
        return NULL;
    memcpy(v->strides, t->strides, sizeof v->strides);
    if (v->count)
        v->data = t->data + begin * t->strides[0] * (int64_t)visml_dtype_bytes(t->dtype);
    return v;
}

visml_tensor *visml_tensor_reshape(visml_tensor *t, const visml_shape *shape, visml_error *err) {
    if (visml_tensor_check("reshape: t", t, 0, err) < 0 || visml_shape_check("reshape: shape", shape, 0, err) < 0)
        return NULL;
    if (visml_shape_count(shape) != t->count) {
        visml_fail(err, VISML_EINVAL, "reshape: shape %s has %lld elements, the tensor %s has %lld", visml_shape_format(shape).s,
                   (long long)visml_shape_count(shape), visml_shape_format(&t->shape).s, (long long)t->count);
        return NULL;
    }
    return view(t, shape, err);
}
