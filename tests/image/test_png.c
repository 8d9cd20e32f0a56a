#include <string.h>

#include "base/checksum.h"
#include "image/bytes.h"
#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("png-", 50);
}

/* ---- files made by hand ---- */

typedef struct file {
    uint8_t bytes[4096];
    size_t n;
} file;

static void add_chunk(file *f, const char *tag, const void *data, size_t n) {
    uint8_t *p = f->bytes + f->n;
    visml_put_be32(p, (uint32_t)n);
    memcpy(p + 4, tag, 4);
    if (n)
        memcpy(p + 8, data, n);
    visml_put_be32(p + 8 + n, visml_crc32(0, p + 4, n + 4));
    f->n += n + 12;
}

static void begin(file *f, uint32_t width, uint32_t height, int depth, int color, int interlace) {
    uint8_t ihdr[13] = {0};
    memcpy(f->bytes, "\x89PNG\r\n\x1a\n", 8);
    f->n = 8;
    visml_put_be32(ihdr, width);
    visml_put_be32(ihdr + 4, height);
    ihdr[8] = (uint8_t)depth;
    ihdr[9] = (uint8_t)color;
    ihdr[12] = (uint8_t)interlace;
    add_chunk(f, "IHDR", ihdr, sizeof ihdr);
}

/* zlib data of a row of a filter byte and one sample byte: stored. */
static const uint8_t one_row[] = {0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 0x07, 0, 9, 0, 8};

static void end(file *f) {
    add_chunk(f, "IDAT", one_row, sizeof one_row);
    add_chunk(f, "IEND", NULL, 0);
}

static void refused(const file *f, visml_status status, const char *text) {
    image_refused(f->bytes, f->n, status, text);
}

static void test_header(void **state) {
    (void)state;
    file f;
    begin(&f, 1, 1, 8, 0, 0);
    end(&f);
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = assert_made(image_decode_guarded(ctx, f.bytes, f.n, NULL, &err), &err);
    assert_int_equal(*(uint8_t *)visml_tensor_data(image), 7);
    visml_tensor_release(image);
    visml_context_free(ctx);
    static const int wrong[][2] = {{3, 0}, {16, 3}, {4, 2}, {0, 0}, {32, 0}, {8, 1}, {8, 5}, {8, 7}, {2, 6}, {1, 4}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin(&f, 1, 1, wrong[i][0], wrong[i][1], 0);
        end(&f);
        refused(&f, VISML_EFORMAT, "does not exist");
    }
    begin(&f, 0, 1, 8, 0, 0);
    refused(&f, VISML_EFORMAT, "byte 16: 0 x 1 pixels");
    begin(&f, 1, 0x80000000u, 8, 0, 0);
    refused(&f, VISML_EFORMAT, "byte 16");
    begin(&f, 1, 1, 8, 0, 2);
    refused(&f, VISML_EFORMAT, "interlace");
    begin(&f, 60000, 60000, 8, 0, 0);
    end(&f);
    refused(&f, VISML_ELIMIT, "max_pixels");
    begin(&f, 9000, 9000, 16, 6, 0);
    end(&f);
    refused(&f, VISML_ELIMIT, "max_decode_bytes");
}

static void test_chunks(void **state) {
    (void)state;
    file f;
    uint8_t palette[1024] = {0};
    begin(&f, 1, 1, 8, 0, 0);
    end(&f);
    f.bytes[50] ^= 1;
    refused(&f, VISML_EFORMAT, "the CRC of chunk IDAT");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "teXt", "a", 1);
    end(&f);
    f.bytes[33 + 8] ^= 1; /* in a chunk that nobody needs */
    refused(&f, VISML_EFORMAT, "byte 33: the CRC of chunk teXt");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "QQQQ", "a", 1);
    end(&f);
    refused(&f, VISML_EUNSUPPORTED, "chunk QQQQ is needed");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "a\n c", "a", 1);
    refused(&f, VISML_EFORMAT, "not made of letters");
    begin(&f, 1, 1, 8, 3, 0);
    end(&f);
    refused(&f, VISML_EFORMAT, "before the palette");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "PLTE", palette, 3);
    refused(&f, VISML_EFORMAT, "where none is allowed");
    for (size_t n = 0; n <= 771; n += n == 0 ? 4 : 767) {
        begin(&f, 1, 1, 8, 3, 0);
        add_chunk(&f, "PLTE", palette, n);
        refused(&f, VISML_EFORMAT, "wrong length");
    }
    begin(&f, 1, 1, 8, 3, 0);
    add_chunk(&f, "PLTE", palette, 9);
    add_chunk(&f, "tRNS", palette, 4);
    refused(&f, VISML_EFORMAT, "wrong length");
    begin(&f, 1, 1, 8, 3, 0);
    add_chunk(&f, "tRNS", palette, 1);
    refused(&f, VISML_EFORMAT, "where none is allowed");
    begin(&f, 1, 1, 8, 6, 0);
    add_chunk(&f, "tRNS", palette, 6);
    refused(&f, VISML_EFORMAT, "where none is allowed");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "IEND", NULL, 0);
    refused(&f, VISML_EFORMAT, "without image data");
    begin(&f, 1, 1, 8, 0, 0);
    add_chunk(&f, "IDAT", one_row, 5);
    add_chunk(&f, "teXt", "a", 1);
    end(&f);
    refused(&f, VISML_EFORMAT, "not in one run");
}

/* A palette of seven and the index 7: no byte of the picture is made up. */
static void test_palette_index(void **state) {
    (void)state;
    file f;
    uint8_t palette[24] = {0};
    begin(&f, 1, 1, 8, 3, 0);
    add_chunk(&f, "PLTE", palette, 21);
    end(&f);
    refused(&f, VISML_EFORMAT, "palette index 7");
    begin(&f, 1, 1, 8, 3, 0);
    add_chunk(&f, "PLTE", palette, 24);
    end(&f);
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor_release(assert_made(image_decode_guarded(ctx, f.bytes, f.n, NULL, &err), &err));
    visml_context_free(ctx);
}

/* Well wrapped, but too little inside. */
static void test_data(void **state) {
    (void)state;
    file f;
    begin(&f, 2, 1, 8, 0, 0);
    end(&f);
    refused(&f, VISML_EFORMAT, "PNG");
    begin(&f, 1, 2, 8, 0, 0);
    end(&f);
    refused(&f, VISML_EFORMAT, "PNG");
    begin(&f, 1, 1, 8, 0, 0);
    uint8_t bad[sizeof one_row];
    memcpy(bad, one_row, sizeof bad);
    bad[7] = 9; /* no such filter */
    bad[12] = 17;
    bad[10] = 18;
    add_chunk(&f, "IDAT", bad, sizeof bad);
    add_chunk(&f, "IEND", NULL, 0);
    refused(&f, VISML_EFORMAT, "PNG");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),         cmocka_unit_test(test_header), cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_palette_index), cmocka_unit_test(test_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
