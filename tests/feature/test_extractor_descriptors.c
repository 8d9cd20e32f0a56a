/* Gabor energies and DAISY beside scikit-image, dense SIFT beside its formulas, distances beside SciPy. */
#include <math.h>
#include <string.h>

#include "feature/extractor.h"
#include "support/golden.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static test_golden golden;

static const float *numbers(const visml_tensor *t) {
    return (const float *)(const void *)t->data;
}

/* Whole numbers 0 ... 255, as bytes or over 255 as floats. */
static visml_tensor *picture_of(int64_t h, int64_t w, const float *values, visml_dtype dtype) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, dtype, VISML_SHAPE(h, w, 1), &err), &err);
    for (int64_t i = 0; i < h * w; i++)
        if (dtype == VISML_U8)
            ((uint8_t *)t->data)[i] = (uint8_t)values[i];
        else
            ((float *)(void *)t->data)[i] = values[i] / 255;
    return t;
}

static visml_tensor *golden_picture(const char *name, visml_dtype dtype) {
    test_array a = test_golden_find(&golden, "%s", name);
    assert_non_null(a.values);
    visml_tensor *t = picture_of(a.dims[0], a.dims[1], a.values, dtype);
    free(a.values);
    return t;
}

static visml_tensor *constant_picture(int64_t h, int64_t w, uint8_t value) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, 1), &err), &err);
    memset(t->data, value, (size_t)(h * w));
    return t;
}

/* The extractor's numbers; frees it. */
static visml_tensor *run(visml_extractor *e, const visml_tensor *picture) {
    visml_tensor *y = assert_made(visml_extractor_run(assert_made(e, &err), picture, &err), &err);
    visml_extractor_free(e);
    return y;
}

/* A picture of this name, as bytes and as floats, against a golden array. Consumes the extractor. */
static void check(visml_extractor *e, const char *picture, const char *name, double tolerance) {
    test_array want = test_golden_find(&golden, "%s", name);
    assert_made(e, &err);
    assert_non_null(want.values);
    for (int floats = 0; floats < 2; floats++) {
        visml_tensor *p = golden_picture(picture, floats ? VISML_F32 : VISML_U8);
        visml_tensor *y = assert_made(visml_extractor_run(e, p, &err), &err);
        assert_int_equal(y->count, want.count);
        if (want.rank == 2 && want.dims[1] > 2)
            assert_int_equal(y->shape.dims[1], want.dims[1]);
        for (int64_t i = 0; i < want.count; i++)
            if (!(fabs((double)numbers(y)[i] - (double)want.values[i]) <= tolerance))
                fail_msg("%s, %s: number %lld is %.9g, not %.9g", name, floats ? "floats" : "bytes", (long long)i, (double)numbers(y)[i],
                         (double)want.values[i]);
        visml_tensor_release(y);
        visml_tensor_release(p);
    }
    free(want.values);
    visml_extractor_free(e);
}

static void assert_refuses(visml_extractor *e, int64_t h, int64_t w, const char *message) {
    visml_tensor *p = constant_picture(h, w, 3);
    visml_error why = {0};
    assert_null(visml_extractor_run(assert_made(e, &err), p, &why));
    assert_int_equal(why.code, VISML_EINVAL);
    assert_string_equal(why.message, message);
    visml_tensor_release(p);
    visml_extractor_free(e);
}

/* ---- gabor ---- */

/* A pass along a line of r + 1 pairs of taps is wrong by (2 r + 3) 2^-24 of the sum of all magnitudes at most (see test_even_odd.c), which
 * is not above 1 for both passes of a filter and pixels in [0, 1]: by 8e-6 for 34 taps, were all roundings of one sign. Of a mean there
 * are thousands of them of either sign, which leaves a hundredth. */
#define GABOR 8e-8

static void energies_as_scikit_image(void **state) {
    (void)state;
    check(visml_extractor_gabor(ctx, NULL, &err), "picture", "gabor", GABOR);
    check(visml_extractor_gabor(ctx, VISML_OPTS(visml_gabor_opts, .frequencies = {0.25, 0.07}, .orientations = 5, .bandwidth = 0.7,
                                                .n_stds = 2), &err), "picture", "gabor 5", GABOR);
}

/* Filters of up to 115 x 115 taps over them, mirrored many times; 300 columns are more than one piece of work. */
static void energies_of_pictures_that_are_smaller_than_the_filter(void **state) {
    static const char *const sizes[] = {"1x23", "23x1", "5x6", "3x300"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char picture[32], name[32];
        snprintf(picture, sizeof picture, "picture %s", sizes[i]);
        snprintf(name, sizeof name, "gabor %s", sizes[i]);
        check(visml_extractor_gabor(ctx, VISML_OPTS(visml_gabor_opts, .frequencies = {0.2, 0.03}, .orientations = 4), &err), picture, name,
              GABOR);
    }
}

static void energies_of_a_constant_picture_do_not_deviate(void **state) {
    visml_tensor *p = constant_picture(40, 300, 200), *y = run(visml_extractor_gabor(ctx, NULL, &err), p);
    (void)state;
    for (int i = 0; i < 24; i++) {
        assert_true(numbers(y)[2 * i] > 0);
        assert_true(numbers(y)[2 * i + 1] <= 1e-7f * numbers(y)[0]);
    }
    visml_tensor_release(y);
    visml_tensor_release(p);
}

static void filters_that_reach_too_far_are_refused(void **state) {
    (void)state;
    assert_null(visml_extractor_gabor(ctx, VISML_OPTS(visml_gabor_opts, .frequencies = {0.1, 0.001}), &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, "gabor: a filter of frequency 0.001 reaches 1687 pixels far with bandwidth 1 and n_stds 3, must be at "
                                     "most 1024");
}

/* ---- dense SIFT ---- */

/* An angle is wrong by 5.5e-7, so what a gradient gives to a direction by 7e-7 of its length; a number of a descriptor of length 1 by as
 * much of the bin's share, and by the rounding of some 30 additions. */
#define SIFT 1e-6

static void dense_sift_by_its_formulas(void **state) {
    (void)state;
    for (int flat = 0; flat < 2; flat++) {
        check(visml_extractor_dense_sift(ctx, VISML_OPTS(visml_dense_sift_opts, .bin_size = 3, .step = {9, 7}, .flat_window = flat),
                                         &err), "picture", flat ? "sift 3 1" : "sift 3 0", SIFT);
        check(visml_extractor_dense_sift(ctx, VISML_OPTS(visml_dense_sift_opts, .step = {17, 12}, .flat_window = flat,
                                                         .window_size = 1.25), &err), "picture", flat ? "sift 4 1" : "sift 4 0", SIFT);
    }
}

static void dense_sift_of_flat_and_small_pictures(void **state) {
    visml_tensor *p = constant_picture(13, 29, 90), *y = run(visml_extractor_dense_sift(ctx, NULL, &err), p);
    (void)state;
    assert_int_equal(y->shape.dims[0], 3);
    assert_int_equal(y->shape.dims[1], 128);
    for (int64_t i = 0; i < y->count; i++)
        assert_true(numbers(y)[i] == 0);
    visml_tensor_release(y);
    visml_tensor_release(p);
    assert_refuses(visml_extractor_dense_sift(ctx, NULL, &err), 12, 40, "dense_sift, a region of 12 x 40: needs at least 13 x 13 pixels");
}

/* ---- DAISY ---- */

/* The exponent of a share is at most orientations / pi and made by three operations, so a share is wrong by some 5e-7 of itself; smoothing
 * adds as many roundings of sums of positive numbers as it has taps, dividing a few. */
#define DAISY 1e-6

static void daisy_as_scikit_image(void **state) {
    static const char *const names[] = {"daisy l1", "daisy l2", "daisy daisy", "daisy off"};
    static const double largest[] = {0.05, 0.34, 0.77, 0.64};
    (void)state;
    for (int i = 0; i < 4; i++)
        check(visml_extractor_daisy(ctx, VISML_OPTS(visml_daisy_opts, .step = 13, .radius = 9, .rings = 2, .histograms = 5,
                                                    .orientations = 6, .normalization = i), &err), "picture", names[i],
              DAISY * largest[i]);
    check(visml_extractor_daisy(ctx, VISML_OPTS(visml_daisy_opts, .step = 8), &err), "picture", "daisy", DAISY * 0.02);
}

static void daisy_of_flat_and_small_pictures(void **state) {
    visml_tensor *p = constant_picture(31, 36, 90), *y = run(visml_extractor_daisy(ctx, NULL, &err), p);
    (void)state;
    assert_int_equal(y->shape.dims[0], 2);
    assert_int_equal(y->shape.dims[1], 200);
    for (int64_t i = 0; i < y->count; i++)
        assert_true(fabsf(numbers(y)[i] - 0.005f) < 1e-8f);
    visml_tensor_release(y);
    visml_tensor_release(p);
    assert_refuses(visml_extractor_daisy(ctx, NULL, &err), 40, 30, "daisy, a region of 40 x 30: needs at least 31 x 31 pixels");
}

/* ---- distances ---- */

/* Squares are whole numbers and counts exact: what is left is the rounding to float. */
static void distances_as_scipy(void **state) {
    (void)state;
    check(visml_extractor_distance_transform(ctx, VISML_OPTS(visml_distance_transform_opts, .threshold = 0.3), &err), "picture",
          "distances", 6e-8);
    check(visml_extractor_distance_transform(ctx, VISML_OPTS(visml_distance_transform_opts, .map = VISML_DISTANCE_MAP_BRIGHT,
                                                             .threshold = 0.8, .bins = 7), &err), "picture", "distances bright", 6e-8);
}

/* The square of the distance to the nearest bright pixel, by looking at all of them. */
static int64_t nearest(const visml_tensor *p, int64_t y, int64_t x) {
    int64_t best = INT64_MAX, w = p->shape.dims[1];
    for (int64_t i = 0; i < p->count; i++) {
        int64_t dy = i / w - y, dx = i % w - x;
        if (((const uint8_t *)p->data)[i] && dy * dy + dx * dx < best)
            best = dy * dy + dx * dx;
    }
    return best;
}

/* From one bright pixel up to many; sides of all lengths around whole steps. */
static void distances_by_their_definition(void **state) {
    uint64_t seed = 9;
    (void)state;
    for (int64_t w = 1; w < 70; w = w < 20 ? w + 1 : w + 13) {
        int64_t h = 1 + (int64_t)(test_random(&seed) % 40), bright = w % 3 ? 1 + w / 2 : 1;
        visml_tensor *p = constant_picture(h, w, 0);
        for (int64_t i = 0; i < bright; i++)
            ((uint8_t *)p->data)[test_random(&seed) % (uint64_t)(h * w)] = 255;
        double sum = 0, squares = 0, most = 0, n = (double)(h * w), unit = 0.5 * (double)(h < w ? h : w);
        for (int64_t i = 0; i < h * w; i++) {
            double square = (double)nearest(p, i / w, i % w);
            sum += sqrt(square);
            squares += square;
            most = fmax(most, sqrt(square));
        }
        visml_tensor *y = run(visml_extractor_distance_transform(ctx, VISML_OPTS(visml_distance_transform_opts,
                                                                                 .map = VISML_DISTANCE_MAP_BRIGHT, .bins = 1), &err), p);
        double deviation = sqrt(fmax(squares / n - sum / n * (sum / n), 0));
        assert_true(fabs((double)numbers(y)[0] - sum / n / unit) <= 1e-6 * (1 + sum / n / unit));
        assert_true(fabs((double)numbers(y)[1] - deviation / unit) <= 1e-6 * (1 + sum / n / unit));
        assert_true(numbers(y)[2] == (float)(most / unit));
        assert_true(numbers(y)[3] == 1);
        visml_tensor_release(y);
        visml_tensor_release(p);
    }
}

static void without_edges_all_distances_are_the_diagonal(void **state) {
    visml_tensor *p = constant_picture(30, 40, 100), *y = run(visml_extractor_distance_transform(ctx, NULL, &err), p);
    (void)state;
    assert_int_equal(y->count, 19);
    assert_true(numbers(y)[0] == (float)(50.0 / 15) && numbers(y)[1] == 0 && numbers(y)[2] == (float)(50.0 / 15));
    assert_true(numbers(y)[18] == 1);
    visml_tensor_release(y);
    visml_tensor_release(p);
}

/* ---- large pictures ---- */

#define SIDE 560

static visml_tensor *large_picture(void) {
    static float values[SIDE * SIDE];
    uint64_t seed = 3;
    for (int i = 0; i < SIDE * SIDE; i++)
        values[i] = (float)(test_random(&seed) % 256);
    return picture_of(SIDE, SIDE, values, VISML_U8);
}

static visml_extractor *make(visml_context *c, int which) {
    switch (which) {
    case 0: return visml_extractor_gabor(c, NULL, &err);
    case 1: return visml_extractor_dense_sift(c, NULL, &err);
    case 2: return visml_extractor_daisy(c, VISML_OPTS(visml_daisy_opts, .step = 16), &err);
    default: return visml_extractor_distance_transform(c, NULL, &err);
    }
}

/* Larger than several pieces of work. */
static void the_same_bits_for_any_number_of_threads(void **state) {
    visml_tensor *p = large_picture();
    visml_context *alone = test_context(1);
    (void)state;
    for (int which = 0; which < 4; which++) {
        visml_tensor *one = run(make(alone, which), p), *three = run(make(ctx, which), p);
        assert_int_equal(one->count, three->count);
        assert_memory_equal(one->data, three->data, (size_t)one->count * sizeof(float));
        visml_tensor_release(one);
        visml_tensor_release(three);
    }
    visml_context_free(alone);
    visml_tensor_release(p);
}

/* A descriptor of a part of the picture is that of the whole, wherever pieces of work begin: bit by bit, away from the part's edges. */
static void pieces_of_work_leave_no_seams(void **state) {
    visml_tensor *p = large_picture();
    (void)state;
    for (int which = 1; which < 3; which++) {
        int64_t step = which == 1 ? 8 : 16, margin = which == 1 ? 1 : 2, side = 160, top = 480 - side / 2, left = 256 - side / 2;
        visml_tensor *whole = run(make(ctx, which), p), *part = visml_image_crop(p, top, left, side, side, &err);
        visml_tensor *y = run(make(ctx, which), assert_made(part, &err));
        int64_t looks = which == 1 ? 13 : 31, across = (SIDE - looks) / step + 1, few = (side - looks) / step + 1;
        for (int64_t i = margin; i < few - margin; i++)
            for (int64_t x = margin; x < few - margin; x++) {
                int64_t n = y->shape.dims[1], there = (top / step + i) * across + left / step + x;
                assert_memory_equal(numbers(y) + (i * few + x) * n, numbers(whole) + there * n, (size_t)n * sizeof(float));
            }
        visml_tensor_release(y);
        visml_tensor_release(part);
        visml_tensor_release(whole);
    }
    visml_tensor_release(p);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(3);
    golden = test_golden_open("descriptors.bin");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_golden_close(&golden);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_as_scikit_image),
        cmocka_unit_test(energies_of_pictures_that_are_smaller_than_the_filter),
        cmocka_unit_test(energies_of_a_constant_picture_do_not_deviate),
        cmocka_unit_test(filters_that_reach_too_far_are_refused),
        cmocka_unit_test(dense_sift_by_its_formulas),
        cmocka_unit_test(dense_sift_of_flat_and_small_pictures),
        cmocka_unit_test(daisy_as_scikit_image),
        cmocka_unit_test(daisy_of_flat_and_small_pictures),
        cmocka_unit_test(distances_as_scipy),
        cmocka_unit_test(distances_by_their_definition),
        cmocka_unit_test(without_edges_all_distances_are_the_diagonal),
        cmocka_unit_test(the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(pieces_of_work_leave_no_seams),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
