#include "support/support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
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

static void numbers_are_as_in_c(void) {
    assert_string_equal(visml_fixed(0.45129, 4).s, "0.4513");
    assert_string_equal(visml_scientific(0.000451296, 4).s, "4.5130e-04");
    assert_string_equal(visml_scientific(0, 4).s, "0.0000e+00");
    assert_string_equal(visml_scientific(-1, 0).s, "-1e+00");
    assert_string_equal(visml_scientific(NAN, 4).s, "nan");
    assert_string_equal(visml_fixed(-2, 0).s, "-2");
    assert_string_equal(visml_fixed(NAN, 2).s, "nan");
    assert_string_equal(visml_fixed(-INFINITY, 2).s, "-inf");
    assert_string_equal(visml_shortest(0.1).s, "0.1");
    assert_string_equal(visml_shortest_float(0.1f).s, "0.1");
    assert_string_equal(visml_shortest_float(1.0f / 3).s, "0.33333334");
    assert_string_equal(visml_shortest_float(16777216.0f).s, "16777216");
    assert_string_equal(visml_shortest_float(1e-45f).s, "1e-45");
    assert_string_equal(visml_shortest_float(-0.0f).s, "-0");
    assert_string_equal(visml_shortest(-1.0 / 3).s, "-0.3333333333333333");
    assert_string_equal(visml_shortest(1e300).s, "1e+300");
    assert_string_equal(visml_shortest(0x1p-44).s, "5.684341886080802e-14");
    assert_string_equal(visml_shortest(-0.0).s, "-0");
    assert_string_equal(visml_shortest(255).s, "255");
    assert_true(strlen(visml_fixed(DBL_MAX, 9).s) < sizeof(visml_number));
}

/* A comma, a point of two bytes, and none of both. */
static void numbers_are_the_same_in_every_locale(void **state) {
    (void)state;
    static const char *const locales[] = {"C", "de_DE", "ps_AF"};
    for (size_t i = 0; i < 3; i++) {
        if (test_locale(locales[i]))
            numbers_are_as_in_c();
        test_locale_end();
    }
}

/* CRC-32 of the digits of many numbers, without sign, point, zeros at either end and exponent, a space behind each; they read back. */
static uint32_t digits_of(uint32_t crc, double value) {
    char digits[48], *to = digits;
    visml_number n = visml_shortest(value);
    assert_true(strtod(n.s, NULL) == value);
    for (const char *p = n.s; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && (to > digits || *p != '0'))
            *to++ = *p;
    while (to > digits && to[-1] == '0')
        to--;
    *to++ = ' ';
    return visml_crc32(crc, digits, (size_t)(to - digits));
}

/* tests/golden/shortest.py takes the same numbers through Python's repr. */
static void shortest_has_the_fewest_digits(void **state) {
    (void)state;
    uint32_t crc = 0;
    for (int k = -1074; k < 1024; k++)
        crc = digits_of(crc, ldexp(1, k));
    assert_int_equal(crc, 0xA723DAD8);
    crc = 0;
    for (uint64_t k = 0; k < 10000; k++) {
        double value;
        memcpy(&value, &(uint64_t){k * 0x9E3779B97F4A7C15u}, sizeof value);
        if (isfinite(value))
            crc = digits_of(crc, value);
    }
    assert_int_equal(crc, 0xD10D1CC7);
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
        cmocka_unit_test(finish_obeys_its_contract),
        cmocka_unit_test(a_failed_text_is_empty),
        cmocka_unit_test(a_fixed_text_does_not_grow),
        cmocka_unit_test(numbers_are_the_same_in_every_locale),
        cmocka_unit_test(shortest_has_the_fewest_digits),
        cmocka_unit_test(utf8_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
