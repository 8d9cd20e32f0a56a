/* DLPack 1.x: the structs of its header as far as they are used here (DMLC, "DLPack: Open In Memory Tensor Structure", version 1.0). */
#include <string.h>

#include "base/error.h"
#include "tensor/tensor.h"

#define DL_MAJOR 1
#define DL_CPU 1
#define DL_INT 0
#define DL_UINT 1
#define DL_FLOAT 2

typedef struct dl_tensor {
    void *data;
    int32_t device_type, device_id;
    int32_t ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} dl_tensor;

typedef struct dl_managed {
    uint32_t major, minor;
    void *manager;
    void (*deleter)(struct dl_managed *self);
    uint64_t flags;
    dl_tensor tensor;
} dl_managed;

static const struct {
    visml_dtype dtype;
    uint8_t code, bits;
} kinds[] = {{VISML_F32, DL_FLOAT, 32}, {VISML_F64, DL_FLOAT, 64}, {VISML_U8, DL_UINT, 8},
             {VISML_U16, DL_UINT, 16},  {VISML_I32, DL_INT, 32},   {VISML_I64, DL_INT, 64}};

/* The managed struct and the copies that it points to, in one block. */
typedef struct export_block {
    dl_managed managed;
    int64_t shape[VISML_MAX_RANK], strides[VISML_MAX_RANK];
} export_block;

static void delete_export(dl_managed *m) {
    visml_tensor *t = m->manager;
    visml_context *ctx = visml_context_retain(t->context);
    visml_tensor_release(t);
    visml_mem_free(&ctx->memory, m);
    visml_context_release(ctx);
}

void *visml_tensor_to_dlpack(visml_tensor *t, visml_error *err) {
    if (!t) {
        visml_fail(err, VISML_EINVAL, "to_dlpack: t is NULL, must be a tensor");
        return NULL;
    }
    export_block *b = visml_mem_zalloc(&t->context->memory, 1, sizeof *b, err);
    if (!b)
        return NULL;
    memcpy(b->shape, t->shape.dims, sizeof b->shape);
    memcpy(b->strides, t->strides, sizeof b->strides);
    size_t k = 0;
    while (kinds[k].dtype != t->dtype)
        k++;
    b->managed = (dl_managed){
        .major = DL_MAJOR,
        .manager = visml_tensor_retain(t),
        .deleter = delete_export,
        .tensor = {t->data, DL_CPU, 0, t->shape.rank, kinds[k].code, kinds[k].bits, 1, b->shape, b->strides, 0},
    };
    return &b->managed;
}

static void release_import(void *user) {
    dl_managed *m = user;
    if (m->deleter)
        m->deleter(m);
}

static visml_status check_import(const dl_managed *m, visml_dtype *dtype, visml_shape *shape, visml_error *err) {
    const dl_tensor *d = &m->tensor;
    if (m->major != DL_MAJOR)
        return visml_fail(err, VISML_EUNSUPPORTED, "from_dlpack: version %u.%u, must be %d.x", m->major, m->minor, DL_MAJOR);
    if (d->device_type != DL_CPU)
        return visml_fail(err, VISML_EUNSUPPORTED, "from_dlpack: device type is %d, must be 1 (CPU)", d->device_type);
    *dtype = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (d->lanes == 1 && kinds[k].code == d->code && kinds[k].bits == d->bits)
            *dtype = kinds[k].dtype;
    if (!*dtype)
        return visml_fail(err, VISML_EUNSUPPORTED, "from_dlpack: type code %u with %u bits and %u lanes has no visml_dtype", d->code,
                          d->bits, d->lanes);
    if (d->ndim < 0 || d->ndim > VISML_MAX_RANK)
        return visml_fail(err, VISML_EINVAL, "from_dlpack: ndim is %d, must be 0 to %d", d->ndim, VISML_MAX_RANK);
    if (d->ndim && !d->shape)
        return visml_fail(err, VISML_EINVAL, "from_dlpack: shape is NULL, must hold %d dimensions", d->ndim);
    *shape = visml_shape_make(d->ndim, d->shape);
    return VISML_OK;
}

visml_tensor *visml_tensor_from_dlpack(visml_context *ctx, void *dlpack, visml_error *err) {
    dl_managed *m = dlpack;
    visml_dtype dtype = 0;
    visml_shape shape;
    if (!ctx || !m) {
        visml_fail(err, VISML_EINVAL, "from_dlpack: %s is NULL", ctx ? "dlpack" : "ctx");
        return NULL;
    }
    if (check_import(m, &dtype, &shape, err) < 0)
        return NULL;
    char *data = m->tensor.data ? (char *)m->tensor.data + m->tensor.byte_offset : NULL;
    return visml_tensor_wrap(ctx, dtype, &shape, m->tensor.strides, data, release_import, m, err);
}
