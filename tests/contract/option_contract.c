#include "contract/option_contract.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes ---- */

/* The valid options as a block of `size` bytes, zeros behind. Caller frees. */
static unsigned char *valid_copy(const test_options *t, size_t room) {
    unsigned char *o = calloc(1, room);
    if (t->valid)
        memcpy(o, t->valid, t->size);
    memcpy(o, &(uint32_t){(uint32_t)t->size}, 4);
    return o;
}

static size_t name_offset(const test_options *t) {
    for (const visml_field *f = t->fields; f->name; f++)
        if (f->kind == VISML_FIELD_NAME)
            return f->offset;
    return t->size;
}

/* Both made with the same options, or both refused with the same words. */
static void same(const test_options *t, const void *a, const void *b) {
    visml_error one = {0}, two = {0};
    void *x = t->make(t, t->context, a, &one), *y = t->make(t, t->context, b, &two);
    assert_int_equal(!x, !y);
    if (!x)
        assert_string_equal(one.message, two.message);
    else
        assert_memory_equal(t->options(x), t->options(y), name_offset(t));
    t->free(x);
    t->free(y);
}

static void shorter(const test_options *t) {
    for (size_t n = 4; n < t->size; n += 4) {
        unsigned char *whole = valid_copy(t, t->size);
        memset(whole + n, 0, t->size - n);
        void *cut = test_guarded(n); /* a read past its end is a crash */
        memcpy(cut, whole, n);
        memcpy(cut, &(uint32_t){(uint32_t)n}, 4);
        same(t, cut, whole);
        test_guarded_free(cut, n);
        free(whole);
    }
}

static void longer(const test_options *t) {
    visml_error err = {0};
    char byte[32];
    unsigned char *o = valid_copy(t, t->size + 16);
    memcpy(o, &(uint32_t){(uint32_t)t->size + 16}, 4);
    void *made = t->make(t, t->context, o, &err);
    assert_made(made, &err);
    t->free(made);
    o[t->size + 7] = 1;
    assert_null(t->make(t, t->context, o, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    snprintf(byte, sizeof byte, "byte %zu is set", t->size + 7);
    assert_non_null(strstr(err.message, byte));
    assert_int_equal(strncmp(err.message, t->name, strlen(t->name)), 0);
    free(o);
}

static void none(const test_options *t) {
    visml_error err = {0};
    unsigned char *o = calloc(1, t->size);
    memcpy(o, &(uint32_t){(uint32_t)t->size}, 4);
    same(t, NULL, o);
    memset(o, 0, 4); /* a size of 0 is none at all */
    assert_null(t->make(t, t->context, o, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(t->make(t, NULL, t->valid, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_non_null(strstr(err.message, "ctx is NULL"));
    assert_null(t->make(t, NULL, t->valid, NULL));
    free(o);
}

void test_options_sizes(const test_options *t) {
    none(t);
    shorter(t);
    longer(t);
}

/* ---- ranges ---- */

static void put(const visml_field *f, unsigned char *o, size_t i, double v) {
    if (f->kind == VISML_FIELD_F64)
        memcpy(o + f->offset + 8 * i, &v, 8);
    else if (f->kind == VISML_FIELD_I64)
        memcpy(o + f->offset + 8 * i, &(int64_t){(int64_t)v}, 8);
    else if (f->kind == VISML_FIELD_U64)
        memcpy(o + f->offset + 8 * i, &(uint64_t){(uint64_t)v}, 8);
    else
        memcpy(o + f->offset + 4 * i, &(int32_t){(int32_t)v}, 4);
}

static void put_all(const test_options *t, const char *name, unsigned char *o, double v) {
    for (const visml_field *f = t->fields; f->name; f++)
        for (size_t i = 0; i < f->count && strcmp(f->name, name) == 0; i++)
            put(f, o, i, v);
}

/* conv2d's filters must be a multiple of its groups; conv2d_transpose's output_padding must be less than its strides. */
static void keep_company(const test_options *t, const visml_field *f, unsigned char *o, double v) {
    if (strcmp(f->name, "groups") == 0)
        put_all(t, "filters", o, v);
    if (strcmp(f->name, "output_padding") == 0)
        put_all(t, "strides", o, v + 1);
}

static void try_value(const test_options *t, const visml_field *f, size_t i, double v, int fine) {
    visml_error err = {0};
    unsigned char *o = valid_copy(t, t->size);
    put(f, o, i, v);
    if (fine)
        keep_company(t, f, o, v);
    void *made = t->make(t, t->context, o, &err);
    if (!made != !fine)
        fail_msg("%s: %s[%zu] = %g is %s: %s", t->name, f->name, i, v, made ? "taken" : "refused", err.message);
    if (!made) {
        assert_int_equal(err.code, VISML_EINVAL);
        assert_int_equal(strncmp(err.message, t->name, strlen(t->name)), 0);
        assert_non_null(strstr(err.message, f->name));
    }
    t->free(made);
    free(o);
}

static void try_enum(const test_options *t, const visml_field *f) {
    int32_t n = 0;
    for (; f->names[n]; n++)
        try_value(t, f, 0, n, n == 0 || *f->names[n]); /* 0 asks for the default, also where it has no name */
    try_value(t, f, 0, n, 0);
    try_value(t, f, 0, -1, 0);
    try_value(t, f, 0, INT32_MAX, 0);
}

static void try_real(const test_options *t, const visml_field *f) {
    double lowest = f->min == 0 ? VISML_ZERO : f->min;
    try_value(t, f, 0, lowest, !(f->flags & VISML_FIELD_OPEN_MIN));
    try_value(t, f, 0, f->max, !(f->flags & VISML_FIELD_OPEN_MAX));
    try_value(t, f, 0, nextafter(f->min, -INFINITY), 0);
    try_value(t, f, 0, nextafter(f->max, INFINITY), 0);
    try_value(t, f, 0, fmax(f->min + 1e-3, nextafter(f->min, INFINITY)), !(f->flags & VISML_FIELD_WHOLE));
    try_value(t, f, 0, fmin(f->max - 1e-3, nextafter(f->max, -INFINITY)), !(f->flags & VISML_FIELD_WHOLE));
    try_value(t, f, 0, NAN, 0);
    try_value(t, f, 0, INFINITY, 0);
    try_value(t, f, 0, -INFINITY, 0);
}

static void try_whole(const test_options *t, const visml_field *f, size_t i) {
    double most = f->kind == VISML_FIELD_I32 ? INT32_MAX : 9e18;
    try_value(t, f, i, f->min, 1);
    try_value(t, f, i, f->max, 1);
    try_value(t, f, i, f->min - 1 == 0 ? -1 : f->min - 1, 0);
    if (f->max < most)
        try_value(t, f, i, f->kind == VISML_FIELD_I64 ? f->max * 2 : f->max + 1, 0);
}

void test_options_ranges(const test_options *t) {
    for (const visml_field *f = t->fields; f->name; f++)
        switch (f->kind) {
        case VISML_FIELD_ENUM:
            try_enum(t, f);
            break;
        case VISML_FIELD_FLAG:
            try_value(t, f, 0, 1, 1);
            try_value(t, f, 0, 2, 0);
            try_value(t, f, 0, -1, 0);
            break;
        case VISML_FIELD_F64:
            try_real(t, f);
            break;
        case VISML_FIELD_I32:
        case VISML_FIELD_I64:
            for (size_t i = 0; i < (f->flags & VISML_FIELD_LIST ? 1 : f->count); i++)
                try_whole(t, f, i);
            break;
        case VISML_FIELD_U64: /* no number is out of range */
            try_value(t, f, 0, 9e18, 1);
            break;
        case VISML_FIELD_NAME:
            break;
        case VISML_FIELD_RESERVED:
            try_value(t, f, 0, 0, 1);
            try_value(t, f, 0, 1, 0);
            try_value(t, f, 0, INT32_MIN, 0);
            break;
        }
}

/* ---- allocations ---- */

void test_options_allocations(const test_options *t) {
    visml_error err = {0};
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    int64_t before = a.live;
    for (int64_t n = 1;; n++) {
        memset(&err, 0, sizeof err);
        a.countdown = n;
        void *made = t->make(t, ctx, t->valid, &err);
        if (made) {
            assert_true(n > 1);
            t->free(made);
            break;
        }
        assert_int_equal(err.code, VISML_ENOMEM);
        assert_true(*err.message != '\0');
        assert_int_equal(a.live, before);
    }
    a.countdown = -1;
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

/* ---- jansson's allocations: it has one allocator for the whole process ---- */

static int64_t json_countdown, json_live;

static void *json_malloc(size_t n) {
    void *p = json_countdown > 0 && --json_countdown == 0 ? NULL : malloc(n);
    json_live += p != NULL;
    return p;
}

static void json_free(void *p) {
    json_live -= p != NULL;
    free(p);
}

void test_json_allocations(test_to_json *to_json, const void *object) {
    json_t *made = NULL;
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(json_malloc, json_free);
    for (int64_t n = 1; !made; n++) {
        json_live = 0;
        json_countdown = n;
        made = to_json(object);
        json_countdown = 0;
        json_decref(made);
        assert_int_equal(json_live, 0);
    }
    json_set_alloc_funcs(old_malloc, old_free);
}
