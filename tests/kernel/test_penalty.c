#include "levels.h"

#include "kernel/penalty.h"

enum { N = 40009, ROWS = 37, COLS = 83 };

static void penalties_and_gradients(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *x = random_array(N, 1), *start = random_array(N, 2);
    double sum = 0;
    x[7] = 0;
    x[8] = -0.0f;
    for (size_t i = 0; i < N; i++)
        sum += 0.3 * fabs((double)x[i]) + 0.02 * (double)x[i] * (double)x[i];
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = workers(2);
        visml_compute c = {&levels[l].kernels, &p};
        float *dx = malloc(N * sizeof *dx);
        memcpy(dx, start, N * sizeof *dx);
        assert_near((float)visml_penalty(&c, N, x, 0.3, 0.02), sum, sum, 6, "penalty", 0);
        assert_true(visml_penalty(&c, N, x, 0, 0) == 0);
        visml_penalize(&c, N, x, 0.3, 0.02, dx);
        for (size_t i = 0; i < N; i++) {
            double sign = x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0;
            assert_near(dx[i], (double)start[i] + 0.3 * sign + 0.04 * (double)x[i], 2, 3, "gradient", i);
        }
        free(dx);
    }
    free(x);
    free(start);
}

/* Columns 0, 2, ... are far below the limit, the others above. */
static void norms_are_bounded(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *start = random_array(ROWS * COLS, 3);
    const double limit = 1.5;
    for (size_t i = 0; i < ROWS * COLS; i++)
        start[i] *= i % COLS % 2 ? 2 : 0.01f;
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = workers(2);
        visml_compute c = {&levels[l].kernels, &p};
        float *w = malloc(ROWS * COLS * sizeof *w);
        memcpy(w, start, ROWS * COLS * sizeof *w);
        visml_max_norm(&c, ROWS, COLS, limit, w);
        for (size_t j = 0; j < COLS; j++) {
            double norm = 0;
            for (size_t i = 0; i < ROWS; i++)
                norm += (double)start[i * COLS + j] * (double)start[i * COLS + j];
            norm = sqrt(norm);
            for (size_t i = 0; i < ROWS; i++)
                assert_near(w[i * COLS + j], (double)start[i * COLS + j] * (norm < limit ? norm : limit) / (1e-7 + norm), 2, 6, "weight",
                            i * COLS + j);
        }
        free(w);
    }
    free(start);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(penalties_and_gradients),
        cmocka_unit_test(norms_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
