/* Histograms and colours against OpenCV, scikit-image, scikit-learn and NumPy (tests/golden/make_color_goldens.py), and their edges. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feature/extractor.h"
#include "support/golden.h"

static visml_context *ctx;
static visml_error err;
static test_golden golden;

/* A golden picture, as bytes or as v / 255. */
static visml_tensor *picture(const char *name, int floats) {
    test_array a = test_golden_find(&golden, "%s", name);
    visml_shape s = {.rank = 3, .dims = {a.dims[0], a.dims[1], a.dims[2]}};
    visml_tensor *t = assert_made(visml_tensor_new(ctx, floats ? VISML_F32 : VISML_U8, &s, &err), &err);
    for (int64_t i = 0; i < a.count; i++)
        if (floats)
            ((float *)(void *)t->data)[i] = a.values[i] / 255;
        else
            ((uint8_t *)t->data)[i] = (uint8_t)a.values[i];
    free(a.values);
    return t;
}

static visml_tensor *filled(int64_t h, int64_t w, int64_t c, int value) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, c), &err), &err);
    memset(t->data, value, (size_t)t->count);
    return t;
}

/* Of one picture; consumes the extractor. */
static visml_tensor *run(visml_extractor *e, const visml_tensor *image) {
    assert_made(e, &err);
    visml_tensor *y = assert_made(visml_extractor_run(e, image, &err), &err);
    visml_extractor_free(e);
    return y;
}

static float at(const visml_tensor *t, int64_t i) {
    return ((const float *)(const void *)t->data)[i];
}

/* Of a golden picture of bytes and of floats, both against the golden array within `tolerance`, and both alike. */
static void expect(const char *what, visml_extractor *e, const char *image, double factor, double tolerance) {
    test_array want = test_golden_find(&golden, "%s", what);
    assert_made(e, &err);
    assert_non_null(want.values);
    visml_tensor *first = NULL;
    for (int floats = 0; floats < 2; floats++) {
        visml_tensor *x = picture(image, floats), *y = assert_made(visml_extractor_run(e, x, &err), &err);
        for (int64_t i = 0; i < y->count; i++)
            if (!(fabs((double)at(y, i) - factor * (double)want.values[i]) <= tolerance))
                fail_msg("%s: number %lld is %.9g, not %.9g", what, (long long)i, (double)at(y, i), factor * (double)want.values[i]);
        if (first)
            assert_memory_equal(first->data, y->data, (size_t)y->count * sizeof(float));
        else
            first = visml_tensor_retain(y);
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    visml_tensor_release(first);
    visml_extractor_free(e);
    free(want.values);
}

#define HISTOGRAM(...) visml_extractor_histogram(ctx, VISML_OPTS(visml_histogram_opts, __VA_ARGS__), &err)
#define MOMENTS(...) visml_extractor_color_moments(ctx, VISML_OPTS(visml_color_moments_opts, __VA_ARGS__), &err)

/* Counts are whole numbers and must be equal; shares are rounded once. */
static void counts_are_those_of_others(void **state) {
    (void)state;
    expect("gray-256", HISTOGRAM(.space = VISML_SPACE_GRAY, .norm = VISML_HISTOGRAM_NONE), "picture", 1, 0);
    expect("rgb-10", HISTOGRAM(.bins = {10}, .norm = VISML_HISTOGRAM_NONE), "picture", 1, 0);
    expect("rgb-10", HISTOGRAM(.bins = {10}, .space = VISML_SPACE_RGB), "picture", 1.0 / (37 * 50), 0x1p-24);
    expect("rgb-joint", HISTOGRAM(.bins = {8, 4, 6}, .joint = 1, .norm = VISML_HISTOGRAM_NONE), "picture", 1, 0);
    expect("hsv-joint", HISTOGRAM(.bins = {8, 4, 4}, .joint = 1, .space = VISML_SPACE_HSV, .norm = VISML_HISTOGRAM_NONE), "picture", 1, 0);
    expect("lab-12", HISTOGRAM(.bins = {12}, .space = VISML_SPACE_LAB, .norm = VISML_HISTOGRAM_NONE), "picture", 1, 0);
}

static void expect_counts(visml_compute c, const visml_view *v, const uint32_t *counts) {
    visml_extractor *e = assert_made(HISTOGRAM(.norm = VISML_HISTOGRAM_NONE), &err);
    void *room = aligned_alloc(64, (visml_extractor_scratch(e, &c, v->height, v->width, v->channels) + 63) / 64 * 64);
    float y[3 * 256];
    visml_extractor_class_of(e)->extract(e, &c, v, y, room);
    for (int64_t i = 0; i < 256 * v->channels; i++)
        assert_true(y[i] == (float)counts[i]);
    free(room);
    visml_extractor_free(e);
}

/* Of large pictures bytes are counted two at a time where there is one thread, in bands where there are more: an odd number of pixels, also
 * in rows with gaps between them. */
static void large_pictures_are_counted_as_small_ones(void **state) {
    uint64_t seed = 5;
    (void)state;
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        visml_tensor *x = filled(735, 737, channels, 0);
        uint32_t counts[3 * 256] = {0};
        uint8_t *bytes = (uint8_t *)x->data;
        visml_view v = {.height = 731, .width = 733, .channels = channels, .stride = 737 * channels, .bytes = bytes + channels};
        for (int64_t i = 0; i < x->count; i++)
            bytes[i] = (uint8_t)(test_random(&seed) % 200 + (uint64_t)(i % 7));
        for (int64_t i = 0; i < v.height * v.width * channels; i++)
            counts[256 * (i % channels) + v.bytes[i / (733 * channels) * v.stride + i % (733 * channels)]]++;
        expect_counts(visml_context_compute(ctx), &v, counts);
        expect_counts(visml_context_alone(ctx), &v, counts);
        visml_tensor_release(x);
    }
}

static void norms_and_cumulative(void **state) {
    static const double sums[] = {4, 0, 3, 1};
    (void)state;
    visml_tensor *x = filled(2, 4, 1, 0);
    memcpy(x->data, (const uint8_t[]){0, 130, 140, 63, 150, 1, 255, 2}, 8);
    const double by[] = {8, sqrt(26), 4, 1};
    for (int32_t norm = 0; norm < 4; norm++)
        for (int32_t cumulative = 0; cumulative < 2; cumulative++) {
            visml_tensor *y = run(HISTOGRAM(.bins = {4}, .norm = norm, .cumulative = cumulative), x);
            double sum = 0;
            assert_int_equal(y->count, 4);
            for (int i = 0; i < 4; i++) {
                sum = (cumulative ? sum : 0) + sums[i];
                assert_true(fabs((double)at(y, i) - sum / by[norm]) <= 0x1p-23 * sum / by[norm]);
            }
            visml_tensor_release(y);
        }
    visml_tensor_release(x);
}

/* Lab is within 1e-4 of the exact one (kernel/color.h), HSV within three roundings; the third moment m3 then errs by up to 3 deviation^2
 * times as much, its cube root by deviation^2 / root^2, the standardized one by 6 / deviation. */
static void expect_moments(const char *name, visml_color_space space, double off) {
    char what[32];
    snprintf(what, sizeof what, "moments-%s", name);
    test_array want = test_golden_find(&golden, "%s", what);
    int64_t c = want.dims[1];
    for (int32_t skewness = 0; skewness < 2; skewness++) {
        visml_tensor *x = picture("picture", 0), *y = run(MOMENTS(.space = space, .skewness = skewness), x);
        assert_int_equal(y->count, 3 * c);
        for (int64_t i = 0; i < 3 * c; i++) {
            int64_t from = i < 2 * c ? i : i + skewness * c;
            double deviation = (double)want.values[c + i % c], root = (double)want.values[2 * c + i % c];
            double wanted = (double)want.values[from];
            double room = off + 0x1p-23 * fabs(wanted);
            if (i >= 2 * c)
                room *= skewness ? 6 / deviation : 1 + deviation * deviation / (root * root);
            if (!(fabs((double)at(y, i) - wanted) <= room))
                fail_msg("%s, %d: number %lld is %.9g, not %.9g within %g", what, skewness, (long long)i, (double)at(y, i), wanted, room);
        }
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    free(want.values);
}

static void moments_are_those_of_others(void **state) {
    (void)state;
    expect_moments("gray", VISML_SPACE_GRAY, 0x1p-24);
    expect_moments("rgb", VISML_SPACE_AS_IS, 0x1p-24);
    expect_moments("rgb", VISML_SPACE_RGB, 0x1p-24);
    expect_moments("hsv", VISML_SPACE_HSV, 3 * 0x1p-24);
    expect_moments("lab", VISML_SPACE_LAB, 1e-4);
    visml_tensor *x = picture("picture", 0), *y = run(MOMENTS(.skewness = VISML_SKEWNESS_NONE), x);
    assert_int_equal(y->count, 6);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

/* Numbers in double, of which the golden file keeps 24 bits: the variance is 2,000 here. */
static void quality_is_that_of_others(void **state) {
    (void)state;
    expect("quality", visml_extractor_quality(ctx, NULL, &err), "picture", 1, 3e-4);
}

/* Colours lie far apart: the cells of the histogram go where their pixels go. Centers are kept as floats of 0 ... 255. */
static void dominant_colors_are_those_of_others(void **state) {
    (void)state;
    expect("dominant", visml_extractor_dominant_colors(ctx, VISML_OPTS(visml_dominant_colors_opts, .k = 3), &err), "flat", 1, 3 * 0x1p-24);
    visml_tensor *x = filled(3, 5, 3, 7), *y = run(visml_extractor_dominant_colors(ctx, NULL, &err), x);
    assert_int_equal(y->shape.dims[0], 5);
    assert_int_equal(y->shape.dims[1], 4);
    for (int i = 0; i < 20; i++)
        assert_true(at(y, i) == (i == 3 ? 1 : i < 3 ? 7.0f / 255 : 0));
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static void axes_are_those_of_others(void **state) {
    (void)state;
    expect("pca", visml_extractor_color_pca(ctx, NULL, &err), "picture", 1, 2 * 0x1p-24);
    visml_tensor *x = filled(2, 2, 3, 9), *y;
    y = run(visml_extractor_color_pca(ctx, VISML_OPTS(visml_color_pca_opts, .components = 1), &err), x);
    static const float none[] = {0, 0, 0, 1, 0, 0};
    assert_int_equal(y->count, 6);
    assert_memory_equal(y->data, none, sizeof none);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static void axes_of_a_set_are_learned(void **state) {
    (void)state;
    test_array want = test_golden_find(&golden, "projection");
    visml_tensor *one[] = {picture("picture", 0), picture("flat", 0)};
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2, 37, 50, 3), &err), &err);
    for (int i = 0; i < 2; i++)
        memcpy((uint8_t *)x->data + i * one[i]->count, one[i]->data, (size_t)one[i]->count);
    visml_tensor *labels = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(2), &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, labels, NULL, 0, &err), &err);
    visml_features *f = assert_made(visml_features_from_json(ctx, "[\"color_projection\"]", 20, &err), &err);
    assert_null(visml_features_transform(f, x, &err));
    assert_int_equal(err.code, VISML_ESTATE);
    for (int again = 0; again < 2; again++) { /* the second time nothing of the first is left */
        assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
        visml_tensor *y = assert_made(visml_features_transform(f, x, &err), &err);
        assert_int_equal(y->count, want.count);
        for (int64_t i = 0; i < want.count; i++)
            if (!(fabs((double)at(y, i) - (double)want.values[i]) <= 2 * 0x1p-24))
                fail_msg("number %lld is %.9g, not %.9g", (long long)i, (double)at(y, i), (double)want.values[i]);
        visml_tensor_release(y);
    }
    visml_features_free(f);
    visml_dataset_free(ds);
    visml_tensor_release(labels);
    for (int i = 0; i < 2; i++)
        visml_tensor_release(one[i]);
    visml_tensor_release(x);
    free(want.values);
}

/* ---- edges ---- */

static const char *const all[] = {"histogram", "{\"class\": \"histogram\", \"space\": \"gray\"}",
                                  "{\"class\": \"histogram\", \"space\": \"hsv\", \"joint\": true}",
                                  "{\"class\": \"histogram\", \"space\": \"lab\", \"bins\": 5}", "color_moments",
                                  "{\"class\": \"color_moments\", \"space\": \"lab\"}",
                                  "{\"class\": \"color_moments\", \"space\": \"gray\"}",
                                  "quality", "dominant_colors", "color_pca"};

static visml_features *one_of(size_t i, const char *over) {
    char text[256];
    if (all[i][0] == '{')
        snprintf(text, sizeof text, "[%.*s%s}]", (int)strlen(all[i]) - 1, all[i], over);
    else
        snprintf(text, sizeof text, "[{\"class\": \"%s\"%s}]", all[i], over);
    return assert_made(visml_features_from_json(ctx, text, strlen(text), &err), &err);
}

/* A region in the middle of a picture gives what a picture of its pixels gives. */
static void regions_are_pictures_of_their_own(void **state) {
    (void)state;
    visml_tensor *x = picture("picture", 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        visml_features *whole = one_of(i, ""), *grid = one_of(i, ", \"over\": {\"class\": \"grid\", \"rows\": 3, \"columns\": 4}");
        visml_tensor *rows = assert_made(visml_features_sequence(grid, x, &err), &err);
        visml_tensor *part = assert_made(visml_image_crop(x, 37 / 3, 50 * 2 / 4, 37 * 2 / 3 - 37 / 3, 50 * 3 / 4 - 50 * 2 / 4, &err), &err);
        visml_tensor *y = assert_made(visml_features_transform(whole, part, &err), &err);
        int64_t d = rows->shape.dims[1];
        assert_int_equal(y->count, d);
        for (int64_t k = 0; k < d; k++) /* runs of pixels are others */
            if (!(fabsf(at(y, k) - at(rows, 6 * d + k)) <= 2e-6f * (1 + fabsf(at(y, k)))))
                fail_msg("%s: number %lld is %.9g, not %.9g", all[i], (long long)k, (double)at(rows, 6 * d + k), (double)at(y, k));
        visml_tensor_release(rows);
        visml_tensor_release(part);
        visml_tensor_release(y);
        visml_features_free(whole);
        visml_features_free(grid);
    }
    visml_tensor_release(x);
}

/* Of several bands, which threads share. */
static void threads_change_nothing_in_large_pictures(void **state) {
    (void)state;
    visml_tensor *x = filled(601, 300, 3, 0);
    visml_context *two = ctx;
    uint64_t seed = 6;
    for (int64_t i = 0; i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)test_random(&seed);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        visml_tensor *y[3];
        for (int k = 0; k < 3; k++) {
            ctx = test_context(k == 2 ? 8 : k + 1);
            visml_features *f = one_of(i, "");
            y[k] = assert_made(visml_features_transform(f, x, &err), &err);
            visml_features_free(f);
            visml_context_free(ctx);
        }
        for (int k = 1; k < 3; k++)
            assert_memory_equal(y[k]->data, y[0]->data, (size_t)y[0]->count * sizeof(float));
        for (int k = 0; k < 3; k++)
            visml_tensor_release(y[k]);
    }
    ctx = two;
    visml_tensor_release(x);
}

static void thin_and_constant_pictures_have_numbers(void **state) {
    static const int64_t sides[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 33}, {19, 1}, {2, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        visml_features *f = one_of(i, "");
        for (size_t s = 0; s < sizeof sides / sizeof *sides; s++) {
            visml_tensor *x = filled(sides[s][0], sides[s][1], 3, 200), *y = assert_made(visml_features_transform(f, x, &err), &err);
            for (int64_t k = 0; k < y->count; k++)
                assert_true(isfinite(at(y, k)));
            visml_tensor_release(x);
            visml_tensor_release(y);
        }
        visml_features_free(f);
    }
    visml_tensor *x = filled(1, 3, 3, 200), *y = run(MOMENTS(.space = VISML_SPACE_LAB), x);
    assert_true(at(y, 3) == 0 && at(y, 6) == 0);
    visml_tensor_release(y);
    y = run(visml_extractor_quality(ctx, NULL, &err), x);
    static const float quality[] = {200.0f / 255, 0, 0, 0, 0, 0};
    assert_memory_equal(y->data, quality, sizeof quality);
    visml_tensor_release(y);
    visml_tensor_release(x);
}

static void what_does_not_fit_is_said(void **state) {
    (void)state;
    visml_tensor *x = filled(2, 2, 2, 0);
    visml_extractor *e = assert_made(HISTOGRAM(.space = VISML_SPACE_HSV), &err);
    assert_null(visml_extractor_run(e, x, &err));
    assert_non_null(strstr(err.message, "needs a picture of 3 channels for \"hsv\", this one has 2"));
    visml_extractor_free(e);
    e = assert_made(MOMENTS(.space = VISML_SPACE_GRAY), &err);
    assert_null(visml_extractor_run(e, x, &err));
    assert_non_null(strstr(err.message, "needs a picture of 1, 3 or 4 channels"));
    visml_extractor_free(e);
    visml_tensor_release(x);
    x = filled(2, 2, 4, 0);
    e = assert_made(HISTOGRAM(.joint = 1, .bins = {256}), &err);
    assert_null(visml_extractor_run(e, x, &err));
    assert_non_null(strstr(err.message, "needs fewer bins"));
    visml_extractor_free(e);
    visml_tensor_release(x);
    x = filled(2, 2, 5, 0);
    e = assert_made(HISTOGRAM(.joint = 1, .bins = {2}), &err);
    assert_null(visml_extractor_run(e, x, &err));
    assert_non_null(strstr(err.message, "at most 4 channels"));
    visml_extractor_free(e);
    visml_tensor *y = run(MOMENTS(.skewness = 0), x); /* feature maps have any channels */
    assert_int_equal(y->count, 15);
    visml_tensor_release(y);
    visml_tensor_release(x);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    golden = test_golden_open("colors.bin");
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
        cmocka_unit_test(counts_are_those_of_others),
        cmocka_unit_test(large_pictures_are_counted_as_small_ones),
        cmocka_unit_test(norms_and_cumulative),
        cmocka_unit_test(moments_are_those_of_others),
        cmocka_unit_test(quality_is_that_of_others),
        cmocka_unit_test(dominant_colors_are_those_of_others),
        cmocka_unit_test(axes_are_those_of_others),
        cmocka_unit_test(axes_of_a_set_are_learned),
        cmocka_unit_test(regions_are_pictures_of_their_own),
        cmocka_unit_test(threads_change_nothing_in_large_pictures),
        cmocka_unit_test(thin_and_constant_pictures_have_numbers),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
