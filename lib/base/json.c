#include "base/json.h"

#include <locale.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* ---- reading ---- */

/* jansson reads reals through the host's locale, and aborts where the decimal point has several bytes (Pashto, Persian). So it reads in
 * "C", which is so for the calling thread alone, and until it is done. */
json_t *visml_json_parse(const char *what, const char *text, size_t n, visml_error *err) {
    json_error_t e;
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c) {
        visml_fail(err, VISML_ENOMEM, "%s: out of memory while reading JSON", what);
        return NULL;
    }
    locale_t host = uselocale(c);
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    uselocale(host);
    freelocale(c);
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

/* ---- writing ---- */

/* jansson writes reals with 17 digits and in the host's locale, so the text is made here. Strings are UTF-8, as jansson sees to. */
static void add_string(visml_text *t, const char *s, size_t n) {
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    size_t from = 0;
    visml_text_add_bytes(t, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        const char *p = memchr(plain, c, sizeof plain - 1);
        visml_text_add_bytes(t, s + from, i - from);
        from = i + 1;
        if (p)
            visml_text_add_bytes(t, (const char[]){'\\', letters[p - plain]}, 2);
        else
            visml_text_add(t, "\\u%04X", c);
    }
    visml_text_add_bytes(t, s + from, n - from);
    visml_text_add_bytes(t, "\"", 1);
}

/* A point or an exponent makes it a real when it is read: "7.0", "1e300", "1e-7". */
static void add_real(visml_text *t, double value) {
    visml_number number = visml_shortest(value);
    size_t n = strcspn(number.s, "e");
    visml_text_add_bytes(t, number.s, n);
    if (number.s[n]) /* "e+05", with a sign always */
        visml_text_add(t, "e%s%s", number.s[n + 1] == '-' ? "-" : "", number.s + n + 2 + strspn(number.s + n + 2, "0"));
    else if (!strchr(number.s, '.'))
        visml_text_add_bytes(t, ".0", 2);
}

static void add_value(visml_text *t, const json_t *value);

static void add_array(visml_text *t, const json_t *array) {
    visml_text_add_bytes(t, "[", 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i)
            visml_text_add_bytes(t, ",", 1);
        add_value(t, json_array_get(array, i));
    }
    visml_text_add_bytes(t, "]", 1);
}

static void add_object(visml_text *t, const json_t *object) {
    const char *key;
    json_t *value;
    int later = 0;
    visml_text_add_bytes(t, "{", 1);
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (later++)
            visml_text_add_bytes(t, ",", 1);
        add_string(t, key, strlen(key));
        visml_text_add_bytes(t, ":", 1);
        add_value(t, value);
    }
    visml_text_add_bytes(t, "}", 1);
}

static void add_value(visml_text *t, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(t, value);
        break;
    case JSON_ARRAY:
        add_array(t, value);
        break;
    case JSON_STRING:
        add_string(t, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        visml_text_add(t, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        add_real(t, json_real_value(value));
        break;
    default:
        visml_text_add(t, "%s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
    }
}

char *visml_json_text(visml_memory *m, const json_t *value, size_t *n, visml_error *err) {
    visml_text t;
    visml_text_init(&t, m);
    if (value)
        add_value(&t, value);
    if (!value || t.status < 0) {
        visml_text_free(&t);
        visml_fail(err, VISML_ENOMEM, "out of memory while writing JSON");
        return NULL;
    }
    *n = t.length;
    return t.data;
}
