#include "levels.h"

#include "kernel/step.h"

enum { N = 40009, STEPS = 5 };

typedef struct state_arrays {
    float *w, *m, *v;
} state_arrays;

static void step(const visml_compute *c, int which, const float *g, state_arrays *a) {
    if (which == 0)
        visml_sgd_step(c, N, a->w, g, NULL, 0.1, 0, 0);
    else if (which < 3)
        visml_sgd_step(c, N, a->w, g, a->v, 0.1, 0.9, which == 2);
    else
        visml_adam_step(c, N, a->w, g, a->m, a->v, 0.01, 0.9, 0.999, 1e-7);
}

static void naive_step(int which, double g, double *w, double *m, double *v) {
    if (which == 0) {
        *w -= 0.1 * g;
    } else if (which < 3) {
        *v = 0.9 * *v - 0.1 * g;
        *w += which == 2 ? 0.9 * *v - 0.1 * g : *v;
    } else {
        *m += (g - *m) * (1 - 0.9);
        *v += (g * g - *v) * (1 - 0.999);
        *w -= *m * 0.01 / (sqrt(*v) + 1e-7);
    }
}

static state_arrays stepped(const level *l, size_t threads, int which, const float *g) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    state_arrays a = {random_array(N, 1), filled_array(N, 0), filled_array(N, 0)};
    for (int i = 0; i < STEPS; i++)
        step(&c, which, g, &a);
    return a;
}

static void drop(state_arrays *a) {
    free(a->w);
    free(a->m);
    free(a->v);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *g = random_array(N, 9), *start = random_array(N, 1);
    for (size_t l = 0; l < n; l++)
        for (int which = 0; which < 4; which++) {
            state_arrays a = stepped(&levels[l], 2, which, g);
            for (size_t i = 0; i < N; i++) {
                double w = (double)start[i], m = 0, v = 0;
                for (int s = 0; s < STEPS; s++)
                    naive_step(which, (double)g[i], &w, &m, &v);
                assert_near(a.w[i], w, 3, 10, "weight", i);
                assert_near(a.v[i], v, 1, 10, "moment", i);
            }
            drop(&a);
        }
    free(g);
    free(start);
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *g = random_array(N, 9);
    for (int which = 0; which < 4; which++) {
        state_arrays want = stepped(&levels[0], 1, which, g);
        for (size_t l = 0; l < n; l++)
            for (size_t t = 0; t < 4 && levels[l].fused; t++) {
                state_arrays got = stepped(&levels[l], threads[t], which, g);
                assert_same(got.w, want.w, N, "weights", levels[l].name);
                assert_same(got.m, want.m, N, "first moment", levels[l].name);
                assert_same(got.v, want.v, N, "second moment", levels[l].name);
                drop(&got);
            }
        drop(&want);
    }
    free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
