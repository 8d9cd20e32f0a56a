#include "levels.h"

#include "kernel/gradient.h"
#include "support/golden.h"

#define PI 3.14159265358979323846

/* Differences by OpenCV's filter2D, lengths and angles by NumPy in float64. */
static void compare(const test_golden *g, const char *kind, const char *border, const float *got, int64_t n, double tolerance) {
    test_array want = test_golden_find(g, "%s-%s", kind, border);
    assert_int_equal(want.count, n);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want.values[i]) <= tolerance * fmax(1, fabs((double)want.values[i]))))
            fail_msg("%s %s: element %lld is %.9g, not %.9g", kind, border, (long long)i, (double)got[i], (double)want.values[i]);
    free(want.values);
}

static void run(const visml_compute *c, visml_gradient *g) {
    size_t room = visml_gradient_scratch(c, g);
    void *scratch = scratch_of(room);
    visml_gradient_run(c, g, scratch);
    scratch_free(scratch, room);
}

static void as_opencv_and_numpy(void **state) {
    (void)state;
    static const char *const borders[] = {"zero", "edge"};
    test_golden golden = test_golden_open("kernels.bin");
    test_array picture = test_golden_find(&golden, "picture");
    enum { H = 23, W = 37 };
    uint8_t bytes[H * W * 3];
    float magnitude[H * W], angle[H * W];
    assert_int_equal(picture.count, H * W * 3);
    for (size_t i = 0; i < H * W * 3; i++)
        bytes[i] = (uint8_t)picture.values[i];
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(2);
    for (size_t l = 0; l < n; l++)
        for (int which = 0; which < 8; which++) {
            const char *border = borders[which & 1];
            visml_compute c = {&levels[l].kernels, &p};
            visml_gradient g = {.h = H, .w = W, .c = 3, .border = which & 1 ? VISML_BORDER_EDGE : VISML_BORDER_ZERO};
            g.unsigned_angle = which >> 1 & 1;
            g.x = which & 4 ? NULL : picture.values;
            g.bytes = which & 4 ? bytes : NULL;
            g.magnitude = magnitude;
            g.angle = angle;
            run(&c, &g);
            compare(&golden, "magnitude", border, magnitude, H * W, 1.3e-7);
            compare(&golden, g.unsigned_angle ? "half-angle" : "angle", border, angle, H * W, 2e-7);
        }
    free(picture.values);
    test_golden_close(&golden);
}

/* Many rows in several pieces, one channel, any number of threads; sides of 1. */
static void pieces_and_small_sides(void **state) {
    (void)state;
    static const int64_t sides[][2] = {{700, 61}, {1, 1}, {1, 9}, {9, 1}, {2, 2}, {0, 5}, {5, 0}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof sides / sizeof *sides; s++) {
        int64_t h = sides[s][0], w = sides[s][1];
        float *x = random_array((size_t)(h * w), s), *magnitude = filled_array((size_t)(h * w), NAN);
        float *first = filled_array((size_t)(h * w), NAN);
        for (size_t l = 0; l < n; l++)
            for (size_t threads = 1; threads <= 3; threads++) {
                visml_parallel p = workers(threads);
                visml_compute c = {&levels[l].kernels, &p};
                visml_gradient g = {.h = h, .w = w, .c = 1, .x = x, .border = VISML_BORDER_EDGE};
                g.magnitude = l == 0 && threads == 1 ? first : magnitude;
                run(&c, &g);
                if (g.magnitude == magnitude && levels[l].fused)
                    assert_same(magnitude, first, (size_t)(h * w), "gradient", levels[l].name);
            }
        for (int64_t i = 0; i < h * w; i++) {
            int64_t r = i / w, q = i % w;
            double dx = (double)x[r * w + (q + 1 < w ? q + 1 : q)] - (double)x[r * w + (q ? q - 1 : q)];
            double dy = (double)x[(r + 1 < h ? r + 1 : r) * w + q] - (double)x[(r ? r - 1 : r) * w + q];
            assert_near(first[i], hypot(dx, dy), 2 + hypot(dx, dy), 2, "magnitude", (size_t)i);
        }
        free(x);
        free(magnitude);
        free(first);
    }
}

/* ---- the angle ---- */

static long double ulps(float got, long double want) {
    int exponent;
    frexpl(want, &exponent);
    int unit = exponent - 24 < -149 ? -149 : exponent - 24;
    return fabsl(ldexpl((long double)got - want, -unit));
}

/* Half angles and whole ones below pi within ULP, the others within WHOLE; without fused multiply-add half a unit more. */
#define ULP 2.0
#define WHOLE 5.5e-7

static void check_angles(const level *l, size_t n, const float *dx, const float *dy, float *angle, float *half) {
    const long double pi = 3.14159265358979323846264338327950288L;
    double ulp = ULP + (l->fused ? 0 : 0.5);
    l->kernels.polar((int64_t)n, dx, dy, 0, NULL, angle);
    l->kernels.polar((int64_t)n, dx, dy, 1, NULL, half);
    for (size_t i = 0; i < n; i++) {
        long double want = atan2l((long double)dy[i], (long double)dx[i]);
        long double turned = signbit(dy[i]) ? atan2l(-(long double)dy[i], -(long double)dx[i]) : want;
        if (turned > pi - 2.5e-7L ? half[i] != 0 && !(fabsl((long double)half[i] - turned) <= 2.5e-7L) : !(ulps(half[i], turned) <= ulp))
            fail_msg("%s: half angle of (%a, %a) is %a, wrong by %g ulp", l->name, (double)dx[i], (double)dy[i], (double)half[i],
                     (double)ulps(half[i], turned));
        long double whole = want < 0 ? want + 2 * pi : want, error = fabsl((long double)angle[i] - whole);
        if (whole < pi ? !(ulps(angle[i], whole) <= ulp) : !(error <= WHOLE || fabsl(error - 2 * pi) <= WHOLE))
            fail_msg("%s: angle of (%a, %a) is %a, wrong by %g", l->name, (double)dx[i], (double)dy[i], (double)angle[i], (double)error);
    }
}

/* All differences of bytes: 511 x 511. */
static void angles_of_all_byte_differences(void **state) {
    (void)state;
    enum { SIDE = 511 };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float dx[SIDE], dy[SIDE], angle[SIDE], half[SIDE];
    for (size_t l = 0; l < n; l++)
        for (int y = -255; y <= 255; y++) {
            for (int x = -255; x <= 255; x++) {
                dx[x + 255] = (float)x;
                dy[x + 255] = (float)y;
            }
            check_angles(&levels[l], SIDE, dx, dy, angle, half);
        }
}

/* Quotients min / max evenly over [0, 1] and down to the smallest, in all octants, at several lengths. */
static void angles_of_all_quotients(void **state) {
    (void)state;
    enum { N = 40000 };
    static const float lengths[] = {1, 0x1.8p-120f, 0x1.4p100f, 3e-41f};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *dx = filled_array(N, 0), *dy = filled_array(N, 0), *angle = filled_array(N, 0), *half = filled_array(N, 0);
    for (size_t l = 0; l < n; l++)
        for (size_t s = 0; s < 4; s++)
            for (int octant = 0; octant < 8; octant++) {
                for (size_t i = 0; i < N; i++) {
                    float q = i < N / 2 ? (float)i / (N / 2) : ldexpf(1 + (float)(i % 97) / 97, -(int)(i % 149));
                    float a = lengths[s], b = q * a;
                    dx[i] = (octant & 1 ? b : a) * (octant & 2 ? -1 : 1);
                    dy[i] = (octant & 1 ? a : b) * (octant & 4 ? -1 : 1);
                }
                check_angles(&levels[l], N, dx, dy, angle, half);
            }
    free(dx);
    free(dy);
    free(angle);
    free(half);
}

static void angles_of_special_values(void **state) {
    (void)state;
    static const float dx[] = {0, -0.0f, 0, -0.0f, 1, -1, -1, 0, 0, INFINITY, -INFINITY, INFINITY, -INFINITY, 1, NAN, 1, INFINITY, 1, 1};
    static const float dy[] = {0, 0, -0.0f, -0.0f, 0, 0, -0.0f, 1, -1, INFINITY, INFINITY, -1, -INFINITY, INFINITY, 1, NAN, NAN, -1e-30f,
                               -0.0f};
    static const double signed_angle[] = {0, PI, 0, PI, 0, PI, PI, PI / 2, 1.5 * PI, PI / 4, 0.75 * PI, 0, 1.25 * PI, PI / 2, NAN, NAN, NAN,
                                          0, 0};
    static const double unsigned_angle[] = {0, 0, 0, 0, 0, 0, 0, PI / 2, PI / 2, PI / 4, 0.75 * PI, 0, PI / 4, PI / 2, NAN, NAN, NAN, 0, 0};
    enum { N = sizeof dx / sizeof *dx };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++) {
        float magnitude[N], angle[N], half[N];
        levels[l].kernels.polar(N, dx, dy, 0, magnitude, angle);
        levels[l].kernels.polar(N, dx, dy, 1, NULL, half);
        for (size_t i = 0; i < N; i++) {
            int nan = isnan(signed_angle[i]);
            if (nan ? !isnan(angle[i]) || !isnan(half[i])
                    : fabs((double)angle[i] - signed_angle[i]) > 5e-7 || fabs((double)half[i] - unsigned_angle[i]) > 3e-7)
                fail_msg("%s: angle of (%g, %g) is %g, %g", levels[l].name, (double)dx[i], (double)dy[i], (double)angle[i],
                         (double)half[i]);
            assert_true(nan || (!signbit(angle[i]) && !signbit(half[i])));
            double length = hypot((double)dx[i], (double)dy[i]);
            assert_true(nan || (isinf(length) ? isinf(magnitude[i]) : fabs((double)magnitude[i] - length) < 1e-6));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_opencv_and_numpy),
        cmocka_unit_test(pieces_and_small_sides),
        cmocka_unit_test(angles_of_all_byte_differences),
        cmocka_unit_test(angles_of_all_quotients),
        cmocka_unit_test(angles_of_special_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
