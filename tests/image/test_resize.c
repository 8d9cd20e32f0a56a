#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "image/image.h"
#include "support/support.h"

/* The pictures of tests/golden/make_image_goldens.py. */
static visml_tensor *formula(visml_context *ctx, visml_dtype dtype, int64_t h, int64_t w, int64_t c) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, dtype, VISML_SHAPE(h, w, c), &err), &err);
    for (uint64_t i = 0; i < (uint64_t)(h * w * c); i++) {
        uint32_t v = (uint32_t)(i * 2654435761u + 12345);
        if (dtype == VISML_U8)
            ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(v >> 24);
        else if (dtype == VISML_U16)
            ((uint16_t *)visml_tensor_data(t))[i] = (uint16_t)(v >> 16);
        else
            ((float *)visml_tensor_data(t))[i] = (float)(v >> 16) / 65536.0f - 0.5f;
    }
    return t;
}

/* Every line of resize.txt: the same bytes as Pillow 13. */
static void test_as_pillow(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    char *path = test_source("tests/golden/image/resize.txt"), type[8];
    FILE *file = fopen(path, "r");
    long long h, w, c, height, width;
    int filter, lines = 0;
    unsigned crc;
    assert_non_null(file);
    while (fscanf(file, "%7s %lld %lld %lld %lld %lld %d %u", type, &h, &w, &c, &height, &width, &filter, &crc) == 8) {
        visml_error err = {0};
        visml_dtype dtype = strcmp(type, "u8") == 0 ? VISML_U8 : strcmp(type, "u16") == 0 ? VISML_U16 : VISML_F32;
        visml_tensor *in = formula(ctx, dtype, h, w, c);
        visml_tensor *out = assert_made(visml_image_resize(in, height, width, filter, &err), &err);
        size_t n = (size_t)visml_tensor_count(out) * visml_dtype_bytes(dtype);
        assert_int_equal(n, (size_t)(height * width * c) * visml_dtype_bytes(dtype));
        if (visml_crc32(0, visml_tensor_data(out), n) != crc)
            fail_msg("%s %lldx%lldx%lld to %lldx%lld with filter %d differs from Pillow", type, h, w, c, height, width, filter);
        visml_tensor_release(in);
        visml_tensor_release(out);
        lines++;
    }
    assert_int_equal(lines, 17 * (3 + 2 + 3) * 4);
    fclose(file);
    free(path);
    visml_context_free(ctx);
}

/* 16-bit nearest: the samples are those that the 8-bit picture takes. */
static void test_nearest_16(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    for (int64_t in = 1; in < 40; in++)
        for (int64_t out = 1; out < 40; out++) {
            visml_tensor *a = formula(ctx, VISML_U8, 1, in, 1), *b = formula(ctx, VISML_U16, 1, in, 1);
            visml_tensor *p = assert_made(visml_image_resize(a, 1, out, VISML_FILTER_NEAREST, &err), &err);
            visml_tensor *q = assert_made(visml_image_resize(b, 1, out, VISML_FILTER_NEAREST, &err), &err);
            for (int64_t i = 0; i < out; i++)
                assert_int_equal(((uint8_t *)visml_tensor_data(p))[i], ((uint16_t *)visml_tensor_data(q))[i] >> 8);
            visml_tensor_release(a);
            visml_tensor_release(b);
            visml_tensor_release(p);
            visml_tensor_release(q);
        }
    visml_context_free(ctx);
}

/* A picture of one colour stays that colour. */
static void test_constant(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *in = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(37, 23, 3), &err), &err);
    memset(visml_tensor_data(in), 255, 37 * 23 * 3);
    for (int32_t filter = 0; filter < 3; filter++)
        for (int64_t side = 1; side < 60; side += 7) {
            visml_tensor *out = assert_made(visml_image_resize(in, side, 60 - side, filter, &err), &err);
            for (int64_t i = 0; i < visml_tensor_count(out); i++)
                assert_int_equal(((uint8_t *)visml_tensor_data(out))[i], 255);
            visml_tensor_release(out);
        }
    visml_tensor_release(in);
    visml_context_free(ctx);
}

static void refused(const visml_tensor *t, int64_t h, int64_t w, visml_filter filter, const char *text) {
    visml_error err = {0};
    assert_null(visml_image_resize(t, h, w, filter, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_non_null(strstr(err.message, text));
    assert_null(visml_image_resize(t, h, w, filter, NULL));
}

static void test_arguments(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *in = formula(ctx, VISML_U8, 3, 4, 3), *five = formula(ctx, VISML_U8, 3, 4, 5);
    visml_tensor *flat = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(3, 4), &err), &err);
    visml_tensor *empty = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(0, 4, 1), &err), &err);
    visml_tensor *doubles = assert_made(visml_tensor_new(ctx, VISML_F64, VISML_SHAPE(3, 4, 1), &err), &err);
    refused(NULL, 2, 2, 0, "NULL");
    refused(in, 0, 2, 0, "height is 0");
    refused(in, 2, -1, 0, "width -1");
    refused(in, 2, (int64_t)1 << 40, 0, "must be 1 to");
    refused(in, 2, 2, 3, "filter is 3");
    refused(in, 2, 2, -1, "filter is -1");
    refused(five, 2, 2, 0, "1 to 4 channels");
    refused(flat, 2, 2, 0, "[height, width, channels]");
    refused(empty, 2, 2, 0, "[0, 4, 1]");
    refused(doubles, 2, 2, 0, "float64");
    visml_tensor_release(in);
    visml_tensor_release(five);
    visml_tensor_release(flat);
    visml_tensor_release(empty);
    visml_tensor_release(doubles);
    visml_context_free(ctx);
}

static void test_allocation_fails(void **state) {
    (void)state;
    for (int32_t filter = 0; filter < 3; filter++)
        for (int64_t nth = 1, done = 0; !done; nth++) {
            test_allocator a;
            visml_error err = {0};
            test_allocator_init(&a);
            visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
            o.threads = 1;
            o.allocator = &a.table;
            visml_context *ctx = assert_made(visml_context_new(&o, &err), &err);
            visml_tensor *in = formula(ctx, VISML_U8, 9, 8, 3);
            int64_t live = a.live;
            a.countdown = nth;
            visml_tensor *out = visml_image_resize(in, 5, 6, filter, &err);
            done = out != NULL;
            assert_true(done || err.code == VISML_ENOMEM);
            visml_tensor_release(out);
            assert_int_equal(a.live, live);
            assert_true(nth < 100);
            visml_tensor_release(in);
            visml_context_free(ctx);
            assert_int_equal(a.live, 0);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_pillow), cmocka_unit_test(test_nearest_16), cmocka_unit_test(test_constant),
        cmocka_unit_test(test_arguments), cmocka_unit_test(test_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
