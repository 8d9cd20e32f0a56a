#include "tensor/object.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

void *visml_object_make(visml_context *ctx, const char *family, const visml_kind *kind, size_t size, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s %s: ctx is NULL, must be a context", family, kind->name);
        return NULL;
    }
    visml_object *o = visml_mem_zalloc(&ctx->memory, 1, size, err);
    if (!o)
        return NULL;
    o->kind = kind;
    o->references = 1;
    o->context = visml_context_retain(ctx);
    o->opts = visml_mem_zalloc(&ctx->memory, 1, kind->opts_size, err);
    if (o->opts && visml_options_read(kind->name, kind->fields, opts, o->opts, kind->opts_size, err) == VISML_OK &&
        (!kind->check || kind->check(o->opts, err) == VISML_OK))
        return o;
    visml_object_release(o);
    return NULL;
}

void *visml_object_from_json(visml_context *ctx, const char *family, const visml_kind *kind, size_t size, const json_t *object,
                             const char *const *known, visml_error *err) {
    void *opts = visml_description_options(ctx, kind->name, kind->fields, object, known, kind->opts_size, err);
    void *o = opts ? visml_object_make(ctx, family, kind, size, opts, err) : NULL;
    visml_mem_free(&ctx->memory, opts);
    return o;
}

void *visml_object_retain(const void *object) {
    visml_object *o = (visml_object *)(uintptr_t)object; /* the count is not what const promises */
    if (o)
        atomic_fetch_add_explicit(&o->references, 1, memory_order_relaxed);
    return o;
}

void visml_object_release(void *object) {
    visml_object *o = object;
    if (!o || atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = o->context;
    visml_object_arrays_clear(o);
    visml_mem_free(&ctx->memory, o->opts);
    visml_mem_free(&ctx->memory, o);
    visml_context_release(ctx);
}

/* ---- arrays ---- */

static visml_object_array *find(const visml_object *o, const char *name) {
    for (size_t i = 0; i < o->array_count; i++)
        if (strcmp(o->arrays[i].name, name) == 0)
            return (visml_object_array *)(uintptr_t)&o->arrays[i];
    return NULL;
}

/* Takes the tensor over, also on failure. */
static visml_status put(visml_object *o, const char *name, visml_tensor *t, visml_error *err) {
    visml_object_array *a = find(o, name);
    if (!t)
        return VISML_ENOMEM;
    if (a) {
        visml_tensor_release(a->tensor);
        a->tensor = t;
        return VISML_OK;
    }
    if (o->array_count == VISML_MAX_ARRAYS || strlen(name) >= sizeof a->name) {
        visml_tensor_release(t);
        return visml_fail(err, VISML_EINTERNAL, "%s: no room for array %s", o->kind->name, name);
    }
    a = &o->arrays[o->array_count++];
    snprintf(a->name, sizeof a->name, "%s", name);
    a->tensor = t;
    return VISML_OK;
}

void *visml_object_array_unset(visml_object *o, const char *name, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    visml_tensor *t = visml_tensor_unset(o->context, dtype, shape, err);
    return put(o, name, t, err) == VISML_OK ? t->data : NULL;
}

void *visml_object_array_new(visml_object *o, const char *name, visml_dtype dtype, const visml_shape *shape, visml_error *err) {
    visml_tensor *t = visml_tensor_new(o->context, dtype, shape, err);
    return put(o, name, t, err) == VISML_OK ? t->data : NULL;
}

visml_tensor *visml_object_array_get(const visml_object *o, const char *name) {
    const visml_object_array *a = find(o, name);
    return a ? a->tensor : NULL;
}

const void *visml_object_array_data(const visml_object *o, const char *name) {
    const visml_object_array *a = find(o, name);
    return a ? a->tensor->data : NULL;
}

void visml_object_arrays_clear(visml_object *o) {
    for (size_t i = 0; i < o->array_count; i++)
        visml_tensor_release(o->arrays[i].tensor);
    o->array_count = 0;
}

visml_status visml_object_arrays_share(visml_object *o, const visml_object *from, visml_error *err) {
    visml_object_arrays_clear(o);
    for (size_t i = 0; i < from->array_count; i++) {
        o->arrays[i] = from->arrays[i];
        visml_tensor_retain(o->arrays[i].tensor);
    }
    o->array_count = from->array_count;
    return o->array_count && o->kind->restore ? o->kind->restore(o, err) : VISML_OK;
}

visml_status visml_object_array_expect(const visml_object *o, const char *name, visml_dtype dtype, int32_t rank, int64_t *dims,
                                       visml_error *err) {
    const visml_tensor *t = visml_object_array_get(o, name);
    if (!t)
        return visml_fail(err, VISML_EFORMAT, "%s: array \"%s\" is missing", o->kind->name, name);
    if (t->dtype != dtype || t->shape.rank != rank)
        return visml_fail(err, VISML_EFORMAT, "%s: array \"%s\" is %s %s, must be %s with %d dimensions", o->kind->name, name,
                          visml_dtype_name(t->dtype), visml_shape_format(&t->shape).s, visml_dtype_name(dtype), (int)rank);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] >= 0 && t->shape.dims[i] != dims[i])
            return visml_fail(err, VISML_EFORMAT, "%s: array \"%s\" is %s, must have %lld in place %d", o->kind->name, name,
                              visml_shape_format(&t->shape).s, (long long)dims[i], (int)i + 1);
        dims[i] = t->shape.dims[i];
    }
    return VISML_OK;
}

/* ---- files ---- */

visml_status visml_object_save(const visml_object *o, const char *prefix, visml_arena *names, visml_bundle_tensor *list, size_t *n,
                               visml_error *err) {
    for (size_t i = 0; i < o->array_count; i++) {
        const visml_tensor *t = o->arrays[i].tensor;
        size_t length = strlen(prefix) + strlen(o->arrays[i].name) + 2;
        char *name = visml_arena_take(names, length, err);
        if (!name)
            return VISML_ENOMEM;
        snprintf(name, length, "%s.%s", prefix, o->arrays[i].name);
        list[(*n)++] = (visml_bundle_tensor){.name = name, .dtype = t->dtype, .shape = t->shape, .data = t->data};
    }
    return VISML_OK;
}

static visml_status take(visml_object *o, const visml_bundle_tensor *from, const char *name, visml_error *err) {
    visml_shape shape = from->shape;
    if (strlen(name) >= sizeof o->arrays[0].name || o->array_count == VISML_MAX_ARRAYS)
        return visml_fail(err, VISML_EFORMAT, "%s: array \"%.64s\" is none of its own", o->kind->name, name);
    void *to = visml_object_array_new(o, name, from->dtype, &shape, err);
    if (!to)
        return VISML_ENOMEM;
    if (visml_shape_count(&shape))
        memcpy(to, from->data, (size_t)visml_shape_count(&shape) * visml_dtype_bytes(from->dtype));
    return VISML_OK;
}

static visml_status take_all(visml_object *o, const char *prefix, const visml_bundle *b, visml_error *err) {
    size_t length = strlen(prefix);
    for (size_t i = 0; i < b->count; i++) {
        const char *name = b->tensors[i].name;
        if (strncmp(name, prefix, length) == 0 && name[length] == '.')
            VISML_TRY(take(o, &b->tensors[i], name + length + 1, err));
    }
    if (!o->kind->restore && o->array_count)
        return visml_fail(err, VISML_EFORMAT, "%s: array \"%s\" is none of its own", o->kind->name, o->arrays[0].name);
    return o->kind->restore ? o->kind->restore(o, err) : VISML_OK;
}

visml_status visml_object_load(visml_object *o, const char *prefix, const visml_bundle *b, visml_error *err) {
    visml_object_arrays_clear(o);
    visml_status status = take_all(o, prefix, b, err);
    if (status < 0)
        visml_object_arrays_clear(o);
    return status;
}

json_t *visml_object_json(const visml_object *o) {
    return visml_description_new(o->kind->name, o->kind->fields, o->opts);
}
