#include "base/json.h"

#include "base/error.h"

json_t *visml_json_parse(const char *what, const char *text, size_t n, visml_error *err) {
    json_error_t e;
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!value) {
        if (json_error_code(&e) == json_error_out_of_memory)
            visml_fail(err, VISML_ENOMEM, "%s: out of memory while reading JSON", what);
        else
            visml_fail(err, VISML_EFORMAT, "%s: not valid JSON at line %d, column %d: %s", what, e.line, e.column, e.text);
    }
    return value;
}

static visml_status find(const char *what, const json_t *object, const char *key, const json_t **out, visml_error *err) {
    if (!json_is_object(object))
        return visml_fail(err, VISML_EFORMAT, "%s: must be a JSON object with the key \"%s\"", what, key);
    *out = json_object_get(object, key);
    if (!*out)
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is missing", what, key);
    return VISML_OK;
}

visml_status visml_json_string(const char *what, const json_t *object, const char *key, const char **out, visml_error *err) {
    const json_t *v;
    VISML_TRY(find(what, object, key, &v, err));
    if (!json_is_string(v))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be a string", what, key);
    *out = json_string_value(v);
    return VISML_OK;
}

visml_status visml_json_int(const char *what, const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out,
                            visml_error *err) {
    const json_t *v;
    VISML_TRY(find(what, object, key, &v, err));
    if (!json_is_integer(v))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be a whole number", what, key);
    int64_t x = json_integer_value(v);
    if (x < min || x > max)
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %lld, must be %lld to %lld", what, key, (long long)x, (long long)min,
                          (long long)max);
    *out = x;
    return VISML_OK;
}

visml_status visml_json_real(const char *what, const json_t *object, const char *key, double *out, visml_error *err) {
    const json_t *v;
    VISML_TRY(find(what, object, key, &v, err));
    if (!json_is_number(v))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be a number", what, key);
    *out = json_number_value(v);
    return VISML_OK;
}

visml_status visml_json_array(const char *what, const json_t *object, const char *key, const json_t **out, visml_error *err) {
    VISML_TRY(find(what, object, key, out, err));
    if (!json_is_array(*out))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be an array", what, key);
    return VISML_OK;
}

visml_status visml_json_object(const char *what, const json_t *object, const char *key, const json_t **out, visml_error *err) {
    VISML_TRY(find(what, object, key, out, err));
    if (!json_is_object(*out))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be an object", what, key);
    return VISML_OK;
}

char *visml_json_text(visml_memory *m, const json_t *value, size_t *n, visml_error *err) {
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t need = json_dumpb(value, NULL, 0, flags);
    if (!need) {
        visml_fail(err, VISML_ENOMEM, "out of memory while writing JSON");
        return NULL;
    }
    char *text = visml_mem_alloc(m, need + 1, err);
    if (!text)
        return NULL;
    if (json_dumpb(value, text, need, flags) != need) {
        visml_mem_free(m, text);
        visml_fail(err, VISML_ENOMEM, "out of memory while writing JSON");
        return NULL;
    }
    text[need] = '\0';
    *n = need;
    return text;
}
