/* Transforms against scikit-learn, and what they do where there is little to learn from. */
#include <math.h>
#include <string.h>

#include "feature/eigen.h"
#include "feature/transform.h"
#include "golden/codebook_goldens.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;

static visml_tensor *rows(int64_t n, int64_t d, const double *from) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, d), &err), &err);
    for (int64_t i = 0; from && i < n * d; i++)
        ((float *)(void *)t->data)[i] = (float)from[i];
    return t;
}

static visml_tensor *golden_labels_tensor(void) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(GOLDEN_N), &err), &err);
    memcpy(t->data, golden_labels, sizeof golden_labels);
    return t;
}

static void assert_near(int64_t n, const float *got, const double *wanted, double tolerance) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance * (1 + fabs(wanted[i]))))
            fail_msg("number %d is %.9g, wanted %.9g", (int)i, (double)got[i], wanted[i]);
}

/* Fits (labels may be NULL), runs on all rows; the first numbers must be those wanted. Frees the result, keeps the transform. */
static void check(visml_transform *t, const visml_tensor *labels, int64_t columns, int64_t n, const double *wanted, double tolerance) {
    visml_tensor *x = rows(GOLDEN_N, GOLDEN_D, golden_x);
    assert_ok(visml_transform_fit(t, x, labels, &err), &err);
    visml_tensor *y = assert_made(visml_transform_run(t, x, &err), &err);
    assert_int_equal(y->shape.dims[1], columns);
    assert_near(n, (const float *)(const void *)y->data, wanted, tolerance);
    visml_tensor_release(y);
    visml_tensor_release(x);
}

static const float *array(const visml_transform *t, const char *name) {
    return visml_object_array_data(&t->object, name);
}

/* A sum of six squares and a root in floats: some 5 roundings of 2^-24. */
static void normalization_is_scikit_learns(void **state) {
    static const struct { visml_norm norm; const double *wanted; } cases[] = {
        {VISML_NORM_L1, golden_norm_l1}, {VISML_NORM_L2, golden_norm_l2}, {VISML_NORM_MAX, golden_norm_max},
        {VISML_NORM_POWER, golden_norm_power}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        visml_transform *t = assert_made(visml_transform_normalization(
            ctx, VISML_OPTS(visml_normalization_opts, .norm = cases[i].norm, .exponent = 0.3), &err), &err);
        check(t, NULL, GOLDEN_D, 8 * GOLDEN_D, cases[i].wanted, 5e-7);
        visml_transform_free(t);
    }
}

/* Zeros stay, and neither squares that are too large nor too small matter. */
static void normalization_has_no_limits(void **state) {
    static const double x[] = {0, 0, 3e30, -4e30, 3e-30, 4e-30, 1e-42, 0};
    static const float wanted[] = {0, 0, 0.6f, -0.8f, 0.6f, 0.8f, 1, 0};
    (void)state;
    visml_transform *t = assert_made(visml_transform_normalization(ctx, NULL, &err), &err);
    visml_tensor *from = rows(4, 2, x), *to = assert_made(visml_transform_run(t, from, &err), &err);
    for (int i = 0; i < 8; i++)
        assert_true(fabsf(((const float *)(const void *)to->data)[i] - wanted[i]) < 2e-7f);
    visml_tensor_release(to);
    visml_tensor_release(from);
    visml_transform_free(t);
}

static void selections_keep_what_scikit_learn_keeps(void **state) {
    visml_tensor *labels = golden_labels_tensor();
    int64_t count = (int64_t)(sizeof golden_variance_kept / sizeof *golden_variance_kept);
    (void)state;
    visml_transform *t = assert_made(visml_transform_variance_selection(
        ctx, VISML_OPTS(visml_variance_selection_opts, .threshold = 2), &err), &err);
    check(t, NULL, count, 0, NULL, 0);
    assert_near(GOLDEN_D, array(t, "variances"), golden_variances, 1e-6);
    assert_memory_equal(visml_object_array_data(&t->object, "kept"), golden_variance_kept, sizeof golden_variance_kept);
    visml_transform_free(t);
    t = assert_made(visml_transform_variance_selection(ctx, NULL, &err), &err);
    check(t, NULL, GOLDEN_D - 1, 0, NULL, 0); /* without the one that does not vary */
    visml_transform_free(t);
    t = assert_made(visml_transform_mutual_information_selection(
        ctx, VISML_OPTS(visml_mutual_information_selection_opts, .components = 3), &err), &err);
    check(t, labels, 3, 0, NULL, 0);
    assert_near(GOLDEN_D, array(t, "information"), golden_information, 1e-6);
    visml_tensor *x = rows(GOLDEN_N, GOLDEN_D, golden_x);
    assert_int_equal(visml_transform_fit(t, x, NULL, &err), VISML_EINVAL);
    visml_tensor_release(x);
    visml_transform_free(t);
    t = assert_made(visml_transform_variance_selection(ctx, VISML_OPTS(visml_variance_selection_opts, .threshold = 1e6), &err), &err);
    x = rows(GOLDEN_N, GOLDEN_D, golden_x);
    assert_int_equal(visml_transform_fit(t, x, NULL, &err), VISML_EINVAL);
    visml_tensor_release(x);
    visml_transform_free(t);
    visml_tensor_release(labels);
}

/* Products are added up in floats, 120 of each: S is wrong by E, |E| <= 122 2^-24 |X|' |X| / 119, whose norm is 3.8e-4 for these rows were
 * all roundings of one sign (values 37.7, 26.1, 2.8, next 1.5). Values are then wrong by that at most (Weyl), 1.4e-5 of 1 + value for the
 * second, vectors by it over the gaps, 1.6e-5 to 2.8e-4 (Davis and Kahan). With roundings of either sign (Higham and Mary 2019) by some
 * root of 122 for 122, an eleventh: 1e-5 is below what is certain, and above what is likely. */
static void pca_is_scikit_learns(void **state) {
    (void)state;
    for (int solver = 0; solver < 2; solver++) {
        visml_pca_opts o = {.size = sizeof o, .components = 3, .solver = solver ? VISML_PCA_RANDOMIZED : VISML_PCA_COVARIANCE};
        visml_transform *t = assert_made(visml_transform_pca(ctx, &o, &err), &err);
        check(t, NULL, 3, 24, golden_pca, 1e-5);
        assert_near(3 * GOLDEN_D, array(t, "components"), golden_pca_components, 1e-5);
        assert_near(3, array(t, "explained_variance"), golden_pca_variance, 1e-5);
        assert_near(3, array(t, "explained_variance_ratio"), golden_pca_ratio, 1e-5);
        visml_transform_free(t);
        o.whiten = 1;
        t = assert_made(visml_transform_pca(ctx, &o, &err), &err);
        check(t, NULL, 3, 24, golden_white, 1e-5);
        visml_transform_free(t);
    }
    visml_transform *t = assert_made(visml_transform_pca(ctx, VISML_OPTS(visml_pca_opts, .variance = 0.9), &err), &err);
    check(t, NULL, golden_pca_share_count[0], 0, NULL, 0);
    visml_transform_free(t);
}

/* Blocks of any size give what all at once gives, but for the rounding of sums. */
static void pca_learns_in_blocks(void **state) {
    visml_tensor *x = rows(GOLDEN_N, GOLDEN_D, golden_x);
    visml_compute c = visml_context_compute(ctx);
    (void)state;
    visml_transform *t = assert_made(visml_transform_pca(ctx, VISML_OPTS(visml_pca_opts, .components = 3), &err), &err);
    const visml_transform_class *cls = visml_transform_class_of(t);
    assert_ok(cls->begin(t, &c, GOLDEN_D, 1, &err), &err);
    for (t->pass = 0; t->pass < 2; t->pass++)
        for (int64_t i = 0; i < GOLDEN_N; i += 7) {
            visml_vector_rows block = {GOLDEN_N - i < 7 ? GOLDEN_N - i : 7, GOLDEN_D, (const float *)(const void *)x->data + i * GOLDEN_D,
                                       NULL};
            assert_ok(cls->add(t, &c, &block, &err), &err);
        }
    assert_ok(cls->end(t, &c, &err), &err);
    assert_near(3 * GOLDEN_D, array(t, "components"), golden_pca_components, 1e-5);
    visml_transform_free(t);
    t = assert_made(visml_transform_pca(ctx, VISML_OPTS(visml_pca_opts, .components = 7), &err), &err);
    assert_int_equal(visml_transform_fit(t, x, NULL, &err), VISML_EINVAL);
    assert_string_equal(err.message, "pca: components is 7, must be at most 6: 120 vectors of 6 numbers");
    visml_transform_free(t);
    visml_tensor_release(x);
}

#define MOST 300 /* rows of a matrix: more than a block of them, and no whole number of panels */

/* The first k values and vectors of a, with so many threads. */
static void find_eigen(int32_t threads, int64_t n, const double *a, int64_t k, double *values, double *vectors) {
    static double copy[MOST * MOST];
    visml_context *own = test_context(threads);
    visml_memory m;
    visml_compute c = visml_context_compute(own);
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    memcpy(copy, a, (size_t)(n * n) * sizeof *a);
    assert_ok(visml_eigen_symmetric(&c, &m, n, copy, k, values, vectors, &err), &err);
    visml_context_free(own);
}

/* a v = value v, and vectors orthonormal, to 1e-12 of the largest value: also of values that are equal, and of a matrix in pieces. */
static void check_eigen(int64_t n, const double *a, int64_t k, const double *values, const double *v) {
    double norm = 1e-300;
    for (int64_t i = 0; i < k; i++)
        norm = fabs(values[i]) > norm ? fabs(values[i]) : norm;
    for (int64_t i = 0; i < k; i++) {
        assert_true(!i || values[i] <= values[i - 1]);
        for (int64_t j = 0; j < n; j++) {
            double product = 0, along = 0;
            for (int64_t p = 0; p < n; p++) {
                product += a[j * n + p] * v[i * n + p];
                along += j < k ? v[i * n + p] * v[j * n + p] : 0;
            }
            assert_true(fabs(product - values[i] * v[i * n + j]) < 1e-12 * norm);
            assert_true(j >= k || fabs(along - (i == j)) < 1e-12);
        }
    }
}

static void fill(int kind, int64_t n, double *a) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double wild = sin((double)(i * 37 + j * 11) + 0.1 * (double)(i * j));
            double v[] = {wild, (double)(i == j), 1, i == j ? (double)(i % 3) : i % 4 == 3 && j == i - 1 ? 0.5 : 0, 0,
                          1 / (double)(i + j + 1)};
            a[i * n + j] = a[j * n + i] = v[kind];
        }
}

static void eigenvectors_are_eigenvectors(void **state) {
    static double a[40 * 40], v[40 * 40];
    double values[40];
    (void)state;
    for (int kind = 0; kind < 6; kind++)
        for (int64_t n = 1; n <= 40; n += n < 5 ? 1 : 7) {
            fill(kind, n, a);
            find_eigen(1, n, a, n, values, v);
            check_eigen(n, a, n, values, v);
        }
}

/* Few of many are found in another way than all of them: the same ones, whatever the number of threads. */
static void some_eigenvectors_are_the_first_of_all(void **state) {
    static double a[MOST * MOST], all[MOST], v[MOST * MOST], again[20 * MOST];
    double values[20], same[20];
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        fill(kind, MOST, a);
        find_eigen(1, MOST, a, 20, values, v);
        check_eigen(MOST, a, 20, values, v);
        find_eigen(8, MOST, a, 20, same, again);
        assert_memory_equal(values, same, sizeof values);
        assert_memory_equal(v, again, sizeof again);
        find_eigen(1, MOST, a, MOST, all, v);
        for (int i = 0; i < 20; i++)
            assert_true(fabs(all[i] - values[i]) <= 1e-12 * fmax(fabs(all[0]), fabs(all[MOST - 1])));
    }
}

static void matrices_that_are_not_finite_are_refused(void **state) {
    double a[] = {1, 0, 0, 2, NAN, 0, 3, 4, 5}, values[3], v[9];
    visml_memory m;
    visml_compute c = visml_context_compute(ctx);
    (void)state;
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    assert_status(visml_eigen_symmetric(&c, &m, 3, a, 3, values, v, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "eigenvalues: the matrix has a number that is NaN or infinite");
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalization_is_scikit_learns),
        cmocka_unit_test(normalization_has_no_limits),
        cmocka_unit_test(selections_keep_what_scikit_learn_keeps),
        cmocka_unit_test(pca_is_scikit_learns),
        cmocka_unit_test(pca_learns_in_blocks),
        cmocka_unit_test(eigenvectors_are_eigenvectors),
        cmocka_unit_test(some_eigenvectors_are_the_first_of_all),
        cmocka_unit_test(matrices_that_are_not_finite_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
