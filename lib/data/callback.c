#include <string.h>

#include "base/error.h"
#include "data/dataset.h"

typedef struct callback_source {
    visml_source base;
    visml_sample_fn fn;
    void *user;
} callback_source;

static visml_status read_callback(const visml_source *s, int64_t i, visml_read_buffer *buffer, void *pixels, int32_t *label,
                                  visml_error *err) {
    const callback_source *c = (const callback_source *)s;
    char reason[VISML_REASON_BYTES] = "";
    int64_t limit = s->classes ? (int64_t)s->classes : INT32_MAX;
    (void)buffer;
    *label = -1;
    int32_t code = c->fn(c->user, i, pixels, label, reason);
    reason[sizeof reason - 1] = '\0';
    if (code != 0 && !*reason)
        return visml_fail(err, VISML_EFORMAT, "the callback returned %d", code);
    if (code != 0)
        return visml_fail(err, VISML_EFORMAT, "%s", reason);
    if (*label < 0 || *label >= limit)
        return visml_fail(err, VISML_EFORMAT, "the label is %d, must be 0 to %lld", *label, (long long)limit - 1);
    return VISML_OK;
}

static const visml_source_class class = {.read = read_callback, .slow = 1};

static visml_status check(visml_context *ctx, int64_t count, visml_dtype dtype, const visml_shape *shape, const char *const *class_names,
                          size_t classes, visml_sample_fn fn, visml_error *err) {
    if (!ctx || !fn)
        return visml_fail(err, VISML_EINVAL, "callback: %s is NULL", ctx ? "fn" : "ctx");
    if (count < 1)
        return visml_fail(err, VISML_EINVAL, "callback: count is %lld, must be at least 1", (long long)count);
    if (dtype != VISML_U8 && dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "callback: dtype is %d, must be VISML_U8 or VISML_F32", dtype);
    VISML_TRY(visml_shape_check("callback: shape", shape, 1, err));
    if (shape->rank < 1 || shape->rank >= VISML_MAX_RANK)
        return visml_fail(err, VISML_EINVAL, "callback: shape has %d dimensions, must have 1 to %d", shape->rank, VISML_MAX_RANK - 1);
    if ((class_names && !classes) || classes > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "callback: classes is %zu, must be %s", classes,
                          classes ? "at most 2147483647" : "the number of class_names");
    return VISML_OK;
}

/* The function makes samples of the promised shape; there is nothing left to bring them to. */
static visml_status check_opts(const visml_source_opts *o, visml_error *err) {
    if (o->height || o->width || o->color)
        return visml_fail(err, VISML_EINVAL, "callback: %s is set, but samples have the given shape; leave it 0",
                          o->height ? "height" : "color");
    return VISML_OK;
}

visml_dataset *visml_dataset_from_callback(visml_context *ctx, int64_t count, visml_dtype dtype, const visml_shape *shape,
                                           const char *const *class_names, size_t classes, visml_sample_fn fn, void *user,
                                           const visml_source_opts *opts, visml_error *err) {
    visml_source_opts o;
    if (check(ctx, count, dtype, shape, class_names, classes, fn, err) < 0 ||
        visml_source_options("callback", opts, VISML_COLOR_AS_IS, &o, err) < 0 || check_opts(&o, err) < 0)
        return NULL;
    callback_source *c = visml_source_make(ctx, sizeof *c, &class, "callback", &o, err);
    if (!c)
        return NULL;
    c->fn = fn;
    c->user = user;
    c->base.count = count;
    c->base.dtype = dtype;
    c->base.shape = visml_shape_make(shape->rank, shape->dims);
    c->base.shape_known = 1;
    if (visml_source_name_classes(&c->base, "callback", class_names, classes, err) < 0) {
        visml_source_release(&c->base);
        return NULL;
    }
    return visml_dataset_over(&c->base, err);
}
