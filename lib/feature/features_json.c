/* Features as JSON: a list of extractors, or an object that holds one. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "feature/features.h"

/* ---- to JSON ---- */

/* A class without options is its name alone. Takes the object over. */
static json_t *brief(const visml_object *o, json_t *object) {
    if (!object || json_object_size(object) > 1)
        return object;
    json_decref(object);
    return json_string(o->kind->name);
}

static int put(json_t *object, const char *key, const visml_object *o) {
    return o ? json_object_set_new(object, key, brief(o, visml_object_json(o))) : 0;
}

static json_t *branch_json(const visml_branch *b) {
    int plain = b->regions->object.kind == &visml_regions_whole_class.kind;
    json_t *object = visml_object_json(&b->extractor->object);
    if (object && (plain || json_object_set_new(object, "over", brief(&b->regions->object, visml_regions_json(b->regions))) == 0) &&
        put(object, "encode", b->encode ? &b->encode->object : NULL) == 0 && put(object, "pool", b->pool ? &b->pool->object : NULL) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *branches_json(const visml_features *f) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < f->branch_count; i++)
        if (json_array_append_new(array, branch_json(&f->branches[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *transforms_json(const visml_features *f) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < f->transform_count; i++)
        if (json_array_append_new(array, visml_object_json(&f->transforms[i]->object)) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

json_t *visml_features_json(const visml_features *f) {
    json_t *object = json_object();
    if (object && visml_options_to_json(visml_features_fields, &f->opts, object) == 0 &&
        json_object_set_new(object, "extract", branches_json(f)) == 0 &&
        (!f->transform_count || json_object_set_new(object, "then", transforms_json(f)) == 0))
        return object;
    json_decref(object);
    return NULL;
}

size_t visml_features_to_json(const visml_features *features, char *text, size_t capacity) {
    return visml_description_write(features ? features->context : NULL, features ? visml_features_json(features) : NULL, text, capacity);
}

/* ---- from JSON ---- */

/* {"class": name} of a name, another reference to an object. NULL: neither. */
static json_t *as_object(const char *what, const json_t *value, visml_error *err) {
    json_t *object = NULL;
    if (json_is_object(value))
        return json_incref((json_t *)(uintptr_t)value);
    if (!json_is_string(value))
        visml_fail(err, VISML_EFORMAT, "%s: must be the name of a class or an object with a \"class\"", what);
    else if (!(object = json_pack("{s:s}", "class", json_string_value(value))))
        visml_fail(err, VISML_ENOMEM, "%s: out of memory", what);
    return object;
}

/* The parts of a branch: what adds them, and what makes them. */
#define ADD_PART(name, type, from, add)                                                                                  \
    static visml_status name(visml_features *f, const char *what, const json_t *value, visml_error *err) {              \
        json_t *object = as_object(what, value, err);                                                                    \
        type *part = object ? from(f->context, object, err) : NULL;                                                      \
        json_decref(object);                                                                                             \
        return part ? add(f, part, err) : err ? err->code : VISML_EFORMAT;                                               \
    }
ADD_PART(read_extractor, visml_extractor, visml_extractor_from_object, visml_features_add)
ADD_PART(read_regions, visml_regions, visml_regions_from_object, visml_features_over)
ADD_PART(read_encode, visml_aggregator, visml_aggregator_from_object, visml_features_encode)
ADD_PART(read_pool, visml_aggregator, visml_aggregator_from_object, visml_features_pool)
ADD_PART(read_transform, visml_transform, visml_transform_from_object, visml_features_then)

typedef visml_status read_part(visml_features *f, const char *what, const json_t *value, visml_error *err);

static visml_status read_branch(visml_features *f, const char *what, const json_t *value, visml_error *err) {
    static const struct {
        const char *key;
        read_part *read;
    } parts[] = {{"over", read_regions}, {"encode", read_encode}, {"pool", read_pool}};
    VISML_TRY(read_extractor(f, what, value, err));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *part = json_object_get(value, parts[i].key);
        if (part)
            VISML_TRY(parts[i].read(f, parts[i].key, part, err));
    }
    return VISML_OK;
}

static visml_status read_list(visml_features *f, const char *what, const json_t *list, read_part *read, visml_error *err) {
    if (!json_is_array(list))
        return visml_fail(err, VISML_EFORMAT, "features: \"%s\" must be a list", what);
    for (size_t i = 0; i < json_array_size(list); i++) {
        visml_error why = {0};
        visml_status status = read(f, what, json_array_get(list, i), &why);
        if (status < 0)
            return visml_fail(err, status, "features: \"%s\", entry %zu: %.900s", what, i + 1, why.message);
    }
    return VISML_OK;
}

static visml_features *with_options(visml_context *ctx, const json_t *value, visml_error *err) {
    static const char *const known[] = {"extract", "then", NULL};
    visml_features_opts opts;
    if (json_is_array(value))
        return visml_features_new(ctx, NULL, err);
    if (visml_options_from_json("features", visml_features_fields, value, known, &opts, sizeof opts, err) < 0)
        return NULL;
    return visml_features_new(ctx, &opts, err);
}

visml_features *visml_features_from_object(visml_context *ctx, const json_t *value, visml_error *err) {
    if (!json_is_array(value) && !json_is_object(value)) {
        visml_fail(err, VISML_EFORMAT, "features: must be a list of extractors, [\"hog\", ...], or an object {\"extract\": [...]}");
        return NULL;
    }
    visml_features *f = with_options(ctx, value, err);
    const json_t *list = json_is_array(value) ? value : json_object_get(value, "extract"), *then = json_object_get(value, "then");
    if (f && read_list(f, "extract", list, read_branch, err) == VISML_OK &&
        (!then || read_list(f, "then", then, read_transform, err) == VISML_OK))
        return f;
    visml_features_free(f);
    return NULL;
}

visml_features *visml_features_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "features: %s is NULL", ctx ? "text" : "ctx");
        return NULL;
    }
    json_t *value = visml_json_parse("features", text, n, err);
    visml_features *f = value ? visml_features_from_object(ctx, value, err) : NULL;
    json_decref(value);
    return f;
}
