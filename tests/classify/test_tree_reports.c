/* Importances, leaves and Shapley values of fitted trees, beside XGBoost's and scikit-learn's. */
#include "golden/classifier_tree_goldens.h"
#include "classify/tree_rows.h"

#include <string.h>

static visml_classifier *fitted(const char *json, const visml_tensor *x, const visml_tensor *y) {
    visml_classifier *c = assert_made(visml_classifier_from_json(ctx, json, strlen(json), &err), &err);
    assert_ok(visml_classifier_fit(c, x, y, NULL, &err), &err);
    return c;
}

static const char *const boosted = "{\"class\": \"gradient_boosting\", \"rounds\": 5}";
static const char *const boosted_numbers = "{\"class\": \"gradient_boosting\", \"rounds\": 5, \"task\": \"regression\"}";

/* Gains come from gradients of 23 bits: within 1e-4 of each. */
static void assert_importances(const visml_classifier *c, visml_importance kind, const float *want, double share) {
    visml_tensor *t = assert_made(visml_classifier_importances(c, kind, &err), &err);
    for (int j = 0; j < TREE_D; j++)
        assert_true(fabs((double)tree_floats(t)[j] - (double)want[j]) <= share * fabs((double)want[j]) + 1e-6);
    visml_tensor_release(t);
}

static void importances_are_those_of_xgboost(void **state) {
    (void)state;
    visml_classifier *c = fitted(boosted, r.holes, r.three);
    assert_importances(c, VISML_IMPORTANCE_WEIGHT, golden_three_weight, 0);
    assert_importances(c, VISML_IMPORTANCE_GAIN, golden_three_gain, 1e-4);
    assert_importances(c, VISML_IMPORTANCE_COVER, golden_three_cover, 1e-5);
    assert_importances(c, VISML_IMPORTANCE_TOTAL_GAIN, golden_three_total_gain, 1e-4);
    assert_importances(c, VISML_IMPORTANCE_TOTAL_COVER, golden_three_total_cover, 1e-5);
    visml_classifier_free(c);
}

static void importances_are_those_of_scikit_learn(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"decision_tree\", \"task\": \"regression\", \"max_leaf_nodes\": 17}", r.full, r.targets);
    assert_importances(c, VISML_IMPORTANCE_IMPURITY, golden_best_importances, 1e-5);
    visml_classifier_free(c);
}

static void assert_contributions(const char *json, const visml_tensor *x, const visml_tensor *y, const float *want, int n) {
    visml_classifier *c = fitted(json, x, y);
    visml_tensor *t = assert_made(visml_classifier_shap(c, x, &err), &err);
    assert_close(t, want, n, 1e-5); /* XGBoost adds floats */
    visml_tensor_release(t);
    visml_classifier_free(c);
}

static void contributions_are_those_of_xgboost(void **state) {
    (void)state;
    assert_contributions(boosted, r.full, r.two, golden_binary_contributions, GOLDEN_ROWS * (TREE_D + 1));
    assert_contributions(boosted, r.holes, r.three, golden_three_contributions, 3 * GOLDEN_ROWS * (TREE_D + 1));
    assert_contributions(boosted_numbers, r.holes, r.targets, golden_number_contributions, GOLDEN_ROWS * (TREE_D + 1));
}

/* What columns add makes up the decision, of forests and AdaBoost too. */
static void contributions_add_up(void **state) {
    static const char *const all[] = {"{\"class\": \"random_forest\", \"trees\": 5}",
                                      "{\"class\": \"adaboost\", \"trees\": 5, \"max_depth\": 3}",
                                      "{\"class\": \"extra_trees\", \"trees\": 5, \"task\": \"regression\"}"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        visml_classifier *c = fitted(all[i], r.full, i == 2 ? r.targets : r.three);
        visml_tensor *t = assert_made(visml_classifier_shap(c, r.full, &err), &err);
        visml_tensor *y = assert_made(visml_classifier_decision(c, r.full, &err), &err);
        for (int64_t k = 0; k < visml_tensor_count(y); k++) {
            double sum = 0;
            for (int j = 0; j <= TREE_D; j++)
                sum += (double)tree_floats(t)[k * (TREE_D + 1) + j];
            assert_true(fabs(sum - (double)tree_floats(y)[k]) < 1e-5);
        }
        visml_tensor_release(t), visml_tensor_release(y);
        visml_classifier_free(c);
    }
}

/* Leaves' values, added up, are the decision. */
static void leaves_are_places_in_the_arrays(void **state) {
    (void)state;
    visml_classifier *c = fitted(boosted_numbers, r.holes, r.targets);
    visml_tensor *leaves = assert_made(visml_classifier_apply(c, r.holes, &err), &err);
    visml_tensor *y = assert_made(visml_classifier_decision(c, r.holes, &err), &err);
    const float *value = visml_tensor_data(visml_classifier_array(c, "value")), *base = visml_tensor_data(visml_classifier_array(c,
                                                                                                                                 "base"));
    const int32_t *at = visml_tensor_data(leaves);
    assert_int_equal(visml_tensor_count(leaves), TREE_N * 5);
    for (int i = 0; i < TREE_N; i++) {
        float sum = base[0];
        for (int t = 0; t < 5; t++)
            sum += value[at[i * 5 + t]];
        assert_true(sum == tree_floats(y)[i]);
    }
    visml_tensor_release(leaves), visml_tensor_release(y);
    visml_classifier_free(c);
}

static void what_there_is_not_is_said(void **state) {
    (void)state;
    visml_classifier *bayes = fitted("{\"class\": \"gaussian_naive_bayes\"}", r.full, r.three), *c = fitted(boosted, r.full, r.three);
    assert_null(visml_classifier_shap(bayes, r.full, &err));
    assert_string_equal(err.message, "gaussian_naive_bayes: it has no trees");
    assert_null(visml_classifier_apply(NULL, r.full, &err));
    assert_string_equal(err.message, "classifier: classifier is NULL");
    assert_null(visml_classifier_importances(c, VISML_IMPORTANCE_IMPURITY, &err));
    assert_string_equal(err.message, "gradient_boosting: it has no impurity, but gain, cover and weight");
    assert_null(visml_classifier_importances(c, 6, &err));
    assert_string_equal(err.message, "gradient_boosting: kind is 6, must be one of VISML_IMPORTANCE_*");
    visml_classifier_free(bayes), visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(importances_are_those_of_xgboost),   cmocka_unit_test(importances_are_those_of_scikit_learn),
        cmocka_unit_test(contributions_are_those_of_xgboost), cmocka_unit_test(contributions_add_up),
        cmocka_unit_test(leaves_are_places_in_the_arrays),    cmocka_unit_test(what_there_is_not_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
