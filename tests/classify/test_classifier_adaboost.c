/* AdaBoost beside scikit-learn's, and SAMME.R beside its paper's. */
#include "golden/classifier_tree_goldens.h"
#include "classify/tree_rows.h"

#include <string.h>

static visml_classifier *fitted(const visml_adaboost_opts *opts, const visml_tensor *y) {
    visml_classifier *c = assert_made(visml_classifier_adaboost(ctx, opts, &err), &err);
    assert_ok(visml_classifier_fit(c, r.full, y, NULL, &err), &err);
    return c;
}

/* Rows' weights are floats here, doubles there: eight rounds of rounding. */
static void votes_are_those_of_scikit_learn(void **state) {
    (void)state;
    visml_classifier *c = fitted(VISML_OPTS(visml_adaboost_opts, .trees = 8, .learning_rate = 0.5), r.three);
    visml_tensor *votes = assert_made(visml_classifier_decision(c, r.full, &err), &err);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, r.full, &err), &err);
    const double *weights = visml_tensor_data(visml_classifier_array(c, "estimator_weights"));
    for (int t = 0; t < 8; t++)
        assert_true(fabs(weights[t] - (double)golden_adaboost_weights[t]) < 1e-5);
    assert_close(votes, golden_adaboost_decision, 3 * GOLDEN_ROWS, 1e-5);
    assert_close(p, golden_adaboost, 3 * GOLDEN_ROWS, 1e-5);
    visml_tensor_release(votes), visml_tensor_release(p);
    visml_classifier_free(c);
}

/* Of logarithms of shares, times 2 or less: shares are floats, and so are weights, whose errors add up over eight rounds. */
static void samme_r_is_that_of_its_paper(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        visml_classifier *c = k ? fitted(VISML_OPTS(visml_adaboost_opts, .trees = 6, .algorithm = 1), r.two)
                                : fitted(VISML_OPTS(visml_adaboost_opts, .trees = 8, .algorithm = 1, .learning_rate = 0.5), r.three);
        visml_tensor *votes = assert_made(visml_classifier_decision(c, r.full, &err), &err);
        assert_close(votes, k ? golden_samme_r_two : golden_samme_r, (3 - k) * GOLDEN_ROWS, 1e-5);
        visml_tensor_release(votes);
        visml_classifier_free(c);
    }
}

static double score_of(const visml_adaboost_opts *opts, const visml_tensor *y) {
    visml_classifier *c = fitted(opts, y);
    double score = 0;
    assert_ok(visml_classifier_score(c, r.full, y, NULL, &score, &err), &err);
    visml_classifier_free(c);
    return score;
}

static void more_trees_learn_more(void **state) {
    (void)state;
    for (visml_adaboost_algorithm a = 0; a < 2; a++) {
        double one = score_of(VISML_OPTS(visml_adaboost_opts, .trees = 1, .algorithm = a), r.three);
        double many = score_of(VISML_OPTS(visml_adaboost_opts, .trees = 40, .algorithm = a, .max_depth = 2), r.three);
        assert_true(many > one + 0.1);
    }
}

/* A column that tells the classes apart: one tree is enough. */
static void a_perfect_tree_ends_it(void **state) {
    (void)state;
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(TREE_N), &err), &err);
    for (int i = 0; i < TREE_N; i++)
        ((int32_t *)visml_tensor_data(y))[i] = tree_floats(r.full)[i * TREE_D] > 5 ? 9 : 2;
    visml_classifier *c = fitted(VISML_OPTS(visml_adaboost_opts, .trees = 10), y);
    assert_int_equal(visml_tensor_count(visml_classifier_array(c, "roots")), 1);
    visml_tensor *found = assert_made(visml_classifier_predict(c, r.full, &err), &err);
    assert_same(found, y);
    visml_tensor_release(found), visml_tensor_release(y);
    visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_are_those_of_scikit_learn),
        cmocka_unit_test(samme_r_is_that_of_its_paper),
        cmocka_unit_test(more_trees_learn_more),
        cmocka_unit_test(a_perfect_tree_ends_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
