/* Class names and free text, saved with a model. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/model.h"

/* ---- classes ---- */

static void free_names(visml_memory *memory, char **names, size_t n) {
    for (size_t i = 0; i < n; i++)
        visml_mem_free(memory, names[i]);
    visml_mem_free(memory, names);
}

static visml_status check_text(const char *what, size_t i, const char *text, visml_error *err) {
    if (!text)
        return visml_fail(err, VISML_EINVAL, "%s[%zu] is NULL, must be a string", what, i);
    if (!visml_utf8_valid(text, strlen(text)))
        return visml_fail(err, VISML_EINVAL, "%s[%zu] is not valid UTF-8", what, i);
    return VISML_OK;
}

static visml_status copy_names(visml_memory *memory, const char *const *names, size_t n, char **copy, visml_error *err) {
    for (size_t i = 0; i < n; i++) {
        VISML_TRY(check_text("set_classes: names", i, names[i], err));
        copy[i] = visml_mem_strdup(memory, names[i], err);
        if (!copy[i])
            return VISML_ENOMEM;
    }
    return VISML_OK;
}

visml_status visml_model_set_classes(visml_model *m, const char *const *names, size_t n, visml_error *err) {
    char **copy = NULL;
    if (!m)
        return visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    if (n && !names)
        return visml_fail(err, VISML_EINVAL, "set_classes: names is NULL, must hold %zu names", n);
    visml_memory *memory = &m->context->memory;
    if (n) {
        copy = visml_mem_zalloc(memory, n, sizeof *copy, err);
        if (!copy)
            return VISML_ENOMEM;
        visml_status status = copy_names(memory, names, n, copy, err);
        if (status < 0) {
            free_names(memory, copy, n);
            return status;
        }
    }
    free_names(memory, m->classes, m->class_count);
    m->classes = copy;
    m->class_count = n;
    return VISML_OK;
}

size_t visml_model_class_count(const visml_model *m) {
    return m ? m->class_count : 0;
}

const char *visml_model_class_name(const visml_model *m, size_t i) {
    return m && i < m->class_count ? m->classes[i] : NULL;
}

/* ---- attributes ---- */

static visml_status check_key(const char *key, visml_error *err) {
    if (!key || !*key)
        return visml_fail(err, VISML_EINVAL, "set_attribute: key is %s, must be a string", key ? "empty" : "NULL");
    if (!visml_utf8_valid(key, strlen(key)))
        return visml_fail(err, VISML_EINVAL, "set_attribute: key is not valid UTF-8");
    if (strncmp(key, "visml.", 6) == 0)
        return visml_fail(err, VISML_EINVAL, "set_attribute: key is \"%.64s\"; keys that start with \"visml.\" are the library's", key);
    return VISML_OK;
}

visml_status visml_model_set_attribute(visml_model *m, const char *key, const char *value, visml_error *err) {
    if (!m)
        return visml_fail(err, VISML_EINVAL, "model is NULL, must be a model");
    VISML_TRY(check_key(key, err));
    if (!value) {
        json_object_del(m->attributes, key); /* one that is not there is as good as removed */
        return VISML_OK;
    }
    if (!visml_utf8_valid(value, strlen(value)))
        return visml_fail(err, VISML_EINVAL, "set_attribute: the value of \"%.64s\" is not valid UTF-8", key);
    if (json_object_set_new(m->attributes, key, json_string(value)) < 0)
        return visml_fail(err, VISML_ENOMEM, "set_attribute: out of memory");
    return VISML_OK;
}

const char *visml_model_attribute(const visml_model *m, const char *key) {
    return m && key ? json_string_value(json_object_get(m->attributes, key)) : NULL;
}
