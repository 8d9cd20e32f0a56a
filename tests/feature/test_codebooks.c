/* Clusters, mixtures and the aggregators over them, against scikit-learn and NumPy. */
#include <math.h>
#include <string.h>

#include "feature/aggregator.h"
#include "feature/gmm.h"
#include "feature/kmeans.h"
#include "golden/codebook_goldens.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static float x[GOLDEN_N * GOLDEN_D];

static void assert_near(int64_t n, const float *got, const double *wanted, double tolerance) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance * (1 + fabs(wanted[i]))))
            fail_msg("number %d is %.9g, wanted %.9g", (int)i, (double)got[i], wanted[i]);
}

/* Centers are means of at most 120 floats, added in double and rounded once. */
static void kmeans_is_scikit_learns(void **state) {
    float init[GOLDEN_K * GOLDEN_D], centers[GOLDEN_K * GOLDEN_D];
    int32_t labels[GOLDEN_N];
    visml_compute c = visml_context_compute(ctx);
    visml_kmeans job = {.x = {GOLDEN_N, GOLDEN_D, x, GOLDEN_D, 1}, .k = GOLDEN_K, .init = init, .max_iterations = 100, .centers = centers,
                        .labels = labels};
    (void)state;
    for (int i = 0; i < GOLDEN_K * GOLDEN_D; i++)
        init[i] = (float)golden_init[i];
    assert_ok(visml_kmeans_fit(&ctx->memory, &c, "test", &job, &err), &err);
    assert_near(GOLDEN_K * GOLDEN_D, centers, golden_centers, 1e-6);
    assert_memory_equal(labels, golden_clusters, sizeof labels);
    assert_true(fabs(job.inertia - golden_inertia[0]) < 1e-5 * golden_inertia[0]);
}

/* From a bad beginning all clusters have rows; from a good one k-means++ comes near what scikit-learn found. */
static void kmeans_fills_empty_clusters(void **state) {
    float centers[GOLDEN_K * GOLDEN_D], init[GOLDEN_K * GOLDEN_D] = {0};
    int32_t labels[GOLDEN_N], counts[GOLDEN_K] = {0};
    visml_compute c = visml_context_compute(ctx);
    visml_kmeans job = {.x = {GOLDEN_N, GOLDEN_D, x, GOLDEN_D, 1}, .k = GOLDEN_K, .init = init, .max_iterations = 100, .centers = centers,
                        .labels = labels};
    (void)state;
    assert_ok(visml_kmeans_fit(&ctx->memory, &c, "test", &job, &err), &err);
    for (int i = 0; i < GOLDEN_N; i++)
        counts[labels[i]]++;
    for (int k = 0; k < GOLDEN_K; k++)
        assert_true(counts[k] > 0);
    job.init = NULL;
    job.seed = 5;
    assert_ok(visml_kmeans_fit(&ctx->memory, &c, "test", &job, &err), &err);
    assert_true(job.inertia < 2 * golden_inertia[0]);
    job.k = GOLDEN_N + 1;
    assert_int_equal(visml_kmeans_fit(&ctx->memory, &c, "test", &job, &err), VISML_EINVAL);
}

/* Rows that are all alike: centers are that row. */
static void kmeans_of_equal_rows(void **state) {
    static const float same[12] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    float centers[6];
    int32_t labels[6];
    visml_compute c = visml_context_compute(ctx);
    visml_kmeans job = {.x = {6, 2, same, 2, 1}, .k = 3, .max_iterations = 10, .tolerance = 1e-4, .centers = centers, .labels = labels};
    (void)state;
    assert_ok(visml_kmeans_fit(&ctx->memory, &c, "test", &job, &err), &err);
    assert_memory_equal(centers, same, sizeof centers);
    assert_true(job.inertia == 0);
}

static visml_tensor *rows(int64_t n) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, GOLDEN_D), &err), &err);
    memcpy(t->data, x, (size_t)t->count * sizeof *x);
    return t;
}

/* With scikit-learn's centers in place of what a fit finds. */
static void give_centers(visml_aggregator *a) {
    float *centers = visml_object_array_new(&a->object, "centers", VISML_F32, VISML_SHAPE(GOLDEN_K, GOLDEN_D), &err);
    assert_non_null(centers);
    for (int i = 0; i < GOLDEN_K * GOLDEN_D; i++)
        centers[i] = (float)golden_centers[i];
    assert_ok(a->object.kind->restore(&a->object, &err), &err);
}

static void check(visml_aggregator *a, int64_t length, const double *wanted, double tolerance) {
    visml_tensor *some = rows(30), *none = rows(0);
    visml_tensor *y = assert_made(visml_aggregator_run(a, some, &err), &err);
    assert_int_equal(y->count, length);
    assert_near(length, (const float *)(const void *)y->data, wanted, tolerance);
    visml_tensor_release(y);
    y = assert_made(visml_aggregator_run(a, none, &err), &err);
    for (int64_t i = 0; i < length; i++)
        assert_true(((const float *)(const void *)y->data)[i] == 0);
    visml_tensor_release(y);
    visml_tensor_release(some);
    visml_tensor_release(none);
    visml_aggregator_free(a);
}

static void words_are_counted(void **state) {
    double shares[GOLDEN_K], counts[GOLDEN_K];
    (void)state;
    for (int i = 0; i < GOLDEN_K; i++)
        shares[i] = (counts[i] = golden_words[i]) / 30;
    for (int norm = 0; norm < 2; norm++) {
        visml_aggregator *a = assert_made(visml_aggregator_bag_of_words(
            ctx, VISML_OPTS(visml_bag_of_words_opts, .clusters = GOLDEN_K, .norm = norm ? VISML_WORDS_NONE : 0), &err), &err);
        give_centers(a);
        check(a, GOLDEN_K, norm ? counts : shares, 1e-6);
    }
}

/* Roots of sums near 0 have half their digits. */
static void vlad_is_its_formula(void **state) {
    (void)state;
    for (int intra = 0; intra < 2; intra++) {
        visml_aggregator *a = assert_made(visml_aggregator_vlad(
            ctx, VISML_OPTS(visml_vlad_opts, .clusters = GOLDEN_K, .intra = intra), &err), &err);
        give_centers(a);
        check(a, GOLDEN_K * GOLDEN_D, intra ? golden_vlad_intra : golden_vlad_power, 4e-4);
    }
}

static void assert_close(int64_t n, const double *got, const double *wanted, double tolerance) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - wanted[i]) <= tolerance * (1 + fabs(wanted[i]))))
            fail_msg("number %d is %.9g, wanted %.9g", (int)i, got[i], wanted[i]);
}

/* Twenty rounds from scikit-learn's beginning. Log likelihoods in floats are sums of terms of up to 1,000 (the column that does not vary
 * has a variance of 10^-6): off by 10^-4, and so are shares, but for rows that are nearly certain. */
static void mixtures_are_scikit_learns(void **state) {
    double weights[GOLDEN_K], means[GOLDEN_K * GOLDEN_D], covariances[GOLDEN_K * GOLDEN_D * GOLDEN_D];
    visml_compute c = visml_context_compute(ctx);
    (void)state;
    for (int32_t full = 0; full < 2; full++) {
        visml_gmm job = {.x = {GOLDEN_N, GOLDEN_D, x, GOLDEN_D, 1}, .k = GOLDEN_K, .full = full, .init = golden_clusters,
                         .max_iterations = 20, .floor = 1e-6, .weights = weights, .means = means, .covariances = covariances};
        assert_ok(visml_gmm_fit(&ctx->memory, &c, "test", &job, &err), &err);
        assert_close(GOLDEN_K, weights, full ? golden_full_weights : golden_diag_weights, 1e-4);
        assert_close(GOLDEN_K * GOLDEN_D, means, full ? golden_full_means : golden_diag_means, 1e-4);
        assert_close(GOLDEN_K * GOLDEN_D * (full ? GOLDEN_D : 1), covariances, full ? golden_full_covariances : golden_diag_covariances,
                     3e-4);
        assert_true(fabs(job.score - (full ? golden_full_score : golden_diag_score)[0]) < 1e-3);
    }
}

static void fisher_is_its_formula(void **state) {
    double wanted[2 * GOLDEN_K * GOLDEN_D], length = 0;
    (void)state;
    for (int improved = 0; improved < 2; improved++) {
        visml_aggregator *a = assert_made(visml_aggregator_fisher(
            ctx, VISML_OPTS(visml_fisher_opts, .components = GOLDEN_K, .no_power = !improved, .no_l2 = !improved), &err), &err);
        const double *from[] = {golden_diag_weights, golden_diag_means, golden_diag_covariances};
        static const char *const names[] = {"weights", "means", "variances"};
        for (int i = 0; i < 3; i++) {
            visml_shape shape = i ? *VISML_SHAPE(GOLDEN_K, GOLDEN_D) : *VISML_SHAPE(GOLDEN_K);
            float *to = visml_object_array_new(&a->object, names[i], VISML_F32, &shape, &err);
            for (int64_t j = 0; j < visml_shape_count(&shape); j++)
                to[j] = (float)from[i][j];
        }
        assert_ok(a->object.kind->restore(&a->object, &err), &err);
        for (int i = 0; i < 2 * GOLDEN_K * GOLDEN_D; i++) {
            wanted[i] = improved ? copysign(sqrt(fabs(golden_fisher[i])), golden_fisher[i]) : golden_fisher[i];
            length += improved ? wanted[i] * wanted[i] : 0;
        }
        for (int i = 0; i < 2 * GOLDEN_K * GOLDEN_D; i++)
            wanted[i] /= improved ? sqrt(length) : 1;
        check(a, 2 * GOLDEN_K * GOLDEN_D, wanted, improved ? 4e-3 : 2e-4); /* roots of numbers near 0 have half their digits */
    }
}

static void fisher_learns(void **state) {
    visml_aggregator *a = assert_made(visml_aggregator_fisher(ctx, VISML_OPTS(visml_fisher_opts, .components = GOLDEN_K), &err), &err);
    visml_tensor *all = rows(GOLDEN_N), *few = rows(3);
    (void)state;
    assert_int_equal(visml_aggregator_fit(a, few, 7, &err), VISML_EINVAL);
    assert_ok(visml_aggregator_fit(a, all, 7, &err), &err);
    visml_tensor *y = assert_made(visml_aggregator_run(a, all, &err), &err);
    double squares = 0;
    for (int64_t i = 0; i < y->count; i++)
        squares += (double)((const float *)(const void *)y->data)[i] * (double)((const float *)(const void *)y->data)[i];
    assert_true(fabs(squares - 1) < 1e-5);
    visml_tensor_release(y);
    visml_tensor_release(all);
    visml_tensor_release(few);
    visml_aggregator_free(a);
}

static void codebooks_are_the_same_for_any_threads(void **state) {
    float centers[2][GOLDEN_K * GOLDEN_D];
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_context *other = test_context(i ? 3 : 1);
        visml_aggregator *a = assert_made(visml_aggregator_vlad(other, VISML_OPTS(visml_vlad_opts, .clusters = GOLDEN_K), &err), &err);
        visml_tensor *all = rows(GOLDEN_N), *few = rows(3);
        assert_int_equal(visml_aggregator_fit(a, few, 7, &err), VISML_EINVAL);
        assert_null(visml_aggregator_run(a, few, &err));
        assert_ok(visml_aggregator_fit(a, all, 7, &err), &err);
        memcpy(centers[i], visml_object_array_data(&a->object, "centers"), sizeof centers[i]);
        visml_tensor_release(all);
        visml_tensor_release(few);
        visml_aggregator_free(a);
        visml_context_free(other);
    }
    assert_memory_equal(centers[0], centers[1], sizeof centers[0]);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    for (int i = 0; i < GOLDEN_N * GOLDEN_D; i++)
        x[i] = (float)golden_x[i];
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kmeans_is_scikit_learns),
        cmocka_unit_test(kmeans_fills_empty_clusters),
        cmocka_unit_test(kmeans_of_equal_rows),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(vlad_is_its_formula),
        cmocka_unit_test(mixtures_are_scikit_learns),
        cmocka_unit_test(fisher_is_its_formula),
        cmocka_unit_test(fisher_learns),
        cmocka_unit_test(codebooks_are_the_same_for_any_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
