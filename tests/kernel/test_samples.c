#include "levels.h"

#include "kernel/samples.h"

enum { N = 3, PIXELS = 5791 }; /* several pieces of work */

static uint8_t *random_bytes(size_t n, uint64_t seed) {
    uint8_t *x = malloc(n + 1);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)(test_random(&seed) >> 5);
    return x;
}

/* One rounding: the exact value is a double. sse4 rounds twice. */
static void expect(float got, uint8_t x, float scale, float offset, int fused, const char *where, size_t i) {
    double exact = (double)x * (double)scale + (double)offset;
    if (fused && got != (float)exact)
        fail_msg("%s: element %zu is %a, not %a", where, i, (double)got, exact);
    assert_near(got, exact, fabs((double)x * (double)scale) + fabs((double)offset), 2, where, i);
}

static void both_layouts(void **state) {
    (void)state;
    static const size_t channels[] = {1, 2, 3, 4, 5, 16, 17, 40};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t k = 0; k < sizeof channels / sizeof *channels; k++) {
        size_t c = channels[k], all = N * PIXELS * c;
        uint8_t *x = random_bytes(all, k);
        float *scale = random_array(c, 1), *offset = random_array(c, 2), *y = filled_array(all, NAN), *z = filled_array(all, NAN);
        for (size_t l = 0; l < n; l++) {
            visml_parallel p = workers(2);
            visml_compute compute = {&levels[l].kernels, &p};
            visml_u8_to_nhwc(&compute, N, PIXELS, (int64_t)c, x, scale, offset, y);
            visml_u8_to_nchw(&compute, N, PIXELS, (int64_t)c, x, scale, offset, z);
            for (size_t i = 0; i < all; i++) {
                size_t ch = i % c, pixel = i / c % PIXELS, image = i / c / PIXELS;
                expect(y[i], x[i], scale[ch], offset[ch], levels[l].fused, levels[l].name, i);
                expect(z[(image * c + ch) * PIXELS + pixel], x[i], scale[ch], offset[ch], levels[l].fused, levels[l].name, i);
            }
        }
        free(x);
        free(scale);
        free(offset);
        free(y);
        free(z);
    }
}

static void floats_to_bytes(void **state) {
    (void)state;
    static const float x[] = {0.5f, 1.5f, 2.5f, -0.5f, 254.5f, 255.5f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, 0.49999997f, 255, -0.0f,
                              254.49998f, 3e9f, 100.4f, 100.6f};
    static const uint8_t want[] = {0, 2, 2, 0, 254, 255, 255, 0, 255, 0, 0, 0, 255, 0, 254, 255, 100, 101};
    enum { FEW = sizeof x / sizeof *x, MANY = 70001 };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *many = random_array(MANY, 4);
    uint8_t y[FEW], *out = malloc(MANY);
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = workers(2);
        visml_compute c = {&levels[l].kernels, &p};
        visml_f32_to_u8(&c, FEW, x, 1, 0, y);
        assert_memory_equal(y, want, FEW);
        visml_f32_to_u8(&c, MANY, many, 256, 64, out); /* exact in double, and without a second rounding at sse4 */
        for (size_t i = 0; i < MANY; i++) {
            double exact = rint((double)(many[i] * 256 + 64));
            assert_int_equal(out[i], exact < 0 ? 0 : exact > 255 ? 255 : (int)exact);
        }
    }
    free(many);
    free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_layouts),
        cmocka_unit_test(floats_to_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
