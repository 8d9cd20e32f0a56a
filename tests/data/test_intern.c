#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "data/intern.h"

static void numbers_strings_by_first_appearance(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    visml_intern t;
    size_t id;
    static size_t rank[5000];
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    visml_intern_init(&t, &m);
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < 5000; i++) {
            char s[16];
            int n = snprintf(s, sizeof s, "%05zu", i * 37 % 5000);
            assert_ok(visml_intern_add(&t, s, (size_t)n, &id, &err), &err);
            assert_int_equal(id, i);
        }
    assert_ok(visml_intern_rank(&t, rank, &err), &err);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(rank[i], i * 37 % 5000);
    visml_intern_free(&t);
    assert_int_equal(visml_intern_add(&t, "abc", 2, &id, &err), VISML_OK); /* usable again; n bytes count, not the zero */
    assert_int_equal(visml_intern_add(&t, "ab", 2, &id, &err), VISML_OK);
    assert_int_equal(id, 0);
    assert_int_equal(visml_intern_add(&t, "", 0, &id, &err), VISML_OK);
    assert_int_equal(visml_intern_add(&t, "abc", 3, &id, &err), VISML_OK);
    assert_int_equal(id, 2);
    visml_intern_free(&t);
    assert_int_equal(m.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_strings_by_first_appearance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
