#include <stdlib.h>
#include <string.h>

#include "image/bytes.h"
#include "image_cases.h"

static void test_cases(void **state) {
    (void)state;
    image_cases_check("jpeg-", 10);
}

/* A copy of a golden file that can be changed. */
typedef struct file {
    uint8_t bytes[2048];
    size_t n;
} file;

static file load(const char *name) {
    image_cases all = image_cases_load();
    const image_case *c = image_case_find(&all, name);
    file f = {.n = c->n};
    assert_true(c->n + 64 < sizeof f.bytes);
    memcpy(f.bytes, c->file, c->n);
    image_cases_free(&all);
    return f;
}

/* Offset of the marker ff code. */
static size_t find(const file *f, uint8_t code) {
    for (size_t i = 2; i + 4 < f->n; i += 2 + visml_be16(f->bytes + i + 2))
        if (f->bytes[i + 1] == code)
            return i;
    fail_msg("no marker %02x", code);
    return 0;
}

static void insert(file *f, size_t at, const char *bytes, size_t n) {
    memmove(f->bytes + at + n, f->bytes + at, f->n - at);
    memcpy(f->bytes + at, bytes, n);
    f->n += n;
}

static void refused(const file *f, visml_status status, const char *text) {
    image_refused(f->bytes, f->n, status, text);
}

/* Decodes to the same pixels as the golden file of that name. */
static void same(const file *f, const char *name) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    file plain = load(name);
    visml_tensor *a = assert_made(image_decode_guarded(ctx, f->bytes, f->n, NULL, &err), &err);
    visml_tensor *b = assert_made(image_decode_guarded(ctx, plain.bytes, plain.n, NULL, &err), &err);
    assert_memory_equal(visml_tensor_data(a), visml_tensor_data(b), (size_t)visml_tensor_count(b));
    visml_tensor_release(a);
    visml_tensor_release(b);
    visml_context_free(ctx);
}

/* What others write and no picture suffers from. */
static void test_odd(void **state) {
    (void)state;
    file f = load("jpeg-420");
    insert(&f, find(&f, 0xda), "junk", 4);
    same(&f, "jpeg-420");
    f = load("jpeg-420");
    insert(&f, find(&f, 0xda), "\xff\xfe\0\0", 4); /* a comment of length 0 */
    same(&f, "jpeg-420");
    f = load("jpeg-420");
    insert(&f, find(&f, 0xda), "\xff\xff\xff", 3);
    same(&f, "jpeg-420");
    f = load("jpeg-420");
    size_t scan = find(&f, 0xda);
    f.bytes[scan + 2 + 12 - 2] = 0; /* Se is 0 and not 63 */
    same(&f, "jpeg-420");
    f = load("jpeg-420");
    insert(&f, f.n, "after the end", 13);
    same(&f, "jpeg-420");
    f = load("jpeg-420");
    insert(&f, f.n - 2, "\x12\x34", 2); /* bytes behind the last scan */
    same(&f, "jpeg-420");
}

static void test_frame(void **state) {
    (void)state;
    static const struct {
        uint8_t marker;
        const char *text;
    } kinds[] = {{0xc3, "lossless frame (SOF3)"},         {0xc5, "hierarchical frame (SOF5)"}, {0xc7, "lossless frame (SOF7)"},
                 {0xcb, "lossless frame (SOF11)"},        {0xcd, "hierarchical frame (SOF13)"}};
    file f = load("jpeg-gray");
    size_t sof = find(&f, 0xc0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        f.bytes[sof + 1] = kinds[i].marker;
        refused(&f, VISML_EUNSUPPORTED, kinds[i].text);
    }
    f.bytes[sof + 1] = 0xc0;
    f.bytes[sof + 4] = 12;
    refused(&f, VISML_EUNSUPPORTED, "12 bits a sample");
    f.bytes[sof + 4] = 8;
    f.bytes[sof + 5] = f.bytes[sof + 6] = 0;
    refused(&f, VISML_EUNSUPPORTED, "x 0 pixels");
    f.bytes[sof + 5] = f.bytes[sof + 6] = f.bytes[sof + 7] = f.bytes[sof + 8] = 0xff;
    refused(&f, VISML_ELIMIT, "max_pixels");
    f = load("jpeg-gray");
    f.bytes[sof + 11] = 0x51;
    refused(&f, VISML_EFORMAT, "sampling factors");
    f = load("jpeg-gray");
    f.bytes[sof + 9] = 3;
    refused(&f, VISML_EFORMAT, "wrong length");
    f = load("jpeg-gray");
    char copy[16];
    memcpy(copy, f.bytes + sof, 13);
    insert(&f, sof, copy, 13);
    refused(&f, VISML_EFORMAT, "a second frame header");
    f = load("jpeg-gray");
    insert(&f, sof, "\xff\xd8", 2);
    refused(&f, VISML_EFORMAT, "a second beginning");
    f = load("jpeg-gray");
    f.bytes[sof + 1] = 0xe7;
    refused(&f, VISML_EFORMAT, "before the frame header");
}

static void test_tables(void **state) {
    (void)state;
    file f = load("jpeg-gray");
    f.bytes[find(&f, 0xdb) + 4] = 0x20;
    refused(&f, VISML_EFORMAT, "DQT");
    f = load("jpeg-gray");
    f.bytes[find(&f, 0xc4) + 4] = 0x07;
    refused(&f, VISML_EFORMAT, "DHT");
    f = load("jpeg-gray");
    f.bytes[find(&f, 0xc4) + 5] = 0xff;
    refused(&f, VISML_EFORMAT, "DHT");
    f = load("jpeg-gray");
    insert(&f, find(&f, 0xda), "\xff\xdd\0\3\1", 5);
    refused(&f, VISML_EFORMAT, "DRI");
    f = load("jpeg-gray");
    insert(&f, find(&f, 0xda), "\xff\xdb\0\1", 4);
    refused(&f, VISML_EFORMAT, "length 1, at least 2");
}

static void test_scans(void **state) {
    (void)state;
    file f = load("jpeg-gray");
    size_t scan = find(&f, 0xda);
    f.bytes[scan + 5] ^= 0x40;
    refused(&f, VISML_EFORMAT, "names a component that there is not");
    f = load("jpeg-gray");
    f.bytes[scan + 4] = 2;
    refused(&f, VISML_EFORMAT, "the scan header (SOS) is damaged");
    f = load("jpeg-gray"); /* everything between the headers and the end left out */
    f.bytes[scan] = 0xff;
    f.bytes[scan + 1] = 0xd9;
    f.n = scan + 2;
    refused(&f, VISML_EFORMAT, "component 1 has no scan");
    f = load("jpeg-progressive");
    f.bytes[find(&f, 0xda) + 2 + 12 - 2] = 5; /* Ss 0, Se 5 */
    refused(&f, VISML_EFORMAT, "spectral selection");
    f = load("jpeg-gray");
    f.n -= 2;
    refused(&f, VISML_EFORMAT, "truncated: the file ends without the end marker");
    f = load("jpeg-444"); /* half of the data cut out, the end marker kept */
    size_t half = (find(&f, 0xda) + f.n) / 2;
    memmove(f.bytes + half, f.bytes + f.n - 2, 2);
    f.n = half + 2;
    if (image_jpeg_strict)
        refused(&f, VISML_EFORMAT, "damaged");
}

/* A progressive file of n scans, each of 10 bytes, is refused at the limit and not before. */
static void test_scan_limit(void **state) {
    (void)state;
    file f = load("jpeg-progressive");
    visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
    visml_error err = {0};
    int scans = 0;
    for (size_t i = 0; i + 1 < f.n; i++)
        scans += f.bytes[i] == 0xff && f.bytes[i + 1] == 0xda;
    o.threads = 1;
    for (o.max_scans = scans - 1; o.max_scans <= scans + 1; o.max_scans++) {
        visml_context *ctx = assert_made(visml_context_new(&o, &err), &err);
        visml_tensor *image = image_decode_guarded(ctx, f.bytes, f.n, NULL, &err);
        assert_true((image != NULL) == (o.max_scans >= scans));
        if (!image) {
            assert_int_equal(err.code, VISML_ELIMIT);
            assert_non_null(strstr(err.message, "max_scans"));
        }
        visml_tensor_release(image);
        visml_context_free(ctx);
    }
}

/* Cleaning keeps the compressed data as they are. */
static void test_clean(void **state) {
    (void)state;
    static const char *const names[] = {"jpeg-restarts", "jpeg-progressive", "jpeg-cmyk"};
    visml_context *ctx = test_context(1);
    for (size_t i = 0; i < 3; i++) {
        file f = load(names[i]), clean;
        visml_source s = {ctx, f.bytes, f.n};
        visml_image_header h;
        const visml_image_ops *ops;
        visml_error err = {0};
        assert_ok(visml_image_open(&s, 1, &ops, &h, &err), &err);
        clean.n = visml_jpeg_clean(&s, &h, clean.bytes);
        assert_true(clean.n <= f.n);
        size_t from = find(&f, 0xda), to = find(&clean, 0xda);
        assert_int_equal(f.n - from, clean.n - to);
        assert_memory_equal(f.bytes + from, clean.bytes + to, f.n - from);
    }
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_odd),        cmocka_unit_test(test_frame), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_scans), cmocka_unit_test(test_scan_limit), cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
