#include "support/support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/cpu.h"
#include "base/json.h"
#include "base/text.h"

static void finish_obeys_its_contract(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_text t;
    char out[8];
    test_allocator_init(&a);
    assert_int_equal(visml_memory_init(&m, &a.table, 0, NULL), VISML_OK);
    visml_text_init(&t, &m);
    visml_text_add(&t, "%s-%d", "ab", 12);
    visml_text_fill(&t, 'x', 3);
    visml_text_add_bytes(&t, "\xE2\x82\xAC", 3); /* one character */
    assert_int_equal(visml_text_finish(&t, NULL, 0), 11);
    visml_text_init(&t, &m);
    visml_text_add_bytes(&t, "abcde\xE2\x82\xAC!", 9);
    assert_int_equal(visml_text_finish(&t, out, 8), 9);
    assert_string_equal(out, "abcde"); /* not half a character */
    visml_text_init(&t, &m);
    assert_int_equal(visml_text_finish(&t, out, 8), 0);
    assert_string_equal(out, "");
    assert_int_equal(a.live, 0);
}

static void a_failed_text_is_empty(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_text t;
    char out[8] = "zz";
    test_allocator_init(&a);
    assert_int_equal(visml_memory_init(&m, &a.table, 0, NULL), VISML_OK);
    a.countdown = 2;
    visml_text_init(&t, &m);
    for (int i = 0; i < 100; i++)
        visml_text_add(&t, "0123456789");
    assert_int_equal(t.status, VISML_ENOMEM);
    assert_int_equal(visml_text_finish(&t, out, 8), 0);
    assert_string_equal(out, "");
    assert_int_equal(a.live, 0);
}

static void a_fixed_text_does_not_grow(void **state) {
    (void)state;
    char buffer[8], out[16];
    visml_text t;
    visml_text_init_fixed(&t, buffer, sizeof buffer);
    visml_text_add(&t, "abc");
    visml_text_fill(&t, '-', 4);
    assert_int_equal(t.status, VISML_OK);
    assert_int_equal(visml_text_finish(&t, out, sizeof out), 7);
    assert_string_equal(out, "abc----");
    visml_text_init_fixed(&t, buffer, sizeof buffer);
    visml_text_add(&t, "abcdefgh");
    assert_int_equal(t.status, VISML_ENOMEM);
    assert_int_equal(visml_text_finish(&t, out, sizeof out), 0);
    assert_string_equal(out, "");
}

static void numbers_are_the_same_in_every_locale(void **state) {
    (void)state;
    static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    for (size_t i = 0; i < 4; i++) {
        setlocale(LC_ALL, locales[i]); /* where it is not installed, the one before stays */
        assert_string_equal(visml_fixed(0.45129, 4).s, "0.4513");
        assert_string_equal(visml_scientific(0.000451296, 4).s, "4.5130e-04");
        assert_string_equal(visml_scientific(0, 4).s, "0.0000e+00");
        assert_string_equal(visml_scientific(-1, 0).s, "-1e+00");
        assert_string_equal(visml_scientific(NAN, 4).s, "nan");
        assert_string_equal(visml_fixed(-2, 0).s, "-2");
        assert_string_equal(visml_fixed(NAN, 2).s, "nan");
        assert_string_equal(visml_fixed(-INFINITY, 2).s, "-inf");
        assert_string_equal(visml_shortest(0.1).s, "0.1");
        assert_string_equal(visml_shortest(1.0 / 3).s, "0.3333333333333333");
        assert_string_equal(visml_shortest(1e300).s, "1e+300");
        assert_string_equal(visml_shortest(-0.0).s, "-0");
        assert_string_equal(visml_shortest(255).s, "255");
        assert_true(strlen(visml_fixed(DBL_MAX, 9).s) < sizeof(visml_number));
    }
    setlocale(LC_ALL, "C");
}

static void crc_gives_the_known_answers(void **state) {
    (void)state;
    assert_int_equal(visml_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(visml_crc32(0, "", 0), 0);
    char bytes[300];
    for (int i = 0; i < 300; i++)
        bytes[i] = (char)(i * 7);
    uint32_t whole = visml_crc32(0, bytes, 300);
    for (size_t cut = 0; cut <= 300; cut++)
        assert_int_equal(visml_crc32(visml_crc32(0, bytes, cut), bytes + cut, 300 - cut), whole);
}

static void json_errors_name_the_place(void **state) {
    (void)state;
    visml_error err = {0};
    int64_t i;
    double d;
    const char *s;
    const json_t *v;
    assert_null(visml_json_parse("run.json", "{\"a\": 1,\n \"b\" 2}", 16, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_non_null(strstr(err.message, "run.json: not valid JSON at line 2, column"));
    assert_null(visml_json_parse("x", "{\"a\":1,\"a\":2}", 13, &err));
    char deep[5000];
    memset(deep, '[', sizeof deep);
    assert_null(visml_json_parse("x", deep, sizeof deep, &err));
    assert_null(visml_json_parse("x", "[\"a\\u0000\"]", 11, &err));
    json_t *o = visml_json_parse("x", "{\"i\":5,\"d\":2.5,\"s\":\"t\"}", 23, &err);
    assert_non_null(o);
    assert_int_equal(visml_json_int("x", o, "i", 0, 9, &i, &err), VISML_OK);
    assert_int_equal(i, 5);
    assert_int_equal(visml_json_real("x", o, "i", &d, &err), VISML_OK);
    assert_int_equal(visml_json_string("x", o, "s", &s, &err), VISML_OK);
    assert_string_equal(s, "t");
    assert_int_equal(visml_json_int("x", o, "i", 6, 9, &i, &err), VISML_EFORMAT);
    assert_string_equal(err.message, "x: \"i\" is 5, must be 6 to 9");
    assert_int_equal(visml_json_int("x", o, "d", 0, 9, &i, &err), VISML_EFORMAT);
    assert_int_equal(visml_json_string("x", o, "q", &s, &err), VISML_EFORMAT);
    assert_string_equal(err.message, "x: \"q\" is missing");
    assert_int_equal(visml_json_array("x", o, "i", &v, &err), VISML_EFORMAT);
    assert_int_equal(visml_json_object("x", o, "i", &v, &err), VISML_EFORMAT);
    json_decref(o);
}

static void the_machine_has_a_cpu(void **state) {
    (void)state;
    assert_in_range(visml_cpu_count(), 1, 1 << 20);
}

static int valid(const char *s) {
    return visml_utf8_valid(s, strlen(s));
}

static void utf8_is_checked(void **state) {
    (void)state;
    assert_true(valid("") && valid("abc") && valid("\xC3\xA4") && valid("\xE2\x82\xAC") && valid("\xF4\x8F\xBF\xBF"));
    assert_true(visml_utf8_valid("a\0b", 3));
    assert_false(valid("\x80") || valid("\xC3") || valid("\xC3z") || valid("\xFFz")); /* alone, cut, not followed, never */
    assert_false(valid("\xC0\x80") || valid("\xE0\x80\xAF") || valid("\xF0\x80\x80\xAF")); /* overlong */
    assert_false(valid("\xED\xA0\x80") || valid("\xF4\x90\x80\x80"));                   /* surrogate, past the end */
    assert_false(visml_utf8_valid("\xE2\x82\xAC", 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finish_obeys_its_contract),            cmocka_unit_test(a_failed_text_is_empty),
        cmocka_unit_test(a_fixed_text_does_not_grow),
        cmocka_unit_test(numbers_are_the_same_in_every_locale), cmocka_unit_test(crc_gives_the_known_answers),
        cmocka_unit_test(json_errors_name_the_place),           cmocka_unit_test(the_machine_has_a_cpu),
        cmocka_unit_test(utf8_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
