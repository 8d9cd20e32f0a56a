/* Pixels of single marks. */
#include "plot/font.h"
#include "plot/marks.h"

static visml_context *ctx;
static visml_error err;

static visml_plot *begin(double width, double height) {
    return assert_made(visml_plot_begin(ctx, width, height, &err), &err);
}

static visml_tensor *pixels(visml_plot *p) {
    assert_non_null(visml_plot_end(p, VISML_OK));
    visml_tensor *t = assert_made(visml_plot_image(p, &err), &err);
    visml_plot_free(p);
    return t;
}

static void a_rectangle_covers_its_pixels(void **state) {
    (void)state;
    visml_plot *p = begin(6, 5);
    visml_draw_rectangle(p, (visml_frame){1, 1, 3, 2}, 0x102030, 1);
    visml_draw_rectangle(p, (visml_frame){-9, 4, 100, 100}, 0x405060, 1); /* cut off at the edges */
    visml_tensor *t = pixels(p);
    for (int64_t y = 0; y < 5; y++)
        for (int64_t x = 0; x < 6; x++) {
            int inside = x >= 1 && x < 4 && y >= 1 && y < 3;
            assert_int_equal(pixel_at(t, x, y), y == 4 ? 0x405060 : inside ? 0x102030 : 0xFFFFFF);
        }
    visml_tensor_release(t);
}

/* Half of a pixel, a quarter of one, and opacity: 255 (1 - share), rounded to nearest. */
static void a_part_of_a_pixel_is_a_share_of_the_color(void **state) {
    (void)state;
    visml_plot *p = begin(6, 4);
    visml_draw_rectangle(p, (visml_frame){0.5, 0.5, 2, 2}, 0, 1);
    visml_draw_rectangle(p, (visml_frame){4, 0, 1, 1}, 0xFF0000, 0.2);
    visml_tensor *t = pixels(p);
    assert_int_equal(pixel_at(t, 1, 1), 0);
    assert_int_equal(pixel_at(t, 0, 1), 0x808080); /* 127.5 + 0.5 */
    assert_int_equal(pixel_at(t, 2, 1), 0x808080);
    assert_int_equal(pixel_at(t, 1, 2), 0x808080);
    assert_int_equal(pixel_at(t, 0, 0), 0xBFBFBF); /* 191.25 */
    assert_int_equal(pixel_at(t, 3, 1), 0xFFFFFF);
    assert_int_equal(pixel_at(t, 4, 0), 0xFFCCCC); /* 204 */
    visml_tensor_release(t);
}

static void a_line_along_an_axis_is_exact(void **state) {
    (void)state;
    visml_plot *p = begin(8, 8);
    visml_draw_line(p, 1, 2.5, 5, 2.5, 1, 0, 1);
    visml_draw_line(p, 7, 1, 7, 4, 1, 0, 1); /* between two columns */
    visml_draw_line(p, 3, 6, 3, 6, 1, 0, 1); /* of no length */
    visml_tensor *t = pixels(p);
    for (int64_t y = 0; y < 8; y++)
        for (int64_t x = 0; x < 8; x++) {
            uint32_t want = y == 2 && x >= 1 && x < 5 ? 0 : x >= 6 && y >= 1 && y < 4 ? 0x808080 : 0xFFFFFF;
            assert_int_equal(pixel_at(t, x, y), want);
        }
    visml_tensor_release(t);
}

static double darkness(const visml_tensor *t) {
    double sum = 0;
    for (int64_t i = 0; i < t->count; i += 3)
        sum += 1 - ((const uint8_t *)t->data)[i] / 255.0;
    return sum;
}

/* A turned line covers about its area, the same to both sides. Pixels lie at multiples of 1/sqrt(2) from its middle, where the shares are
 * 1, 0.793 and 0.086: a width of 1.950 for 2. The ends are ramps of one pixel, and 42.4 long: less than one in forty for both together. */
static void a_slanting_line_covers_its_area(void **state) {
    (void)state;
    visml_plot *p = begin(40, 40);
    visml_draw_line(p, 5, 5, 35, 35, 2, 0, 1);
    visml_tensor *t = pixels(p);
    double area = 2 * 30 * 1.41421356237;
    assert_true(darkness(t) > area * 0.95 && darkness(t) < area * 1.05);
    for (int64_t y = 0; y < 40; y++)
        for (int64_t x = 0; x < 40; x++)
            assert_int_equal(pixel_at(t, x, y), pixel_at(t, y, x));
    visml_tensor_release(t);
}

/* Black where the whole square is inside of the circle, white where it is outside: between the circles that are half a pixel smaller and
 * larger there is a transition, and the whole is the same from all sides. */
static void a_disc_is_round(void **state) {
    (void)state;
    visml_plot *p = begin(31, 31);
    visml_draw_disc(p, 15.5, 15.5, 10, 0, 1);
    visml_tensor *t = pixels(p);
    for (int64_t y = 0; y < 31; y++)
        for (int64_t x = 0; x < 31; x++) {
            double square = (double)((x - 15) * (x - 15) + (y - 15) * (y - 15));
            if (square < 9.5 * 9.5)
                assert_int_equal(pixel_at(t, x, y), 0);
            if (square > 10.5 * 10.5)
                assert_int_equal(pixel_at(t, x, y), 0xFFFFFF);
            assert_int_equal(pixel_at(t, x, y), pixel_at(t, y, x));
            assert_int_equal(pixel_at(t, x, y), pixel_at(t, 30 - x, y));
        }
    assert_true(darkness(t) > 3.1415 * 9.5 * 9.5 && darkness(t) < 3.1416 * 10.5 * 10.5);
    visml_tensor_release(t);
}

static void a_picture_is_spread_over_its_frame(void **state) {
    (void)state;
    visml_tensor *small = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2, 2, 3), &err), &err);
    for (int i = 0; i < 12; i++)
        ((uint8_t *)small->data)[i] = (uint8_t)(i / 3 * 50);
    visml_plot *p = begin(7, 7);
    visml_draw_picture(p, (visml_frame){1, 2, 4, 4}, small);
    visml_tensor *t = pixels(p);
    for (int64_t y = 0; y < 7; y++)
        for (int64_t x = 0; x < 7; x++) {
            int inside = x >= 1 && x < 5 && y >= 2 && y < 6;
            uint32_t value = (uint32_t)((y - 2) / 2 * 2 + (x - 1) / 2) * 50;
            assert_int_equal(pixel_at(t, x, y), inside ? value * 0x010101u : 0xFFFFFFu);
        }
    visml_tensor_release(t);
}

/* ---- text ---- */

/* Dots of the letter, one pixel each, as the bits of a row. */
static void assert_letter(const visml_tensor *t, int64_t left, int64_t top, char letter, int64_t scale) {
    for (int64_t row = 0; row < VISML_FONT_ROWS * scale; row++)
        for (int64_t column = 0; column < VISML_FONT_COLUMNS * scale; column++) {
            int on = visml_font_glyph((uint32_t)letter)[row / scale] >> (VISML_FONT_COLUMNS - 1 - column / scale) & 1;
            assert_int_equal(pixel_at(t, left + column, top + row), on ? 0 : 0xFFFFFF);
        }
}

static void letters_stand_where_they_are_put(void **state) {
    (void)state;
    visml_plot *p = begin(60, 30);
    visml_draw_text(p, 2, 9, (visml_style){.scale = 1}, "Ag");
    visml_draw_text(p, 50, 20, (visml_style){.scale = 2, .anchor = VISML_ANCHOR_END}, "Rj");
    visml_draw_text(p, 1, 1, (visml_style){.scale = 1}, NULL);
    visml_tensor *t = pixels(p);
    assert_letter(t, 2, 2, 'A', 1);
    assert_letter(t, 8, 2, 'g', 1);
    assert_letter(t, 50 - 2 * 5 - 2 * 6, 20 - 2 * 7, 'R', 2);
    assert_letter(t, 50 - 2 * 5, 20 - 2 * 7, 'j', 2);
    visml_tensor_release(t);
}

static void text_can_go_upwards(void **state) {
    (void)state;
    visml_plot *p = begin(20, 20);
    visml_draw_text(p, 10, 15, (visml_style){.scale = 1, .turned = 1}, "F");
    visml_tensor *t = pixels(p);
    for (int64_t row = 0; row < VISML_FONT_ASCENT; row++)
        for (int64_t column = 0; column < VISML_FONT_COLUMNS; column++) {
            int on = visml_font_glyph('F')[row] >> (VISML_FONT_COLUMNS - 1 - column) & 1;
            assert_int_equal(pixel_at(t, 10 - VISML_FONT_ASCENT + row, 14 - column), on ? 0 : 0xFFFFFF);
        }
    visml_tensor_release(t);
}

/* All of ASCII can be told apart; accents are dropped; what is not there is one box. */
static void the_font_has_a_glyph_for_all(void **state) {
    (void)state;
    for (uint32_t a = 0x21; a < 0x7F; a++)
        for (uint32_t b = 0x20; b < a; b++)
            assert_memory_not_equal(visml_font_glyph(a), visml_font_glyph(b), VISML_FONT_ROWS);
    assert_ptr_equal(visml_font_glyph(0xE4), visml_font_glyph('a'));
    assert_ptr_equal(visml_font_glyph(0xFF), visml_font_glyph('y'));
    assert_ptr_equal(visml_font_glyph(0xC0), visml_font_glyph('A'));
    assert_ptr_equal(visml_font_glyph(0xDF), visml_font_glyph('s'));
    assert_ptr_equal(visml_font_glyph(0xDE), visml_font_glyph(0x4E2D));
    assert_ptr_equal(visml_font_glyph(0x7F), visml_font_glyph(0x10FFFF));
}

static void too_large_a_drawing_is_refused(void **state) {
    (void)state;
    visml_context *small = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .max_pixels = 99), &err), &err);
    assert_refused(visml_plot_begin(small, 10, 10, &err), VISML_ELIMIT, "plot: the drawing has 10 x 10 pixels, more than max_pixels: 99",
                   &err);
    visml_context_free(small);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rectangle_covers_its_pixels),
        cmocka_unit_test(a_part_of_a_pixel_is_a_share_of_the_color),
        cmocka_unit_test(a_line_along_an_axis_is_exact),
        cmocka_unit_test(a_slanting_line_covers_its_area),
        cmocka_unit_test(a_disc_is_round),
        cmocka_unit_test(a_picture_is_spread_over_its_frame),
        cmocka_unit_test(letters_stand_where_they_are_put),
        cmocka_unit_test(text_can_go_upwards),
        cmocka_unit_test(the_font_has_a_glyph_for_all),
        cmocka_unit_test(too_large_a_drawing_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
