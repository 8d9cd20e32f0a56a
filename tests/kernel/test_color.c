#include "levels.h"

#include "kernel/color.h"
#include "support/golden.h"

static uint8_t *as_bytes(const test_array *a) {
    uint8_t *x = malloc((size_t)a->count);
    for (int64_t i = 0; i < a->count; i++)
        x[i] = (uint8_t)a->values[i];
    return x;
}

static void close_to(const char *what, const float *got, const test_array *want, double tolerance) {
    for (int64_t i = 0; i < want->count; i++)
        if (!(fabs((double)got[i] - (double)want->values[i]) <= tolerance))
            fail_msg("%s: element %lld is %.9g, not %.9g", what, (long long)i, (double)got[i], (double)want->values[i]);
}

/* Pillow's "L"; scikit-image's hsv and lab in float64. */
static void as_others_have_them(void **state) {
    (void)state;
    test_golden g = test_golden_open("kernels.bin");
    test_array rgb = test_golden_find(&g, "rgb"), gray = test_golden_find(&g, "gray"), hsv = test_golden_find(&g, "hsv");
    test_array back = test_golden_find(&g, "rgb-of-hsv"), lab = test_golden_find(&g, "lab");
    uint8_t *x = as_bytes(&rgb), *luma = malloc((size_t)gray.count);
    size_t pixels = (size_t)gray.count;
    float *y = filled_array(3 * pixels, NAN);
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(2);
    assert_true(pixels == 525 && hsv.count == 1575 && back.count == 1575 && lab.count == 1575);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        visml_rgb_to_gray(&c, pixels, 3, x, luma);
        for (size_t i = 0; i < pixels; i++)
            assert_int_equal(luma[i], (int)gray.values[i]);
        visml_color_convert_u8(&c, VISML_COLOR_RGB_TO_HSV, pixels, x, y);
        close_to("hsv", y, &hsv, 3e-7);
        visml_color_convert(&c, VISML_COLOR_HSV_TO_RGB, pixels, y, y);
        close_to("rgb", y, &back, 1e-6);
        visml_color_convert_u8(&c, VISML_COLOR_RGB_TO_LAB, pixels, x, y);
        close_to("lab", y, &lab, 2e-4); /* it has 7.787 for 841 / 108 */
    }
    free(x);
    free(luma);
    free(y);
    test_array *all[] = {&rgb, &gray, &hsv, &back, &lab};
    for (size_t i = 0; i < 5; i++)
        free(all[i]->values);
    test_golden_close(&g);
}

static double linear(double v) {
    return v > 0.04045 ? pow((v + 0.055) / 1.055, 2.4) : v / 12.92;
}

static double curve(double t) {
    return t > 216.0 / 24389 ? cbrt(t) : t * 841 / 108 + 4.0 / 29;
}

static void lab_by_hand(const double *rgb, double *lab) {
    double r = linear(rgb[0]), g = linear(rgb[1]), b = linear(rgb[2]);
    double x = curve((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047), y = curve(0.212671 * r + 0.715160 * g + 0.072169 * b);
    double z = curve((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
}

/* Every 5th byte of each channel, against double; hsv and back gives the byte again. */
static void the_whole_cube(void **state) {
    (void)state;
    enum { SIDE = 52, ALL = SIDE * SIDE * SIDE };
    uint8_t *x = malloc(3 * ALL);
    float *lab = filled_array(3 * ALL, NAN), *first = filled_array(3 * ALL, NAN), *hsv = filled_array(3 * ALL, NAN);
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(3);
    for (size_t i = 0; i < ALL; i++) {
        x[3 * i] = (uint8_t)(i % SIDE * 5);
        x[3 * i + 1] = (uint8_t)(i / SIDE % SIDE * 5);
        x[3 * i + 2] = (uint8_t)(i / SIDE / SIDE * 5);
    }
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        visml_color_convert_u8(&c, VISML_COLOR_RGB_TO_LAB, ALL, x, lab);
        if (l == 0)
            memcpy(first, lab, 3 * ALL * sizeof *lab);
        if (levels[l].fused)
            assert_same(lab, first, 3 * ALL, "lab", levels[l].name);
        for (size_t i = 0; i < ALL; i++) {
            double rgb[3] = {x[3 * i] / 255.0, x[3 * i + 1] / 255.0, x[3 * i + 2] / 255.0}, want[3];
            lab_by_hand(rgb, want);
            for (size_t ch = 0; ch < 3; ch++)
                if (!(fabs((double)lab[3 * i + ch] - want[ch]) <= 1e-4))
                    fail_msg("%s: lab of %d %d %d has %.9g, not %.9g", levels[l].name, x[3 * i], x[3 * i + 1], x[3 * i + 2],
                             (double)lab[3 * i + ch], want[ch]);
        }
        visml_color_convert_u8(&c, VISML_COLOR_RGB_TO_HSV, ALL, x, hsv);
        for (size_t i = 0; i < 3 * ALL; i += 3)
            assert_true(hsv[i] >= 0 && hsv[i] < 1 && hsv[i + 1] >= 0 && hsv[i + 1] <= 1 && hsv[i + 2] >= 0 && hsv[i + 2] <= 1);
        visml_color_convert(&c, VISML_COLOR_HSV_TO_RGB, ALL, hsv, hsv);
        for (size_t i = 0; i < 3 * ALL; i++)
            assert_int_equal((int)rintf(hsv[i] * 255), x[i]);
    }
    free(x);
    free(lab);
    free(first);
    free(hsv);
}

static void hues_go_round(void **state) {
    (void)state;
    static const float hsv[] = {1, 1, 1, -1.0f / 3, 1, 1, 2.0f + 1.0f / 3, 1, 0.5f, 0.25f, 0, 0.75f};
    static const float want[] = {1, 0, 0, 0, 0, 1, 0, 0.5f, 0, 0.75f, 0.75f, 0.75f};
    float y[12];
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(1);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        visml_color_convert(&c, VISML_COLOR_HSV_TO_RGB, 4, hsv, y);
        for (size_t i = 0; i < 12; i++)
            assert_true(fabsf(y[i] - want[i]) <= 1e-6f);
    }
}

/* The fourth channel has no influence. */
static void gray_of_four(void **state) {
    (void)state;
    enum { N = 9001 };
    uint8_t *three = malloc(3 * N), *four = malloc(4 * N), *a = malloc(N), *b = malloc(N);
    uint64_t seed = 5;
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < 4; c++) {
            four[4 * i + c] = (uint8_t)test_random(&seed);
            if (c < 3)
                three[3 * i + c] = four[4 * i + c];
        }
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(3);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        visml_rgb_to_gray(&c, N, 3, three, a);
        visml_rgb_to_gray(&c, N, 4, four, b);
        assert_memory_equal(a, b, N);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(a[i], (19595 * three[3 * i] + 38470 * three[3 * i + 1] + 7471 * three[3 * i + 2] + 32768) / 65536);
    }
    free(three);
    free(four);
    free(a);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_others_have_them),
        cmocka_unit_test(the_whole_cube),
        cmocka_unit_test(hues_go_round),
        cmocka_unit_test(gray_of_four),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
