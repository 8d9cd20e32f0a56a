#include "nn/schedule.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "context/description.h"

const visml_schedule_class *const visml_schedule_classes[] = {
#define SCHEDULE(name) &visml_##name##_class,
#include "nn/schedules.def"
#undef SCHEDULE
    NULL,
};

static const char *class_name(size_t i) {
    return visml_schedule_classes[i] ? visml_schedule_classes[i]->name : NULL;
}

static const visml_family family = {"schedule", class_name};

const visml_schedule_class *visml_schedule_class_find(const char *name) {
    for (const visml_schedule_class *const *c = visml_schedule_classes; name && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

/* ---- life ---- */

/* The pointer in the options becomes a reference. */
static visml_status take_then(visml_schedule *s, visml_error *err) {
    visml_schedule *then = NULL;
    s->depth = 1;
    if (!s->cls->then)
        return VISML_OK;
    memcpy(&then, (char *)s->opts + s->cls->then, sizeof then);
    memset((char *)s->opts + s->cls->then, 0, sizeof then);
    if (!then)
        return VISML_OK;
    if (then->depth >= VISML_MAX_NESTING)
        return visml_fail(err, VISML_EINVAL, "%s: then is the first of %d schedules one after the other, must be of at most %d",
                          s->cls->name, then->depth, VISML_MAX_NESTING - 1);
    s->then = visml_schedule_retain(then);
    s->depth += then->depth;
    return VISML_OK;
}

static visml_status fill(visml_schedule *s, const void *opts, visml_error *err) {
    const visml_schedule_class *c = s->cls;
    s->opts = visml_mem_zalloc(&s->context->memory, 1, c->opts_size, err);
    if (!s->opts)
        return VISML_ENOMEM;
    VISML_TRY(visml_options_read(c->name, c->fields, opts, s->opts, c->opts_size, err));
    VISML_TRY(take_then(s, err));
    return c->check ? c->check(s, err) : VISML_OK;
}

visml_schedule *visml_schedule_make(visml_context *ctx, const visml_schedule_class *cls, const void *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "%s: ctx is NULL, must be a context", cls->name);
        return NULL;
    }
    visml_schedule *s = visml_mem_zalloc(&ctx->memory, 1, sizeof *s, err);
    if (!s)
        return NULL;
    s->cls = cls;
    s->context = visml_context_retain(ctx);
    atomic_init(&s->references, 1);
    if (fill(s, opts, err) == VISML_OK)
        return s;
    visml_schedule_free(s);
    return NULL;
}

visml_schedule *visml_schedule_retain(const visml_schedule *schedule) {
    visml_schedule *s = (visml_schedule *)schedule;
    atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

void visml_schedule_free(visml_schedule *s) {
    while (s && atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) == 1) {
        visml_context *ctx = s->context;
        visml_schedule *then = s->then;
        visml_mem_free(&ctx->memory, s->opts);
        visml_mem_free(&ctx->memory, s);
        visml_context_release(ctx);
        s = then;
    }
}

double visml_schedule_learning_rate(const visml_schedule *s, int64_t step) {
    return s ? s->cls->rate(s, step > 0 ? (double)step : 0) : NAN;
}

/* ---- JSON ---- */

json_t *visml_schedule_describe(const visml_schedule *s) {
    json_t *object = visml_description_new(s->cls->name, s->cls->fields, s->opts);
    if (object && s->then && json_object_set_new(object, "then", visml_schedule_describe(s->then)) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static visml_schedule *from_description(visml_context *ctx, const json_t *object, int depth, visml_error *err);

/* The schedule under "then" goes into the options; the caller frees it. */
static visml_status read_then(visml_context *ctx, const visml_schedule_class *cls, const json_t *object, int depth, void *opts,
                              visml_schedule **then, visml_error *err) {
    const json_t *value = json_object_get(object, "then");
    if (!cls->then || !value || json_is_null(value))
        return VISML_OK;
    if (depth >= VISML_MAX_NESTING)
        return visml_fail(err, VISML_EFORMAT, "%s: \"then\" is the %dth schedule in the other, must be the %dth at most", cls->name,
                          depth + 1, VISML_MAX_NESTING);
    *then = from_description(ctx, value, depth + 1, err);
    if (!*then)
        return VISML_EFORMAT;
    memcpy((char *)opts + cls->then, then, sizeof *then);
    return VISML_OK;
}

static visml_schedule *from_description(visml_context *ctx, const json_t *object, int depth, visml_error *err) {
    static const char *const known[] = {"class", NULL}, *const known_then[] = {"class", "then", NULL};
    visml_schedule *s = NULL, *then = NULL;
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    const visml_schedule_class *cls = visml_schedule_classes[i];
    void *opts = visml_description_options(ctx, cls->name, cls->fields, object, cls->then ? known_then : known, cls->opts_size, err);
    if (opts && read_then(ctx, cls, object, depth, opts, &then, err) == VISML_OK)
        s = visml_schedule_make(ctx, cls, opts, err);
    visml_schedule_free(then);
    visml_mem_free(&ctx->memory, opts);
    return s;
}

visml_schedule *visml_schedule_from_description(visml_context *ctx, const json_t *object, visml_error *err) {
    return from_description(ctx, object, 1, err);
}

visml_schedule *visml_schedule_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    json_t *object = visml_description_read(&family, ctx, text, n, err);
    visml_schedule *s = object ? visml_schedule_from_description(ctx, object, err) : NULL;
    json_decref(object);
    return s;
}

size_t visml_schedule_to_json(const visml_schedule *s, char *text, size_t capacity) {
    return visml_description_write(s ? s->context : NULL, s ? visml_schedule_describe(s) : NULL, text, capacity);
}
