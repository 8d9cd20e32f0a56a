#include "levels.h"

#include "kernel/layernorm.h"

static const struct {
    int64_t rows, c;
    int32_t keeps_mean;
} shapes[] = {{0, 3, 0}, {1, 1, 0}, {5, 17, 0}, {3, 64, 1}, {7, 100, 0}, {600, 33, 0}, {2, 5000, 0}, {300, 1100, 1}};
#define SHAPES (sizeof shapes / sizeof *shapes)
#define EPSILON 1e-3

/* y, mean, 1 / sqrt(var + epsilon), dx, dgamma, dbeta, one behind the other. */
typedef struct results {
    size_t rows, c, n, all; /* n: elements of x */
    float *v;
} results;

static float *mean_of(const results *r) {
    return r->v + 2 * r->n;
}

static float *sums_of(const results *r) {
    return mean_of(r) + 2 * r->rows;
}

typedef struct arrays {
    float *x, *dy, *gamma, *beta;
} arrays;

static arrays make(size_t n, size_t c) {
    return (arrays){random_array(n, 1), random_array(n, 2), random_array(c, 3), random_array(c, 4)};
}

static void drop(arrays *a) {
    free(a->x);
    free(a->dy);
    free(a->gamma);
    free(a->beta);
}

static results compute(const level *l, size_t threads, size_t s, const arrays *a, int scaled) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    int64_t rows = shapes[s].rows, channels = shapes[s].c;
    visml_layer_normalisation n = {.rows = rows, .c = channels, .x = a->x, .gamma = scaled ? a->gamma : NULL,
                                   .beta = scaled ? a->beta : NULL, .epsilon = EPSILON, .keeps_mean = shapes[s].keeps_mean};
    results r = {(size_t)rows, (size_t)channels, (size_t)(rows * channels), 0, NULL};
    size_t bytes = visml_layernorm_backward_scratch(&c, rows, channels);
    void *scratch = scratch_of(bytes);
    r.all = 2 * (r.n + r.rows + r.c);
    r.v = filled_array(r.all, NAN);
    float *mean = mean_of(&r), *sums = sums_of(&r);
    visml_layernorm_forward(&c, &n, r.v, mean, mean + rows);
    visml_layernorm_backward(&c, &n, mean, mean + rows, a->dy, r.v + r.n, sums, sums + channels, scratch);
    scratch_free(scratch, bytes);
    return r;
}

/* One row in double; adds its parts to dgamma and dbeta. */
static void check_row(const results *r, size_t i, int keeps_mean, const arrays *a, int scaled, double *dgamma, double *dbeta) {
    const float *x = a->x + i * r->c, *dy = a->dy + i * r->c;
    double n = (double)r->c, m = 0, var = 0, t = 0, product = 0;
    for (size_t j = 0; j < r->c; j++)
        m += (double)x[j] / n;
    for (size_t j = 0; j < r->c; j++)
        var += pow((double)x[j] - m, 2) / n;
    double u = 1 / sqrt(var + EPSILON), off = keeps_mean ? 0 : m;
    for (size_t j = 0; j < r->c; j++) {
        double g = scaled ? (double)a->gamma[j] : 1, beta = scaled ? (double)a->beta[j] : 0, hat = ((double)x[j] - off) * u;
        assert_near(r->v[i * r->c + j], hat * g + beta, u * 2 + 1, 16, "y", j);
        t += (double)dy[j] * g / n;
        product += (double)dy[j] * g * hat / n;
        dgamma[j] += (double)dy[j] * hat;
        dbeta[j] += (double)dy[j];
    }
    for (size_t j = 0; j < r->c; j++) { /* the mean takes part through the variance, or through both */
        double g = scaled ? (double)a->gamma[j] : 1, hat = ((double)x[j] - m) * u;
        double dx = u * ((double)dy[j] * g - (keeps_mean ? 0 : t) - hat * product);
        assert_near(r->v[r->n + i * r->c + j], dx, u * 4 * (1 + u), 16, "dx", j);
    }
    assert_near(mean_of(r)[i], m, 1, 8, "mean", i);
    assert_near(mean_of(r)[r->rows + i], u, u * u, 16, "1 / sqrt(var + epsilon)", i);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++) {
            arrays a = make((size_t)(shapes[s].rows * shapes[s].c), (size_t)shapes[s].c);
            results r = compute(&levels[l], 2, s, &a, s % 2 == 1);
            double *sums = calloc(2 * r.c, sizeof *sums);
            for (size_t i = 0; i < r.rows; i++)
                check_row(&r, i, shapes[s].keeps_mean, &a, s % 2 == 1, sums, sums + r.c);
            for (size_t j = 0; j < r.c; j++) {
                assert_near(sums_of(&r)[j], sums[j], (double)r.rows * 40 + 1, 4, "dgamma", j);
                assert_near(sums_of(&r)[r.c + j], sums[r.c + j], (double)r.rows + 1, 16, "dbeta", j);
            }
            free(sums);
            free(r.v);
            drop(&a);
        }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make((size_t)(shapes[s].rows * shapes[s].c), (size_t)shapes[s].c);
        for (size_t l = 0; l < n; l++) {
            results want = compute(&levels[levels[l].fused ? 0 : l], 1, s, &a, 1);
            for (size_t t = 0; t < 4; t++) {
                results got = compute(&levels[l], threads[t], s, &a, 1);
                assert_same(got.v, want.v, want.all, "layernorm", levels[l].name);
                free(got.v);
            }
            free(want.v);
        }
        drop(&a);
    }
}

/* What is not wanted is left out and the rest is the same; y may be x. */
static void parts_are_as_the_whole(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    const size_t s = 4;
    arrays a = make((size_t)(shapes[s].rows * shapes[s].c), (size_t)shapes[s].c);
    results r = compute(&levels[0], 2, s, &a, 1);
    visml_layer_normalisation n = {.rows = shapes[s].rows, .c = shapes[s].c, .x = a.x, .gamma = a.gamma, .beta = a.beta,
                                   .epsilon = EPSILON};
    float *got = filled_array(r.n, NAN), *mean = mean_of(&r), *sums = sums_of(&r);
    size_t bytes = visml_layernorm_backward_scratch(&c, n.rows, n.c);
    void *scratch = scratch_of(bytes);
    visml_layernorm_backward(&c, &n, mean, mean + r.rows, a.dy, got, NULL, NULL, NULL);
    assert_same(got, r.v + r.n, r.n, "dx", "alone");
    visml_layernorm_backward(&c, &n, mean, mean + r.rows, a.dy, NULL, got, NULL, scratch);
    assert_same(got, sums, r.c, "dgamma", "alone");
    visml_layernorm_backward(&c, &n, mean, mean + r.rows, a.dy, NULL, NULL, got, scratch);
    assert_same(got, sums + r.c, r.c, "dbeta", "alone");
    visml_layernorm_forward(&c, &n, a.x, NULL, NULL);
    assert_same(a.x, r.v, r.n, "y", "in place");
    scratch_free(scratch, bytes);
    free(got);
    free(r.v);
    drop(&a);
}

/* A large mean must not swallow a small variance. */
static void two_passes_do_not_cancel(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(1);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    float x[1000], y[1000];
    for (int i = 0; i < 1000; i++)
        x[i] = 4096.0f + (float)(i % 2);
    visml_layer_normalisation n = {.rows = 1, .c = 1000, .x = x, .epsilon = 1e-9};
    visml_layernorm_forward(&c, &n, y, NULL, NULL);
    for (int i = 0; i < 1000; i++)
        assert_true(fabsf(y[i] - (i % 2 ? 1.0f : -1.0f)) < 1e-2f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(parts_are_as_the_whole),
        cmocka_unit_test(two_passes_do_not_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
