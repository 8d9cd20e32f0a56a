#include <string.h>

#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("bmp-", 10);
}

/* A file of 54 bytes of header, a palette and pixels. */
static size_t make(uint8_t *p, int32_t width, int32_t height, int bits, int compression, const char *rest, size_t n) {
    memset(p, 0, 54);
    memcpy(p, "BM", 2);
    p[10] = 54;
    p[14] = 40;
    memcpy(p + 18, &width, 4);
    memcpy(p + 22, &height, 4);
    p[26] = 1;
    p[28] = (uint8_t)bits;
    p[30] = (uint8_t)compression;
    memcpy(p + 54, rest, n);
    return 54 + n;
}

static void test_refused(void **state) {
    (void)state;
    uint8_t f[256];
    image_refused(f, make(f, 0, 1, 24, 0, "abc", 3), VISML_EFORMAT, "0 x 1 pixels");
    image_refused(f, make(f, -1, 1, 24, 0, "abc", 3), VISML_EFORMAT, "-1 x 1 pixels");
    image_refused(f, make(f, 1, INT32_MIN, 24, 0, "abc", 3), VISML_EFORMAT, "2147483648 pixels");
    image_refused(f, make(f, 1, 1, 7, 0, "abc", 3), VISML_EUNSUPPORTED, "7 bits a pixel");
    image_refused(f, make(f, 1, 1, 24, 4, "abc", 3), VISML_EUNSUPPORTED, "compression 4");
    image_refused(f, make(f, 1, 1, 4, 1, "abc", 3), VISML_EUNSUPPORTED, "compression 1");
    image_refused(f, make(f, 1, 2, 24, 0, "abc", 3), VISML_EFORMAT, "truncated");
    image_refused(f, make(f, INT32_MAX, INT32_MAX, 32, 0, "abc", 3), VISML_EFORMAT, "truncated");
    image_refused(f, make(f, INT32_MAX, INT32_MAX, 8, 1, "abcdabcdabcd", 12), VISML_EFORMAT, "");
    size_t n = make(f, 1, 1, 8, 0, "\0\0\0\0" "\2\0\0\0", 8); /* one colour, index 2 */
    f[10] = 58;
    f[46] = 1;
    image_refused(f, n, VISML_EFORMAT, "palette index 2");
    n = make(f, 1, 1, 8, 0, "\0\0\0\0", 4);
    f[10] = 54; /* pixels where the palette begins, and 256 colours announced: Windows takes the palette before them */
    image_refused(f, n, VISML_EFORMAT, "truncated");
    n = make(f, 4, 2, 8, 1, "\0\0\0\0" "\4\0\0\0" "\1", 9); /* the run lengths stop in the second row */
    f[10] = 58;
    f[46] = 1;
    image_refused(f, n, VISML_EFORMAT, "run lengths end");
}

/* Runs, jumps and ends of line beyond the picture change nothing outside of it. */
static void test_runs_beyond(void **state) {
    (void)state;
    static const char body[] = "\0\0\0\0\1\2\3\0" "\377\1" "\0\2\377\377" "\5\1" "\0\0" "\0\1";
    uint8_t f[256];
    size_t n = make(f, 3, 2, 8, 1, body, sizeof body - 1);
    f[10] = 62;
    f[46] = 2;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = assert_made(image_decode_guarded(ctx, f, n, NULL, &err), &err);
    static const uint8_t want[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 2, 1, 3, 2, 1, 3, 2, 1};
    assert_memory_equal(visml_tensor_data(image), want, sizeof want);
    visml_tensor_release(image);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_runs_beyond)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
