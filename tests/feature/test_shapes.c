/* Gradients and shapes: against other implementations, at the edges of what is allowed, and for any number of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feature/directions.h"
#include "support/golden.h"
#include "visml/visml.h"

static visml_context *ctx;
static visml_error err;
static test_golden golden;

/* A picture of the golden file: bytes, or floats times `scale`. */
static visml_tensor *picture(const char *name, int floats, float scale) {
    test_array a = test_golden_find(&golden, "%s", name);
    visml_tensor *t = assert_made(visml_tensor_new(ctx, floats ? VISML_F32 : VISML_U8,
                                                   VISML_SHAPE(a.dims[0], a.dims[1], a.rank == 3 ? a.dims[2] : 1), &err), &err);
    for (int64_t i = 0; i < a.count; i++)
        if (floats)
            ((float *)visml_tensor_data(t))[i] = a.values[i] * scale;
        else
            ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)a.values[i];
    free(a.values);
    return t;
}

/* A picture of one value. */
static visml_tensor *plain(int64_t h, int64_t w, int64_t c, int value) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, c), &err), &err);
    memset(visml_tensor_data(t), value, (size_t)(h * w * c));
    return t;
}

static int64_t count_of(const visml_tensor *t) {
    visml_shape s = *visml_tensor_shape(t);
    return s.dims[0] * s.dims[1];
}

/* Consumes the extractor. tolerance: of the largest number expected. */
static void expect(const char *name, visml_extractor *made, const visml_tensor *x, double tolerance) {
    visml_extractor *e = assert_made(made, &err);
    visml_tensor *y = assert_made(visml_extractor_run(e, x, &err), &err);
    test_array want = test_golden_find(&golden, "%s", name);
    assert_int_equal(count_of(y), want.count);
    test_assert_close(name, visml_tensor_data(y), want.values, want.count, tolerance);
    free(want.values);
    visml_tensor_release(y);
    visml_extractor_free(e);
}

/* Sums of 64 lengths in float, a factor and a root: some 2^-22 of each number. As floats the picture is divided by 256, which keeps
 * differences exact; blocks are brought to one length, and what is added to it is too small to be seen. */
#define HOG_ERROR 2e-6

static void hog_as_scikit_image(void **state) {
    static const char *const norms[] = {"hog L2-Hys", "hog L2", "hog L1", "hog L1-sqrt"};
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        visml_tensor *x = picture("picture", floats, 1.0f / 256);
        for (int32_t norm = 0; norm < 4; norm++)
            expect(norms[norm], visml_extractor_hog(ctx, VISML_OPTS(visml_hog_opts, .block_norm = norm), &err), x, HOG_ERROR);
        expect("hog sqrt", visml_extractor_hog(ctx, VISML_OPTS(visml_hog_opts, .cells_per_block = {2}, .transform_sqrt = 1), &err), x,
               HOG_ERROR);
        visml_tensor_release(x);
    }
    visml_tensor *x = picture("coarse", 1, 1);
    expect("hog coarse",
           visml_extractor_hog(ctx, VISML_OPTS(visml_hog_opts, .orientations = 8, .pixels_per_cell = {5, 7}, .cells_per_block = {1, 2},
                                               .block_norm = VISML_HOG_L1), &err),
           x, HOG_ERROR);
    visml_tensor_release(x);
}

static void hog_as_felzenszwalb(void **state) {
    (void)state;
    for (int floats = 0; floats < 2; floats++) {
        visml_tensor *x = picture("picture", floats, 1.0f / 256);
        expect("uoctti", visml_extractor_hog(ctx, VISML_OPTS(visml_hog_opts, .variant = VISML_HOG_UOCTTI), &err), x, HOG_ERROR);
        visml_tensor_release(x);
    }
}

static void edges_as_numpy(void **state) {
    (void)state;
    visml_tensor *x = picture("picture", 0, 1);
    expect("edges", visml_extractor_edge_orientations(ctx, NULL, &err), x, 1e-6);
    expect("edges unsigned",
           visml_extractor_edge_orientations(ctx, VISML_OPTS(visml_edge_orientations_opts, .bins = 9, .unsigned_angle = 1, .weighted = 1),
                                             &err),
           x, 1e-6);
    visml_tensor_release(x);
}

/* The sums are good to 2^-24 or so. Here the mean is three deviations, so that the central moments of third and fourth order are 190 and
 * 1,400 times less than the terms that they are made of. */
static void gradient_moments_as_numpy(void **state) {
    static const double tolerance[7] = {1e-6, 1e-6, 190 * 0x1p-24, 1400 * 0x1p-24, 1e-6, 1e-6, 1e-6};
    (void)state;
    visml_tensor *x = picture("picture", 0, 1);
    visml_extractor *e = assert_made(visml_extractor_gradient_stats(ctx, &err), &err);
    visml_tensor *y = assert_made(visml_extractor_run(e, x, &err), &err);
    test_array want = test_golden_find(&golden, "stats");
    for (int i = 0; i < 7; i++) {
        double got = (double)((const float *)visml_tensor_data(y))[i], right = (double)want.values[i];
        if (!(fabs(got - right) <= tolerance[i]))
            fail_msg("number %d is %.9g, not %.9g", i, got, right);
    }
    free(want.values);
    visml_tensor_release(y);
    visml_extractor_free(e);
    visml_tensor_release(x);
}

/* Each of the seven to float's precision: they differ by many orders. The moments are exact but for double's rounding. */
static void hu_as_opencv(void **state) {
    (void)state;
    visml_tensor *x = picture("gray", 0, 1);
    test_array want = test_golden_find(&golden, "hu");
    for (int32_t logs = 0; logs < 2; logs++) {
        visml_extractor *e = assert_made(visml_extractor_hu_moments(ctx, VISML_OPTS(visml_hu_moments_opts, .log_scale = logs), &err), &err);
        visml_tensor *y = assert_made(visml_extractor_run(e, x, &err), &err);
        const float *got = visml_tensor_data(y);
        for (int i = 0; i < 7; i++) {
            double h = (double)want.values[i], right = logs ? -copysign(log10(fabs(h)), h) : h;
            if (!(fabs((double)got[i] - right) <= 1e-5 * fabs(right)))
                fail_msg("number %d is %.9g, not %.9g", i, (double)got[i], right);
        }
        visml_tensor_release(y);
        visml_extractor_free(e);
    }
    free(want.values);
    visml_tensor_release(x);
}

static void disks_as_numpy(void **state) {
    (void)state;
    visml_tensor *x = picture("gray", 0, 1);
    expect("zernike 8", visml_extractor_zernike(ctx, NULL, &err), x, 1e-6);
    expect("zernike 20", visml_extractor_zernike(ctx, VISML_OPTS(visml_zernike_opts, .degree = 20), &err), x, 1e-6);
    expect("profile", visml_extractor_radial_profile(ctx, NULL, &err), x, 1e-6);
    expect("profile log",
           visml_extractor_radial_profile(ctx, VISML_OPTS(visml_radial_profile_opts, .rings = 9, .sectors = 7, .log_polar = 1), &err), x,
           1e-6);
    visml_tensor_release(x);
}

static void bins_edges_are_mirrored(void **state) {
    (void)state;
    visml_directions d;
    for (int32_t bins = 1; bins <= VISML_VOTE_BINS; bins++)
        for (int32_t half = 0; half < 2; half++) {
            visml_directions_make(&d, bins, half);
            for (int32_t k = 0; k < bins; k++) {
                double angle = (2.0 * k - half) * 3.14159265358979323846 / (2.0 * bins);
                assert_true(fabs((double)d.cosines[k] - cos(angle)) < 1e-7 && fabs((double)d.sines[k] - sin(angle)) < 1e-7);
                if (4 * k - 2 * half == bins)
                    assert_true(d.cosines[k] == d.sines[k]);
                if (2 * k - half == bins)
                    assert_true(d.cosines[k] == 0 && d.sines[k] == 1);
                if (4 * k - 2 * half == 3 * bins)
                    assert_true(d.cosines[k] == -d.sines[k]);
            }
        }
}

/* ---- edges of what is allowed ---- */

static const char *const all[] = {
    "{\"extract\": [{\"class\": \"hog\", \"pixels_per_cell\": 1, \"cells_per_block\": 1}]}",
    "{\"extract\": [{\"class\": \"hog\", \"variant\": \"uoctti\", \"pixels_per_cell\": 2}]}",
    "{\"extract\": [\"edge_orientations\"]}",
    "{\"extract\": [\"gradient_stats\"]}",
#define OF_GRADIENTS 4 /* the others look at values as well */
    "{\"extract\": [\"hu_moments\"]}",
    "{\"extract\": [\"zernike\"]}",
    "{\"extract\": [\"radial_profile\"]}",
    "{\"extract\": [{\"class\": \"radial_profile\", \"sectors\": 100, \"rings\": 60, \"log_polar\": true}]}",
};

static void small_and_constant_pictures(void **state) {
    static const int64_t sides[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 17}, {40, 33}};
    (void)state;
    for (size_t a = 0; a < sizeof all / sizeof *all; a++)
        for (size_t s = 0; s < sizeof sides / sizeof *sides; s++)
            for (int value = 0; value < 256; value += 200) {
                visml_tensor *x = plain(sides[s][0], sides[s][1], s % 2 ? 3 : 1, value);
                visml_features *f = assert_made(visml_features_from_json(ctx, all[a], strlen(all[a]), &err), &err);
                visml_tensor *y = assert_made(visml_features_transform(f, x, &err), &err);
                for (int64_t i = 0; i < count_of(y); i++)
                    assert_true(isfinite(((float *)visml_tensor_data(y))[i]));
                for (int64_t i = 0; i < count_of(y) && (a < OF_GRADIENTS || !value); i++)
                    assert_true(((float *)visml_tensor_data(y))[i] == 0);
                visml_tensor_release(y);
                visml_features_free(f);
                visml_tensor_release(x);
            }
    visml_tensor *x = plain(23, 50, 1, 9);
    visml_extractor *e = assert_made(visml_extractor_hog(ctx, NULL, &err), &err);
    assert_null(visml_extractor_run(e, x, &err));
    assert_string_equal(err.message, "hog, a region of 23 x 50: needs at least 24 x 24 pixels");
    visml_extractor_free(e);
    visml_tensor_release(x);
    assert_null(visml_extractor_edge_orientations(ctx, VISML_OPTS(visml_edge_orientations_opts, .bins = 65), &err));
    assert_int_equal(err.code, VISML_EINVAL);
}

static void the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    for (size_t a = 0; a < sizeof all / sizeof *all; a++) {
        visml_tensor *first = NULL;
        for (int32_t threads = 1; threads <= 8; threads = threads == 1 ? 3 : threads + 5) {
            visml_context *c = test_context(threads);
            visml_tensor *x = assert_made(visml_tensor_new(c, VISML_U8, VISML_SHAPE(150, 61, 3), &err), &err);
            uint64_t seed = 3;
            for (int i = 0; i < 150 * 61 * 3; i++)
                ((uint8_t *)visml_tensor_data(x))[i] = (uint8_t)(test_random(&seed) >> 9);
            visml_features *f = assert_made(visml_features_from_json(c, all[a], strlen(all[a]), &err), &err);
            visml_tensor *y = assert_made(visml_features_transform(f, x, &err), &err);
            if (first)
                assert_memory_equal(visml_tensor_data(y), visml_tensor_data(first), (size_t)count_of(y) * sizeof(float));
            visml_tensor_release(x);
            visml_features_free(f);
            visml_context_free(c);
            if (first)
                visml_tensor_release(y);
            else
                first = y;
        }
        visml_tensor_release(first);
    }
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    golden = test_golden_open("shapes.bin");
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
        cmocka_unit_test(hog_as_scikit_image),      cmocka_unit_test(hog_as_felzenszwalb),
        cmocka_unit_test(edges_as_numpy),           cmocka_unit_test(hu_as_opencv),
        cmocka_unit_test(disks_as_numpy),           cmocka_unit_test(gradient_moments_as_numpy),
        cmocka_unit_test(bins_edges_are_mirrored),  cmocka_unit_test(small_and_constant_pictures),
        cmocka_unit_test(the_same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
