#include <math.h>
#include <string.h>

#include "image_cases.h"

/* [h, w, c] with the numbers from 0 on. */
static visml_tensor *counted(visml_context *ctx, visml_dtype dtype, int64_t h, int64_t w, int64_t c) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, c), &err), &err);
    for (int64_t i = 0; i < h * w * c; i++)
        ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)i;
    visml_tensor *converted = assert_made(visml_tensor_convert(t, dtype, &err), &err);
    visml_tensor_release(t);
    return converted;
}

static void test_crop(void **state) {
    (void)state;
    static const visml_dtype dtypes[] = {VISML_U8, VISML_U16, VISML_F32};
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    for (size_t k = 0; k < 3; k++) {
        visml_tensor *t = counted(ctx, dtypes[k], 4, 5, 2), *want = counted(ctx, dtypes[k], 4, 5, 2);
        visml_tensor *part = assert_made(visml_image_crop(t, 1, 2, 3, 2, &err), &err);
        size_t bytes = visml_dtype_bytes(dtypes[k]);
        for (size_t y = 0; y < 3; y++)
            assert_memory_equal((char *)visml_tensor_data(part) + y * 4 * bytes,
                                (char *)visml_tensor_data(want) + ((y + 1) * 10 + 4) * bytes, 4 * bytes);
        visml_tensor_release(part);
        visml_tensor_release(want);
        visml_tensor_release(t);
    }
    visml_context_free(ctx);
}

static void test_crop_refused(void **state) {
    (void)state;
    static const int64_t wrong[][4] = {{-1, 0, 1, 1}, {0, -1, 1, 1}, {0, 0, 0, 1}, {0, 0, 1, 0}, {1, 0, 4, 1}, {0, 1, 1, 5},
                                       {INT64_MAX, 0, 1, 1}, {0, 0, INT64_MAX, 1}, {0, INT64_MAX, 1, INT64_MAX}};
    visml_context *ctx = test_context(1);
    visml_tensor *t = counted(ctx, VISML_U8, 4, 5, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        visml_error err = {0};
        assert_null(visml_image_crop(t, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], &err));
        assert_int_equal(err.code, VISML_EINVAL);
        assert_non_null(strstr(err.message, "[4, 5, 1]"));
    }
    assert_null(visml_image_crop(NULL, 0, 0, 1, 1, NULL));
    visml_tensor_release(t);
    visml_context_free(ctx);
}

static void pads(visml_dtype dtype, double value, double want) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = counted(ctx, dtype, 2, 2, 3);
    visml_tensor *out = assert_made(visml_image_pad(t, 1, 2, 3, 0, value, &err), &err);
    visml_tensor *numbers = assert_made(visml_tensor_convert(out, VISML_F64, &err), &err);
    const double *p = visml_tensor_data(numbers);
    assert_int_equal(visml_tensor_shape(out)->dims[0], 5);
    assert_int_equal(visml_tensor_shape(out)->dims[1], 5);
    for (int64_t y = 0; y < 5; y++)
        for (int64_t x = 0; x < 5; x++)
            for (int64_t c = 0; c < 3; c++, p++) {
                int inside = y >= 1 && y < 3 && x >= 3;
                double expected = inside ? (double)(((y - 1) * 2 + x - 3) * 3 + c) : want;
                assert_true(*p == expected || (isnan(*p) && isnan(expected)));
            }
    visml_tensor_release(t);
    visml_tensor_release(out);
    visml_tensor_release(numbers);
    visml_context_free(ctx);
}

static void test_pad(void **state) {
    (void)state;
    pads(VISML_U8, 0, 0);
    pads(VISML_U8, 128, 128);
    pads(VISML_U8, 127.6, 128);
    pads(VISML_U8, 1e9, 255);
    pads(VISML_U8, -3, 0);
    pads(VISML_U8, NAN, 0);
    pads(VISML_U16, 1e9, 65535);
    pads(VISML_U16, 300, 300);
    pads(VISML_F32, -0.5, -0.5);
    pads(VISML_F32, NAN, NAN);
}

static void test_pad_refused(void **state) {
    (void)state;
    static const int64_t wrong[][4] = {{-1, 0, 0, 0},         {0, -1, 0, 0},        {0, 0, -1, 0},
                                       {0, 0, 0, -1},         {INT64_MAX, 1, 0, 0}, {0, 0, 1, INT64_MAX},
                                       {INT64_MAX - 1, 0, INT64_MAX - 1, 0}};
    visml_context *ctx = test_context(1);
    visml_tensor *t = counted(ctx, VISML_U8, 1, 1, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        visml_error err = {0};
        assert_null(visml_image_pad(t, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], 0, &err));
        assert_int_equal(err.code, VISML_EINVAL);
    }
    visml_tensor_release(t);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crop), cmocka_unit_test(test_crop_refused), cmocka_unit_test(test_pad),
                                       cmocka_unit_test(test_pad_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
