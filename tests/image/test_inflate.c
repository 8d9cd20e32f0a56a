#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "context/context.h"
#include "image/inflate.h"
#include "support/support.h"

/* tests/golden/image: made by tests/golden/make_image_goldens.py with Python's zlib. */
static unsigned char *golden(const char *name, size_t *n) {
    char *path = test_source(name);
    unsigned char *bytes = test_read_file(path, n);
    free(path);
    assert_non_null(bytes);
    return bytes;
}

#define GOLDEN "tests/golden/image/"

static void unpacks(const char *packed, const char *plain) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    size_t n, want_n, got_n;
    unsigned char *in = golden(packed, &n), *want = golden(plain, &want_n), *got;
    assert_true(visml_is_gzip(in, n));
    assert_ok(visml_gunzip(&ctx->memory, "x", in, n, want_n, &got, &got_n, &err), &err);
    assert_int_equal(got_n, want_n);
    assert_memory_equal(got, want, want_n);
    visml_mem_free(&ctx->memory, got);
    assert_status(visml_gunzip(&ctx->memory, "x", in, n, want_n - 1, &got, &got_n, &err), VISML_ELIMIT, &err);
    free(in);
    free(want);
    visml_context_free(ctx);
}

static void test_golden(void **state) {
    (void)state;
    unpacks(GOLDEN "dynamic.gz", GOLDEN "plain.bin");
    unpacks(GOLDEN "fixed.gz", GOLDEN "plain.bin");
    unpacks(GOLDEN "stored.gz", GOLDEN "plain.bin");
    unpacks(GOLDEN "members.gz", GOLDEN "plain.bin");
    unpacks(GOLDEN "extras.gz", GOLDEN "plain.bin");
}

static void test_truncated(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    uint64_t before = visml_context_memory_used(ctx);
    const char *names[] = {GOLDEN "dynamic.gz", GOLDEN "fixed.gz", GOLDEN "stored.gz", GOLDEN "extras.gz"};
    for (size_t k = 0; k < 4; k++) {
        size_t n, got_n;
        unsigned char *in = golden(names[k], &n), *got;
        for (size_t cut = 0; cut < n; cut++) {
            unsigned char *part = test_guarded(cut);
            memcpy(part, in, cut);
            assert_status(visml_gunzip(&ctx->memory, "x", part, cut, 1 << 20, &got, &got_n, &err), VISML_EFORMAT, &err);
            test_guarded_free(part, cut);
        }
        free(in);
    }
    assert_int_equal(visml_context_memory_used(ctx), before);
    visml_context_free(ctx);
}

/* A flipped bit is found by the checksum at the latest, save in fields that say nothing about the text. */
static void test_flipped(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    size_t n, want_n, got_n;
    unsigned char *in = golden(GOLDEN "dynamic.gz", &n), *want = golden(GOLDEN "plain.bin", &want_n), *got;
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            in[i] ^= (unsigned char)(1 << bit);
            if (visml_gunzip(&ctx->memory, "x", in, n, 1 << 20, &got, &got_n, &err) == VISML_OK) {
                assert_int_equal(got_n, want_n);
                assert_memory_equal(got, want, want_n);
                visml_mem_free(&ctx->memory, got);
            }
            in[i] ^= (unsigned char)(1 << bit);
        }
    free(in);
    free(want);
    visml_context_free(ctx);
}

static void fails(const unsigned char *in, size_t n, visml_status want, const char *text) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    uint8_t buffer[8];
    visml_inflate_out out = {.data = buffer, .capacity = sizeof buffer};
    size_t used;
    assert_status(visml_inflate("name", in, n, &out, &used, &err), want, &err);
    assert_non_null(strstr(err.message, text));
    visml_context_free(ctx);
}

static void test_bad_streams(void **state) {
    (void)state;
    fails((const unsigned char *)"\x07", 1, VISML_EFORMAT, "unknown kind");
    fails((const unsigned char *)"\x01\x01\x00\xff\xff" "a", 6, VISML_EFORMAT, "stored block differ");
    fails((const unsigned char *)"\x01\x09\x00\xf6\xff" "123456789", 14, VISML_ELIMIT, "more than the 8 bytes");
    fails((const unsigned char *)"\x03\x02\x00", 3, VISML_EFORMAT, "before the beginning"); /* fixed block: length 3, distance 1 */
}

static void test_allocation_fails(void **state) {
    (void)state;
    size_t n, got_n;
    unsigned char *in = golden(GOLDEN "members.gz", &n), *got;
    for (int i = 1; i < 10; i++) {
        test_allocator a;
        test_allocator_init(&a);
        visml_memory m;
        visml_error err = {0};
        assert_ok(visml_memory_init(&m, &a.table, 0, &err), &err);
        a.countdown = i;
        visml_status status = visml_gunzip(&m, "x", in, n, 1 << 20, &got, &got_n, &err);
        if (status == VISML_OK)
            visml_mem_free(&m, got);
        else
            assert_status(status, VISML_ENOMEM, &err);
        assert_int_equal(a.live, 0);
    }
    free(in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_truncated),         cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_bad_streams), cmocka_unit_test(test_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
