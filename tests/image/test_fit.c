#include <string.h>

#include "image_cases.h"

/* A white picture. */
static visml_tensor *white(visml_context *ctx, int64_t h, int64_t w) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, 1), &err), &err);
    memset(visml_tensor_data(t), 255, (size_t)(h * w));
    return t;
}

/* The rows and columns of the result that the picture covers. */
static void covers(int64_t h, int64_t w, int64_t height, int64_t width, int64_t top, int64_t left, int64_t rows, int64_t columns) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = white(ctx, h, w);
    visml_tensor *out = assert_made(visml_image_fit(t, height, width, VISML_FIT_PAD, VISML_FILTER_BILINEAR, &err), &err);
    const uint8_t *p = visml_tensor_data(out);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            assert_int_equal(p[y * width + x], y >= top && y < top + rows && x >= left && x < left + columns ? 255 : 0);
    visml_tensor_release(t);
    visml_tensor_release(out);
    visml_context_free(ctx);
}

static void test_pad(void **state) {
    (void)state;
    covers(10, 20, 8, 8, 2, 0, 4, 8);
    covers(20, 10, 8, 8, 0, 2, 8, 4);
    covers(10, 10, 8, 8, 0, 0, 8, 8);
    covers(10, 20, 9, 9, 2, 0, 5, 9); /* 4.5 rows are rounded up */
    covers(1, 1000, 8, 8, 3, 0, 1, 8); /* never nothing */
    covers(3, 3, 5, 9, 0, 2, 5, 5);
}

/* The middle: columns 5 ... 14 of 20 hold their own number. */
static void test_crop(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = white(ctx, 10, 20);
    for (int64_t i = 0; i < 200; i++)
        ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(i % 20);
    visml_tensor *out = assert_made(visml_image_fit(t, 10, 10, VISML_FIT_CROP, VISML_FILTER_BILINEAR, &err), &err);
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(((uint8_t *)visml_tensor_data(out))[i], 5 + i % 10);
    visml_tensor_release(out);
    out = assert_made(visml_image_fit(t, 3, 20, VISML_FIT_CROP, VISML_FILTER_NEAREST, &err), &err);
    for (int64_t i = 0; i < 60; i++)
        assert_int_equal(((uint8_t *)visml_tensor_data(out))[i], i % 20);
    visml_tensor_release(out);
    visml_tensor_release(t);
    visml_context_free(ctx);
}

static void test_stretch(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = white(ctx, 10, 20);
    for (int64_t i = 0; i < 200; i++)
        ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(i * 7);
    visml_tensor *a = assert_made(visml_image_fit(t, 7, 5, VISML_FIT_STRETCH, VISML_FILTER_AREA, &err), &err);
    visml_tensor *b = assert_made(visml_image_resize(t, 7, 5, VISML_FILTER_AREA, &err), &err);
    assert_memory_equal(visml_tensor_data(a), visml_tensor_data(b), 35);
    visml_tensor_release(a);
    visml_tensor_release(b);
    visml_tensor_release(t);
    visml_context_free(ctx);
}

static void test_refused(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = white(ctx, 4, 4);
    assert_null(visml_image_fit(NULL, 1, 1, 0, 0, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_image_fit(t, 0, 1, 0, 0, &err));
    assert_non_null(strstr(err.message, "height is 0"));
    assert_null(visml_image_fit(t, 1, 1, 3, 0, &err));
    assert_non_null(strstr(err.message, "mode is 3"));
    assert_null(visml_image_fit(t, 1, 1, -1, 0, &err));
    assert_null(visml_image_fit(t, 1, 1, VISML_FIT_PAD, 9, &err));
    assert_non_null(strstr(err.message, "filter is 9"));
    visml_tensor_release(t);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pad), cmocka_unit_test(test_crop), cmocka_unit_test(test_stretch),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
