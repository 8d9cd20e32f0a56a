#include <string.h>

#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("gif-", 6);
}

/* One pixel, two colours; 35 bytes. */
static const uint8_t tiny[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 10, 20, 30, 40, 50, 60, ',', 0, 0, 0, 0,
                               1,   0,   1,   0,   0,   2,   2, 0x4c, 1, 0, ';'};

static void test_tiny(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = assert_made(image_decode_guarded(ctx, tiny, sizeof tiny, NULL, &err), &err);
    static const uint8_t want[] = {40, 50, 60};
    assert_memory_equal(visml_tensor_data(image), want, 3);
    visml_tensor_release(image);
    visml_context_free(ctx);
}

/* The frame may lie anywhere: the screen grows, what is not covered has colour 0. */
static void test_frame_beyond(void **state) {
    (void)state;
    uint8_t f[sizeof tiny];
    memcpy(f, tiny, sizeof f);
    f[20] = 2; /* left */
    f[22] = 1; /* top */
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = assert_made(image_decode_guarded(ctx, f, sizeof f, NULL, &err), &err);
    assert_int_equal(visml_tensor_shape(image)->dims[0], 2);
    assert_int_equal(visml_tensor_shape(image)->dims[1], 3);
    const uint8_t *p = visml_tensor_data(image);
    for (int i = 0; i < 6; i++)
        assert_int_equal(p[3 * i], i == 5 ? 40 : 10);
    visml_tensor_release(image);
    f[21] = f[23] = 0xff; /* as far as numbers go */
    assert_null(image_decode_guarded(ctx, f, sizeof f, NULL, &err));
    assert_int_equal(err.code, VISML_ELIMIT);
    visml_context_free(ctx);
}

static void changed(size_t at, uint8_t value, visml_status status, const char *text) {
    uint8_t f[sizeof tiny];
    memcpy(f, tiny, sizeof f);
    f[at] = value;
    image_refused(f, sizeof f, status, text);
}

static void test_refused(void **state) {
    (void)state;
    changed(24, 0, VISML_EFORMAT, "a frame of 0 x 1 pixels");
    changed(29, 0, VISML_EFORMAT, "LZW code size 0");
    changed(29, 9, VISML_EFORMAT, "LZW code size 9");
    changed(31, 0x6c, VISML_EFORMAT, "end before its last pixel"); /* the end code at once */
    changed(31, 0x54, VISML_EFORMAT, "colour 2, the table (byte 13) has 2");
    changed(31, 0x74, VISML_EFORMAT, "does not exist yet");
    changed(26, 2, VISML_EFORMAT, "end before its last pixel"); /* two rows, data for one */
    changed(19, ';', VISML_EFORMAT, "before any frame");
    changed(34, 0, VISML_EFORMAT, "without its end mark");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_tiny), cmocka_unit_test(test_frame_beyond),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
