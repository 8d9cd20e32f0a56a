/* k_means and gaussian_mixture beside scikit-learn's. Clusters are those of its best of 20 runs; mixtures begin with them. */
#include <stdlib.h>

#include "others.h"

static int ascending(const void *a, const void *b) {
    float v = *(const float *)a, w = *(const float *)b;
    return (v > w) - (v < w);
}

/* The clusters of either side have numbers of their own: rows are compared sorted. sign: -1 for negative distances. */
static void assert_rows_near(const visml_tensor *found, float sign, const float *wanted, double tolerance) {
    float *v = (float *)(void *)found->data;
    for (int i = 0; i < GOLDEN_M * GOLDEN_K; i++)
        v[i] *= sign;
    for (int i = 0; i < GOLDEN_M; i++)
        qsort(v + i * GOLDEN_K, GOLDEN_K, sizeof *v, ascending);
    assert_near(found, GOLDEN_M * GOLDEN_K, wanted, tolerance);
}

static double number(const visml_classifier *c, const char *name) {
    return ((const double *)visml_object_array_data(&c->object, name))[0];
}

/* Squares come from products: (4 + sqrt(d)) 2^-24 of |a|^2 + |b|^2, some 60 each, near distances of 0.5 and more. */
static void k_means_is_scikit_learns(void **state) {
    (void)state;
    visml_classifier *c = learned("{\"class\": \"k_means\", \"n_clusters\": 3, \"n_init\": 5, \"tol\": 0}", NULL);
    visml_tensor *d = ask(c, DECISION);
    assert_rows_near(d, -1, golden_k_means_distances, 6 * 0x1p-24 * 120 / (2 * 0.5));
    assert_true(fabs(number(c, "inertia") - (double)golden_k_means_inertia[0]) < 1e-6 * (double)golden_k_means_inertia[0]);
    visml_tensor_release(d);
    visml_classifier_free(c);
}

/* Every cluster counts its rows, and the nearest center is the one that is said. */
static void predictions_are_the_nearest(void **state) {
    (void)state;
    visml_classifier *c = learned("{\"class\": \"k_means\", \"n_clusters\": 7, \"init\": \"random\"}", NULL);
    visml_tensor *p = assert_made(visml_classifier_predict(c, x, &err), &err);
    const double *counts = visml_object_array_data(&c->object, "counts");
    double rows[7] = {0};
    for (int i = 0; i < GOLDEN_N; i++)
        rows[((int32_t *)(void *)p->data)[i]]++;
    for (int k = 0; k < 7; k++)
        assert_true(rows[k] == counts[k]);
    visml_tensor_release(p);
    visml_classifier_free(c);
}

/* Sculley's rule: a center is the mean of all rows that it was given, the first ones included. One cluster: the mean of all. */
static void batches_move_centers(void **state) {
    (void)state;
    visml_classifier *c = from_json("{\"class\": \"k_means\", \"n_clusters\": 1}");
    for (int i = 0; i < GOLDEN_N; i += 10) {
        visml_tensor *some = assert_made(visml_tensor_slice(x, i, i + 10, &err), &err);
        assert_ok(visml_classifier_partial_fit(c, some, NULL, NULL, &err), &err);
        visml_tensor_release(some);
    }
    const float *center = visml_object_array_data(&c->object, "centers");
    for (int j = 0; j < GOLDEN_D; j++) {
        double mean = 0;
        for (int i = 0; i < GOLDEN_N; i++)
            mean += (double)golden_x[i * GOLDEN_D + j] / GOLDEN_N;
        assert_true(fabs((double)center[j] - mean) < GOLDEN_N * 0x1p-24 * 8);
    }
    assert_true(number(c, "counts") == GOLDEN_N);
    visml_classifier_free(c);
}

/* Batches find the clusters that all rows at once find, about as well. */
static void batches_find_clusters(void **state) {
    (void)state;
    visml_classifier *c = from_json("{\"class\": \"k_means\", \"n_clusters\": 3}");
    for (int walk = 0; walk < 10; walk++)
        assert_ok(visml_classifier_partial_fit(c, x, NULL, VISML_OPTS(visml_classifier_fit_opts, .seed = 1), &err), &err);
    assert_true(number(c, "inertia") < 1.1 * (double)golden_k_means_inertia[0]);
    visml_classifier_free(c);
}

/* Both go on until a round gains as good as nothing: the golden ones in double, ours in sums of floats, which stand still within what
 * rounding leaves of them. Likelihoods are flat there, responsibilities less so. */
static void mixtures_are_scikit_learns(void **state) {
    static const char *const json[] = {
        "{\"class\": \"gaussian_mixture\", \"n_components\": 3, \"tol\": 1e-300, \"max_iter\": 500}",
        "{\"class\": \"gaussian_mixture\", \"n_components\": 3, \"covariance_type\": \"full\", \"tol\": 1e-300, \"max_iter\": 500}"};
    (void)state;
    for (int full = 0; full < 2; full++) {
        visml_classifier *c = learned(json[full], NULL);
        visml_tensor *p = ask(c, PROBABILITIES);
        const float *bound = full ? golden_mixture_full_bound : golden_mixture_diag_bound;
        assert_true(fabs(number(c, "lower_bound") - (double)bound[0]) < 1e-5);
        assert_rows_near(p, 1, full ? golden_mixture_full_proba : golden_mixture_diag_proba, 2e-3);
        visml_tensor_release(p);
        visml_classifier_free(c);
    }
}

static void what_cannot_be_learned(void **state) {
    (void)state;
    assert_refused("{\"class\": \"k_means\", \"n_clusters\": 91}", NULL,
                   "k_means: there are 90 rows to learn from, must be at least as many as clusters: 91");
    assert_refused("{\"class\": \"gaussian_mixture\", \"n_components\": 91}", NULL,
                   "gaussian_mixture: there are 90 rows to learn from, must be at least as many as components: 91");
    assert_refused("k_means", y, "k_means: y must be NULL; it learns from x alone");
    visml_classifier *c = from_json("k_means");
    visml_tensor *some = assert_made(visml_tensor_slice(x, 0, 7, &err), &err);
    assert_int_equal(visml_classifier_partial_fit(c, some, NULL, NULL, &err), VISML_EINVAL);
    assert_string_equal(err.message, "k_means: the first rows are 7, must be at least as many as clusters: 8");
    visml_tensor_release(some);
    visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_means_is_scikit_learns), cmocka_unit_test(predictions_are_the_nearest), cmocka_unit_test(batches_move_centers),
        cmocka_unit_test(batches_find_clusters),    cmocka_unit_test(mixtures_are_scikit_learns),  cmocka_unit_test(what_cannot_be_learned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
