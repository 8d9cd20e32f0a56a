#include <string.h>

#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("pnm-", 9);
}

static void refused(const char *text, visml_status status, const char *want) {
    image_refused(text, strlen(text), status, want);
}

static void test_refused(void **state) {
    (void)state;
    refused("P5 0 1 255 a", VISML_EFORMAT, "width and height must be");
    refused("P5 1 99999999999 255 a", VISML_EFORMAT, "width and height must be");
    refused("P5 1 1 0 a", VISML_EFORMAT, "largest value");
    refused("P5 1 1 65536 a", VISML_EFORMAT, "largest value");
    refused("P5 1 1 255a", VISML_EFORMAT, "a blank must follow");
    refused("P5 2 2 255 abc", VISML_EFORMAT, "truncated");
    refused("P5 2147483647 2147483647 255 abc", VISML_EFORMAT, "truncated");
    refused("P5 2 1 9 a\x05", VISML_EFORMAT, "not a sample of 0 to 9");
    refused("P2 2 1 9 1 10", VISML_EFORMAT, "not a sample of 0 to 9");
    refused("P2 2 1 99 1 1", VISML_EFORMAT, "not a sample of 0 to 99"); /* may have been 12 */
    refused("P2 2 1 9 1 x", VISML_EFORMAT, "not a sample");
    refused("P1 2 1\n12", VISML_EFORMAT, "not a sample of 0 to 1");
    refused("P1 2 2\n101", VISML_EFORMAT, "truncated");
    refused("P6 1 1 255 \x01\x02", VISML_EFORMAT, "truncated");
    refused("P7 1 1 255 a", VISML_EFORMAT, "not a JPEG");
    refused("P5", VISML_EFORMAT, "not a JPEG");
    refused("P5 #", VISML_EFORMAT, "width and height");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
