#include <string.h>

#include "image_cases.h"

static void test_recognised(void **state) {
    (void)state;
    static const struct {
        const char *prefix;
        visml_image_format format;
    } kinds[] = {{"jpeg-", VISML_FORMAT_JPEG}, {"png-", VISML_FORMAT_PNG}, {"bmp-", VISML_FORMAT_BMP},
                 {"gif-", VISML_FORMAT_GIF},   {"pnm-", VISML_FORMAT_PNM}, {"tga-", VISML_FORMAT_TGA}};
    image_cases all = image_cases_load();
    for (size_t i = 0; i < all.count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (strncmp(all.list[i].name, kinds[k].prefix, strlen(kinds[k].prefix)) == 0)
                assert_int_equal(visml_image_format_of(all.list[i].file, all.list[i].n), kinds[k].format);
    image_cases_free(&all);
}

static void test_unknown(void **state) {
    (void)state;
    static const char *const others[] = {"", "a", "GIF88a", "\x89PNG", "\xff\xd8", "<svg xmlns='http://www.w3.org/2000/svg'/>",
                                         "RIFF1234WEBPVP8 xxxxxxxxxxxxxxxxxxxx", "%PDF-1.7 ...................", "#!/bin/sh\nexit 0\n    "};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(visml_image_format_of(others[i], strlen(others[i])), VISML_FORMAT_UNKNOWN);
    assert_int_equal(visml_image_format_of(NULL, 0), VISML_FORMAT_UNKNOWN);
    assert_int_equal(visml_image_format_of(NULL, 10), VISML_FORMAT_UNKNOWN);
    image_refused("hello, world", 12, VISML_EFORMAT, "not a JPEG, PNG, BMP, GIF, PNM or TGA file");
    image_refused("", 0, VISML_EFORMAT, "empty");
}

/* Each limit one below, at, and one above what a picture needs. */
static void test_limits(void **state) {
    (void)state;
    static const uint8_t file[] = "P5 4 3 255\nabcdefghijkl";
    for (int k = -1; k <= 1; k++) {
        visml_error err = {0};
        visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
        o.threads = 1;
        o.max_pixels = 12 + k;
        visml_context *ctx = assert_made(visml_context_new(&o, &err), &err);
        visml_tensor *image = image_decode_guarded(ctx, file, sizeof file - 1, NULL, &err);
        assert_true(k < 0 ? !image && err.code == VISML_ELIMIT : image != NULL);
        visml_tensor_release(image);
        visml_context_free(ctx);
        o.max_pixels = 0;
        o.max_decode_bytes = (uint64_t)(24 + k);
        ctx = assert_made(visml_context_new(&o, &err), &err);
        image = image_decode_guarded(ctx, file, sizeof file - 1, NULL, &err);
        assert_true(k < 0 ? !image && err.code == VISML_ELIMIT : image != NULL);
        visml_tensor_release(image);
        visml_context_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recognised), cmocka_unit_test(test_unknown), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
