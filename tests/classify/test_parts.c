/* What works by others, beside scikit-learn's. */
#include "classify/parts.h"
#include "others.h"

enum { ALL = GOLDEN_M * GOLDEN_K, TWO = GOLDEN_M * 2 };

#define BAYES "\"gaussian_naive_bayes\""
#define NEAR "\"k_neighbors\""
#define NUMBERS(n) "{\"class\": \"k_neighbors\", \"task\": \"regression\", \"n_neighbors\": " #n "}"

/* Probabilities of naive Bayes are exact to some units of the last place of a float. */
#define PLACES (16 * 0x1p-24)

static void classes_against_others(void **state) {
    (void)state;
    assert_says("{\"class\": \"one_vs_rest\", \"of\": [" BAYES "]}", y, PROBABILITIES, ALL, golden_one_vs_rest_proba, PLACES);
    assert_says("{\"class\": \"one_vs_one\", \"of\": [" BAYES "]}", y, DECISION, ALL, golden_one_vs_one_decision, 4 * PLACES);
}

/* scikit-learn's L-BFGS ends where gradients are 1e-5; ours ends at the minimum. */
static void calibration_by_sigmoids(void **state) {
    (void)state;
    assert_says("{\"class\": \"calibration\", \"cv\": 3, \"of\": [" BAYES "]}", y, PROBABILITIES, ALL, golden_calibration_sigmoid, 2e-4);
    assert_says("{\"class\": \"calibration\", \"cv\": 3, \"of\": [" BAYES "]}", two, PROBABILITIES, TWO,
                golden_calibration_sigmoid_two, 2e-4);
}

/* Lines between steps are steep where scores are close together: some places of a float become some 1e-5. */
static void calibration_by_steps(void **state) {
    (void)state;
    assert_says("{\"class\": \"calibration\", \"method\": \"isotonic\", \"cv\": 3, \"of\": [" BAYES "]}", y, PROBABILITIES, ALL,
                golden_calibration_isotonic, 1e-4);
    assert_says("{\"class\": \"calibration\", \"method\": \"isotonic\", \"cv\": 3, \"of\": [" BAYES "]}", two, PROBABILITIES, TWO,
                golden_calibration_isotonic_two, 1e-4);
}

static void votes(void **state) {
    (void)state;
    assert_says("{\"class\": \"voting\", \"voting\": \"soft\", \"weights\": [1, 2], \"of\": [" BAYES ", " NEAR "]}", y, PROBABILITIES, ALL,
                golden_voting_soft, PLACES);
    assert_says("{\"class\": \"voting\", \"weights\": [3, 1], \"of\": [" NUMBERS(3) ", " NUMBERS(9) "]}", t, PREDICTION, GOLDEN_M,
                golden_voting_regression, 10 * PLACES);
    visml_classifier *c = learned("{\"class\": \"voting\", \"of\": [" BAYES ", " NEAR ", "
                                  "{\"class\": \"k_neighbors\", \"n_neighbors\": 1}]}", y);
    visml_tensor *labels = ask(c, PREDICTION);
    assert_memory_equal(labels->data, golden_voting_hard, sizeof golden_voting_hard);
    visml_tensor_release(labels);
    visml_classifier_free(c);
}

/* The final one has variances so large that what the columns differ by, some places of a float, stays small. */
#define SMOOTH "{\"class\": \"gaussian_naive_bayes\", \"variance_smoothing\": 0.1}"

static void stacks(void **state) {
    (void)state;
    assert_says("{\"class\": \"stacking\", \"cv\": 3, \"of\": [" BAYES ", " NEAR ", " SMOOTH "]}", y, PROBABILITIES, ALL, golden_stacking,
                1e-5);
    assert_says("{\"class\": \"stacking\", \"cv\": 3, \"passthrough\": true, \"of\": [" BAYES ", " NEAR ", " SMOOTH "]}", two,
                PROBABILITIES, TWO, golden_stacking_two, 1e-5);
    assert_says("{\"class\": \"stacking\", \"cv\": 3, \"of\": [" NUMBERS(3) ", " NUMBERS(9) ", " NUMBERS(5) "]}", t, PREDICTION, GOLDEN_M,
                golden_stacking_regression, 10 * PLACES);
}

/* ---- bags ---- */

/* All rows and columns once: the one that it works by. */
static void a_bag_of_all_is_the_one(void **state) {
    (void)state;
    visml_classifier *a = learned("gaussian_naive_bayes", y);
    visml_classifier *b = learned("{\"class\": \"bagging\", \"n_estimators\": 2, \"no_bootstrap\": true, \"of\": [" BAYES "]}", y);
    visml_tensor *p = ask(a, PROBABILITIES), *r = ask(b, PROBABILITIES);
    assert_memory_equal(p->data, r->data, (size_t)p->count * sizeof(float));
    visml_tensor_release(p), visml_tensor_release(r);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* With many parts the score of rows left out is about that of other rows; columns are different ones and in order. */
static void bags_of_rows_and_columns(void **state) {
    (void)state;
    visml_classifier *c = learned("{\"class\": \"bagging\", \"n_estimators\": 50, \"oob\": true, \"max_features\": 0.75, "
                                  "\"of\": [" BAYES "]}", y);
    const double *score = visml_object_array_data(&c->object, "oob_score");
    const int32_t *features = visml_object_array_data(&c->object, "features");
    double whole = 0;
    assert_ok(visml_classifier_score(c, x, y, NULL, &whole, &err), &err);
    assert_true(score[0] > whole - 0.1 && score[0] <= 1);
    int others = 0;
    for (int i = 0; i < 50; i++) {
        assert_true(features[3 * i] < features[3 * i + 1] && features[3 * i + 1] < features[3 * i + 2]);
        others |= memcmp(features, features + 3 * i, 3 * sizeof *features) != 0;
    }
    assert_true(others);
    visml_classifier_free(c);
}

/* ---- looks ---- */

static int looks, stop_at;

static int32_t count_look(void *user, const visml_classifier_progress *p) {
    (void)user, (void)p;
    return ++looks == stop_at;
}

static visml_status fit_until(visml_classifier *c, int at) {
    looks = 0, stop_at = at;
    return visml_classifier_fit(c, x, y, VISML_OPTS(visml_classifier_fit_opts, .progress = count_look), &err);
}

/* Whoever asks a part in the middle of a fit can be stopped at each look, also at those of neighbours, deep inside; nothing is left. */
static void a_question_can_be_stopped_at_any_look(void **state) {
    static const char *const each[] = {
        "{\"class\": \"calibration\", \"cv\": 2, \"of\": [" NEAR "]}",
        "{\"class\": \"bagging\", \"n_estimators\": 2, \"oob\": true, \"of\": [" NEAR "]}",
        "{\"class\": \"stacking\", \"cv\": 2, \"of\": [{\"class\": \"calibration\", \"cv\": 2, \"of\": [" NEAR "]}, " BAYES "]}",
    };
    (void)state;
    for (size_t k = 0; k < sizeof each / sizeof *each; k++) {
        visml_classifier *c = from_json(each[k]);
        uint64_t used = ctx->memory.used;
        visml_classifier *whole = from_json(each[k]);
        assert_ok(fit_until(whole, 0), &err);
        visml_classifier_free(whole);
        int all = looks;
        for (int at = 1; at <= all; at++) {
            assert_status(fit_until(c, at), VISML_ECANCELLED, &err);
            assert_int_equal(looks, at);
            assert_int_equal(ctx->memory.used, used);
        }
        assert_true(all >= 8);
        visml_classifier_free(c);
    }
}

/* By what a part has learned; neighbours look themselves. */
static void fewer_rows_where_more_was_learned(void **state) {
    visml_classifier *near = learned("k_neighbors", y), *bayes = learned("gaussian_naive_bayes", y);
    const visml_tensor *means = visml_object_array_get(&bayes->object, "means");
    (void)state;
    assert_int_equal(visml_part_rows(near, 100000), 2048);
    assert_int_equal(visml_part_rows(bayes, 100000), 2048);
    assert_int_equal(visml_part_rows(bayes, 7), 7);
    int64_t count = means->count, numbers = 3 * count + 2 * bayes->class_count + 1, rows = 300, more = (1 << 27) / rows - numbers;
    ((visml_tensor *)(uintptr_t)means)->count += more;
    assert_int_equal(visml_part_rows(bayes, 100000), rows);
    ((visml_tensor *)(uintptr_t)means)->count += 1 << 27;
    assert_int_equal(visml_part_rows(bayes, 100000), 64);
    ((visml_tensor *)(uintptr_t)means)->count = count;
    visml_classifier_free(near), visml_classifier_free(bayes);
}

/* ---- rules ---- */

static void what_cannot_be_put_together(void **state) {
    (void)state;
    assert_refused("{\"class\": \"voting\", \"of\": [" BAYES ", " NUMBERS(3) "]}", y,
                   "voting: of[1]: the task of k_neighbors is another one");
    assert_refused("{\"class\": \"one_vs_rest\", \"of\": [" NUMBERS(3) "]}", y,
                   "one_vs_rest: of[0]: the task of k_neighbors is another one");
    assert_refused("{\"class\": \"voting\", \"voting\": \"soft\", \"of\": [{\"class\": \"one_vs_one\", \"of\": [" BAYES "]}]}", y,
                   "voting: of[0]: one_vs_one has no probabilities; put calibration around it, or let it be hard");
    assert_refused("{\"class\": \"voting\", \"weights\": [1, 2], \"of\": [" BAYES "]}", y,
                   "voting: there are 2 weights, must be 1, one for each classifier");
    assert_refused("{\"class\": \"stacking\", \"of\": [" BAYES "]}", y,
                   "stacking: of: there are 1 classifiers, must be two at least: the last is the final one");
    assert_refused("{\"class\": \"calibration\", \"cv\": 31, \"of\": [" BAYES "]}", y,
                   "calibration: a class has 30 rows, must have cv, 31, at least");
    assert_refused("bagging", y, "bagging: of: there are 0 classifiers, must be one");
}

static void weights_that_a_part_does_not_take(void **state) {
    (void)state;
    visml_classifier *c = from_json("{\"class\": \"one_vs_rest\", \"of\": [" NEAR "]}");
    visml_status status = visml_classifier_fit(c, x, y, VISML_OPTS(visml_classifier_fit_opts, .weights = t), &err);
    assert_int_equal(status, VISML_EINVAL); /* some are negative */
    status = visml_classifier_fit(c, x, y, VISML_OPTS(visml_classifier_fit_opts, .class_weighting = VISML_CLASS_WEIGHT_BALANCED), &err);
    assert_int_equal(status, VISML_EUNSUPPORTED);
    assert_string_equal(err.message, "one_vs_rest: k_neighbors, by which it works, takes no weights");
    visml_classifier_free(c);
}

/* In C they are given away. */
static void constructors_consume(void **state) {
    (void)state;
    visml_classifier *of[2] = {visml_classifier_gaussian_naive_bayes(ctx, NULL, &err), visml_classifier_k_neighbors(ctx, NULL, &err)};
    visml_classifier *c = assert_made(visml_classifier_voting(ctx, of, 2, NULL, &err), &err);
    c = assert_made(visml_classifier_calibration(ctx, c, NULL, &err), &err);
    c = assert_made(visml_classifier_bagging(ctx, c, VISML_OPTS(visml_bagging_opts, .n_estimators = 2), &err), &err);
    assert_ok(visml_classifier_fit(c, x, y, NULL, &err), &err);
    visml_classifier_free(c);
    of[0] = visml_classifier_gaussian_naive_bayes(ctx, NULL, &err), of[1] = NULL;
    assert_null(visml_classifier_stacking(ctx, of, 2, NULL, &err));
    assert_string_equal(err.message, "stacking: classifier 1 of those that it works by is NULL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_against_others),      cmocka_unit_test(calibration_by_sigmoids),
        cmocka_unit_test(calibration_by_steps),        cmocka_unit_test(votes),
        cmocka_unit_test(stacks),                      cmocka_unit_test(a_bag_of_all_is_the_one),
        cmocka_unit_test(bags_of_rows_and_columns),    cmocka_unit_test(what_cannot_be_put_together),
        cmocka_unit_test(weights_that_a_part_does_not_take), cmocka_unit_test(constructors_consume),
        cmocka_unit_test(a_question_can_be_stopped_at_any_look), cmocka_unit_test(fewer_rows_where_more_was_learned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
