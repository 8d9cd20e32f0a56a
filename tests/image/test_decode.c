#include <stdlib.h>
#include <string.h>

#include "image_cases.h"

static void test_orientations(void **state) {
    (void)state;
    image_cases_check("orient", 8);
}

/* Colours and depth on the way: the same as decoding as-is and converting. */
static void test_options(void **state) {
    (void)state;
    static const char *const names[] = {"png-gray8", "png-gray16-trns", "png-rgba16", "png-palette-trns8", "png-rgb8"};
    visml_context *ctx = test_context(1);
    image_cases all = image_cases_load();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const image_case *c = image_case_find(&all, names[i]);
        for (visml_color color = 0; color <= 4; color++) {
            visml_error err = {0};
            visml_decode_opts o = VISML_OPTS_INIT(visml_decode_opts);
            o.color = color;
            visml_tensor *image = visml_image_decode(ctx, c->file, c->n, &o, &err);
            if (color == 2) {
                assert_null(image);
                assert_int_equal(err.code, VISML_EINVAL);
                continue;
            }
            assert_made(image, &err);
            assert_int_equal(visml_tensor_dtype(image), VISML_U8);
            assert_int_equal(visml_tensor_shape(image)->dims[2], color ? color : c->channels);
            const uint8_t *got = visml_tensor_data(image);
            if (color == VISML_COLOR_AS_IS)
                for (int64_t k = 0; k < visml_tensor_count(image); k++) /* the high byte: little-endian goldens */
                    assert_int_equal(got[k], c->bits == 16 ? c->pixels[2 * k + 1] : c->pixels[k]);
            visml_tensor_release(image);
        }
    }
    image_cases_free(&all);
    visml_context_free(ctx);
}

static void test_arguments(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_image_info info = {.size = sizeof info};
    static const char file[] = "P5 1 1 255 a";
    size_t n = sizeof file - 1;
    assert_null(visml_image_decode(NULL, file, n, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_non_null(strstr(err.message, "ctx"));
    assert_null(visml_image_decode(ctx, NULL, n, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_image_decode(ctx, NULL, 0, NULL, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_null(visml_image_decode(ctx, file, n, VISML_OPTS(visml_decode_opts, .color = 5), &err));
    assert_non_null(strstr(err.message, "color"));
    assert_null(visml_image_decode(ctx, file, n, VISML_OPTS(visml_decode_opts, .keep_16bit = 2), &err));
    assert_non_null(strstr(err.message, "keep_16bit"));
    assert_null(visml_image_decode(ctx, file, n, VISML_OPTS(visml_decode_opts, .ignore_orientation = -1), &err));
    assert_non_null(strstr(err.message, "ignore_orientation"));
    assert_null(visml_image_decode(ctx, "x", 1, NULL, NULL));
    assert_status(visml_image_probe(NULL, file, n, &info, &err), VISML_EINVAL, &err);
    assert_status(visml_image_probe(ctx, file, n, NULL, &err), VISML_EINVAL, &err);
    assert_status(visml_image_probe(ctx, NULL, n, &info, &err), VISML_EINVAL, &err);
    info.size = 0;
    assert_status(visml_image_probe(ctx, file, n, &info, &err), VISML_EINVAL, &err);
    visml_context_free(ctx);
}

/* Structs of an older and of a newer header. */
static void test_sizes(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    static const char file[] = "P5 1 1 255 a";
    struct {
        visml_image_info info;
        char more[16];
    } longer;
    memset(&longer, 0xee, sizeof longer);
    longer.info.size = sizeof longer;
    assert_ok(visml_image_probe(ctx, file, sizeof file - 1, &longer.info, &err), &err);
    assert_int_equal(longer.info.width, 1);
    assert_int_equal(longer.info.size, sizeof longer);
    for (size_t i = 0; i < sizeof longer.more; i++)
        assert_int_equal(longer.more[i], 0);
    memset(&longer, 0xee, sizeof longer);
    longer.info.size = offsetof(visml_image_info, width);
    assert_ok(visml_image_probe(ctx, file, sizeof file - 1, &longer.info, &err), &err);
    assert_int_equal(longer.info.format, VISML_FORMAT_PNM);
    assert_true(longer.info.height == (int64_t)0xeeeeeeeeeeeeeeee);
    visml_context_free(ctx);
}

/* A failed probe leaves info as it was. */
static void test_probe_fails(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_image_info info, before;
    visml_error err = {0};
    memset(&info, 7, sizeof info);
    info.size = sizeof info;
    before = info;
    assert_status(visml_image_probe(ctx, "nothing", 7, &info, &err), VISML_EFORMAT, &err);
    assert_memory_equal(&info, &before, sizeof info);
    visml_context_free(ctx);
}

static void test_read(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    char *folder = test_folder(), *path = test_path(folder, "a.jpg");
    test_write_file(path, "P5 2 1 255\nab", 13); /* content decides, not the name */
    visml_tensor *image = assert_made(visml_image_read(ctx, path, NULL, &err), &err);
    assert_memory_equal(visml_tensor_data(image), "ab", 2);
    visml_tensor_release(image);
    test_write_file(path, "P5 2 1 255\na", 12);
    assert_null(visml_image_read(ctx, path, NULL, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_memory_equal(err.message, path, strlen(path));
    assert_null(visml_image_read(ctx, folder, NULL, &err));
    assert_int_equal(err.code, VISML_EIO);
    char *missing = test_path(folder, "missing");
    assert_null(visml_image_read(ctx, missing, NULL, &err));
    assert_int_equal(err.code, VISML_EIO);
    assert_non_null(strstr(err.message, "missing"));
    assert_null(visml_image_read(ctx, NULL, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_image_read(NULL, path, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    visml_context *small = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .max_file_bytes = 11), &err);
    assert_null(visml_image_read(small, path, NULL, &err));
    assert_int_equal(err.code, VISML_ELIMIT);
    visml_context_free(small);
    free(missing);
    free(path);
    test_folder_remove(folder);
    visml_context_free(ctx);
}

/* Every allocation of ours fails in turn: an error, nothing leaked; memory that is not zero changes no pixel. */
static void sweep(const image_case *c) {
    for (int64_t nth = 1, done = 0; !done; nth++) {
        test_allocator a;
        visml_error err = {0};
        test_allocator_init(&a);
        visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
        visml_decode_opts d = VISML_OPTS_INIT(visml_decode_opts);
        o.threads = 1;
        o.allocator = &a.table;
        d.color = VISML_COLOR_RGBA;
        visml_context *ctx = assert_made(visml_context_new(&o, &err), &err);
        a.countdown = nth;
        visml_tensor *image = visml_image_decode(ctx, c->file, c->n, &d, &err);
        done = image != NULL;
        if (!done && err.code != VISML_ENOMEM)
            fail_msg("%s: %s", c->name, err.message);
        assert_true(nth < 200);
        visml_tensor_release(image);
        visml_context_free(ctx);
        assert_int_equal(a.live, 0);
    }
}

static void test_allocation_fails(void **state) {
    (void)state;
    image_cases all = image_cases_load();
    for (size_t i = 0; i < all.count; i++)
        sweep(&all.list[i]);
    image_cases_free(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orientations), cmocka_unit_test(test_options), cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_probe_fails), cmocka_unit_test(test_read),
        cmocka_unit_test(test_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
