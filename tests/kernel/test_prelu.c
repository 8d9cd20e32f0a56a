#include "levels.h"

#include "kernel/prelu.h"

/* Every way of sharing up to four dimensions, and rows that make several pieces of work. */
static const int64_t shapes[][5] = {{4, 2, 3, 2, 5}, {3, 40, 30, 17, 0}, {2, 5000, 7, 0, 0}, {1, 70000, 0, 0, 0}};
#define SAMPLES 11

typedef struct problem {
    int32_t rank;
    int64_t dims[4], count;
    unsigned char shared[4];
    visml_prelu_geometry g;
} problem;

static problem problem_of(size_t shape, unsigned mask) {
    problem p = {.rank = (int32_t)shapes[shape][0], .count = 1};
    for (int32_t i = 0; i < p.rank; i++) {
        p.dims[i] = shapes[shape][1 + i];
        p.shared[i] = mask >> i & 1;
        p.count *= p.dims[i];
    }
    p.g = visml_prelu_geometry_of(SAMPLES, p.rank, p.dims, p.shared);
    return p;
}

/* Where alpha of element i of a sample stands. */
static int64_t alpha_at(const problem *p, int64_t i) {
    int64_t at = 0, step = 1;
    for (int32_t k = p->rank - 1; k >= 0; k--) {
        at += p->shared[k] ? 0 : i % p->dims[k] * step;
        step *= p->shared[k] ? 1 : p->dims[k];
        i /= p->dims[k];
    }
    return at;
}

static void check(const problem *p, const level *l) {
    size_t n = (size_t)(SAMPLES * p->count), alphas = (size_t)p->g.alphas;
    float *x = random_array(n, 1), *dy = random_array(n, 2), *alpha = random_array(alphas, 3);
    float *y = filled_array(n, NAN), *dx = filled_array(n, NAN), *dalpha = filled_array(alphas, NAN);
    double *want = calloc(alphas + 1, sizeof *want), *size = calloc(alphas + 1, sizeof *size);
    visml_parallel w = workers(3);
    visml_compute c = {&l->kernels, &w};
    size_t bytes = visml_prelu_backward_scratch(&c, &p->g);
    void *scratch = scratch_of(bytes);
    visml_prelu_forward(&c, &p->g, x, alpha, y);
    visml_prelu_backward(&c, &p->g, x, alpha, dy, dx, dalpha, scratch);
    for (size_t i = 0; i < n; i++) {
        int64_t at = alpha_at(p, (int64_t)i % p->count);
        double a = x[i] > 0 ? 1 : (double)alpha[at], share = x[i] > 0 ? 0 : (double)x[i] * (double)dy[i];
        assert_near(y[i], (double)x[i] * a, 1, 1, "result", i);
        assert_near(dx[i], (double)dy[i] * a, 1, 1, "gradient", i);
        want[at] += share;
        size[at] += fabs(share);
    }
    for (size_t i = 0; i < alphas; i++)
        assert_near(dalpha[i], want[i], size[i] * sqrt((double)n / (double)alphas) + 1e-6, 8, "gradient of alpha", i);
    free(x), free(dy), free(alpha), free(y), free(dx), free(dalpha), free(want), free(size);
    scratch_free(scratch, bytes);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (unsigned mask = 0; mask < 1u << shapes[s][0]; mask++) {
            problem p = problem_of(s, mask);
            for (size_t l = s == 0 ? 0 : n - 1; l < n; l++) /* the large ones at one level: bits are compared by test_kernels */
                check(&p, &levels[l]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
