#include "levels.h"

#include "kernel/larger.h"

static const visml_larger cases[] = {{2, 3, 4, 5, 2, 2}, {1, 1, 1, 1, 3, 4}, {3, 5, 2, 17, 1, 3}, {2, 4, 3, 1, 4, 1}, {1, 6, 7, 33, 5, 2}};
#define CASES (sizeof cases / sizeof *cases)

/* The share of input i in output o. */
static double weight(int64_t size, int64_t factor, int64_t o, int64_t i, int bilinear) {
    if (!bilinear)
        return o / factor == i;
    double at = ((double)o + 0.5) / (double)factor - 0.5;
    at = fmin(fmax(at, 0), (double)(size - 1)); /* the edges go on */
    return fmax(0, 1 - fabs(at - (double)i));
}

static void check_forward(const visml_larger *g, int bilinear, const float *x, const float *y) {
    int64_t oh = g->h * g->down, ow = g->w * g->across;
    for (int64_t o = 0; o < g->n * oh * ow * g->c; o++) {
        int64_t ch = o % g->c, column = o / g->c % ow, row = o / g->c / ow % oh, image = o / g->c / ow / oh;
        double want = 0;
        for (int64_t i = 0; i < g->h; i++)
            for (int64_t j = 0; j < g->w; j++)
                want += weight(g->h, g->down, row, i, bilinear) * weight(g->w, g->across, column, j, bilinear) *
                        (double)x[((image * g->h + i) * g->w + j) * g->c + ch];
        assert_near(y[o], want, 1, 6, "larger", (size_t)o);
    }
}

static void check_backward(const visml_larger *g, int bilinear, const float *dy, const float *dx) {
    int64_t oh = g->h * g->down, ow = g->w * g->across;
    for (int64_t k = 0; k < g->n * g->h * g->w * g->c; k++) {
        int64_t ch = k % g->c, j = k / g->c % g->w, i = k / g->c / g->w % g->h, image = k / g->c / g->w / g->h;
        double want = 0;
        for (int64_t row = 0; row < oh; row++)
            for (int64_t column = 0; column < ow; column++)
                want += weight(g->h, g->down, row, i, bilinear) * weight(g->w, g->across, column, j, bilinear) *
                        (double)dy[((image * oh + row) * ow + column) * g->c + ch];
        assert_near(dx[k], want, (double)(4 * g->down * g->across), 4, "gradient", (size_t)k);
    }
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < CASES; i++) {
            const visml_larger *g = &cases[i];
            size_t in = (size_t)(g->n * g->h * g->w * g->c), out = in * (size_t)(g->down * g->across);
            float *x = random_array(in, 1), *dy = random_array(out, 2), *y = filled_array(out, NAN), *dx = filled_array(in, NAN);
            visml_parallel p = workers(3);
            visml_compute c = {&levels[l].kernels, &p};
            visml_larger_nearest(&c, g, x, y);
            check_forward(g, 0, x, y);
            visml_larger_nearest_backward(&c, g, dy, dx);
            check_backward(g, 0, dy, dx);
            visml_larger_bilinear(&c, g, x, y);
            check_forward(g, 1, x, y);
            visml_larger_bilinear_backward(&c, g, dy, dx);
            check_backward(g, 1, dy, dx);
            free(x);
            free(dy);
            free(y);
            free(dx);
        }
}

static void repeats_and_sums(void **state) {
    (void)state;
    enum { VECTORS = 3, TIMES = 5, WIDTH = 37 };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++) {
        float *x = random_array(VECTORS * WIDTH, 1), *y = filled_array(VECTORS * TIMES * WIDTH, NAN);
        float *dx = filled_array(VECTORS * WIDTH, NAN);
        visml_parallel p = workers(2);
        visml_compute c = {&levels[l].kernels, &p};
        visml_repeat(&c, VECTORS, TIMES, WIDTH, x, y);
        for (int i = 0; i < VECTORS * TIMES * WIDTH; i++)
            assert_true(y[i] == x[i / (TIMES * WIDTH) * WIDTH + i % WIDTH]);
        visml_repeat_backward(&c, VECTORS, TIMES, WIDTH, y, dx);
        for (int i = 0; i < VECTORS * WIDTH; i++)
            assert_near(dx[i], TIMES * (double)x[i], TIMES, TIMES, "sum", (size_t)i);
        free(x);
        free(y);
        free(dx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(repeats_and_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
