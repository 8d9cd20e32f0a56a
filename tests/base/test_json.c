#include "support/support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static visml_memory memory;

static int setup(void **state) {
    (void)state;
    return visml_memory_init(&memory, NULL, 0, NULL);
}

/* ---- reading ---- */

static json_t *parse(const char *text) {
    visml_error err = {0};
    return assert_made(visml_json_parse("x", text, strlen(text), &err), &err);
}

static void refused(const char *text, size_t n, const char *message) {
    visml_error err = {0};
    assert_null(visml_json_parse("run.json", text, n, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, message);
    assert_null(visml_json_parse("run.json", text, n, NULL));
}

static void errors_name_the_place(void **state) {
    (void)state;
    char deep[5000];
    memset(deep, '[', sizeof deep);
    refused("{\"a\": 1,\n \"b\" 2}", 16, "run.json: not valid JSON at line 2, column");
    refused("", 0, "run.json: not valid JSON at line 1");
    refused("{\"a\":1,\"a\":2}", 13, "duplicate");
    refused(deep, sizeof deep, "depth");
    refused("[\"a\\u0000\"]", 11, "");
    refused("[\"\xFF\"]", 5, "0xff");
    refused("[1] 2", 5, "end of file");
    refused("[1e999]", 7, "");
}

static void values_are_taken_by_key_and_type(void **state) {
    (void)state;
    visml_error err = {0};
    int64_t i;
    double d;
    const char *s;
    const json_t *v;
    json_t *o = parse("{\"i\":5,\"d\":2.5,\"s\":\"t\",\"a\":[1,2],\"o\":{\"k\":1}}");
    assert_ok(visml_json_int("x", o, "i", 0, 9, &i, &err), &err);
    assert_int_equal(i, 5);
    assert_ok(visml_json_real("x", o, "d", &d, &err), &err);
    assert_true(d == 2.5);
    assert_ok(visml_json_real("x", o, "i", &d, &err), &err);
    assert_true(d == 5);
    assert_ok(visml_json_string("x", o, "s", &s, &err), &err);
    assert_string_equal(s, "t");
    assert_ok(visml_json_array("x", o, "a", &v, &err), &err);
    assert_int_equal(json_array_size(v), 2);
    assert_ok(visml_json_object("x", o, "o", &v, &err), &err);
    assert_int_equal(json_object_size(v), 1);
    json_decref(o);
}

static void says(visml_status got, const visml_error *err, const char *message) {
    assert_int_equal(got, VISML_EFORMAT);
    assert_int_equal(err->code, VISML_EFORMAT);
    assert_string_equal(err->message, message);
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    visml_error err = {0};
    int64_t i = 7;
    double d = 7;
    const char *s;
    const json_t *v;
    json_t *o = parse("{\"i\":5,\"d\":2.5,\"s\":\"t\",\"a\":[1,2],\"o\":{\"k\":1},\"n\":null}");
    says(visml_json_int("x", o, "i", 6, 9, &i, &err), &err, "x: \"i\" is 5, must be 6 to 9");
    says(visml_json_int("x", o, "i", -9, 4, &i, &err), &err, "x: \"i\" is 5, must be -9 to 4");
    says(visml_json_int("x", o, "d", 0, 9, &i, &err), &err, "x: \"d\" must be a whole number");
    says(visml_json_real("x", o, "s", &d, &err), &err, "x: \"s\" must be a number");
    says(visml_json_real("x", o, "n", &d, &err), &err, "x: \"n\" must be a number");
    says(visml_json_string("x", o, "i", &s, &err), &err, "x: \"i\" must be a string");
    says(visml_json_array("x", o, "o", &v, &err), &err, "x: \"o\" must be an array");
    says(visml_json_object("x", o, "a", &v, &err), &err, "x: \"a\" must be an object");
    says(visml_json_string("x", o, "q", &s, &err), &err, "x: \"q\" is missing");
    says(visml_json_object("x", json_object_get(o, "a"), "k", &v, &err), &err, "x: must be a JSON object with the key \"k\"");
    assert_int_equal(visml_json_int("x", o, "q", 0, 9, &i, NULL), VISML_EFORMAT);
    assert_true(i == 7 && d == 7); /* as before */
    json_decref(o);
}

/* ---- writing ---- */

/* The text of a value, which is not longer than it says; memory of malloc. */
static char *text_of(const json_t *value) {
    visml_error err = {0};
    size_t n;
    char *text = assert_made(visml_json_text(&memory, value, &n, &err), &err), *copy = strdup(text);
    assert_int_equal(strlen(text), n);
    visml_mem_free(&memory, text);
    return copy;
}

/* All but reals is written as jansson writes it. */
static void text_is_jansson_s(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}", "[]", "0", "null", "true", "false", "\"\"", "-9223372036854775808", "9223372036854775807",
        "{\"z\":1,\"a\":[true,false,null,[],{},[[1,-2]]],\"\":\"\"}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"", "{\"k\\n\\\"\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x88\"}", "\"a\\u0007\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *value = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        char *want = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY), *got = text_of(value);
        assert_string_equal(got, want);
        free(got);
        free(want);
        json_decref(value);
    }
    json_t *zero = json_stringn("a\0b", 3); /* which nothing reads back */
    char *got = text_of(zero);
    assert_string_equal(got, "\"a\\u0000b\"");
    free(got);
    json_decref(zero);
}

static void real_is(double value, const char *want) {
    json_t *real = json_real(value);
    char *got = text_of(real);
    assert_string_equal(got, want);
    json_t *back = json_loads(got, JSON_DECODE_ANY, NULL);
    assert_true(json_is_real(back)); /* not a whole number */
    assert_memory_equal(&(double){json_real_value(back)}, &value, sizeof value);
    json_decref(back);
    json_decref(real);
    free(got);
}

static void reals_have_the_fewest_digits(void **state) {
    (void)state;
    real_is(0.1, "0.1");
    real_is(0.3, "0.3");
    real_is(0.1 + 0.2, "0.30000000000000004");
    real_is(1.0 / 255, "0.00392156862745098");
    real_is(-1.0 / 3, "-0.3333333333333333");
    real_is(7, "7.0");
    real_is(0, "0.0");
    real_is(-0.0, "-0.0");
    real_is(1e-7, "1e-7");
    real_is(-2.5e-10, "-2.5e-10");
    real_is(1e15, "1e15");
    real_is(123456789012345.0, "123456789012345.0");
    real_is(1e300, "1e300");
    real_is(DBL_MAX, "1.7976931348623157e308");
    real_is(DBL_MIN, "2.2250738585072014e-308");
    real_is(5e-324, "5e-324");
    real_is(VISML_ZERO, "1.1754943508222875e-38");
}

static void text_is_the_same_in_every_locale(void **state) {
    (void)state;
    static const char want[] = "{\"a\":0.1,\"b\":[1.5e-9,7.0]}";
    json_t *value = parse(want);
    if (test_locale("ps_AF")) { /* where the decimal point has two bytes; jansson itself would abort */
        char *got = text_of(value);
        json_t *back = parse(got);
        assert_string_equal(got, want);
        assert_true(json_equal(back, value));
        assert_string_not_equal(localeconv()->decimal_point, "."); /* still the host's */
        json_decref(back);
        free(got);
    }
    test_locale_end();
    json_decref(value);
}

static void text_may_run_out_of_memory(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    size_t n;
    json_t *array = json_array();
    for (int i = 0; i < 1000; i++)
        json_array_append_new(array, json_pack("{s:f, s:s}", "real", i / 7.0, "text", "\n"));
    for (int64_t k = 1, done = 0; !done; k++) {
        visml_error err = {0};
        test_allocator_init(&a);
        assert_int_equal(visml_memory_init(&m, &a.table, 0, NULL), VISML_OK);
        a.countdown = k;
        char *text = visml_json_text(&m, array, &n, k & 1 ? &err : NULL);
        done = text != NULL;
        assert_true(done || !(k & 1) || err.code == VISML_ENOMEM);
        visml_mem_free(&m, text);
        assert_int_equal(a.live, 0);
        assert_true(k > 1 || !done);
    }
    assert_null(visml_json_text(&memory, NULL, &n, NULL)); /* what jansson gives when it has no memory */
    json_decref(array);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(values_are_taken_by_key_and_type),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(text_is_jansson_s),
        cmocka_unit_test(reals_have_the_fewest_digits),
        cmocka_unit_test(text_is_the_same_in_every_locale),
        cmocka_unit_test(text_may_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
