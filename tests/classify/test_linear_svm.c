#include "classify/linear_cases.h"

/* Of a problem with 1-strongly convex objective: |w - golden|^2 <= 2 (dual gap), and within tol the gap is at most tol times the sum of
 * |alpha - best alpha| (all violations are within tol); alphas add up to less than `most` here. Floats add 2e-5 of rounding. */
static double bound(double tol, double most) {
    return sqrt(2 * tol * most) + 2e-5;
}

#define DUAL "{\"class\": \"linear_svm\", \"solver\": \"dual\", \"max_iter\": 100000, "

static void classes_stand_against_the_others(void **state) {
    (void)state;
    assert_learned(fitted(DUAL "\"tol\": 1e-6}", labels, NULL), golden_svm, bound(1e-6, 60));
    assert_learned(fitted(DUAL "\"tol\": 1e-6}", two, NULL), golden_svm_two, bound(1e-6, 60));
    assert_learned(fitted(DUAL "\"tol\": 1e-6, \"intercept_scaling\": 3}", labels, weights),
                   golden_svm_weights, bound(1e-6, 60));
    assert_learned(fitted(DUAL "\"tol\": 1e-6, \"no_intercept\": true}", labels, NULL),
                   golden_svm_no_intercept, bound(1e-6, 60));
}

static void hinge_losses(void **state) {
    (void)state;
    static const char json[] = "{\"class\": \"linear_svm\", \"loss\": \"plain\", \"C\": 0.5, \"tol\": 1e-6, \"max_iter\": 100000}";
    assert_learned(fitted(json, labels, NULL), golden_svm_hinge, bound(1e-6, 45));
    assert_learned(fitted(json, two, NULL), golden_svm_hinge_two, bound(1e-6, 45));
}

/* |w - golden| <= |g| / the smallest second derivative, which is 1 / (C total weight) at least; g is below tol times the first gradient,
 * whose numbers are some 1, and float allows 1e-7 for it. Intercepts of centred columns are moved by coefficients times means below 4. */
static void squared_losses_by_the_primal(void **state) {
    (void)state;
    static const char json[] = "{\"class\": \"linear_svm\", \"solver\": \"primal\", \"tol\": 1e-7}";
    double most = 1e-7 * sqrt(18) * GOLDEN_N * 4;
    assert_learned(fitted(json, labels, NULL), golden_svm, most);
    assert_learned(fitted(json, two, NULL), golden_svm_two, most);
    assert_learned(fitted("{\"class\": \"linear_svm\", \"tol\": 1e-7, \"intercept_scaling\": 3}", labels, weights), golden_svm_weights,
                   1.2 * most);
    assert_learned(fitted("{\"class\": \"linear_svm\", \"tol\": 1e-7, \"no_intercept\": true}", labels, NULL),
                   golden_svm_no_intercept, most);
    assert_learned(fitted("{\"class\": \"linear_svm\", \"tol\": 1e-7, \"task\": \"regression\", \"loss\": \"squared\", \"epsilon\": 0.1}",
                          targets, NULL), golden_svr_squared, 4 * most);
}

static void what_is_not_smooth_has_no_primal(void **state) {
    (void)state;
    visml_classifier *c = made("{\"class\": \"linear_svm\", \"loss\": \"plain\", \"solver\": \"primal\"}");
    assert_status(visml_classifier_fit(c, x, labels, NULL, &err), VISML_EINVAL, &err);
    visml_classifier_free(c);
    assert_string_equal(err.message, "linear_svm: solver is primal, which needs loss squared; plain ones are not smooth");
}

static void threads_make_no_difference(void **state) {
    (void)state;
    assert_same_on_one_thread("{\"class\": \"linear_svm\", \"loss\": \"plain\", \"max_iter\": 20}", labels);
    assert_same_on_one_thread("{\"class\": \"linear_svm\", \"max_iter\": 20}", labels);
}

/* For regression tol is of the sum of violations, which is some 200 in the first pass. */
static void targets_are_hit(void **state) {
    (void)state;
    assert_learned(fitted(DUAL "\"task\": \"regression\", \"epsilon\": 0.2, \"C\": 0.5, \"tol\": 1e-7}", targets, NULL),
                   golden_svr, bound(2e-5, 45));
    assert_learned(fitted(DUAL "\"task\": \"regression\", \"epsilon\": 0.1, \"loss\": \"squared\", \"tol\": 1e-7}", targets, NULL),
                   golden_svr_squared, bound(2e-5, 45));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_stand_against_the_others), cmocka_unit_test(hinge_losses), cmocka_unit_test(targets_are_hit),
        cmocka_unit_test(squared_losses_by_the_primal), cmocka_unit_test(what_is_not_smooth_has_no_primal),
        cmocka_unit_test(threads_make_no_difference),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
