/* What extractors see, as marks. */
#include <math.h>

#include "feature/extractor.h"
#include "plot/marks.h"

static visml_context *ctx;
static visml_error err;

static visml_tensor *picture(visml_context *c, int64_t h, int64_t w, int64_t channels) {
    return assert_made(visml_tensor_new(c, VISML_U8, VISML_SHAPE(h, w, channels), &err), &err);
}

static visml_tensor *noise(visml_context *c, int64_t h, int64_t w) {
    visml_tensor *t = picture(c, h, w, 1);
    uint64_t seed = 7;
    for (int64_t i = 0; i < t->count; i++)
        t->data[i] = (char)test_random(&seed);
    return t;
}

/* ---- hog ---- */

/* A step from black to white: down (columns alike) or across (rows alike). */
static visml_tensor *step(int down) {
    visml_tensor *t = picture(ctx, 8, 8, 1);
    for (int64_t i = 0; i < 64; i++)
        t->data[i] = (char)((down ? i / 8 : i % 8) < 4 ? 0 : 255);
    return t;
}

/* Strokes of one cell of a step, all of which have this slope: along the edge, not along the gradient. */
static void check_strokes(const visml_hog_opts *opts, int down, double angle) {
    visml_tensor *t = step(down);
    visml_extractor *e = assert_made(visml_extractor_hog(ctx, opts, &err), &err);
    visml_plot *p = assert_made(visml_plot_extractor(e, t, VISML_OPTS(visml_plot_extractor_opts, .scale = 10), &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_LINE, VISML_WHITE), 1);
    const visml_mark *m = find_mark(p, VISML_MARK_LINE, VISML_WHITE, 0);
    double across = m->to_x - m->x, below = m->to_y - m->y;
    assert_true(fabs(fmod(atan2(below, across) + 6.28318530717959, 3.14159265358979) - angle) < 1e-6);
    assert_true(fabs((m->x + m->to_x) / 2 - 40) < 1e-9 && fabs((m->y + m->to_y) / 2 - 40) < 1e-9);
    assert_true(m->opacity == 1);
    visml_plot_free(p);
    visml_extractor_free(e);
    visml_tensor_release(t);
}

/* Vertical edges give gradients to the right, in the first of 9 bins of Dalal and Triggs, whose middle is at 10 degrees: the stroke is at
 * 90 + 10. Horizontal ones give 90, in [80, 100): at 180, or 0. Felzenszwalb's have their middles at 0 and, of 18 bins, at 90 degrees. */
static void strokes_lie_along_edges(void **state) {
    const double degree = 3.14159265358979 / 180;
    visml_hog_opts one = {.size = sizeof one, .cells_per_block = {1}}, other = {.size = sizeof other, .variant = VISML_HOG_UOCTTI};
    (void)state;
    check_strokes(&one, 0, 100 * degree);
    check_strokes(&one, 1, 0);
    check_strokes(&other, 0, 90 * degree);
    other.orientations = 4;
    check_strokes(&other, 1, 0);
}

/* With blocks of one cell and L1 a vector is its cell's sums by their total. */
static void the_map_of_hog_is_what_vectors_are_made_of(void **state) {
    visml_tensor *t = noise(ctx, 24, 40);
    const visml_hog_opts opts = {.size = sizeof opts, .cells_per_block = {1}, .block_norm = VISML_HOG_L1};
    visml_extractor *e = assert_made(visml_extractor_hog(ctx, &opts, &err), &err);
    visml_tensor *map = assert_made(visml_extractor_map(e, t, &err), &err), *y = assert_made(visml_extractor_run(e, t, &err), &err);
    (void)state;
    assert_int_equal(map->shape.dims[0], 3);
    assert_int_equal(map->shape.dims[1], 5);
    assert_int_equal(map->shape.dims[2], 9);
    for (int64_t cell = 0; cell < 15; cell++) {
        const float *sums = (const float *)(const void *)map->data + 9 * cell, *v = (const float *)(const void *)y->data + 9 * cell;
        double total = 0;
        for (int k = 0; k < 9; k++)
            total += (double)sums[k];
        for (int k = 0; k < 9; k++) /* the vector has 64 e, the cell's area times 1e-5, in its divisor: below 1e-5 of sums of 1 and more */
            assert_true(fabs((double)v[k] - (double)sums[k] / (total + 64e-5)) < 1e-6);
    }
    visml_tensor_release(y);
    visml_tensor_release(map);
    visml_extractor_free(e);
    visml_tensor_release(t);
}

/* ---- lbp ---- */

/* Shares of the values of the map are the vector, for the methods whose values are bins. */
static void the_map_of_lbp_is_what_is_counted(void **state) {
    static const visml_lbp_opts kinds[] = {{.size = sizeof *kinds}, {.size = sizeof *kinds, .method = VISML_LBP_DEFAULT},
                                           {.size = sizeof *kinds, .method = VISML_LBP_NRI_UNIFORM, .radius = {2.5}, .points = {12}},
                                           {.size = sizeof *kinds, .radius = {3}, .points = {24}}};
    visml_tensor *t = noise(ctx, 37, 41);
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        visml_extractor *e = assert_made(visml_extractor_lbp(ctx, &kinds[i], &err), &err);
        visml_tensor *map = assert_made(visml_extractor_map(e, t, &err), &err), *y = assert_made(visml_extractor_run(e, t, &err), &err);
        const float *v = (const float *)(const void *)map->data;
        for (int64_t bin = 0; bin < y->count; bin++) {
            int64_t n = 0;
            for (int64_t k = 0; k < map->count; k++)
                n += v[k] == (float)bin;
            assert_true(((const float *)(const void *)y->data)[bin] == (float)((double)n * (1 / (37.0 * 41))));
        }
        visml_tensor_release(y);
        visml_tensor_release(map);
        visml_extractor_free(e);
    }
    visml_tensor_release(t);
}

/* A bright pixel on black: its code is 0, all others have a neighbour that is not darker. */
static void codes_are_gray_values(void **state) {
    visml_tensor *t = picture(ctx, 5, 5, 1);
    (void)state;
    t->data[12] = (char)200;
    visml_extractor *e = assert_made(visml_extractor_lbp(ctx, NULL, &err), &err);
    visml_plot *p = assert_made(visml_plot_extractor(e, t, VISML_OPTS(visml_plot_extractor_opts, .scale = 2), &err), &err);
    visml_tensor *image = assert_made(visml_plot_image(p, &err), &err);
    assert_int_equal(image->shape.dims[0], 10);
    assert_int_equal(pixel_at(image, 4, 5), 0);
    assert_int_equal(pixel_at(image, 0, 0) & 255, pixel_at(image, 0, 0) >> 16);
    assert_true(pixel_at(image, 4, 3) > 0);
    visml_tensor_release(image);
    visml_plot_free(p);
    visml_extractor_free(e);
    visml_tensor_release(t);
}

/* ---- colours, numbers ---- */

static void colors_are_as_wide_as_their_shares(void **state) {
    visml_tensor *t = picture(ctx, 4, 8, 3);
    (void)state;
    for (int64_t i = 0; i < 32; i++)
        t->data[3 * i + (i % 8 < 6 ? 0 : 2)] = (char)255; /* red on the left, blue on the right */
    visml_extractor *e = assert_made(visml_extractor_dominant_colors(ctx, NULL, &err), &err);
    visml_plot *p = assert_made(
        visml_plot_extractor(e, t, VISML_OPTS(visml_plot_extractor_opts, .scale = 10, .title = "colours"), &err), &err);
    const visml_mark *red = find_mark(p, VISML_MARK_RECTANGLE, 0xFF0000, 0), *blue = find_mark(p, VISML_MARK_RECTANGLE, 0x0000FF, 0);
    assert_true(red->x == 0 && red->to_x == 60 && blue->x == 60 && blue->to_x == 80 && red->to_y - red->y == 40);
    assert_true(has_text(p, "colo.."));
    visml_plot_free(p);
    visml_extractor_free(e);
    visml_tensor_release(t);
}

static void numbers_are_bars(void **state) {
    visml_tensor *t = picture(ctx, 10, 30, 3), *black = picture(ctx, 3, 3, 3);
    (void)state;
    for (int64_t i = 0; i < 300; i++)
        t->data[3 * i] = (char)255, t->data[3 * i + 1] = 51;
    visml_extractor *e = assert_made(visml_extractor_average(ctx, &err), &err);
    visml_plot *p = assert_made(visml_plot_extractor(e, t, VISML_OPTS(visml_plot_extractor_opts, .scale = 1), &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, VISML_BARS), 2); /* red 1, green 0.2, blue 0 */
    const visml_mark *green = find_mark(p, VISML_MARK_RECTANGLE, VISML_BARS, 1);
    assert_true(fabs(green->y - 8) < 1e-5 && green->x == 10 && green->to_x == 19 && green->to_y == 10);
    visml_plot_free(p);
    p = assert_made(visml_plot_extractor(e, black, NULL, &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, VISML_BARS), 0);
    visml_plot_free(p);
    visml_extractor_free(e);
    e = assert_made(visml_extractor_pixels(ctx, &err), &err); /* more numbers than pixels */
    p = assert_made(visml_plot_extractor(e, t, VISML_OPTS(visml_plot_extractor_opts, .scale = 1), &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, VISML_BARS), 30);
    visml_plot_free(p);
    visml_extractor_free(e);
    visml_tensor_release(black);
    visml_tensor_release(t);
}

/* ---- features ---- */

static const char FOUR[] = "{\"height\": 16, \"width\": 24, \"extract\": [{\"class\": \"hog\", \"cells_per_block\": 1}, \"lbp\", "
                           "\"average\", {\"class\": \"dominant_colors\", \"over\": \"grid\"}]}";

static void features_show_all_that_they_look_at(void **state) {
    visml_features *f = assert_made(visml_features_from_json(ctx, FOUR, sizeof FOUR - 1, &err), &err);
    visml_tensor *t = picture(ctx, 8, 8, 3);
    (void)state;
    visml_plot *p = assert_made(visml_plot_features(f, t, NULL, &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_PICTURE, 0), 2); /* the picture, and codes */
    const visml_mark *m = find_mark(p, VISML_MARK_PICTURE, 0, 0);
    assert_true(m->to_x - m->x == 240 && m->to_y - m->y == 160); /* ten times as large as what they bring it to */
    assert_true(has_text(p, "picture") && has_text(p, "hog") && has_text(p, "lbp") && has_text(p, "dominant_colors"));
    visml_plot_free(p);
    visml_tensor_release(t);
    visml_features_free(f);
}

static void what_is_refused(void **state) {
    visml_tensor *five = picture(ctx, 8, 8, 5), *tiny = picture(ctx, 2, 8, 3);
    visml_tensor *flat = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 3), &err), &err);
    visml_extractor *hog = assert_made(visml_extractor_hog(ctx, NULL, &err), &err);
    visml_extractor *learns = assert_made(visml_extractor_color_projection(ctx, NULL, &err), &err);
    visml_features *none = assert_made(visml_features_new(ctx, NULL, &err), &err);
    visml_features *average = assert_made(visml_features_from_json(ctx, "[\"average\"]", 11, &err), &err);
    (void)state;
    assert_refused(visml_plot_extractor(hog, tiny, NULL, &err), VISML_EINVAL, "hog, a region of 2 x 8: needs at least 24 x 24 pixels",
                   &err);
    assert_refused(visml_plot_extractor(hog, flat, NULL, &err), VISML_EINVAL,
                   "features: image is [2, 3], must be [height, width, channels] with sides of 1 to 65535", &err);
    assert_refused(visml_plot_extractor(learns, tiny, NULL, &err), VISML_ESTATE,
                   "color_projection: not fitted yet; visml_features_fit does it", &err);
    assert_refused(visml_plot_extractor(hog, tiny, VISML_OPTS(visml_plot_extractor_opts, .scale = 65), &err), VISML_EINVAL,
                   "plot: scale is 65, must be 1 to 64", &err);
    assert_refused(visml_plot_features(none, tiny, NULL, &err), VISML_EINVAL,
                   "plot: features has no extractor; call visml_features_add first", &err);
    assert_refused(visml_plot_features(average, five, NULL, &err), VISML_EINVAL,
                   "plot: image has shape [8, 8, 5], must be [height, width, channels] with 1 to 4 channels", &err);
    visml_features_free(average);
    visml_features_free(none);
    visml_extractor_free(learns);
    visml_extractor_free(hog);
    visml_tensor_release(flat);
    visml_tensor_release(tiny);
    visml_tensor_release(five);
}

/* ---- threads, allocations ---- */

static visml_plot *draw(visml_context *c, const visml_tensor *t, visml_error *e) {
    visml_features *f = visml_features_from_json(c, FOUR, sizeof FOUR - 1, e);
    visml_plot *p = f ? visml_plot_features(f, t, VISML_OPTS(visml_plot_extractor_opts, .title = "t"), e) : NULL;
    visml_features_free(f);
    return p;
}

static void threads_change_nothing(void **state) {
    visml_context *three = test_context(3);
    visml_context *contexts[] = {ctx, three};
    visml_tensor *images[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_tensor *gray = noise(contexts[i], 60, 50), *t = assert_made(visml_image_convert(gray, VISML_COLOR_RGB, &err), &err);
        visml_plot *p = assert_made(draw(contexts[i], t, &err), &err);
        images[i] = assert_made(visml_plot_image(p, &err), &err);
        visml_plot_free(p);
        visml_tensor_release(t);
        visml_tensor_release(gray);
    }
    assert_int_equal(images[0]->count, images[1]->count);
    assert_memory_equal(images[0]->data, images[1]->data, (size_t)images[0]->count);
    visml_tensor_release(images[0]);
    visml_tensor_release(images[1]);
    visml_context_free(three);
}

static visml_status use(visml_context *c, visml_error *e) {
    visml_tensor *t = visml_tensor_new(c, VISML_F32, VISML_SHAPE(10, 12, 3), e);
    visml_status status = t ? write_all(draw(c, t, e), e) : e->code;
    visml_tensor_release(t);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    survive_allocations(use);
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
        cmocka_unit_test(strokes_lie_along_edges),
        cmocka_unit_test(the_map_of_hog_is_what_vectors_are_made_of),
        cmocka_unit_test(the_map_of_lbp_is_what_is_counted),
        cmocka_unit_test(codes_are_gray_values),
        cmocka_unit_test(colors_are_as_wide_as_their_shares),
        cmocka_unit_test(numbers_are_bars),
        cmocka_unit_test(features_show_all_that_they_look_at),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
