/* Bytes element by element and their pooling, against plain C, at every level and for any number of threads. */
#include "levels.h"

#include "kernel/qelement.h"
#include "kernel/span.h"
#include "visml/nn.h"

static const size_t lengths[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 100, VISML_SPAN + 5};
#define LENGTHS (sizeof lengths / sizeof *lengths)

static uint8_t *random_bytes(size_t n, uint64_t seed) {
    uint8_t *x = test_guarded(n);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t)test_random(&seed);
    return x;
}

static void assert_bytes(const uint8_t *got, const uint8_t *want, size_t n, const char *what, const char *where) {
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("%s at %s: byte %zu of %zu is %d, not %d", what, where, i, n, got[i], want[i]);
}

static uint8_t byte_of(float t, int32_t zero) {
    if (isnan(t))
        return 0;
    t = fminf(fmaxf(t, (float)-zero), (float)(255 - zero));
    return (uint8_t)((int32_t)nearbyintf(t) + zero);
}

static void to_bytes_and_back(void **state) {
    (void)state;
    static const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e30f, -1e30f, 0.5f, 1.5f, 2.5f, -0.5f, 1e-40f};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < LENGTHS; i++)
            for (int32_t zero = 0; zero <= 255; zero += 85) {
                size_t m = lengths[i];
                visml_parallel p = workers(3);
                visml_compute c = {&levels[l].kernels, &p};
                visml_qform form = {0.0078125f, zero};
                float *x = test_guarded(m * 4), *back = test_guarded(m * 4);
                uint8_t *q = test_guarded(m), *want = malloc(m + 1);
                uint64_t seed = i;
                for (size_t j = 0; j < m; j++) {
                    x[j] = j % 5 == 3 ? special[j / 5 % 12] : test_random_float(&seed) * 2;
                    want[j] = byte_of(x[j] * 128, zero);
                }
                visml_quantize_bytes(&c, m, x, form, q);
                assert_bytes(q, want, m, "quantize", levels[l].name);
                visml_dequantize_bytes(&c, m, q, form, back);
                for (size_t j = 0; j < m; j++)
                    assert_true(back[j] == (float)(q[j] - zero) * 0.0078125f);
                test_guarded_free(x, m * 4);
                test_guarded_free(back, m * 4);
                test_guarded_free(q, m);
                free(want);
            }
}

static void sums(void **state) {
    (void)state;
    static const int32_t activations[] = {VISML_LINEAR, VISML_RELU, VISML_LEAKY_RELU, VISML_RELU6};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < LENGTHS; i++)
            for (size_t k = 0; k < 4; k++) {
                size_t m = lengths[i];
                visml_parallel p = workers(2);
                visml_compute c = {&levels[l].kernels, &p};
                visml_qadd s = {{0.02f, 3}, {0.05f, 200}, {0.04f, 90}, activations[k], 0.25f};
                uint8_t *a = random_bytes(m, 1), *b = random_bytes(m, 2), *y = test_guarded(m), *want = malloc(m + 1);
                float sa = (float)((double)0.02f / (double)0.04f), sb = (float)((double)0.05f / (double)0.04f);
                for (size_t j = 0; j < m; j++) {
                    float t = (float)(a[j] - 3) * sa + (float)(b[j] - 200) * sb;
                    t = (k == 1 || k == 3) && t < 0 ? 0 : k == 3 ? fminf(t, (float)(6 / (double)0.04f)) : k == 2 && t <= 0 ? t * 0.25f : t;
                    want[j] = byte_of(t, 90);
                }
                visml_qadd_run(&c, &s, m, a, b, y);
                assert_bytes(y, want, m, "sum", levels[l].name);
                visml_qadd_run(&c, &s, m, a, b, a);
                assert_bytes(a, want, m, "sum in place", levels[l].name);
                test_guarded_free(a, m);
                test_guarded_free(b, m);
                test_guarded_free(y, m);
                free(want);
            }
}

/* n h w c, window, strides, padding top left bottom right */
static const struct {
    int64_t n, h, w, c, ph, pw, sh, sw, top, left, bottom, right;
} shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},   {2, 6, 8, 3, 2, 2, 2, 2, 0, 0, 0, 0},  {2, 7, 9, 17, 2, 2, 2, 2, 0, 0, 1, 1},
    {1, 8, 7, 70, 3, 3, 2, 2, 1, 1, 1, 1},  {3, 9, 9, 64, 3, 2, 1, 3, 1, 0, 1, 1}, {2, 5, 5, 16, 5, 5, 1, 1, 2, 2, 2, 2},
    {0, 4, 4, 5, 2, 2, 2, 2, 0, 0, 0, 0},
};

static void naive_window(const visml_pool2d_geometry *g, const uint8_t *x, int64_t out, uint8_t *top, uint8_t *mean) {
    int64_t c = out % g->c, ox = out / g->c % g->ow, oy = out / g->c / g->ow % g->oh, n = out / g->c / g->ow / g->oh;
    int sum = 0, count = 0, most = 0;
    for (int64_t y = oy * g->sh - g->top; y < oy * g->sh - g->top + g->ph; y++)
        for (int64_t i = ox * g->sw - g->left; i < ox * g->sw - g->left + g->pw; i++) {
            if (y < 0 || y >= g->h || i < 0 || i >= g->w)
                continue;
            int v = x[((n * g->h + y) * g->w + i) * g->c + c];
            sum += v;
            most = v > most ? v : most;
            count++;
        }
    *top = (uint8_t)most;
    *mean = (uint8_t)nearbyint((double)sum / count);
}

static void pooling(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t levels_here = all_levels(levels);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        visml_pool2d_geometry g = {.n = shapes[s].n, .h = shapes[s].h, .w = shapes[s].w, .c = shapes[s].c, .ph = shapes[s].ph,
                                   .pw = shapes[s].pw, .sh = shapes[s].sh, .sw = shapes[s].sw, .top = shapes[s].top,
                                   .left = shapes[s].left};
        g.oh = (g.h + g.top + shapes[s].bottom - g.ph) / g.sh + 1;
        g.ow = (g.w + g.left + shapes[s].right - g.pw) / g.sw + 1;
        size_t nx = (size_t)(g.n * g.h * g.w * g.c), ny = (size_t)(g.n * g.oh * g.ow * g.c);
        uint8_t *x = random_bytes(nx, s), *y = test_guarded(ny), *top = malloc(ny + 1), *mean = malloc(ny + 1);
        for (size_t i = 0; i < ny; i++)
            naive_window(&g, x, (int64_t)i, top + i, mean + i);
        for (size_t l = 0; l < levels_here; l++)
            for (size_t t = 1; t < 4; t++) {
                visml_parallel p = workers(t);
                visml_compute c = {&levels[l].kernels, &p};
                visml_qmaxpool2d(&c, &g, x, y);
                assert_bytes(y, top, ny, "maximum", levels[l].name);
                visml_qavgpool2d(&c, &g, x, y);
                assert_bytes(y, mean, ny, "mean", levels[l].name);
            }
        test_guarded_free(x, nx);
        test_guarded_free(y, ny);
        free(top);
        free(mean);
    }
}

static void means_of_rows(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (int64_t c = 1; c < 70; c += 17) {
            visml_parallel p = workers(2);
            visml_compute compute = {&levels[l].kernels, &p};
            size_t nx = (size_t)(3 * 49 * c), ny = (size_t)(3 * c);
            uint8_t *x = random_bytes(nx, 5);
            float *y = test_guarded(ny * 4);
            visml_qrowmean(&compute, 3, 49, c, x, (visml_qform){0.1f, 100}, y);
            for (int64_t i = 0; i < 3 * c; i++) {
                int32_t sum = 0;
                for (int64_t r = 0; r < 49; r++)
                    sum += x[(i / c * 49 + r) * c + i % c] - 100;
                assert_true(y[i] == (float)sum / 49.0f * 0.1f);
            }
            test_guarded_free(x, nx);
            test_guarded_free(y, ny * 4);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_bytes_and_back), cmocka_unit_test(sums), cmocka_unit_test(pooling), cmocka_unit_test(means_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
