/* What each augmentation does with given numbers, beside Keras; what it draws; one picture; JSON. The rest is in tests/contract. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment.h"
#include "fixtures.h"
#include "support/golden.h"

static visml_context *ctx;
static visml_error err;

static visml_augmentation *from_json(const char *text) {
    return assert_made(visml_augmentation_from_json(ctx, text, strlen(text), &err), &err);
}

/* ---- beside Keras ---- */

typedef struct golden_case {
    const char *name; /* behind "color/" or "gray/" */
    const char *json;
    double drawn[5];
    double tolerance; /* of 255 */
    int32_t only_color;
} golden_case;

#define ROUNDED 1e-6  /* float32 and its order of additions */
#define PLACES 2e-5   /* places are float32 */
#define WARPS(name, json, a, b)                                                                        \
    {name "/reflect", "[{\"class\": " json ", \"fill_mode\": \"reflect\"}]", {a, b}, PLACES, 0},      \
    {name "/constant", "[{\"class\": " json ", \"fill_mode\": \"constant\", \"fill_value\": 33}]", {a, b}, PLACES, 0}, \
    {name "/nearest", "[{\"class\": " json ", \"fill_mode\": \"nearest\"}]", {a, b}, PLACES, 0},      \
    {name "/wrap", "[{\"class\": " json ", \"fill_mode\": \"wrap\"}]", {a, b}, PLACES, 0}

static const golden_case cases[] = {
    {"flip/horizontal", "[{\"class\": \"random_flip\", \"mode\": \"horizontal\"}]", {1, 1}, 0, 0},
    {"flip/vertical", "[{\"class\": \"random_flip\", \"mode\": \"vertical\"}]", {1, 1}, 0, 0},
    {"flip/horizontal_and_vertical", "[{\"class\": \"random_flip\"}]", {1, 1}, 0, 0},
    WARPS("rotation", "\"random_rotation\", \"factor\": 1", 0.07, 0),
    WARPS("zoom", "\"random_zoom\", \"height_factor\": 1", 1.37, 0.81),
    WARPS("translation", "\"random_translation\", \"height_factor\": 1, \"width_factor\": 1", -0.73, 0.19),
    WARPS("shear", "\"random_shear\"", 0.31, -0.22),
    WARPS("nearest", "\"random_rotation\", \"factor\": 1, \"interpolation\": \"nearest\"", -0.19, 0),
    {"crop/40x30", "[{\"class\": \"random_crop\", \"height\": 40, \"width\": 30}]", {0}, PLACES, 0},
    {"crop/5x60", "[{\"class\": \"random_crop\", \"height\": 5, \"width\": 60}]", {0}, PLACES, 0},
    {"brightness/-0.3", "[{\"class\": \"random_brightness\", \"factor\": 1}]", {-0.3}, ROUNDED, 0},
    {"brightness/0.2", "[{\"class\": \"random_brightness\", \"factor\": 1}]", {0.2}, ROUNDED, 0},
    {"contrast/0.4", "[{\"class\": \"random_contrast\", \"factor\": 1}]", {0.4}, ROUNDED, 0},
    {"contrast/1.7", "[{\"class\": \"random_contrast\", \"factor\": 1}]", {1.7}, ROUNDED, 0},
    {"posterization", "[{\"class\": \"random_posterization\", \"factor\": 3}]", {3}, 0, 0},
    {"solarization", "[{\"class\": \"solarization\"}]", {0.1, 0.45}, ROUNDED, 0},
    {"equalization", "[{\"class\": \"equalization\"}]", {0}, ROUNDED, 0},
    {"blur", "[{\"class\": \"random_gaussian_blur\", \"kernel_size\": 7}]", {1, 0.8, 1.3}, ROUNDED, 0},
    {"sharpness/0.15", "[{\"class\": \"random_sharpness\", \"factor\": 1}]", {0.15}, ROUNDED, 0},
    {"sharpness/0.9", "[{\"class\": \"random_sharpness\", \"factor\": 1}]", {0.9}, ROUNDED, 0},
    {"hue/-0.21", "[{\"class\": \"random_hue\", \"factor\": 1}]", {-0.21}, 4e-6, 1},
    {"hue/0.37", "[{\"class\": \"random_hue\", \"factor\": 1}]", {0.37}, 4e-6, 1},
    {"saturation/0.3", "[{\"class\": \"random_saturation\", \"factor\": 1}]", {0.3}, 4e-6, 1},
    {"saturation/2.5", "[{\"class\": \"random_saturation\", \"factor\": 1}]", {2.5}, 4e-6, 1},
    {"grayscale", "[{\"class\": \"random_grayscale\"}]", {1}, ROUNDED, 1},
    {"degeneration", "[{\"class\": \"random_color_degeneration\", \"factor\": 1}]", {0.35}, ROUNDED, 1},
};

/* A canvas with the picture; room for any case. */
static visml_canvas canvas_of(const test_array *picture) {
    visml_canvas c = {ctx, picture->dims[0], picture->dims[1], picture->dims[2], NULL, NULL};
    size_t n = (size_t)visml_canvas_floats(80, 80, 3, VISML_BLUR_REACH);
    c.pixels = malloc(n * sizeof(float));
    c.spare = malloc(n * sizeof(float));
    memcpy(c.pixels, picture->values, (size_t)picture->count * sizeof(float));
    return c;
}

static void canvas_free(visml_canvas *c) {
    free(c->pixels);
    free(c->spare);
}

static void compare(const test_golden *g, const char *kind, const golden_case *k) {
    test_array picture = test_golden_find(g, "%s/picture", kind), want = test_golden_find(g, "%s/%s", kind, k->name);
    visml_augmentation *a = from_json(k->json);
    visml_canvas c = canvas_of(&picture);
    if (!want.values)
        fail_msg("augmentations.bin has no %s/%s", kind, k->name);
    a->steps[0]->cls->apply(a->steps[0]->opts, k->drawn, 1, &c);
    assert_int_equal(c.height, want.dims[0]);
    assert_int_equal(c.width, want.dims[1]);
    for (int64_t i = 0; i < want.count; i++)
        if (!(fabs((double)c.pixels[i] - (double)want.values[i]) <= k->tolerance * 255))
            fail_msg("%s/%s: number %lld is %.9g, must be %.9g", kind, k->name, (long long)i, (double)c.pixels[i], (double)want.values[i]);
    canvas_free(&c);
    visml_augmentation_free(a);
    free(picture.values);
    free(want.values);
}

static void given_numbers_give_what_keras_gives(void **state) {
    (void)state;
    test_golden g = test_golden_open("augmentations.bin");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compare(&g, "color", &cases[i]);
        if (!cases[i].only_color)
            compare(&g, "gray", &cases[i]);
    }
    test_golden_close(&g);
}

/* Of a picture that was made dull: 0.5 x + 40. */
static void auto_contrast_gives_what_keras_gives(void **state) {
    (void)state;
    test_golden g = test_golden_open("augmentations.bin");
    test_array picture = test_golden_find(&g, "color/picture"), want = test_golden_find(&g, "color/auto_contrast");
    visml_canvas c = canvas_of(&picture);
    for (int64_t i = 0; i < picture.count; i++)
        c.pixels[i] = c.pixels[i] * 0.5f + 40;
    visml_canvas_auto_contrast(&c, (const double[2]){0, 255});
    test_assert_close("auto_contrast", c.pixels, want.values, want.count, 1e-6);
    canvas_free(&c);
    free(picture.values);
    free(want.values);
    test_golden_close(&g);
}

/* ---- what is drawn ---- */

#define DRAWS 20000

/* Mean, smallest and largest of the i-th number that the first step draws for pictures 0 ... DRAWS - 1 of 20 x 30 x 3. */
static void assert_drawn(const char *json, int i, double mean, double low, double high, double deviation) {
    visml_augmentation *a = from_json(json);
    visml_canvas c = {ctx, 20, 30, 3, NULL, NULL};
    double sum = 0, least = INFINITY, most = -INFINITY;
    for (int64_t n = 0; n < DRAWS; n++) {
        double drawn[VISML_DRAWN] = {0};
        visml_rng rng;
        visml_rng_init(&rng, visml_key(visml_augment_key(7, 1, n), 0));
        a->steps[0]->cls->draw(a->steps[0]->opts, &rng, &c, drawn);
        sum += drawn[i];
        least = fmin(least, drawn[i]);
        most = fmax(most, drawn[i]);
    }
    double near = (high - low) * 2e-3;
    if (fabs(sum / DRAWS - mean) > 4 * deviation / sqrt(DRAWS)) /* four standard errors; the seed is fixed */
        fail_msg("%s: the mean of number %d is %g, must be %g", json, i, sum / DRAWS, mean);
    if (least < low || most > high || least > low + near || most < high - near)
        fail_msg("%s: number %d is %g to %g, must be %g to %g", json, i, least, most, low, high);
    visml_augmentation_free(a);
}

static void assert_uniform(const char *json, int i, double low, double high) {
    assert_drawn(json, i, (low + high) / 2, low, high, (high - low) / sqrt(12));
}

static void numbers_are_drawn_as_the_header_says(void **state) {
    (void)state;
    assert_drawn("[{\"class\": \"random_flip\"}]", 0, 0.5, 0, 1, 0.5);
    assert_drawn("[{\"class\": \"random_flip\"}]", 1, 0.5, 0, 1, 0.5);
    assert_uniform("[{\"class\": \"random_rotation\", \"factor\": 0.2}]", 0, -0.2, 0.2);
    assert_uniform("[{\"class\": \"random_rotation\", \"factor\": [0.3, -0.1]}]", 0, -0.1, 0.3);
    assert_uniform("[{\"class\": \"random_zoom\", \"height_factor\": 0.3}]", 0, 0.7, 1.3);
    assert_uniform("[{\"class\": \"random_zoom\", \"height_factor\": 0.3}]", 1, 0.7, 1.3);
    assert_uniform("[{\"class\": \"random_zoom\", \"height_factor\": 0.3, \"width_factor\": [0.1, 0.2]}]", 1, 1.1, 1.2);
    assert_uniform("[{\"class\": \"random_translation\", \"height_factor\": 0.3, \"width_factor\": [0, 0.5]}]", 1, 0, 0.5);
    assert_uniform("[{\"class\": \"random_shear\", \"x_factor\": 0.25}]", 0, -0.25, 0.25);
    assert_drawn("[{\"class\": \"random_crop\", \"height\": 10, \"width\": 30}]", 0, 5, 0, 10, 3.2);
    assert_uniform("[{\"class\": \"random_brightness\", \"factor\": 0.4}]", 0, -0.4, 0.4);
    assert_uniform("[{\"class\": \"random_contrast\", \"factor\": 0.4}]", 0, 0.6, 1.4);
    assert_uniform("[{\"class\": \"random_contrast\", \"factor\": [0.1, 0.4]}]", 0, 0.9, 1.4);
    assert_uniform("[{\"class\": \"random_hue\", \"factor\": 0.4}]", 0, -0.2, 0.2);
    assert_uniform("[{\"class\": \"random_color_degeneration\", \"factor\": 0.4}]", 0, 0, 0.4);
    assert_uniform("[{\"class\": \"random_sharpness\", \"factor\": [0.2, 1]}]", 0, 0.2, 1);
    assert_uniform("[{\"class\": \"solarization\", \"addition_factor\": 0.2}]", 0, 0, 0.2);
    assert_uniform("[{\"class\": \"random_gaussian_blur\", \"sigma\": [0.5, 2]}]", 2, 0.500001, 2.000001);
    assert_drawn("[{\"class\": \"random_grayscale\", \"factor\": 0.2}]", 0, 0.2, 0, 1, 0.4);
    assert_drawn("[{\"class\": \"random_grayscale\", \"factor\": 0}]", 0, 0, 0, 0, 0);
    assert_drawn("[{\"class\": \"random_erasing\"}]", 0, 0.5, 0, 1, 0.5);
    assert_drawn("[{\"class\": \"random_erasing\", \"factor\": [0.3, 0.3]}]", 0, 0.3, 0, 1, 0.46);
    assert_drawn("[{\"class\": \"random_posterization\", \"factor\": [3, 5]}]", 0, 4, 3, 5, 0.82);
    assert_drawn("[{\"class\": \"rand_augment\"}]", 1, 5, 0, 10, 3.2);
}

/* Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)). */
static void beta_has_its_moments(void **state) {
    static const double alphas[] = {1e-6, 0.2, 0.5, 1, 3, 100};
    (void)state;
    for (size_t k = 0; k < sizeof alphas / sizeof *alphas; k++) {
        double sum = 0, squares = 0, wanted = 1 / (4 * (2 * alphas[k] + 1));
        visml_rng rng;
        visml_rng_init(&rng, 99 + k);
        for (int n = 0; n < DRAWS; n++) {
            double x = visml_draw_beta(&rng, alphas[k]);
            assert_true(x >= 0 && x <= 1);
            sum += x;
            squares += (x - 0.5) * (x - 0.5);
        }
        if (fabs(sum / DRAWS - 0.5) > 4 * sqrt(wanted / DRAWS) || fabs(squares / DRAWS - wanted) > 0.04 * wanted)
            fail_msg("alpha %g: mean %g, variance %g, must be 0.5 and %g", alphas[k], sum / DRAWS, squares / DRAWS, wanted);
    }
}

/* The square of its side's part is uniform over `scale`, and it lies anywhere. */
static void erased_rectangles_have_their_areas(void **state) {
    (void)state;
    visml_augmentation *a = from_json("[{\"class\": \"random_erasing\", \"scale\": [0.1, 0.5]}]");
    visml_canvas c = {ctx, 1000, 2000, 3, NULL, NULL};
    double area = 0, middle = 0;
    for (int64_t n = 0; n < DRAWS; n++) {
        double d[VISML_DRAWN] = {0};
        visml_rng rng;
        visml_rng_init(&rng, visml_augment_key(3, 0, n));
        a->steps[0]->cls->draw(a->steps[0]->opts, &rng, &c, d);
        assert_true(d[1] >= 0 && d[2] >= 0 && d[3] <= 1000 && d[4] <= 2000 && d[1] < d[3] && d[2] < d[4]);
        double tall = (d[3] - d[1]) / 1000;
        assert_true(tall * tall > 0.098 && tall * tall < 0.503);
        area += tall * tall;
        middle += (d[2] + d[4]) / 2;
    }
    assert_true(fabs(area / DRAWS - 0.3) < 0.005);
    assert_true(fabs(middle / DRAWS - 1000) < 10);
    visml_augmentation_free(a);
}

static void patches_hold_the_pixels_that_start_inside(void **state) {
    (void)state;
    visml_patch p = visml_patch_place(10, 20, 2.5, 5, 0.5, 1); /* rows 3.75 ... 6.25, columns 15 ... 20 */
    assert_true(p.top == 4 && p.bottom == 7 && p.left == 15 && p.right == 20);
    p = visml_patch_place(10, 20, 10, 20, 0.3, 0.7);
    assert_true(p.top == 0 && p.bottom == 10 && p.left == 0 && p.right == 20);
    p = visml_patch_place(10, 20, 0, 0, 0.55, 0.33);
    assert_true(p.top == p.bottom && p.left == p.right);
}

/* ---- one picture ---- */

static visml_tensor *ramp(int64_t height, int64_t width, int64_t channels) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(height, width, channels), &err), &err);
    for (int64_t i = 0; i < visml_tensor_count(t); i++)
        ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(i * 7 + i / 5);
    return t;
}

static int same_pixels(const visml_tensor *a, const visml_tensor *b) {
    return visml_shape_equal(&a->shape, &b->shape) && memcmp(a->data, b->data, (size_t)a->count * visml_dtype_bytes(a->dtype)) == 0;
}

static void seed_epoch_and_index_make_the_picture(void **state) {
    (void)state;
    visml_augmentation *a = from_json("[{\"class\": \"random_rotation\", \"factor\": 0.3},"
                                      " {\"class\": \"random_brightness\", \"factor\": 0.3}]");
    visml_tensor *in = ramp(9, 8, 3);
    visml_tensor *first = assert_made(visml_augment_image(a, in, 5, 2, 3, &err), &err);
    static const int64_t other[][3] = {{5, 2, 3}, {6, 2, 3}, {5, 3, 3}, {5, 2, 4}};
    for (int k = 0; k < 4; k++) {
        visml_tensor *t = assert_made(visml_augment_image(a, in, (uint64_t)other[k][0], other[k][1], other[k][2], &err), &err);
        assert_int_equal(same_pixels(first, t), k == 0);
        visml_tensor_release(t);
    }
    visml_tensor_release(first);
    visml_tensor_release(in);
    visml_augmentation_free(a);
}

/* Two that are alike draw different numbers; a chain of chains is the chain of all. */
static void a_chain_is_its_steps_in_order(void **state) {
    (void)state;
    visml_augmentation *b = from_json("[{\"class\": \"random_brightness\", \"factor\": [0.1, 0.1]}]");
    visml_augmentation *f = from_json("[{\"class\": \"random_crop\", \"height\": 4, \"width\": 5}]");
    visml_augmentation *empty = assert_made(visml_augmentation_chain(ctx, NULL, 0, &err), &err);
    visml_augmentation *two = assert_made(visml_augmentation_chain(ctx, (const visml_augmentation *[]){b, empty, f}, 3, &err), &err);
    visml_augmentation *all = assert_made(visml_augmentation_chain(ctx, (const visml_augmentation *[]){two, b}, 2, &err), &err);
    char text[400];
    visml_augmentation_to_json(all, text, sizeof text);
    assert_string_equal(text, "[{\"class\":\"random_brightness\",\"factor\":[0.1,0.1]},"
                              "{\"class\":\"random_crop\",\"height\":4,\"width\":5},"
                              "{\"class\":\"random_brightness\",\"factor\":[0.1,0.1]}]");
    visml_augmentation_free(b);
    visml_augmentation_free(f);
    visml_augmentation_free(two);
    visml_tensor *in = ramp(9, 8, 1), *out = assert_made(visml_augment_image(all, in, 1, 0, 0, &err), &err);
    assert_true(out->shape.dims[0] == 4 && out->shape.dims[1] == 5);
    visml_tensor *same = assert_made(visml_augment_image(empty, in, 1, 0, 0, &err), &err);
    assert_true(same_pixels(in, same));
    visml_tensor_release(same);
    visml_tensor_release(in);
    visml_tensor_release(out);
    visml_augmentation_free(all);
    visml_augmentation_free(empty);
}

static void refuses_what_it_cannot_do(void **state) {
    (void)state;
    visml_augmentation *hue = from_json("[{\"class\": \"random_hue\", \"factor\": 0.1}]"), *mix = from_json("[{\"class\": \"mix_up\"}]");
    visml_augmentation *flip = from_json("[{\"class\": \"random_flip\"}]");
    visml_tensor *gray = ramp(4, 5, 1), *flat = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(4, 5), &err), &err);
    visml_tensor *wide = assert_made(visml_tensor_new(ctx, VISML_U16, VISML_SHAPE(4, 5, 1), &err), &err);
    assert_refused(visml_augment_image(hue, gray, 1, 0, 0, ERR), VISML_EINVAL, "random_hue: needs 3 channels");
    assert_refused(visml_augment_image(mix, gray, 1, 0, 0, ERR), VISML_EINVAL, "visml_dataset_augment");
    assert_refused(visml_augment_image(flip, flat, 1, 0, 0, ERR), VISML_EINVAL, "[height, width, channels]");
    assert_refused(visml_augment_image(flip, wide, 1, 0, 0, ERR), VISML_EINVAL, "uint8 or float32");
    assert_refused(visml_augment_image(flip, gray, 1, -1, 0, ERR), VISML_EINVAL, "epoch");
    assert_refused(visml_augmentation_chain(ctx, (const visml_augmentation *[]){mix, flip}, 2, ERR), VISML_EINVAL,
                   "random_flip stands behind");
    visml_tensor_release(gray);
    visml_tensor_release(flat);
    visml_tensor_release(wide);
    visml_augmentation_free(hue);
    visml_augmentation_free(mix);
    visml_augmentation_free(flip);
}

static void refuse_json(const char *text, visml_status code, const char *part) {
    assert_refused(visml_augmentation_from_json(ctx, text, strlen(text), ERR), code, part);
}

static void json_errors_say_where(void **state) {
    (void)state;
    refuse_json("[", VISML_EFORMAT, "line 1");
    refuse_json("{}", VISML_EFORMAT, "array");
    refuse_json("[3]", VISML_EFORMAT, "entry 1");
    refuse_json("[{\"class\": \"random_flip\"}, {\"class\": \"flop\"}]", VISML_EFORMAT, "entry 2: augmentation: \"class\" is \"flop\"");
    refuse_json("[{\"class\": \"random_flip\", \"mode\": \"diagonal\"}]", VISML_EFORMAT, "horizontal_and_vertical, horizontal, vertical");
    refuse_json("[{\"class\": \"random_rotation\"}]", VISML_EINVAL, "factor is not set");
    refuse_json("[{\"class\": \"random_rotation\", \"factor\": [0.1, 0.2, 0.3]}]", VISML_EFORMAT, "factor");
    refuse_json("[{\"class\": \"random_zoom\", \"height_factor\": -1.5}]", VISML_EINVAL, "-1 to 1");
    refuse_json("[{\"class\": \"random_hue\", \"factor\": 0.1, \"value_range\": [1, 1]}]", VISML_EINVAL, "two different numbers");
    refuse_json("[{\"class\": \"random_gaussian_blur\", \"kernel_size\": 4}]", VISML_EINVAL, "odd");
    refuse_json("[{\"class\": \"cut_mix\"}, {\"class\": \"random_flip\"}]", VISML_EINVAL, "before");
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
        cmocka_unit_test(given_numbers_give_what_keras_gives),
        cmocka_unit_test(auto_contrast_gives_what_keras_gives),
        cmocka_unit_test(numbers_are_drawn_as_the_header_says),
        cmocka_unit_test(beta_has_its_moments),
        cmocka_unit_test(erased_rectangles_have_their_areas),
        cmocka_unit_test(patches_hold_the_pixels_that_start_inside),
        cmocka_unit_test(seed_epoch_and_index_make_the_picture),
        cmocka_unit_test(a_chain_is_its_steps_in_order),
        cmocka_unit_test(refuses_what_it_cannot_do),
        cmocka_unit_test(json_errors_say_where),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
