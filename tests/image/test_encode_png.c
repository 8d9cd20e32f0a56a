#include <stdlib.h>
#include <string.h>

#include "image_cases.h"

static visml_tensor *picture(visml_context *ctx, visml_dtype dtype, int64_t h, int64_t w, int64_t c) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, dtype, VISML_SHAPE(h, w, c), &err), &err);
    uint64_t seed = 3;
    for (int64_t i = 0; i < h * w * c; i++) {
        uint32_t v = (uint32_t)(i * 300) + test_random(&seed) % 500;
        if (dtype == VISML_U8)
            ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(v >> 8);
        else if (dtype == VISML_U16)
            ((uint16_t *)visml_tensor_data(t))[i] = (uint16_t)v;
    }
    return t;
}

static void same(const visml_tensor *a, const visml_tensor *b) {
    assert_int_equal(visml_tensor_dtype(a), visml_tensor_dtype(b));
    assert_memory_equal(visml_tensor_shape(a)->dims, visml_tensor_shape(b)->dims, 3 * sizeof(int64_t));
    assert_memory_equal(visml_tensor_data(a), visml_tensor_data(b),
                        (size_t)visml_tensor_count(a) * visml_dtype_bytes(visml_tensor_dtype(a)));
}

static void test_round_trip(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {13, 17}, {64, 100}};
    visml_context *ctx = test_context(1);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int64_t c = 1; c <= 4; c++)
            for (visml_dtype dtype = VISML_U8; dtype <= VISML_U16; dtype++) {
                visml_error err = {0};
                visml_tensor *image = picture(ctx, dtype, sizes[s][0], sizes[s][1], c);
                visml_tensor *file = assert_made(visml_image_encode_png(image, &err), &err);
                visml_decode_opts o = VISML_OPTS_INIT(visml_decode_opts);
                o.keep_16bit = 1;
                assert_int_equal(visml_tensor_dtype(file), VISML_U8);
                visml_tensor *back = assert_made(
                    image_decode_guarded(ctx, visml_tensor_data(file), (size_t)visml_tensor_count(file), &o, &err), &err);
                same(image, back);
                visml_tensor_release(image);
                visml_tensor_release(file);
                visml_tensor_release(back);
            }
    visml_context_free(ctx);
}

static void test_file(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    char *folder = test_folder(), *path = test_path(folder, "x.png"), *nowhere = test_path(folder, "no/x.png");
    visml_tensor *image = picture(ctx, VISML_U8, 5, 6, 3);
    assert_ok(visml_image_write_png(image, path, &err), &err);
    visml_tensor *back = assert_made(visml_image_read(ctx, path, NULL, &err), &err);
    same(image, back);
    assert_status(visml_image_write_png(image, nowhere, &err), VISML_EIO, &err);
    assert_status(visml_image_write_png(image, NULL, &err), VISML_EINVAL, &err);
    assert_status(visml_image_write_png(NULL, path, &err), VISML_EINVAL, &err);
    assert_null(visml_image_encode_png(NULL, &err));
    visml_tensor *numbers = assert_made(visml_tensor_convert(image, VISML_F32, &err), &err);
    assert_null(visml_image_encode_png(numbers, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_non_null(strstr(err.message, "float32"));
    visml_tensor_release(numbers);
    visml_tensor_release(image);
    visml_tensor_release(back);
    free(path);
    free(nowhere);
    test_folder_remove(folder);
    visml_context_free(ctx);
}

static void test_allocation_fails(void **state) {
    (void)state;
    for (int64_t nth = 1, done = 0; !done; nth++) {
        test_allocator a;
        visml_error err = {0};
        test_allocator_init(&a);
        visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
        o.threads = 1;
        o.allocator = &a.table;
        visml_context *ctx = assert_made(visml_context_new(&o, &err), &err);
        visml_tensor *image = picture(ctx, VISML_U16, 5, 6, 3);
        int64_t live = a.live;
        a.countdown = nth;
        visml_tensor *file = visml_image_encode_png(image, &err);
        done = file != NULL;
        assert_true(done || err.code == VISML_ENOMEM);
        visml_tensor_release(file);
        assert_int_equal(a.live, live);
        assert_true(nth < 100);
        visml_tensor_release(image);
        visml_context_free(ctx);
        assert_int_equal(a.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_file),
                                       cmocka_unit_test(test_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
