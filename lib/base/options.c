#include "base/options.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* ---- the size rule ---- */

visml_status visml_options_copy(const char *what, const void *user, void *ours, size_t size, visml_error *err) {
    uint32_t given = 0;
    if (user)
        memcpy(&given, user, sizeof given);
    if (user && given < sizeof given)
        return visml_fail(err, VISML_EINVAL, "%s: size of the options is %u, must be sizeof the struct (use VISML_OPTS)", what, given);
    for (size_t i = size; i < given; i++)
        if (((const unsigned char *)user)[i])
            return visml_fail(err, VISML_EINVAL, "%s: options of a newer library: byte %zu is set, this one knows %zu", what, i, size);
    memset(ours, 0, size);
    if (user)
        memcpy(ours, user, given < size ? given : size);
    memcpy(ours, &(uint32_t){(uint32_t)size}, sizeof(uint32_t));
    return VISML_OK;
}

/* ---- one element of a field as a real number ---- */

static size_t element_size(const visml_field *f) {
    switch (f->kind) {
    case VISML_FIELD_I64:
    case VISML_FIELD_U64:
    case VISML_FIELD_F64:
        return 8;
    case VISML_FIELD_NAME:
        return sizeof(const char *);
    default:
        return 4;
    }
}

static double get(const visml_field *f, const void *ours, size_t i) {
    const char *p = (const char *)ours + f->offset + i * element_size(f);
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    double f64;
    switch (f->kind) {
    case VISML_FIELD_I64:
        memcpy(&i64, p, 8);
        return (double)i64;
    case VISML_FIELD_U64:
        memcpy(&u64, p, 8);
        return (double)u64;
    case VISML_FIELD_F64:
        memcpy(&f64, p, 8);
        return f64;
    default:
        memcpy(&i32, p, 4);
        return (double)i32;
    }
}

static void put(const visml_field *f, void *ours, size_t i, double value) {
    char *p = (char *)ours + f->offset + i * element_size(f);
    switch (f->kind) {
    case VISML_FIELD_I64:
        memcpy(p, &(int64_t){(int64_t)value}, 8);
        break;
    case VISML_FIELD_U64:
        memcpy(p, &(uint64_t){(uint64_t)value}, 8);
        break;
    case VISML_FIELD_F64:
        memcpy(p, &value, 8);
        break;
    default:
        memcpy(p, &(int32_t){(int32_t)value}, 4);
    }
}

/* ---- ranges ---- */

static int32_t count_names(const visml_field *f) {
    int32_t n = 0;
    while (f->names[n])
        n++;
    return n;
}

/* "kernel_size" or "strides[1]". */
typedef struct label {
    char s[160];
} label;
static label label_of(const visml_field *f, size_t i) {
    label l;
    if (f->count > 1)
        snprintf(l.s, sizeof l.s, "%s[%zu]", f->name, i);
    else
        snprintf(l.s, sizeof l.s, "%s", f->name);
    return l;
}

/* "1 to 10", "at least 1", "0 to below 1". A bound of 2^31 - 1 and more is as good as none. */
static label range_of(const visml_field *f) {
    label l;
    const char *above = f->flags & VISML_FIELD_OPEN_MIN ? "above " : "", *below = f->flags & VISML_FIELD_OPEN_MAX ? "below " : "";
    if (f->min <= -FLT_MAX && f->max >= FLT_MAX)
        snprintf(l.s, sizeof l.s, "finite as float32");
    else if (f->max >= 2147483647.0)
        snprintf(l.s, sizeof l.s, "%s%s", *above ? "above " : "at least ", visml_shortest(f->min).s);
    else
        snprintf(l.s, sizeof l.s, "%s%s to %s%s", above, visml_shortest(f->min).s, below, visml_shortest(f->max).s);
    return l;
}

static int in_range(const visml_field *f, double v) {
    int above = f->flags & VISML_FIELD_OPEN_MIN ? v > f->min : v >= f->min;
    int below = f->flags & VISML_FIELD_OPEN_MAX ? v < f->max : v <= f->max;
    return above && below; /* false for NaN */
}

static visml_status check_enum(const char *what, const visml_field *f, double v, visml_error *err) {
    int32_t n = count_names(f);
    if (v >= 0 && v < n && *f->names[(int32_t)v])
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: %s is %s, must be one of the named constants, 0 to %d", what, f->name, visml_shortest(v).s,
                      n - 1);
}

static visml_status check_element(const char *what, const visml_field *f, size_t i, double v, visml_error *err) {
    if (f->kind == VISML_FIELD_ENUM)
        return check_enum(what, f, v, err);
    if (f->kind == VISML_FIELD_FLAG && v != 0 && v != 1)
        return visml_fail(err, VISML_EINVAL, "%s: %s is %s, must be 0 or 1", what, f->name, visml_shortest(v).s);
    if ((f->flags & VISML_FIELD_WHOLE) && in_range(f, v) && v != floor(v))
        return visml_fail(err, VISML_EINVAL, "%s: %s is %s, must be a whole number", what, label_of(f, i).s, visml_shortest(v).s);
    if (f->kind != VISML_FIELD_FLAG && !in_range(f, v))
        return visml_fail(err, VISML_EINVAL, "%s: %s is %s, must be %s", what, label_of(f, i).s, visml_shortest(v).s, range_of(f).s);
    return VISML_OK;
}

/* ---- reading ---- */

static visml_status read_reserved(const char *what, const visml_field *f, const void *ours, visml_error *err) {
    double v = get(f, ours, 0);
    if (v == 0)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: %s is %s, must be 0: it has no meaning in this version", what, f->name, visml_shortest(v).s);
}

static visml_status read_element(const char *what, const visml_field *f, void *ours, size_t i, visml_error *err) {
    double v = get(f, ours, i);
    if (v == 0) {
        if ((f->flags & VISML_FIELD_SPREAD) && i > 0) {
            put(f, ours, i, get(f, ours, i - 1));
            return VISML_OK;
        }
        if (f->flags & VISML_FIELD_REQUIRED)
            return visml_fail(err, VISML_EINVAL, "%s: %s is not set; it is required, %s", what, label_of(f, i).s, range_of(f).s);
        put(f, ours, i, f->fallback);
        return VISML_OK;
    }
    if (f->kind == VISML_FIELD_F64 && v == VISML_ZERO)
        put(f, ours, i, v = 0);
    return check_element(what, f, i, v, err);
}

static visml_status read_list(const char *what, const visml_field *f, void *ours, visml_error *err) {
    size_t i = 0;
    for (; i < f->count && get(f, ours, i) != 0; i++)
        VISML_TRY(check_element(what, f, i, get(f, ours, i), err));
    if (i == 0 && (f->flags & VISML_FIELD_REQUIRED))
        return visml_fail(err, VISML_EINVAL, "%s: %s is empty; at least one number is required", what, f->name);
    for (; i < f->count; i++)
        put(f, ours, i, 0);
    return VISML_OK;
}

static visml_status unset_range(const char *what, const visml_field *f, void *ours, visml_error *err) {
    if (f->flags & VISML_FIELD_REQUIRED)
        return visml_fail(err, VISML_EINVAL, "%s: %s is not set; it is required, %s", what, f->name, range_of(f).s);
    put(f, ours, 0, f->low);
    put(f, ours, 1, f->fallback);
    return VISML_OK;
}

/* The end that {x} alone leaves open. */
static double other_end(const visml_field *f, double x) {
    return f->flags & VISML_FIELD_MIRRORED ? 0 - x : f->flags & VISML_FIELD_TWICE ? x : 0;
}

static visml_status read_range(const char *what, const visml_field *f, void *ours, visml_error *err) {
    double end[2] = {get(f, ours, 0), get(f, ours, 1)};
    if (end[0] == 0 && end[1] == 0)
        return unset_range(what, f, ours, err);
    int alone = end[1] == 0;
    for (size_t i = 0; i < 2; i++) {
        if (end[i] == VISML_ZERO)
            end[i] = 0;
        else if (end[i] != 0)
            VISML_TRY(check_element(what, f, i, end[i], err));
    }
    if (alone)
        end[1] = other_end(f, end[0]);
    put(f, ours, 0, end[0] < end[1] ? end[0] : end[1]);
    put(f, ours, 1, end[0] < end[1] ? end[1] : end[0]);
    return VISML_OK;
}

visml_status visml_options_read(const char *what, const visml_field *fields, const void *user, void *ours, size_t size,
                                visml_error *err) {
    VISML_TRY(visml_options_copy(what, user, ours, size, err));
    for (const visml_field *f = fields; f->name; f++) {
        if (f->kind == VISML_FIELD_NAME)
            continue;
        if (f->kind == VISML_FIELD_RESERVED) {
            VISML_TRY(read_reserved(what, f, ours, err));
            continue;
        }
        if (f->flags & VISML_FIELD_LIST) {
            VISML_TRY(read_list(what, f, ours, err));
            continue;
        }
        if (f->flags & VISML_FIELD_RANGE) {
            VISML_TRY(read_range(what, f, ours, err));
            continue;
        }
        for (size_t i = 0; i < f->count; i++)
            VISML_TRY(read_element(what, f, ours, i, err));
    }
    return VISML_OK;
}

/* ---- to JSON ---- */

/* Names are written by those who own them; reserved fields are none of the options. */
static int is_written(const visml_field *f) {
    return f->kind != VISML_FIELD_NAME && f->kind != VISML_FIELD_RESERVED;
}

static json_t *element_to_json(const visml_field *f, const void *ours, size_t i) {
    double v = get(f, ours, i);
    uint64_t u;
    switch (f->kind) {
    case VISML_FIELD_F64:
        return json_real(v);
    case VISML_FIELD_FLAG:
        return json_boolean(v != 0);
    case VISML_FIELD_ENUM:
        return json_string(f->names[(int32_t)v]);
    case VISML_FIELD_U64: /* JSON numbers of jansson are signed: large seeds keep their bits */
    case VISML_FIELD_I64:
        memcpy(&u, (const char *)ours + f->offset + i * 8, 8);
        return json_integer((json_int_t)u);
    default:
        return json_integer((json_int_t)v);
    }
}

static int is_default(const visml_field *f, const void *ours) {
    for (size_t i = 0; i < f->count; i++)
        if (get(f, ours, i) != (f->flags & VISML_FIELD_RANGE && i == 0 ? f->low : f->fallback))
            return 0;
    return !(f->flags & VISML_FIELD_REQUIRED);
}

static json_t *field_to_json(const visml_field *f, const void *ours) {
    if (f->count == 1)
        return element_to_json(f, ours, 0);
    json_t *array = json_array();
    for (size_t i = 0; i < f->count; i++) {
        if ((f->flags & VISML_FIELD_LIST) && get(f, ours, i) == 0)
            break;
        if (json_array_append_new(array, element_to_json(f, ours, i)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

int visml_options_to_json(const visml_field *fields, const void *ours, json_t *object) {
    for (const visml_field *f = fields; f->name; f++)
        if (is_written(f) && !is_default(f, ours) && json_object_set_new(object, f->name, field_to_json(f, ours)) < 0)
            return -1;
    return 0;
}

/* ---- from JSON ---- */

static visml_status enum_from_json(const char *what, const visml_field *f, const json_t *v, void *user, visml_error *err) {
    char names[400] = "";
    size_t used = 0;
    const char *s = json_string_value(v);
    for (int32_t i = 0; f->names[i]; i++) {
        if (s && *f->names[i] && strcmp(s, f->names[i]) == 0) {
            put(f, user, 0, i);
            return VISML_OK;
        }
        if (*f->names[i] && used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->names[i]);
    }
    return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %s%s%s, must be one of %s", what, f->name, s ? "\"" : "", s ? s : "not a string",
                      s ? "\"" : "", names);
}

static visml_status number_from_json(const char *what, const visml_field *f, size_t i, const json_t *v, void *user, visml_error *err) {
    int whole = f->kind != VISML_FIELD_F64;
    if (whole ? !json_is_integer(v) : !json_is_number(v))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be a %s", what, label_of(f, i).s, whole ? "whole number" : "number");
    if (f->kind == VISML_FIELD_I64 || f->kind == VISML_FIELD_U64) {
        memcpy((char *)user + f->offset + i * 8, &(int64_t){json_integer_value(v)}, 8);
        return VISML_OK;
    }
    double x = json_number_value(v);
    if (whole && (x < -2147483648.0 || x > 2147483647.0))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is %s, must be %s", what, label_of(f, i).s, visml_shortest(x).s, range_of(f).s);
    /* A 0 that is written down is meant, even where 0 in the struct asks for the default. */
    int meant = x == 0 && ((f->flags & (VISML_FIELD_REQUIRED | VISML_FIELD_RANGE)) || f->fallback != 0);
    if (meant && whole)
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is 0, must be %s", what, label_of(f, i).s, range_of(f).s);
    put(f, user, i, meant ? VISML_ZERO : x);
    return VISML_OK;
}

static visml_status field_from_json(const char *what, const visml_field *f, const json_t *v, void *user, visml_error *err) {
    if (f->kind == VISML_FIELD_ENUM)
        return enum_from_json(what, f, v, user, err);
    if (f->kind == VISML_FIELD_FLAG) {
        if (!json_is_boolean(v))
            return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be true or false", what, f->name);
        put(f, user, 0, json_is_true(v));
        return VISML_OK;
    }
    if (f->count == 1 || ((f->flags & (VISML_FIELD_SPREAD | VISML_FIELD_RANGE)) && json_is_number(v)))
        return number_from_json(what, f, 0, v, user, err);
    size_t n = json_array_size(v);
    int fewer = f->flags & VISML_FIELD_LIST || (f->flags & VISML_FIELD_SPREAD && f->count > 2); /* a pair is one number or both */
    if (!json_is_array(v) || n == 0 || n > f->count || (!fewer && n != f->count))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be an array of %s%zu numbers", what, f->name, fewer ? "1 to " : "",
                          f->count);
    for (size_t i = 0; i < n; i++) {
        VISML_TRY(number_from_json(what, f, i, json_array_get(v, i), user, err));
        if ((f->flags & VISML_FIELD_LIST) && get(f, user, i) == 0)
            return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" is 0, must be %s", what, label_of(f, i).s, range_of(f).s);
    }
    return VISML_OK;
}

static visml_status name_from_json(const char *what, const visml_field *f, const json_t *v, void *user, visml_error *err) {
    if (!json_is_string(v))
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" must be a string", what, f->name);
    memcpy((char *)user + f->offset, &(const char *){json_string_value(v)}, sizeof(const char *));
    return VISML_OK;
}

static visml_status unknown_key(const char *what, const visml_field *fields, const char *key, visml_error *err) {
    char names[600] = "";
    size_t used = 0;
    for (const visml_field *f = fields; f->name && used < sizeof names; f++)
        if (f->kind != VISML_FIELD_RESERVED)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->name);
    return visml_fail(err, VISML_EFORMAT, "%s: unknown key \"%s\"; the options are %s", what, key, names);
}

static int is_known(const char *const *known, const char *key) {
    for (; known && *known; known++)
        if (strcmp(*known, key) == 0)
            return 1;
    return 0;
}

visml_status visml_options_from_json(const char *what, const visml_field *fields, const json_t *object, const char *const *known,
                                     void *user, size_t size, visml_error *err) {
    const char *key;
    json_t *v;
    if (!json_is_object(object))
        return visml_fail(err, VISML_EFORMAT, "%s: must be a JSON object", what);
    memset(user, 0, size);
    memcpy(user, &(uint32_t){(uint32_t)size}, sizeof(uint32_t));
    json_object_foreach((json_t *)object, key, v) {
        const visml_field *f = fields;
        while (f->name && (f->kind == VISML_FIELD_RESERVED || strcmp(f->name, key) != 0))
            f++;
        if (!f->name && !is_known(known, key))
            return unknown_key(what, fields, key, err);
        if (!f->name || json_is_null(v)) /* null asks for the default */
            continue;
        VISML_TRY(f->kind == VISML_FIELD_NAME ? name_from_json(what, f, v, user, err) : field_from_json(what, f, v, user, err));
    }
    return VISML_OK;
}
