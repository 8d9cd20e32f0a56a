/* Chains as JSON: an array of objects, each with its class and its options. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "data/augment.h"

/* ---- to JSON ---- */

static json_t *step_to_json(const visml_augment_step *s) {
    json_t *object = json_object();
    if (object && json_object_set_new(object, "class", json_string(s->cls->name)) == 0 &&
        visml_options_to_json(s->cls->fields, s->opts, object) == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *visml_augmentation_json(const visml_augmentation *a) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < a->count; i++)
        if (json_array_append_new(array, step_to_json(a->steps[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

size_t visml_augmentation_to_json(const visml_augmentation *a, char *text, size_t capacity) {
    visml_text out;
    size_t n = 0;
    if (!a) {
        if (text && capacity)
            *text = '\0';
        return 0;
    }
    visml_memory *m = &a->context->memory;
    json_t *array = visml_augmentation_json(a);
    char *written = array ? visml_json_text(m, array, &n, NULL) : NULL;
    visml_text_init(&out, m);
    if (written)
        visml_text_add_bytes(&out, written, n);
    visml_mem_free(m, written);
    json_decref(array);
    return visml_text_finish(&out, text, capacity);
}

/* ---- from JSON ---- */

static visml_status find_class(const json_t *object, const visml_augmentation_class **cls, visml_error *err) {
    const char *name;
    char names[512] = "";
    size_t used = 0;
    VISML_TRY(visml_json_string("augmentation", object, "class", &name, err));
    *cls = visml_augmentation_class_find(name);
    if (*cls)
        return VISML_OK;
    for (const visml_augmentation_class *const *c = visml_augmentation_classes; *c && used < sizeof names; c++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*c)->name);
    return visml_fail(err, VISML_EFORMAT, "augmentation: \"class\" is \"%.64s\", must be one of %s", name, names);
}

static visml_augmentation *from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", NULL};
    const visml_augmentation_class *cls;
    visml_augmentation *a = NULL;
    if (!json_is_object(object)) {
        visml_fail(err, VISML_EFORMAT, "augmentation: must be an object with a \"class\"");
        return NULL;
    }
    if (find_class(object, &cls, err) < 0)
        return NULL;
    void *opts = visml_mem_alloc(&ctx->memory, cls->opts_size, err);
    if (opts && visml_options_from_json(cls->name, cls->fields, object, known, opts, cls->opts_size, err) == VISML_OK)
        a = visml_augmentation_make(ctx, cls, opts, err);
    visml_mem_free(&ctx->memory, opts);
    return a;
}

/* Each entry to parts[]. */
static visml_status read_entries(visml_context *ctx, const json_t *array, visml_augmentation **parts, visml_error *err) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        visml_error why = {0};
        parts[i] = from_object(ctx, json_array_get(array, i), &why);
        if (!parts[i])
            return visml_fail(err, why.code, "augmentation: entry %zu: %.900s", i + 1, why.message);
    }
    return VISML_OK;
}

static visml_augmentation *from_array(visml_context *ctx, const json_t *array, visml_error *err) {
    visml_memory *m = &ctx->memory;
    size_t n = json_array_size(array);
    visml_augmentation *a = NULL, **parts = visml_mem_zalloc(m, n, sizeof *parts, err);
    if (!parts)
        return NULL;
    if (read_entries(ctx, array, parts, err) == VISML_OK)
        a = visml_augmentation_chain(ctx, (const visml_augmentation *const *)parts, n, err);
    for (size_t i = 0; i < n; i++)
        visml_augmentation_free(parts[i]);
    visml_mem_free(m, parts);
    return a;
}

visml_augmentation *visml_augmentation_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    visml_augmentation *a = NULL;
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "augmentation: %s is NULL, must be %s", ctx ? "text" : "ctx", ctx ? "JSON" : "a context");
        return NULL;
    }
    json_t *array = visml_json_parse("augmentation", text, n, err);
    if (!array)
        return NULL;
    if (json_is_array(array))
        a = from_array(ctx, array, err);
    else
        visml_fail(err, VISML_EFORMAT, "augmentation: text must be a JSON array, [{\"class\": \"random_flip\"}, ...]");
    json_decref(array);
    return a;
}
