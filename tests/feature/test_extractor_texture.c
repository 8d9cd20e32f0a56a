/* Local binary patterns and co-occurrence beside scikit-image. */
#include <math.h>

#include <string.h>

#include "feature/extractor.h"
#include "support/golden.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static test_golden golden;

static visml_tensor *picture_of(int64_t h, int64_t w, const float *values, int constant) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(h, w, 1), &err), &err);
    for (int64_t i = 0; i < h * w; i++)
        ((uint8_t *)t->data)[i] = (uint8_t)(values ? (int)values[i] : constant);
    return t;
}

static visml_tensor *golden_picture(void) {
    test_array a = test_golden_find(&golden, "picture");
    visml_tensor *t = picture_of(a.dims[0], a.dims[1], a.values, 0);
    free(a.values);
    return t;
}

/* The extractor's numbers; frees it. */
static visml_tensor *run(visml_extractor *e, const visml_tensor *picture) {
    visml_tensor *y = assert_made(visml_extractor_run(assert_made(e, &err), picture, &err), &err);
    visml_extractor_free(e);
    return y;
}

static const float *numbers(const visml_tensor *t) {
    return (const float *)(const void *)t->data;
}

static void close_to(const char *what, visml_tensor *y, int64_t at, const test_array *want, double tolerance) {
    for (int64_t i = 0; i < want->count; i++)
        if (!(fabs((double)numbers(y)[at + i] - (double)want->values[i]) <= tolerance * fmax(1, fabs((double)want->values[i]))))
            fail_msg("%s: number %lld is %.9g, not %.9g", what, (long long)i, (double)numbers(y)[at + i], (double)want->values[i]);
}

/* Counts are the same, so shares differ by the rounding of a float. */
static void patterns_as_scikit_image(void **state) {
    static const struct {
        int32_t points;
        double radius;
    } circles[] = {{8, 1}, {8, 2}, {12, 1.5}, {16, 2}, {24, 3}};
    static const char *const names[] = {"", "uniform", "default", "ror", "nri_uniform"};
    visml_tensor *p = golden_picture();
    int seen = 0;
    (void)state;
    for (int m = VISML_LBP_UNIFORM; m <= VISML_LBP_NRI_UNIFORM; m++)
        for (size_t i = 0; i < sizeof circles / sizeof *circles; i++) {
            test_array want = test_golden_find(&golden, "lbp-%s-%d-%g", names[m], (int)circles[i].points, circles[i].radius);
            if (!want.values)
                continue;
            visml_tensor *y = run(visml_extractor_lbp(ctx, VISML_OPTS(visml_lbp_opts, .method = (visml_lbp_method)m,
                                                                      .radius = {circles[i].radius},
                                                                      .points = {circles[i].points}), &err), p);
            assert_int_equal(y->count, want.count);
            close_to(names[m], y, 0, &want, 6e-8);
            visml_tensor_release(y);
            free(want.values);
            seen++;
        }
    assert_int_equal(seen, 5 + 3 + 3 + 5);
    visml_tensor_release(p);
}

static void radii_stand_one_after_the_other(void **state) {
    visml_tensor *p = golden_picture();
    test_array first = test_golden_find(&golden, "lbp-uniform-8-1"), second = test_golden_find(&golden, "lbp-uniform-24-3");
    (void)state;
    visml_tensor *y = run(visml_extractor_lbp(ctx, VISML_OPTS(visml_lbp_opts, .radius = {1, 3}, .points = {8, 24}), &err), p);
    assert_null(visml_extractor_lbp(ctx, VISML_OPTS(visml_lbp_opts, .points = {1}), &err));
    assert_int_equal(y->count, 10 + 26);
    close_to("radius 1", y, 0, &first, 6e-8);
    close_to("radius 3", y, 10, &second, 6e-8);
    visml_tensor_release(y);
    assert_null(visml_extractor_lbp(ctx, VISML_OPTS(visml_lbp_opts, .method = VISML_LBP_ROR, .points = {17}), &err));
    assert_string_equal(err.message, "lbp: points is 17, must be at most 16 for method \"ror\"");
    free(first.values);
    free(second.values);
    visml_tensor_release(p);
}

/* Codes that a picture of one level has: all bits but those that lie outside. */
static void patterns_of_flat_and_tiny_pictures(void **state) {
    (void)state;
    visml_tensor *p = picture_of(1, 1, NULL, 9), *y = run(visml_extractor_lbp(ctx, NULL, &err), p);
    assert_true(numbers(y)[0] == 1); /* darker all around */
    visml_tensor_release(y);
    visml_tensor_release(p);
    p = picture_of(1, 40, NULL, 0);
    y = run(visml_extractor_lbp(ctx, NULL, &err), p);
    assert_true(numbers(y)[8] == 1);
    visml_tensor_release(y);
    visml_tensor_release(p);
    p = picture_of(34, 34, NULL, 200);
    y = run(visml_extractor_lbp(ctx, VISML_OPTS(visml_lbp_opts, .points = {8}), &err), p);
    assert_true(fabsf(numbers(y)[8] - 32.0f * 32 / (34 * 34)) < 1e-6f);
    visml_tensor_release(y);
    visml_tensor_release(p);
}

/* Properties are computed in double from the same counts on both sides: what is left is the rounding to float. */
static void cooccurrence_as_scikit_image(void **state) {
    visml_tensor *p = golden_picture();
    (void)state;
    for (int which = 0; which < 4; which++) {
        int levels = which & 1 ? 8 : 256, symmetric = which >> 1;
        test_array want = test_golden_find(&golden, "glcm-%d-%d", levels, symmetric);
        visml_tensor *y = run(visml_extractor_glcm(ctx, VISML_OPTS(visml_glcm_opts, .levels = levels, .distances = {1, 3},
                                                                   .symmetric = symmetric), &err), p);
        assert_int_equal(y->count, 7 * 2 * 4);
        close_to("co-occurrence", y, 0, &want, 1.2e-7);
        visml_tensor *mean = run(visml_extractor_glcm(ctx, VISML_OPTS(visml_glcm_opts, .levels = levels, .distances = {1, 3},
                                                                      .symmetric = symmetric, .average = 1), &err), p);
        for (int i = 0; i < 14; i++) {
            const float *four = numbers(y) + 4 * i;
            double average = ((double)four[0] + (double)four[1] + (double)four[2] + (double)four[3]) / 4;
            assert_true(fabs((double)numbers(mean)[i] - average) <= 1.2e-7 * fmax(1, fabs(average)));
        }
        visml_tensor_release(mean);
        visml_tensor_release(y);
        free(want.values);
    }
    visml_tensor_release(p);
}

static void cooccurrence_of_flat_and_tiny_pictures(void **state) {
    static const int sides[][2] = {{1, 1}, {1, 30}, {30, 1}, {20, 20}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        visml_tensor *p = picture_of(sides[i][0], sides[i][1], NULL, 77);
        visml_tensor *y = run(visml_extractor_glcm(ctx, NULL, &err), p);
        for (int a = 0; a < 4; a++) {
            int64_t down = a > 0, across = a != 2;
            int pairs = sides[i][0] > down && sides[i][1] > across;
            assert_true(numbers(y)[a] == 0);
            assert_true(numbers(y)[12 + a] == (float)pairs);
            assert_true(numbers(y)[20 + a] == 1);
            assert_true(numbers(y)[24 + a] == 0);
        }
        visml_tensor_release(y);
        visml_tensor_release(p);
    }
}

/* Large enough for many pieces. */
static void the_same_bits_for_any_number_of_threads(void **state) {
    enum { H = 150, W = 131 };
    static float values[H * W];
    uint64_t seed = 3;
    (void)state;
    for (int i = 0; i < H * W; i++)
        values[i] = floorf(fabsf(test_random_float(&seed)) * 255.0f);
    for (int i = 0; i < H * W; i++)
        values[i] = values[i] > 255 ? 255 : values[i];
    visml_tensor *p = picture_of(H, W, values, 0);
    visml_context *alone = test_context(1), *shared = ctx;
    for (int which = 0; which < 3; which++) {
        visml_tensor *y[2];
        for (int k = 0; k < 2; k++) {
            visml_context *here = k ? shared : alone;
            y[k] = run(which == 0   ? visml_extractor_lbp(here, VISML_OPTS(visml_lbp_opts, .radius = {1, 2.5}, .points = {8, 20}), &err)
                       : which == 1 ? visml_extractor_lbp(here, VISML_OPTS(visml_lbp_opts, .method = VISML_LBP_ROR), &err)
                                    : visml_extractor_glcm(here, NULL, &err), p);
        }
        assert_int_equal(y[0]->count, y[1]->count);
        assert_memory_equal(y[0]->data, y[1]->data, (size_t)y[0]->count * sizeof(float));
        visml_tensor_release(y[0]);
        visml_tensor_release(y[1]);
    }
    visml_context_free(alone);
    visml_tensor_release(p);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(3);
    golden = test_golden_open("texture.bin");
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
        cmocka_unit_test(patterns_as_scikit_image),
        cmocka_unit_test(radii_stand_one_after_the_other),
        cmocka_unit_test(patterns_of_flat_and_tiny_pictures),
        cmocka_unit_test(cooccurrence_as_scikit_image),
        cmocka_unit_test(cooccurrence_of_flat_and_tiny_pictures),
        cmocka_unit_test(the_same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
