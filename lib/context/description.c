#include "context/description.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

visml_status visml_description_class(const visml_family *family, const json_t *object, size_t *index, visml_error *err) {
    const char *name;
    char names[600] = "";
    size_t used = 0, i;
    VISML_TRY(visml_json_string(family->what, object, "class", &name, err));
    for (i = 0; family->name(i) && strcmp(family->name(i), name) != 0; i++)
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", family->name(i));
    *index = i;
    if (family->name(i))
        return VISML_OK;
    return visml_fail(err, VISML_EFORMAT, "%s: \"class\" is \"%.64s\", must be one of %s", family->what, name, names);
}

void *visml_description_options(visml_context *ctx, const char *name, const visml_field *fields, const json_t *object,
                                const char *const *known, size_t size, visml_error *err) {
    void *opts = visml_mem_zalloc(&ctx->memory, 1, size, err);
    if (!opts || visml_options_from_json(name, fields, object, known, opts, size, err) == VISML_OK)
        return opts;
    visml_mem_free(&ctx->memory, opts);
    return NULL;
}

json_t *visml_description_new(const char *name, const visml_field *fields, const void *opts) {
    json_t *object = json_object();
    if (object && (json_object_set_new(object, "class", json_string(name)) < 0 || visml_options_to_json(fields, opts, object) < 0)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* ---- text ---- */

static int is_name(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_'))
            return 0;
    return n > 0;
}

json_t *visml_description_read(const visml_family *family, visml_context *ctx, const char *text, size_t n, visml_error *err) {
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "%s: %s is NULL", family->what, ctx ? "text" : "ctx");
        return NULL;
    }
    if (!is_name(text, n))
        return visml_json_parse(family->what, text, n, err);
    json_t *object = json_pack("{s:s%}", "class", text, n);
    if (!object)
        visml_fail(err, VISML_ENOMEM, "%s: out of memory", family->what);
    return object;
}

size_t visml_description_write(visml_context *ctx, json_t *object, char *text, size_t capacity) {
    visml_text t;
    size_t n = 0;
    char *json = ctx && object ? visml_json_text(&ctx->memory, object, &n, NULL) : NULL;
    json_decref(object);
    if (!json) {
        if (text && capacity)
            text[0] = '\0';
        return 0;
    }
    visml_text_init(&t, &ctx->memory);
    visml_text_add_bytes(&t, json, n);
    visml_mem_free(&ctx->memory, json);
    return visml_text_finish(&t, text, capacity);
}
