#include "support/support.h"

#include <string.h>

#include "base/error.h"

static void writes_code_and_message(void **state) {
    (void)state;
    visml_error err = {0};
    assert_int_equal(visml_fail(&err, VISML_EINVAL, "units is %d", -3), VISML_EINVAL);
    assert_int_equal(err.code, VISML_EINVAL);
    assert_int_equal(err.size, sizeof err);
    assert_string_equal(err.message, "units is -3");
    assert_int_equal(visml_fail(NULL, VISML_EIO, "x"), VISML_EIO);
}

static void puts_the_place_in_front(void **state) {
    (void)state;
    visml_error err = {0};
    visml_fail(&err, VISML_EINVAL, "kernel 5x5 does not fit");
    assert_int_equal(visml_fail_in(&err, err.code, "layer %d (%s)", 3, "conv2d"), VISML_EINVAL);
    assert_string_equal(err.message, "layer 3 (conv2d): kernel 5x5 does not fit");
    assert_int_equal(visml_fail_in(NULL, VISML_EIO, "x"), VISML_EIO);
}

static void cuts_at_a_whole_character(void **state) {
    (void)state;
    visml_error err = {0};
    char text[1200];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4); /* the euro sign */
        visml_fail(&err, VISML_EIO, "%s", text);
        size_t n = strlen(err.message);
        assert_in_range(n, sizeof err.message - 4, sizeof err.message - 1);
        assert_int_equal((n - shift) % 3, 0);
    }
}

static void the_struct_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(visml_error), 1024);
    assert_int_equal(sizeof(visml_shape), 72);
}

static void every_status_has_a_name(void **state) {
    (void)state;
    assert_string_equal(visml_status_name(VISML_OK), "VISML_OK");
    assert_string_equal(visml_status_name(VISML_EINVAL), "VISML_EINVAL");
    assert_string_equal(visml_status_name(VISML_EINTERNAL), "VISML_EINTERNAL");
    assert_string_equal(visml_status_name(VISML_ESTATE), "VISML_ESTATE");
    assert_string_equal(visml_status_name(1), "unknown");
    assert_string_equal(visml_status_name(-11), "unknown");
    assert_string_equal(visml_status_name(INT32_MIN), "unknown");
}

static void errno_has_a_text(void **state) {
    (void)state;
    char buffer[64];
    assert_string_equal(visml_errno_text(2, buffer, sizeof buffer), "No such file or directory");
    assert_true(strlen(visml_errno_text(99999, buffer, sizeof buffer)) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_code_and_message), cmocka_unit_test(puts_the_place_in_front), cmocka_unit_test(cuts_at_a_whole_character),
        cmocka_unit_test(the_struct_is_frozen),    cmocka_unit_test(every_status_has_a_name), cmocka_unit_test(errno_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
