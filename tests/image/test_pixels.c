#include <string.h>

#include "image_cases.h"

static visml_tensor *from_bytes(visml_context *ctx, int64_t h, int64_t w, int64_t c, const uint8_t *bytes) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, c), &err), &err);
    memcpy(visml_tensor_data(t), bytes, (size_t)(h * w * c));
    return t;
}

static void converts(int64_t from, const uint8_t *in, visml_color to, int64_t channels, const uint8_t *want) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *a = from_bytes(ctx, 1, 2, from, in);
    visml_tensor *b = assert_made(visml_image_convert(a, to, &err), &err);
    assert_int_equal(visml_tensor_shape(b)->dims[2], channels);
    assert_memory_equal(visml_tensor_data(b), want, (size_t)(2 * channels));
    visml_tensor_release(a);
    visml_tensor_release(b);
    visml_context_free(ctx);
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

/* Gray values as Pillow's convert("L") gives them. */
static void test_convert(void **state) {
    (void)state;
    converts(1, BYTES(5, 250), VISML_COLOR_GRAY, 1, BYTES(5, 250));
    converts(1, BYTES(5, 250), VISML_COLOR_RGB, 3, BYTES(5, 5, 5, 250, 250, 250));
    converts(1, BYTES(5, 250), VISML_COLOR_RGBA, 4, BYTES(5, 5, 5, 255, 250, 250, 250, 255));
    converts(2, BYTES(5, 1, 250, 2), VISML_COLOR_GRAY, 1, BYTES(5, 250));
    converts(2, BYTES(5, 1, 250, 2), VISML_COLOR_RGB, 3, BYTES(5, 5, 5, 250, 250, 250));
    converts(2, BYTES(5, 1, 250, 2), VISML_COLOR_RGBA, 4, BYTES(5, 5, 5, 1, 250, 250, 250, 2));
    converts(3, BYTES(10, 200, 30, 255, 255, 255), VISML_COLOR_GRAY, 1, BYTES(124, 255));
    converts(3, BYTES(255, 0, 0, 0, 0, 255), VISML_COLOR_GRAY, 1, BYTES(76, 29));
    converts(3, BYTES(1, 2, 3, 4, 5, 6), VISML_COLOR_RGBA, 4, BYTES(1, 2, 3, 255, 4, 5, 6, 255));
    converts(4, BYTES(0, 255, 0, 9, 1, 2, 3, 8), VISML_COLOR_GRAY, 1, BYTES(150, 2));
    converts(4, BYTES(1, 2, 3, 9, 4, 5, 6, 8), VISML_COLOR_RGB, 3, BYTES(1, 2, 3, 4, 5, 6));
    converts(4, BYTES(1, 2, 3, 9, 4, 5, 6, 8), VISML_COLOR_AS_IS, 4, BYTES(1, 2, 3, 9, 4, 5, 6, 8));
}

static void test_convert_wide(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U16, VISML_SHAPE(1, 1, 3), &err), &err);
    uint16_t *p = visml_tensor_data(t);
    p[0] = p[1] = p[2] = 65535;
    visml_tensor *gray = assert_made(visml_image_convert(t, VISML_COLOR_GRAY, &err), &err);
    assert_int_equal(*(uint16_t *)visml_tensor_data(gray), 65535);
    visml_tensor *rgba = assert_made(visml_image_convert(gray, VISML_COLOR_RGBA, &err), &err);
    assert_int_equal(((uint16_t *)visml_tensor_data(rgba))[3], 65535);
    visml_tensor *numbers = assert_made(visml_tensor_convert(t, VISML_F32, &err), &err);
    visml_tensor *mean = assert_made(visml_image_convert(numbers, VISML_COLOR_GRAY, &err), &err);
    assert_true(*(float *)visml_tensor_data(mean) == 65535.0f); /* the weights sum up to 1 */
    visml_tensor_release(t);
    visml_tensor_release(gray);
    visml_tensor_release(rgba);
    visml_tensor_release(numbers);
    visml_tensor_release(mean);
    visml_context_free(ctx);
}

static void test_convert_refused(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *t = from_bytes(ctx, 1, 1, 1, BYTES(1));
    static const visml_color wrong[] = {-1, 2, 5};
    for (size_t i = 0; i < 3; i++) {
        assert_null(visml_image_convert(t, wrong[i], &err));
        assert_int_equal(err.code, VISML_EINVAL);
    }
    assert_null(visml_image_convert(NULL, VISML_COLOR_RGB, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    visml_tensor_release(t);
    visml_context_free(ctx);
}

/* The corners of a picture of 2 x 3: which byte comes first in the upright one, for each orientation. */
static void test_orient(void **state) {
    (void)state;
    static const uint8_t want[9][6] = {{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
                                       {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
    visml_context *ctx = test_context(1);
    for (int32_t o = 0; o <= 8; o++) {
        visml_error err = {0};
        visml_tensor *t = assert_made(visml_image_orient(from_bytes(ctx, 2, 3, 1, want[0]), o, &err), &err);
        assert_int_equal(visml_tensor_shape(t)->dims[0], o >= 5 ? 3 : 2);
        assert_memory_equal(visml_tensor_data(t), want[o], 6);
        visml_tensor_release(t);
    }
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_convert), cmocka_unit_test(test_convert_wide),
                                       cmocka_unit_test(test_convert_refused), cmocka_unit_test(test_orient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
