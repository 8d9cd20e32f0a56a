/* SVG to the letter, files, and what becomes of texts. */
#include "plot/marks.h"

static visml_context *ctx;
static visml_error err;
static char *folder;

#define HEAD(w, h) \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" " \
    "version=\"1.1\" width=\"" w "\" height=\"" h "\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"

static visml_plot *begin(double width, double height) {
    return assert_made(visml_plot_begin(ctx, width, height, &err), &err);
}

/* The file that a plot (consumed) becomes, with a zero at its end. */
static char *written(visml_plot *p, const char *name) {
    char *path = test_path(folder, name);
    size_t n;
    assert_non_null(visml_plot_end(p, VISML_OK));
    assert_ok(visml_plot_save(p, path, &err), &err);
    char *bytes = test_read_file(path, &n);
    bytes = realloc(bytes, n + 1);
    bytes[n] = '\0';
    visml_plot_free(p);
    free(path);
    return bytes;
}

static void assert_svg(visml_plot *p, const char *want) {
    char *got = written(p, "p.svg");
    assert_string_equal(got, want);
    free(got);
}

static visml_plot *one_of_each(void) {
    visml_plot *p = begin(20, 10);
    visml_draw_rectangle(p, (visml_frame){1, 2.5, 3.25, 4}, 0x0072B2, 0.5);
    visml_draw_line(p, -0.001, 0, 1.0 / 3, 7, 1.5, 0xD55E00, 1);
    visml_draw_disc(p, 5, 6, 2.5, 0, 0.85);
    visml_draw_text(p, 3, 9, (visml_style){2, 0, VISML_ANCHOR_MIDDLE, 0}, "a<b> & \"c\"");
    visml_draw_text(p, 3, 9, (visml_style){1, 0, VISML_ANCHOR_END, 1}, "\xC3\xA4\xE4\xB8\xAD");
    return p;
}

#define MARKS \
    HEAD("20", "10") "<rect x=\"1\" y=\"2.5\" width=\"3.25\" height=\"4\" fill=\"#0072b2\" fill-opacity=\"0.5\"/>\n" \
    "<line x1=\"0\" y1=\"0\" x2=\"0.33\" y2=\"7\" stroke=\"#d55e00\" stroke-width=\"1.5\"/>\n" \
    "<circle cx=\"5\" cy=\"6\" r=\"2.5\" fill=\"#000000\" fill-opacity=\"0.85\"/>\n" \
    "<text x=\"3\" y=\"9\" font-size=\"20\" font-family=\"monospace\" text-anchor=\"middle\" fill=\"#000000\">" \
    "a&lt;b&gt; &amp; \"c\"</text>\n" \
    "<text x=\"3\" y=\"9\" font-size=\"10\" font-family=\"monospace\" text-anchor=\"end\" transform=\"rotate(-90 3 9)\" " \
    "fill=\"#000000\">\xC3\xA4\xE4\xB8\xAD</text>\n</svg>\n"

static void every_mark_has_its_element(void **state) {
    (void)state;
    assert_svg(one_of_each(), MARKS);
}

static void numbers_have_a_point_in_every_locale(void **state) {
    (void)state;
    if (!test_locale("de_DE"))
        skip(); /* the host has it neither nor localedef to make it */
    assert_svg(one_of_each(), MARKS);
    test_locale_end();
}

/* The PNG that the library writes, in base64 (RFC 4648): decoded here, it is the picture. */
static void pictures_are_in_it(void **state) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    visml_tensor *picture = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(3, 5, 3), &err), &err);
    uint64_t seed = 1;
    uint8_t png[2048];
    (void)state;
    for (int64_t i = 0; i < picture->count; i++)
        picture->data[i] = (char)test_random(&seed);
    for (int cut = 0; cut < 3; cut++) { /* lengths of a file with each rest by 3 */
        visml_plot *p = begin(9, 9);
        visml_tensor *part = assert_made(visml_image_crop(picture, 0, 0, 3, 5 - cut, &err), &err);
        visml_draw_picture(p, (visml_frame){1, 2, 5, 3}, visml_tensor_retain(part));
        char *svg = written(p, "p.svg"), *s = strstr(svg, "base64,") + 7;
        assert_non_null(strstr(svg, "<image x=\"1\" y=\"2\" width=\"5\" height=\"3\" preserveAspectRatio=\"none\" "
                                    "image-rendering=\"pixelated\" xlink:href=\"data:image/png;base64,"));
        size_t n = 0;
        for (uint32_t bits = 0, have = 0; *s != '"' && *s != '='; s++) {
            bits = bits << 6 | (uint32_t)(strchr(digits, *s) - digits);
            if ((have += 6) >= 8)
                png[n++] = (uint8_t)(bits >> (have -= 8));
        }
        visml_tensor *again = assert_made(visml_image_decode(ctx, png, n, NULL, &err), &err);
        assert_memory_equal(again->data, part->data, (size_t)part->count);
        visml_tensor_release(again);
        visml_tensor_release(part);
        free(svg);
    }
    visml_tensor_release(picture);
}

static void assert_text(const char *text, int32_t most, const char *want) {
    visml_plot *p = begin(9, 9);
    visml_draw_text(p, 0, 0, (visml_style){.scale = 1, .most = most}, text);
    assert_string_equal(p->marks[0].as.text.bytes, want);
    visml_plot_free(visml_plot_end(p, VISML_OK));
}

#define UNKNOWN "\xEF\xBF\xBD"

static void texts_are_what_xml_allows(void **state) {
    (void)state;
    assert_text("plain", 0, "plain");
    assert_text("a\tb\n\x7F", 0, "a" UNKNOWN "b" UNKNOWN UNKNOWN);
    assert_text("\xFF\xC3", 0, UNKNOWN UNKNOWN);                             /* no UTF-8; cut off in a character */
    assert_text("\xED\xA0\x80", 0, UNKNOWN UNKNOWN UNKNOWN);                 /* a surrogate */
    assert_text("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBC", 0, UNKNOWN UNKNOWN "\xEF\xBF\xBC");
    assert_text("\xF0\x9F\x90\xB1 cat", 0, "\xF0\x9F\x90\xB1 cat");
    assert_text("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 4, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
    assert_text("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 4, "\xC3\xA4\xC3\xA4..");
    assert_int_equal(visml_text_characters("\xC3\xA4\xFF" "b"), 3);
    assert_int_equal(visml_text_characters(NULL), 0);
}

static void the_ending_says_which_file(void **state) {
    visml_plot *p = begin(2, 3);
    (void)state;
    p = assert_made(visml_plot_end(p, VISML_OK), &err);
    char *bad = test_path(folder, "none/p.svg"), *png = test_path(folder, "P.PNG");
    assert_ok(visml_plot_save(p, png, &err), &err);
    visml_tensor *t = assert_made(visml_image_read(ctx, png, NULL, &err), &err);
    assert_int_equal(t->shape.dims[0], 3);
    assert_int_equal(t->shape.dims[1], 2);
    assert_int_equal(t->shape.dims[2], 3);
    assert_int_equal(visml_plot_save(p, "p.jpg", &err), VISML_EINVAL);
    assert_string_equal(err.message, "plot: path is \"p.jpg\", must end with .png or .svg");
    assert_int_equal(visml_plot_save(p, ".svg", &err), VISML_EINVAL);
    assert_int_equal(visml_plot_save(p, "g", &err), VISML_EINVAL);
    assert_int_equal(visml_plot_save(p, bad, &err), VISML_EIO);
    visml_tensor_release(t);
    visml_plot_free(p);
    free(bad);
    free(png);
}

static visml_status draw_one(visml_context *c, visml_error *e) {
    visml_plot *p = visml_plot_begin(c, 30, 20, e);
    if (!p)
        return e->code;
    visml_draw_text(p, 1, 9, (visml_style){.scale = 1}, "some text");
    visml_draw_picture(p, (visml_frame){0, 0, 4, 4}, visml_tensor_new(c, VISML_U8, VISML_SHAPE(2, 2, 3), e));
    visml_draw_rectangle(p, (visml_frame){0, 0, 1, 1}, 0, 1);
    return write_all(visml_plot_end(p, VISML_OK), e);
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    survive_allocations(draw_one);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    folder = test_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_folder_remove(folder);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mark_has_its_element),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(pictures_are_in_it),
        cmocka_unit_test(texts_are_what_xml_allows),
        cmocka_unit_test(the_ending_says_which_file),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
