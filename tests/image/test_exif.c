#include <stdlib.h>
#include <string.h>

#include "image_cases.h"

static void test_jpeg(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_image_info info = {.size = sizeof info};
    size_t n;
    char *path = test_source("tests/golden/image/exif.jpg");
    unsigned char *file = test_read_file(path, &n);
    assert_ok(visml_image_probe(ctx, file, n, &info, &err), &err);
    assert_int_equal(info.format, VISML_FORMAT_JPEG);
    assert_int_equal(info.orientation, 6);
    assert_string_equal(info.camera, "Maker Model 7");
    assert_string_equal(info.taken, "2019:12:31 23:59:58");
    assert_int_equal(info.width, 17); /* stored 10 x 17 */
    assert_int_equal(info.height, 10);
    visml_tensor *upright = assert_made(visml_image_read(ctx, path, NULL, &err), &err);
    visml_tensor *stored = assert_made(
        visml_image_read(ctx, path, VISML_OPTS(visml_decode_opts, .ignore_orientation = 1), &err), &err);
    assert_int_equal(visml_tensor_shape(upright)->dims[1], 17);
    assert_int_equal(visml_tensor_shape(stored)->dims[1], 10);
    visml_tensor_release(upright);
    visml_tensor_release(stored);
    free(file);
    free(path);
    visml_context_free(ctx);
}

/* One directory with one entry. */
static visml_image_header read_entry(int big, uint16_t tag, uint16_t type, uint32_t count, const uint8_t value[4], size_t n) {
    uint8_t t[26] = {0};
    visml_image_header h = {.orientation = 1};
    uint32_t numbers[] = {8, 1, tag, type, count};
    const int at[] = {4, 8, 10, 12, 14}, bytes[] = {4, 2, 2, 2, 4};
    memcpy(t, big ? "MM\0*" : "II*\0", 4);
    for (int i = 0; i < 5; i++)
        for (int b = 0; b < bytes[i]; b++)
            t[at[i] + b] = (uint8_t)(numbers[i] >> 8 * (big ? bytes[i] - 1 - b : b));
    memcpy(t + 18, value, 4);
    uint8_t *guarded = test_guarded(n);
    memcpy(guarded, t, n);
    visml_exif_read(guarded, n, &h);
    test_guarded_free(guarded, n);
    return h;
}

static void test_entries(void **state) {
    (void)state;
    assert_int_equal(read_entry(0, 0x112, 3, 1, (const uint8_t *)"\5\0\0\0", 26).orientation, 5);
    assert_int_equal(read_entry(1, 0x112, 3, 1, (const uint8_t *)"\0\5\0\0", 26).orientation, 5);
    assert_int_equal(read_entry(0, 0x112, 3, 1, (const uint8_t *)"\0\0\0\0", 26).orientation, 1);
    assert_int_equal(read_entry(0, 0x112, 3, 1, (const uint8_t *)"\11\0\0\0", 26).orientation, 1);
    assert_int_equal(read_entry(0, 0x112, 4, 1, (const uint8_t *)"\5\0\0\0", 26).orientation, 1); /* the wrong type */
    assert_string_equal(read_entry(0, 0x110, 2, 3, (const uint8_t *)"A7 ", 26).camera, "A7");
    assert_string_equal(read_entry(0, 0x110, 2, 4, (const uint8_t *)"A\n\xff!", 26).camera, "A?" "?!");
    assert_string_equal(read_entry(0, 0x110, 2, 100, (const uint8_t *)"\20\0\0\0", 26).camera, ""); /* runs past the end */
    assert_string_equal(read_entry(0, 0x110, 2, 8, (const uint8_t *)"\377\377\377\377", 26).camera, "");
    assert_string_equal(read_entry(0, 0x132, 2, 20, (const uint8_t *)"\0\0\0\0", 26).taken, "");
    for (size_t n = 0; n < 22; n++) { /* an entry ends at byte 22 */
        assert_int_equal(read_entry(0, 0x112, 3, 1, (const uint8_t *)"\5\0\0\0", n).orientation, 1);
        assert_int_equal(read_entry(0, 0x8769, 4, 1, (const uint8_t *)"\10\0\0\0", n).orientation, 1);
    }
    read_entry(0, 0x8769, 4, 1, (const uint8_t *)"\10\0\0\0", 26); /* names itself as the inner directory */
    read_entry(0, 0x8769, 4, 1, (const uint8_t *)"\377\377\377\377", 26);
}

static void test_make_in_model(void **state) {
    (void)state;
    uint8_t t[] = {'I', 'I', '*', 0, 8, 0, 0, 0, 2, 0, 0x0f, 1, 2, 0, 3, 0, 0, 0, 'A', 'b', 0, 0,
                   0x10, 1, 2, 0, 4, 0, 0, 0, 'A', 'b', '9', 0};
    visml_image_header h = {.orientation = 1};
    visml_exif_read(t, sizeof t, &h);
    assert_string_equal(h.camera, "Ab9");
}

/* Every byte of a whole block changed: no read outside of it (under ASan), texts always end. */
static void test_changed(void **state) {
    (void)state;
    size_t n;
    char *path = test_source("tests/golden/image/exif.jpg");
    unsigned char *file = test_read_file(path, &n);
    size_t block = 2;
    while (block + 14 < n && memcmp(file + block, "Exif", 4) != 0)
        block++;
    size_t length = ((size_t)file[block - 2] << 8 | file[block - 1]) - 8;
    assert_true(block + 6 + length <= n);
    uint8_t *t = test_guarded(length);
    memcpy(t, file + block + 6, length);
    for (size_t i = 0; i < length; i++)
        for (int bit = 0; bit < 8; bit++) {
            visml_image_header h = {.orientation = 1};
            t[i] ^= (uint8_t)(1 << bit);
            visml_exif_read(t, length, &h);
            assert_true(h.orientation >= 1 && h.orientation <= 8);
            assert_non_null(memchr(h.camera, 0, sizeof h.camera));
            assert_non_null(memchr(h.taken, 0, sizeof h.taken));
            t[i] ^= (uint8_t)(1 << bit);
        }
    test_guarded_free(t, length);
    free(file);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg), cmocka_unit_test(test_entries), cmocka_unit_test(test_make_in_model), cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
