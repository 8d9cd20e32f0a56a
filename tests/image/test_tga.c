#include <string.h>

#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("tga-", 10);
}

static void test_refused(void **state) {
    (void)state;
    uint8_t f[64] = {0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 8, 0x20, 1, 2, 3, 4};
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = assert_made(image_decode_guarded(ctx, f, 22, NULL, &err), &err);
    assert_memory_equal(visml_tensor_data(image), f + 18, 4);
    visml_tensor_release(image);
    image_refused(f, 21, VISML_EFORMAT, "truncated");
    f[0] = 4; /* an identification of four bytes, and nothing behind it */
    image_refused(f, 22, VISML_EFORMAT, "truncated");
    f[0] = 0;
    f[13] = f[15] = 0xff;
    image_refused(f, 22, VISML_EFORMAT, "truncated"); /* 65,282 x 65,282 pixels in 22 bytes */
    f[13] = f[15] = 0;
    f[2] = 11; /* run lengths: three bytes make two pixels */
    f[18] = 1;
    image_refused(f, 21, VISML_EFORMAT, "truncated: 2 of 4 pixels");
    f[12] = 0;
    image_refused(f, 22, VISML_EFORMAT, "not a JPEG");
    uint8_t mapped[] = {0, 1, 1, 5, 0, 1, 0, 24, 0, 0, 0, 0, 1, 0, 1, 0, 8, 0, 10, 20, 30, 5};
    image = assert_made(image_decode_guarded(ctx, mapped, sizeof mapped, NULL, &err), &err);
    static const uint8_t want[] = {30, 20, 10};
    assert_memory_equal(visml_tensor_data(image), want, 3);
    visml_tensor_release(image);
    mapped[21] = 6;
    image_refused(mapped, sizeof mapped, VISML_EFORMAT, "palette index 6, the palette has 5 to 5");
    mapped[21] = 4;
    image_refused(mapped, sizeof mapped, VISML_EFORMAT, "palette index 4");
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
