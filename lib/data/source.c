#include "data/source.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"
#include "data/intern.h"

/* ---- options ---- */

static const char *const on_invalid_names[] = {"drop", "error", "keep", NULL};
static const char *const fit_names[] = {"stretch", "crop", "pad", NULL};
static const char *const filter_names[] = {"bilinear", "nearest", "area", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_source_opts, on_invalid, VISML_INVALID_DROP, on_invalid_names),
    VISML_FIELD(visml_source_opts, height, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD(visml_source_opts, width, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD_OF_ENUM(visml_source_opts, fit, VISML_FIT_STRETCH, fit_names),
    VISML_FIELD_OF_ENUM(visml_source_opts, filter, VISML_FILTER_BILINEAR, filter_names),
    VISML_FIELD(visml_source_opts, follow_links, FLAG, 0, 1, 0, 1, 0),
    {0},
};

visml_status visml_source_options(const char *what, const visml_source_opts *user, visml_color color, visml_source_opts *ours,
                                  visml_error *err) {
    VISML_TRY(visml_options_read(what, fields, user, ours, sizeof *ours, err));
    if ((ours->height == 0) != (ours->width == 0))
        return visml_fail(err, VISML_EINVAL, "%s: height is %d and width %d; give both or neither", what, ours->height, ours->width);
    if (ours->color != 0 && ours->color != VISML_COLOR_GRAY && ours->color != VISML_COLOR_RGB && ours->color != VISML_COLOR_RGBA)
        return visml_fail(err, VISML_EINVAL, "%s: color is %d, must be VISML_COLOR_GRAY (1), VISML_COLOR_RGB (3) or VISML_COLOR_RGBA (4)",
                          what, ours->color);
    if (ours->color == 0)
        ours->color = color;
    return VISML_OK;
}

/* ---- life ---- */

void *visml_source_make(visml_context *ctx, size_t bytes, const visml_source_class *class, const char *kind,
                        const visml_source_opts *opts, visml_error *err) {
    visml_source *s = visml_mem_zalloc(&ctx->memory, 1, bytes, err);
    if (!s)
        return NULL;
    s->class = class;
    s->kind = kind;
    s->context = visml_context_retain(ctx);
    s->references = 1;
    s->opts = *opts;
    visml_arena_init(&s->arena, &ctx->memory);
    visml_invalid_init(&s->invalid, &ctx->memory);
    return s;
}

visml_source *visml_source_retain(visml_source *s) {
    atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

void visml_source_release(visml_source *s) {
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = s->context;
    if (s->class->free)
        s->class->free(s);
    visml_invalid_free(&s->invalid);
    visml_tensor_release(s->targets);
    visml_mem_free(&ctx->memory, s->labels);
    visml_mem_free(&ctx->memory, s->class_names);
    visml_arena_clear(&s->arena);
    visml_mem_free(&ctx->memory, s);
    visml_context_release(ctx);
}

void visml_read_buffer_free(const visml_source *s, visml_read_buffer *buffer) {
    visml_mem_free(&s->context->memory, buffer->bytes);
    visml_augment_room_free(&buffer->room, &s->context->memory);
    *buffer = (visml_read_buffer){0};
}

/* ---- classes ---- */

static visml_status check_names(const char *what, const char *const *names, size_t classes, visml_intern *seen, visml_error *err) {
    for (size_t i = 0; i < classes; i++) {
        size_t id;
        if (!names[i] || !*names[i])
            return visml_fail(err, VISML_EINVAL, "%s: class_names[%zu] is %s, must be a name", what, i, names[i] ? "empty" : "NULL");
        VISML_TRY(visml_intern_add(seen, names[i], strlen(names[i]), &id, err));
        if (id != i)
            return visml_fail(err, VISML_EINVAL, "%s: class_names[%zu] and [%zu] are both \"%s\"; names must differ", what, id, i,
                              names[i]);
    }
    return VISML_OK;
}

static visml_status copy_name(visml_source *s, const char *const *names, size_t i, visml_error *err) {
    char number[24];
    snprintf(number, sizeof number, "%zu", i);
    const char *name = names ? names[i] : number;
    s->class_names[i] = visml_arena_strndup(&s->arena, name, strlen(name), err);
    return s->class_names[i] ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_source_name_classes(visml_source *s, const char *what, const char *const *names, size_t classes, visml_error *err) {
    if (names) {
        visml_intern seen;
        visml_intern_init(&seen, &s->context->memory);
        visml_status status = check_names(what, names, classes, &seen, err);
        visml_intern_free(&seen);
        VISML_TRY(status);
    }
    s->class_names = visml_mem_zalloc(&s->context->memory, classes, sizeof *s->class_names, err);
    if (!s->class_names)
        return VISML_ENOMEM;
    for (size_t i = 0; i < classes; i++)
        VISML_TRY(copy_name(s, names, i, err));
    s->classes = classes;
    return VISML_OK;
}

/* ---- the shape of a sample ---- */

size_t visml_source_sample_bytes(const visml_source *s) {
    return (size_t)visml_shape_count(&s->shape) * visml_dtype_bytes(s->dtype);
}

/* Several threads may do this at once and find the same; the list's lock is not needed: only one of them gets from 0 to 2. */
static void publish_shape(visml_source *s, const visml_shape *shape) {
    int32_t unknown = 0;
    if (atomic_compare_exchange_strong(&s->shape_known, &unknown, 2)) {
        s->shape = *shape;
        atomic_store(&s->shape_known, 1);
    }
    while (atomic_load(&s->shape_known) != 1)
        ;
}

visml_status visml_source_find_shape(visml_source *s, visml_read_buffer *buffer, visml_error *err) {
    visml_error why = {0};
    visml_shape shape;
    for (int64_t i = 0; i < s->count && atomic_load(&s->shape_known) != 1; i++) {
        visml_status status = s->class->measure(s, i, buffer, &shape, &why);
        if (status == VISML_ENOMEM) {
            if (err)
                *err = why;
            return status;
        }
        if (status == VISML_OK)
            publish_shape(s, &shape);
    }
    if (atomic_load(&s->shape_known) == 1)
        return VISML_OK;
    if (!s->count)
        return visml_fail(err, VISML_EFORMAT, "there are no samples");
    visml_sample_name name = visml_source_sample_name(s, s->count - 1);
    return visml_fail(err, VISML_EFORMAT, "none of the %lld images is valid; the last one is %s: %s", (long long)s->count,
                      visml_sample_name_text(&name), why.message);
}

visml_sample_name visml_source_sample_name(const visml_source *s, int64_t i) {
    visml_sample_name n = {.path = s->class->path ? s->class->path(s, i) : NULL};
    snprintf(n.text, sizeof n.text, "sample %lld", (long long)i);
    return n;
}

/* ---- pictures ---- */

static visml_tensor *replace(visml_tensor *old, visml_tensor *new) {
    visml_tensor_release(old);
    return new;
}

visml_tensor *visml_picture_fit(const visml_source *s, visml_tensor *picture, visml_error *err) {
    const visml_source_opts *o = &s->opts;
    if (picture && o->color && picture->shape.dims[2] != o->color)
        picture = replace(picture, visml_image_convert(picture, o->color, err));
    if (picture && o->height && (picture->shape.dims[0] != o->height || picture->shape.dims[1] != o->width))
        picture = replace(picture, visml_image_fit(picture, o->height, o->width, o->fit, o->filter, err));
    return picture;
}

visml_status visml_picture_check(const visml_source *s, const visml_tensor *picture, visml_error *err) {
    if (visml_shape_equal(&picture->shape, &s->shape))
        return VISML_OK;
    return visml_fail(err, VISML_EFORMAT, "is %lld x %lld (height x width), the first image is %lld x %lld; give height and width",
                      (long long)picture->shape.dims[0], (long long)picture->shape.dims[1], (long long)s->shape.dims[0],
                      (long long)s->shape.dims[1]);
}

visml_status visml_picture_store(const visml_source *s, const visml_tensor *picture, void *pixels, visml_error *err) {
    VISML_TRY(visml_picture_check(s, picture, err));
    memcpy(pixels, picture->data, visml_source_sample_bytes(s));
    return VISML_OK;
}
