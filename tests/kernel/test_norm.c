#include "levels.h"

#include "kernel/norm.h"

static const struct {
    int64_t rows, c;
} shapes[] = {{0, 3}, {1, 1}, {5, 17}, {255, 4}, {256, 16}, {257, 33}, {2000, 3}, {3000, 10}, {700, 100}};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* colsum, mean, var, affine, dgamma, dbeta, dx of one shape, one behind the other. */
typedef struct results {
    size_t c, n; /* channels; elements of x */
    float *v;
} results;

enum { SUM, MEAN, VAR, DGAMMA, DBETA, ROWS_OF_C };

static results compute(const level *l, size_t threads, int64_t rows, int64_t channels, const float *x, const float *dy,
                       const float *gamma) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    results r = {(size_t)channels, (size_t)(rows * channels), NULL};
    size_t bytes = visml_batchnorm_backward_scratch(&c, rows, channels), small = visml_moments_scratch(&c, rows, channels);
    void *scratch = scratch_of(bytes), *little = scratch_of(small);
    r.v = filled_array(ROWS_OF_C * r.c + 2 * r.n, NAN);
    float *dx = r.v + ROWS_OF_C * r.c, invstd[128];
    visml_colsum(&c, rows, channels, x, r.v + SUM * r.c, little);
    visml_moments(&c, rows, channels, x, r.v + MEAN * r.c, r.v + VAR * r.c, little);
    for (size_t i = 0; i < r.c; i++)
        invstd[i] = 1 / sqrtf(r.v[VAR * r.c + i] + 1e-3f);
    visml_affine(&c, rows, channels, x, invstd, r.v + MEAN * r.c, dx + r.n);
    visml_normalisation b = {.x = x, .mean = r.v + MEAN * r.c, .invstd = invstd, .gamma = gamma};
    visml_batchnorm_backward(&c, rows, channels, &b, dy, dx, r.v + DGAMMA * r.c, r.v + DBETA * r.c, scratch);
    scratch_free(scratch, bytes);
    scratch_free(little, small);
    return r;
}

static void check_channel(const results *r, size_t rows, size_t j, const float *x, const float *dy, const float *gamma) {
    double n = (double)rows, sum = 0, size = 0, var = 0, dbeta = 0, dgamma = 0;
    for (size_t i = 0; i < rows; i++) {
        sum += (double)x[i * r->c + j];
        size += fabs((double)x[i * r->c + j]);
    }
    double mean = rows ? sum / n : 0;
    for (size_t i = 0; i < rows; i++)
        var += pow((double)x[i * r->c + j] - mean, 2);
    var = rows ? var / n : 0;
    double invstd = 1 / sqrt(var + 1e-3);
    for (size_t i = 0; i < rows; i++) {
        dbeta += (double)dy[i * r->c + j];
        dgamma += (double)dy[i * r->c + j] * ((double)x[i * r->c + j] - mean) * invstd;
    }
    assert_near(r->v[SUM * r->c + j], sum, size, 16, "colsum", j);
    assert_near(r->v[MEAN * r->c + j], mean, rows ? size / n : 0, 16, "mean", j);
    assert_near(r->v[VAR * r->c + j], var, var + 1e-3, 40, "variance", j);
    assert_near(r->v[DBETA * r->c + j], dbeta, n, 16, "dbeta", j);
    assert_near(r->v[DGAMMA * r->c + j], dgamma, 2 * n, 32, "dgamma", j);
    for (size_t i = 0; i < rows; i++) {
        size_t at = i * r->c + j;
        double xhat = ((double)x[at] - mean) * invstd, g = gamma ? (double)gamma[j] : 1;
        double dx = g * invstd * ((double)dy[at] - dbeta / n - xhat * dgamma / n);
        assert_near(r->v[ROWS_OF_C * r->c + at], dx, invstd * 4, 40, "dx", at);
        assert_near(r->v[ROWS_OF_C * r->c + r->n + at], (double)x[at] * invstd + mean, invstd * 2 + 1, 64, "affine", at);
    }
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++) {
            size_t rows = (size_t)shapes[s].rows, c = (size_t)shapes[s].c;
            float *x = random_array(rows * c, 1), *dy = random_array(rows * c, 2), *gamma = random_array(c, 3);
            const float *g = s % 2 ? gamma : NULL;
            results r = compute(&levels[l], 2, shapes[s].rows, shapes[s].c, x, dy, g);
            for (size_t j = 0; j < c; j++)
                check_channel(&r, rows, j, x, dy, g);
            free(r.v);
            free(x);
            free(dy);
            free(gamma);
        }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        size_t all = (size_t)(shapes[s].rows * shapes[s].c);
        float *x = random_array(all, 1), *dy = random_array(all, 2);
        results fused = compute(&levels[0], 1, shapes[s].rows, shapes[s].c, x, dy, NULL);
        size_t size = ROWS_OF_C * fused.c + 2 * fused.n;
        for (size_t l = 0; l < n; l++) {
            results want = levels[l].fused ? fused : compute(&levels[l], 1, shapes[s].rows, shapes[s].c, x, dy, NULL);
            for (size_t t = 0; t < 4; t++) {
                results got = compute(&levels[l], threads[t], shapes[s].rows, shapes[s].c, x, dy, NULL);
                assert_same(got.v, want.v, size, "norm", levels[l].name);
                free(got.v);
            }
            if (want.v != fused.v)
                free(want.v);
        }
        free(fused.v);
        free(x);
        free(dy);
    }
}

/* A large mean must not swallow a small variance. */
static void two_passes_do_not_cancel(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(1);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    float x[1000], mean, var, scratch[64];
    for (int i = 0; i < 1000; i++)
        x[i] = 4096.0f + (float)(i % 2);
    visml_moments(&c, 1000, 1, x, &mean, &var, scratch);
    assert_true(fabsf(mean - 4096.5f) < 1e-2f && fabsf(var - 0.25f) < 1e-3f);
}

static void a_gradient_may_replace_the_one_it_is_made_of(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    const size_t rows = 300, channels = 20;
    float *x = random_array(rows * channels, 1), *dy = random_array(rows * channels, 2);
    results r = compute(&levels[0], 2, (int64_t)rows, (int64_t)channels, x, dy, NULL);
    float invstd[128], dgamma[128], dbeta[128];
    for (size_t i = 0; i < r.c; i++)
        invstd[i] = 1 / sqrtf(r.v[VAR * r.c + i] + 1e-3f);
    visml_normalisation b = {.x = x, .mean = r.v + MEAN * r.c, .invstd = invstd};
    size_t bytes = visml_batchnorm_backward_scratch(&c, (int64_t)rows, (int64_t)channels);
    void *scratch = scratch_of(bytes);
    visml_batchnorm_backward(&c, (int64_t)rows, (int64_t)channels, &b, dy, dy, dgamma, dbeta, scratch);
    assert_same(dy, r.v + ROWS_OF_C * r.c, r.n, "dx", "in place");
    scratch_free(scratch, bytes);
    free(r.v);
    free(x);
    free(dy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(two_passes_do_not_cancel),
        cmocka_unit_test(a_gradient_may_replace_the_one_it_is_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
