/* Features as a whole: regions, extractors that need no formula, pools, transforms, JSON. */
#include <math.h>
#include <string.h>

#include "feature/features.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;

/* A picture whose pixel (i, j, k) is 10 i + j + 100 k. */
static visml_tensor *picture(int64_t h, int64_t w, int64_t c) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, c), &err), &err);
    for (int64_t i = 0; i < h * w * c; i++)
        ((uint8_t *)t->data)[i] = (uint8_t)(10 * (i / (w * c)) + i / c % w + 100 * (i % c));
    return t;
}

static float at(const visml_tensor *t, int64_t i) {
    return ((const float *)(const void *)t->data)[i];
}

static visml_features *from_json(const char *text) {
    return visml_features_from_json(ctx, text, strlen(text), &err);
}

static void regions_are_where_they_are_said_to_be(void **state) {
    visml_box b[32];
    size_t n;
    (void)state;
    visml_regions *r = assert_made(visml_regions_grid(ctx, VISML_OPTS(visml_grid_opts, .rows = 2, .columns = 3), &err), &err);
    assert_ok(visml_regions_boxes_of(r, 5, 7, b, 32, &n, &err), &err);
    assert_int_equal(n, 6);
    assert_memory_equal(&b[5], (&(visml_box){2, 4, 3, 3}), sizeof *b);
    assert_int_equal(visml_regions_boxes_of(r, 1, 7, b, 32, &n, &err), VISML_EINVAL);
    visml_regions_free(r);
    r = assert_made(visml_regions_pyramid(ctx, NULL, &err), &err);
    assert_ok(visml_regions_boxes_of(r, 8, 8, b, 32, &n, &err), &err);
    assert_int_equal(n, 21);
    assert_memory_equal(&b[4], (&(visml_box){4, 4, 4, 4}), sizeof *b);
    assert_memory_equal(&b[20], (&(visml_box){6, 6, 2, 2}), sizeof *b);
    visml_regions_free(r);
    r = assert_made(visml_regions_window(ctx, VISML_OPTS(visml_window_opts, .height = 2, .width = 3, .stride = {1}, .padding = {1, 0},
                                                         .scales = {1, 2}), &err), &err);
    assert_ok(visml_regions_boxes_of(r, 4, 6, NULL, 0, &n, &err), &err);
    assert_int_equal(n, 5 * 4 + 3 * 1);
    assert_ok(visml_regions_boxes_of(r, 4, 6, b, 32, &n, &err), &err);
    assert_memory_equal(&b[0], (&(visml_box){-1, 0, 2, 3}), sizeof *b);
    assert_memory_equal(&b[22], (&(visml_box){2, 0, 4, 6}), sizeof *b);
    visml_regions_free(r);
    assert_null(visml_regions_boxes(ctx, (&(visml_box){0, 0, 0, 1}), 1, &err));
    assert_string_equal(err.message, "boxes: number 0 is 0 x 1 at row 0, column 0; sides must be at least 1, places at least 0");
}

static void pools_and_encoders_do_what_they_say(void **state) {
    visml_tensor *p = picture(4, 4, 1);
    (void)state;
    visml_features *f = assert_made(from_json("[{\"class\": \"maximum\", \"over\": {\"class\": \"grid\", \"rows\": 2, \"columns\": 2}}, "
                                              "{\"class\": \"average\", \"over\": \"pyramid\", \"pool\": \"max\"}]"), &err);
    visml_tensor *y = assert_made(visml_features_transform(f, p, &err), &err);
    assert_int_equal(y->count, 5);
    static const float expected[] = {11, 13, 31, 33, 33};
    for (int i = 0; i < 5; i++)
        assert_true(fabsf(at(y, i) - expected[i] / 255) < 1e-7f);
    int64_t length;
    assert_ok(visml_features_length(f, VISML_SHAPE(4, 4, 1), &length, &err), &err);
    assert_int_equal(length, 5);
    assert_int_equal(visml_features_length(f, VISML_SHAPE(2, 4, 1), &length, &err), VISML_EINVAL);
    visml_tensor_release(y);
    visml_features_free(f);
    f = assert_made(from_json("[{\"class\": \"pixels\", \"over\": {\"class\": \"window\", \"height\": 2, \"width\": 2, "
                              "\"stride\": [1, 1]}}]"), &err);
    y = assert_made(visml_features_sequence(f, p, &err), &err);
    assert_int_equal(y->shape.dims[0], 9);
    assert_true(fabsf(at(y, 8 * 4 + 3) - 33.0f / 255) < 1e-7f);
    visml_tensor_release(y);
    visml_features_free(f);
    visml_tensor_release(p);
}

/* Made small, gray, and equalized: in this order. */
static void pictures_are_equalized_when_they_have_their_size(void **state) {
    visml_tensor *p = picture(5, 8, 3), *many = picture(4, 4, 5);
    (void)state;
    visml_features *f = assert_made(from_json("{\"height\": 3, \"width\": 4, \"color\": \"gray\", \"equalize\": true, "
                                              "\"extract\": [\"pixels\"]}"), &err);
    visml_tensor *y = assert_made(visml_features_transform(f, p, &err), &err);
    visml_tensor *small = visml_image_resize(p, 3, 4, VISML_FILTER_BILINEAR, &err);
    visml_tensor *gray = visml_image_convert(small, VISML_COLOR_GRAY, &err);
    visml_tensor *equal = assert_made(visml_image_equalize(gray, &err), &err);
    assert_int_equal(y->count, 12);
    for (int64_t i = 0; i < 12; i++)
        assert_true(fabsf(at(y, i) - (float)((const uint8_t *)equal->data)[i] / 255) <= 6e-8f);
    assert_true(at(y, 0) == 0 && at(y, 11) == 1);
    visml_features_free(f);
    f = assert_made(from_json("{\"equalize\": true, \"extract\": [\"pixels\"]}"), &err);
    assert_null(visml_features_transform(f, many, &err));
    assert_string_equal(err.message, "features: equalize needs a picture of 1 to 4 channels, this one has 5");
    visml_features_free(f);
    visml_tensor_release(equal);
    visml_tensor_release(gray);
    visml_tensor_release(small);
    visml_tensor_release(y);
    visml_tensor_release(many);
    visml_tensor_release(p);
}

static void json_goes_round(void **state) {
    static const char text[] = "{\"height\":8,\"width\":8,\"color\":\"gray\",\"extract\":[{\"class\":\"pixels\",\"over\":{"
                               "\"class\":\"window\","
                               "\"height\":2,\"width\":2,\"scales\":[1.0,2.5]},\"encode\":\"mean\",\"pool\":\"max\"},"
                               "{\"class\":\"average\"}],"
                               "\"then\":[{\"class\":\"standardization\",\"no_mean\":true}]}";
    char again[1000];
    (void)state;
    visml_features *f = assert_made(from_json(text), &err);
    size_t n = visml_features_to_json(f, again, sizeof again);
    assert_string_equal(again, text);
    assert_int_equal(n, sizeof text - 1);
    visml_features_free(f);
    assert_null(from_json("[\"pixels\", {\"class\": \"pixels\", \"over\": \"grit\"}]"));
    assert_string_equal(err.message, "features: \"extract\", entry 2: regions: \"class\" is \"grit\", must be one of whole, grid, pyramid, "
                                     "window, boxes");
}

/* Labels and pictures: class k has pixels around 40 k. */
static visml_dataset *dataset(int64_t n) {
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(n, 4, 4, 3), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    for (int64_t i = 0; i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(i * 7919 % 37 + 40 * (i / 48 % 3));
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)(void *)y->data)[i] = (int32_t)(i % 3);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

/* Means and deviations are those of the vectors, whether these fit in memory or not. */
static void transforms_learn_in_memory_and_in_blocks(void **state) {
    visml_dataset *ds = dataset(150);
    (void)state;
    for (int blocks = 0; blocks < 2; blocks++) {
        visml_features *f = assert_made(from_json("{\"extract\": [\"average\", \"maximum\"], \"then\": [\"standardization\"]}"), &err);
        assert_false(visml_features_is_fitted(f));
        visml_tensor *sample = assert_made(visml_dataset_read(ds, 0, &err), &err);
        assert_null(visml_features_transform(f, sample, &err));
        assert_int_equal(err.code, VISML_ESTATE);
        visml_tensor_release(sample);
        assert_ok(visml_features_fit(f, ds, VISML_OPTS(visml_feature_run_opts, .memory = blocks ? 100 : 0), &err), &err);
        assert_true(visml_features_is_fitted(f));
        double sum[6] = {0}, squares[6] = {0};
        for (int64_t i = 0; i < 150; i++) {
            sample = assert_made(visml_dataset_read(ds, i, &err), &err);
            visml_tensor *v = assert_made(visml_features_transform(f, sample, &err), &err);
            assert_int_equal(v->count, 6);
            for (int j = 0; j < 6; j++) {
                sum[j] += (double)at(v, j);
                squares[j] += (double)at(v, j) * (double)at(v, j);
            }
            visml_tensor_release(v);
            visml_tensor_release(sample);
        }
        for (int j = 0; j < 6; j++) {
            assert_true(fabs(sum[j] / 150) < 1e-5);
            assert_true(fabs(squares[j] / 150 - 1) < 1e-4);
        }
        visml_features_free(f);
    }
    visml_dataset_free(ds);
}

static int32_t stop(void *user, const visml_feature_progress *p) {
    ++*(int *)user;
    return p->done >= 128;
}

static void a_fit_that_is_stopped_leaves_nothing(void **state) {
    visml_dataset *ds = dataset(300);
    visml_features *f = assert_made(from_json("{\"extract\": [\"average\"], \"then\": [\"standardization\"]}"), &err);
    int calls = 0;
    (void)state;
    assert_int_equal(visml_features_fit(f, ds, VISML_OPTS(visml_feature_run_opts, .progress = stop, .user = &calls), &err),
                     VISML_ECANCELLED);
    assert_int_equal(calls, 2);
    assert_false(visml_features_is_fitted(f));
    visml_features_free(f);
    visml_dataset_free(ds);
}

static void what_was_learned_stays_as_it_is(void **state) {
    visml_dataset *ds = dataset(20);
    visml_features *f = assert_made(from_json("{\"extract\": [\"average\"], \"then\": [\"standardization\"]}"), &err);
    (void)state;
    assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
    assert_int_equal(visml_features_add(f, visml_extractor_maximum(ctx, &err), &err), VISML_ESTATE);
    assert_string_equal(err.message, "features: fitted already; what has learned from the others cannot have more of them");
    assert_int_equal(visml_features_over(f, visml_regions_grid(ctx, NULL, &err), &err), VISML_ESTATE);
    assert_int_equal(visml_features_pool(f, visml_aggregator_mean(ctx, &err), &err), VISML_ESTATE);
    assert_int_equal(visml_features_then(f, visml_transform_standardization(ctx, NULL, &err), &err), VISML_ESTATE);
    visml_features_free(f);
    visml_dataset_free(ds);
}

/* One that was fitted by itself, to vectors of another length, among those that still learn. */
static void a_transform_of_another_length_is_named(void **state) {
    visml_dataset *ds = dataset(20);
    (void)state;
    for (int blocks = 0; blocks < 2; blocks++) {
        visml_features *f = assert_made(from_json("[\"average\"]"), &err);
        visml_transform *t = assert_made(visml_transform_standardization(ctx, NULL, &err), &err);
        visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(4, 1000), &err), &err);
        assert_ok(visml_transform_fit(t, x, NULL, &err), &err);
        assert_ok(visml_features_then(f, t, &err), &err);
        assert_ok(visml_features_then(f, visml_transform_standardization(ctx, NULL, &err), &err), &err);
        assert_int_equal(visml_features_fit(f, ds, VISML_OPTS(visml_feature_run_opts, .memory = blocks ? 100 : 0), &err), VISML_EINVAL);
        assert_string_equal(err.message, "features: vectors have 3 numbers, those that standardization learned from 1000");
        assert_false(visml_features_is_fitted(f));
        visml_tensor_release(x);
        visml_features_free(f);
    }
    visml_dataset_free(ds);
}

static void pixels_that_are_nan_are_named(void **state) {
    visml_features *f = assert_made(from_json("[\"average\"]"), &err);
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 3, 3, 1), &err), &err);
    (void)state;
    ((float *)(void *)x->data)[12] = NAN;
    assert_null(visml_features_transform(f, x, &err));
    assert_string_equal(err.message, "picture 1: features: image has a pixel that is NaN or infinite, must be finite");
    visml_tensor_release(x);
    visml_features_free(f);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_where_they_are_said_to_be),
        cmocka_unit_test(pools_and_encoders_do_what_they_say),
        cmocka_unit_test(pictures_are_equalized_when_they_have_their_size),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(transforms_learn_in_memory_and_in_blocks),
        cmocka_unit_test(a_fit_that_is_stopped_leaves_nothing),
        cmocka_unit_test(what_was_learned_stays_as_it_is),
        cmocka_unit_test(a_transform_of_another_length_is_named),
        cmocka_unit_test(pixels_that_are_nan_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
