#include "data/arrays.h"

#include <string.h>

#include "base/error.h"
#include "data/dataset.h"

/* ---- reading ---- */

static visml_status read_picture(const visml_arrays_source *a, char *row, void *pixels, visml_error *err) {
    visml_tensor *t = visml_tensor_wrap(a->base.context, a->base.dtype, &a->picture, NULL, row, NULL, NULL, err);
    t = visml_picture_fit(&a->base, t, err);
    if (!t)
        return VISML_ENOMEM; /* sizes and colours were checked when the source was made */
    visml_status status = visml_picture_store(&a->base, t, pixels, err);
    visml_tensor_release(t);
    return status;
}

static visml_status read_row(const visml_source *s, int64_t i, visml_read_buffer *buffer, void *pixels, int32_t *label, visml_error *err) {
    const visml_arrays_source *a = (const visml_arrays_source *)s;
    char *row = a->images->data + (size_t)i * a->row_bytes;
    (void)buffer;
    *label = s->labels ? s->labels[i] : -1;
    if (a->picture.rank)
        return read_picture(a, row, pixels, err);
    memcpy(pixels, row, a->row_bytes);
    return VISML_OK;
}

static void free_arrays(visml_source *s) {
    visml_tensor_release(((visml_arrays_source *)s)->images);
}

static const visml_source_class class = {.read = read_row, .free = free_arrays};

/* ---- making ---- */

static void choose_shape(visml_arrays_source *a, const visml_shape *sample) {
    const visml_source_opts *o = &a->base.opts;
    visml_shape wanted = *sample;
    if (o->height) {
        wanted.dims[0] = o->height;
        wanted.dims[1] = o->width;
    }
    if (o->color)
        wanted.dims[2] = o->color;
    if (!visml_shape_equal(&wanted, sample))
        a->picture = *sample;
    a->base.shape = wanted;
    a->base.shape_known = 1;
}

visml_arrays_source *visml_arrays_source_new(visml_context *ctx, const char *kind, visml_tensor *images, const visml_shape *sample,
                                             const visml_source_opts *opts, visml_error *err) {
    visml_arrays_source *a = visml_source_make(ctx, sizeof *a, &class, kind, opts, err);
    if (!a)
        return NULL;
    a->images = visml_tensor_retain(images);
    a->base.dtype = images->dtype;
    a->base.count = images->shape.dims[0];
    a->row_bytes = (size_t)visml_shape_count(sample) * visml_dtype_bytes(images->dtype);
    choose_shape(a, sample);
    return a;
}

/* ---- class numbers ---- */

static int64_t label_at(const visml_tensor *t, int64_t i) {
    if (t->dtype == VISML_U8)
        return ((const uint8_t *)t->data)[i];
    if (t->dtype == VISML_I32)
        return ((const int32_t *)(const void *)t->data)[i];
    return ((const int64_t *)(const void *)t->data)[i];
}

/* classes 0: any number that fits, and *classes becomes one more than the largest. */
static visml_status copy_labels(visml_source *s, const visml_tensor *targets, size_t *classes, visml_error *err) {
    int64_t limit = *classes ? (int64_t)*classes : INT32_MAX, most = 0;
    s->labels = visml_mem_zalloc(&s->context->memory, (size_t)s->count, sizeof *s->labels, err);
    if (!s->labels)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < s->count; i++) {
        int64_t label = label_at(targets, i);
        if (label < 0 || label >= limit)
            return visml_fail(err, VISML_EINVAL, "arrays: the label of row %lld is %lld, must be 0 to %lld", (long long)i, (long long)label,
                              (long long)limit - 1);
        s->labels[i] = (int32_t)label;
        most = label >= most ? label + 1 : most;
    }
    if (!*classes)
        *classes = (size_t)most;
    return VISML_OK;
}

/* ---- from_arrays ---- */

static visml_status check_images(const visml_tensor *images, visml_error *err) {
    VISML_TRY(visml_tensor_check("arrays: images", images, 0, err));
    if (images->dtype != VISML_U8 && images->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "arrays: images is %s, must be uint8 or float32", visml_dtype_name(images->dtype));
    if (images->shape.rank < 2 || images->count == 0)
        return visml_fail(err, VISML_EINVAL, "arrays: images has the shape %s, must be [N, ...] with at least one row and one number in it",
                          visml_shape_format(&images->shape).s);
    return VISML_OK;
}

static visml_status check_targets(const visml_tensor *images, const visml_tensor *targets, visml_error *err) {
    VISML_TRY(visml_tensor_check("arrays: targets", targets, 0, err));
    int numbers = targets->dtype == VISML_I32 || targets->dtype == VISML_U8 || targets->dtype == VISML_I64;
    if (!numbers && targets->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "arrays: targets is %s, must be int32, uint8 or int64 class numbers or float32 targets",
                          visml_dtype_name(targets->dtype));
    if (numbers && targets->shape.rank != 1)
        return visml_fail(err, VISML_EINVAL, "arrays: class numbers have the shape %s, must be [N]", visml_shape_format(&targets->shape).s);
    if (targets->shape.rank < 1 || targets->shape.dims[0] != images->shape.dims[0] || targets->count == 0)
        return visml_fail(err, VISML_EINVAL, "arrays: targets has the shape %s, must have as many rows as images %s",
                          visml_shape_format(&targets->shape).s, visml_shape_format(&images->shape).s);
    return VISML_OK;
}

static visml_status set_targets(visml_source *s, visml_tensor *targets, const char *const *names, size_t classes, visml_error *err) {
    if (targets->dtype == VISML_F32)
        s->targets = visml_tensor_retain(targets);
    else
        VISML_TRY(copy_labels(s, targets, &classes, err));
    return visml_source_name_classes(s, "arrays", names, classes, err);
}

visml_dataset *visml_dataset_from_arrays(visml_context *ctx, visml_tensor *images, visml_tensor *targets, const char *const *class_names,
                                         size_t classes, visml_error *err) {
    visml_source_opts opts = VISML_OPTS_INIT(visml_source_opts);
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "arrays: ctx is NULL, must be a context");
        return NULL;
    }
    if (check_images(images, err) < 0 || check_targets(images, targets, err) < 0)
        return NULL;
    if ((class_names && !classes) || classes > INT32_MAX) {
        visml_fail(err, VISML_EINVAL, "arrays: classes is %zu, must be %s", classes,
                   classes ? "at most 2147483647" : "the number of class_names");
        return NULL;
    }
    visml_shape sample = visml_shape_make(images->shape.rank - 1, images->shape.dims + 1);
    visml_arrays_source *a = visml_arrays_source_new(ctx, "arrays", images, &sample, &opts, err);
    if (a && set_targets(&a->base, targets, class_names, classes, err) < 0) {
        visml_source_release(&a->base);
        return NULL;
    }
    return a ? visml_dataset_over(&a->base, err) : NULL;
}
