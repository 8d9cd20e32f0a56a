#include "levels.h"

#include "kernel/combine.h"

enum { N = 50021, INPUTS = 3 }; /* several pieces of work and a tail */

static double want_of(int32_t how, const double x[INPUTS]) {
    switch (how) {
    case VISML_COMBINE_SUBTRACT:
        return x[0] - x[1];
    case VISML_COMBINE_MULTIPLY:
        return x[0] * x[1] * x[2];
    case VISML_COMBINE_AVERAGE:
        return (x[0] + x[1] + x[2]) / 3;
    case VISML_COMBINE_MAXIMUM:
        return fmax(fmax(x[0], x[1]), x[2]);
    default:
        return fmin(fmin(x[0], x[1]), x[2]);
    }
}

/* d want / d x[i], the inputs being different. */
static double slope_of(int32_t how, const double x[INPUTS], int32_t i) {
    switch (how) {
    case VISML_COMBINE_SUBTRACT:
        return i ? -1 : 1;
    case VISML_COMBINE_MULTIPLY:
        return x[(i + 1) % INPUTS] * x[(i + 2) % INPUTS];
    case VISML_COMBINE_AVERAGE:
        return 1 / 3.0;
    default:
        return x[i] == want_of(how, x);
    }
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *x[INPUTS] = {random_array(N, 1), random_array(N, 2), random_array(N, 3)}, *dy = random_array(N, 4);
    float *y = filled_array(N, 0), *dx = filled_array(N, 0);
    for (size_t l = 0; l < n; l++)
        for (int32_t how = VISML_COMBINE_SUBTRACT; how <= VISML_COMBINE_MINIMUM; how++) {
            visml_parallel p = workers(3);
            visml_compute c = {&levels[l].kernels, &p};
            visml_combination m = {how, how == VISML_COMBINE_SUBTRACT ? 2 : INPUTS, (const float *const *)x};
            visml_combine(&c, &m, N, y);
            for (int32_t k = 0; k < m.inputs; k++) {
                visml_combine_backward(&c, &m, k, N, y, dy, dx);
                for (size_t i = 0; i < N; i++) {
                    const double at[INPUTS] = {(double)x[0][i], (double)x[1][i], (double)x[2][i]};
                    assert_near(y[i], want_of(how, at), 2, 3, "result", i);
                    assert_near(dx[i], slope_of(how, at, k) * (double)dy[i], 1, 3, "gradient", i);
                }
            }
        }
    for (int k = 0; k < INPUTS; k++)
        free(x[k]);
    free(dy);
    free(y);
    free(dx);
}

static void the_first_input_may_be_written_over(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(2);
    for (size_t l = 0; l < n; l++)
        for (int32_t how = VISML_COMBINE_MULTIPLY; how <= VISML_COMBINE_MINIMUM; how++) {
            float *x[INPUTS] = {random_array(N, 1), random_array(N, 2), random_array(N, 3)}, *y = filled_array(N, 0);
            visml_compute c = {&levels[l].kernels, &p};
            visml_combination m = {how, INPUTS, (const float *const *)x};
            visml_combine(&c, &m, N, y);
            visml_combine(&c, &m, N, x[0]);
            assert_same(x[0], y, N, "in place", levels[l].name);
            for (int k = 0; k < INPUTS; k++)
                free(x[k]);
            free(y);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(the_first_input_may_be_written_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
