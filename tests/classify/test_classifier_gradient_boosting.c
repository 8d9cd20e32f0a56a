/* Boosting beside XGBoost's sums, its options, and what it keeps to whatever the threads. */
#include "golden/classifier_tree_goldens.h"
#include "classify/tree_rows.h"

#include <string.h>

#include "classify/classifier.h"

static visml_classifier *boosted(visml_context *in, const char *json, const visml_tensor *x, const visml_tensor *y,
                                 const visml_classifier_fit_opts *opts) {
    char text[400];
    int n = snprintf(text, sizeof text, "{\"class\": \"gradient_boosting\"%s%s%s}", strstr(json, "rounds") ? "" : ", \"rounds\": 5",
                     *json ? ", " : "",
                     json);
    visml_classifier *c = assert_made(visml_classifier_from_json(in, text, (size_t)n, &err), &err);
    assert_ok(visml_classifier_fit(c, x, y, opts, &err), &err);
    return c;
}

/* Sums of five values of leaves, each a float: XGBoost rounds them five times, and whole-numbered gradients of 240 rows have 23 bits, which
 * leaves splits as they are. */
#define BOUND 4e-6

static void assert_sums(const char *json, const visml_tensor *x, const visml_tensor *y, const visml_classifier_fit_opts *opts,
                        const float *want, int n) {
    visml_classifier *c = boosted(ctx, json, x, y, opts);
    visml_tensor *sums = assert_made(visml_classifier_decision(c, x, &err), &err);
    assert_close(sums, want, n, BOUND);
    visml_tensor_release(sums);
    visml_classifier_free(c);
}

#define REGRESSION "\"task\": \"regression\""

static void sums_are_those_of_xgboost(void **state) {
    (void)state;
    assert_sums("", r.full, r.two, NULL, golden_binary, GOLDEN_ROWS);
    assert_sums("", r.holes, r.three, NULL, golden_three, 3 * GOLDEN_ROWS);
    assert_sums(REGRESSION, r.holes, r.targets, NULL, golden_number, GOLDEN_ROWS);
}

static void options_are_those_of_xgboost(void **state) {
    (void)state;
    assert_sums(REGRESSION ", \"alpha\": 0.5, \"lambda\": 0.25, \"gamma\": 2, \"min_child_weight\": 6, \"max_depth\": 4, "
                "\"learning_rate\": 0.15", r.full, r.targets, NULL, golden_penalties, GOLDEN_ROWS);
    assert_sums("\"max_delta_step\": 0.4, \"min_child_weight\": 0, \"base_score\": 0.3", r.holes, r.two, NULL, golden_bounded, GOLDEN_ROWS);
    assert_sums("\"grow_policy\": \"lossguide\", \"max_leaves\": 9, \"max_depth\": -1", r.full, r.three, NULL, golden_leaves,
                3 * GOLDEN_ROWS);
    assert_sums(REGRESSION ", \"max_leaves\": 11", r.full, r.targets, NULL, golden_leafy, GOLDEN_ROWS);
    assert_sums(REGRESSION ", \"monotone_constraints\": [1, -2, 5]", r.full, r.targets, NULL, golden_monotone, GOLDEN_ROWS);
}

/* Where all trees sit out, nothing is left to chance. */
static void dart_is_that_of_xgboost(void **state) {
    (void)state;
    assert_sums("\"booster\": \"dart\", \"rate_drop\": 1", r.holes, r.three, NULL, golden_dart, 3 * GOLDEN_ROWS);
    assert_sums("\"booster\": \"dart\", \"rate_drop\": 1, \"normalize_type\": \"forest\", \"learning_rate\": 0.6", r.full, r.two, NULL,
                golden_dart_forest, GOLDEN_ROWS);
    assert_sums(REGRESSION ", \"booster\": \"dart\", \"rate_drop\": 1, \"sample_type\": \"weighted\", \"rounds\": 3", r.holes, r.targets,
                NULL, golden_dart_weighted, GOLDEN_ROWS);
    assert_sums("\"booster\": \"dart\", \"one_drop\": true, \"rounds\": 2", r.full, r.two, NULL, golden_dart_one, GOLDEN_ROWS);
}

/* Rows without weight are left out: the first golden rows are then others. */
static void weights_are_those_of_xgboost(void **state) {
    (void)state;
    visml_classifier *c = boosted(ctx, "", r.full, r.two, VISML_OPTS(visml_classifier_fit_opts, .weights = r.weights));
    visml_tensor *sums = assert_made(visml_classifier_decision(c, r.full, &err), &err);
    for (int i = 0, n = 0; n < GOLDEN_ROWS; i++)
        if (tree_floats(r.weights)[i] > 0)
            assert_true(fabs((double)tree_floats(sums)[i] - (double)golden_weighted[n++]) <= BOUND);
    visml_tensor_release(sums);
    visml_classifier_free(c);
}

/* ---- threads, layouts ---- */

static const char *const everything = "\"subsample\": 0.7, \"colsample_bytree\": 0.8, \"colsample_bylevel\": 0.8, "
                                      "\"colsample_bynode\": 0.8, "
                                      "\"booster\": \"dart\", \"rate_drop\": 0.4, \"skip_drop\": 0.2, \"one_drop\": true";

static void threads_do_not_matter(void **state) {
    (void)state;
    visml_context *alone = test_context(1);
    visml_classifier *a = boosted(ctx, everything, r.holes, r.three, NULL), *b = boosted(alone, everything, r.holes, r.three, NULL);
    static const char *const names[] = {"base", "roots", "feature", "threshold", "left", "right", "missing_left", "value", "gain", "cover"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_same(visml_classifier_array(a, names[i]), visml_classifier_array(b, names[i]));
    visml_classifier_free(a), visml_classifier_free(b);
    visml_context_free(alone);
}

/* Sums by the trees as they are kept are those that the fit had for its rows, also with trees that sat out: the last loss says so. */
typedef struct last_loss {
    double loss, validation;
    int64_t calls;
} last_loss;

static int32_t note_loss(void *user, const visml_classifier_progress *p) {
    last_loss *l = user;
    l->calls++;
    if (!isnan(p->validation))
        l->validation = p->validation;
    return 0;
}

static double cross_entropy(const visml_classifier *c, const visml_tensor *x, const visml_tensor *y) {
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
    const int32_t *labels = visml_tensor_data(y);
    double sum = 0;
    for (int i = 0; i < TREE_N; i++)
        sum -= log((double)tree_floats(p)[i * 3 + labels[i]]);
    visml_tensor_release(p);
    return sum / TREE_N;
}

static void dart_keeps_its_weights(void **state) {
    static const char *const kinds[] = {"", ", \"normalize_type\": \"forest\", \"sample_type\": \"weighted\""};
    (void)state;
    for (int k = 0; k < 2; k++) {
        char json[400];
        last_loss last = {0};
        snprintf(json, sizeof json, "%s%s", everything, kinds[k]);
        visml_classifier *c = boosted(ctx, json, r.holes, r.three,
                                      VISML_OPTS(visml_classifier_fit_opts, .validation_x = r.holes, .validation_y = r.three,
                                                 .progress = note_loss, .user = &last));
        assert_true(last.calls >= 5);
        assert_true(fabs(last.validation - cross_entropy(c, r.holes, r.three)) < 1e-5);
        visml_classifier_free(c);
    }
}

/* ---- warm starts, early stopping ---- */

static void rounds_can_be_added(void **state) {
    (void)state;
    visml_classifier *once = boosted(ctx, "\"rounds\": 10", r.full, r.three, NULL), *twice = boosted(ctx, "", r.full, r.three, NULL);
    assert_ok(visml_classifier_fit(twice, r.full, r.three, VISML_OPTS(visml_classifier_fit_opts, .warm_start = 1), &err), &err);
    assert_int_equal(visml_tensor_count(visml_classifier_array(twice, "roots")), 30);
    visml_tensor *a = assert_made(visml_classifier_decision(once, r.full, &err), &err);
    visml_tensor *b = assert_made(visml_classifier_decision(twice, r.full, &err), &err);
    assert_close(b, tree_floats(a), 3 * TREE_N, 1e-5);
    visml_tensor_release(a), visml_tensor_release(b);
    visml_classifier_free(once), visml_classifier_free(twice);
}

/* Validation labels that have nothing to do with the rows: the first round is the best one or nearly so. */
static void what_validates_worse_is_cut(void **state) {
    (void)state;
    visml_tensor *wrong = assert_made(visml_tensor_convert(r.three, VISML_I32, &err), &err);
    for (int i = 0; i < TREE_N; i++)
        ((int32_t *)visml_tensor_data(wrong))[i] = (((int32_t *)visml_tensor_data(r.three))[i] + 1) % 3;
    visml_classifier *c = boosted(ctx, "\"early_stopping_rounds\": 2, \"max_depth\": 4", r.full, r.three,
                                  VISML_OPTS(visml_classifier_fit_opts, .validation_x = r.full, .validation_y = wrong));
    assert_int_equal(visml_tensor_count(visml_classifier_array(c, "roots")), 3);
    visml_tensor_release(wrong);
    visml_classifier_free(c);
}

static void stopping_early_needs_a_validation_set(void **state) {
    (void)state;
    visml_classifier *c = assert_made(visml_classifier_gradient_boosting(
                                          ctx, VISML_OPTS(visml_gradient_boosting_opts, .early_stopping_rounds = 3), &err), &err);
    assert_status(visml_classifier_fit(c, r.full, r.three, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "gradient_boosting: early_stopping_rounds is 3, but there is no validation set to stop by; give "
                                     "validation_x and validation_y");
    visml_classifier_free(c);
}

/* ---- rows from a source ---- */

typedef struct source {
    visml_tensor *x, *y, *w;
    int64_t at, walks, last_walk;
} source;

static void let_go(source *s) {
    visml_tensor_release(s->x), visml_tensor_release(s->y), visml_tensor_release(s->w);
    s->x = s->y = s->w = NULL;
}

static int32_t next_rows(void *user, const visml_tensor **x, const visml_tensor **y, const visml_tensor **w) {
    source *s = user;
    let_go(s);
    int64_t n = s->walks == s->last_walk ? TREE_N - 1 : TREE_N, end = s->at + 50 < n ? s->at + 50 : n;
    if (s->at >= n) {
        s->at = 0, s->walks++;
        return 0;
    }
    *x = s->x = visml_tensor_slice(r.holes, s->at, end, NULL);
    *y = s->y = visml_tensor_slice(r.three, s->at, end, NULL);
    *w = s->w = visml_tensor_slice(r.weights, s->at, end, NULL);
    s->at = end;
    return 0;
}

/* All rows are in the sample: the same bits. */
static void blocks_of_rows_learn_the_same(void **state) {
    (void)state;
    source s = {.last_walk = -1}, shrinking = {.last_walk = 2};
    visml_classifier *a = boosted(ctx, "", r.holes, r.three, VISML_OPTS(visml_classifier_fit_opts, .weights = r.weights));
    visml_classifier *b = assert_made(visml_classifier_gradient_boosting(ctx, VISML_OPTS(visml_gradient_boosting_opts, .rounds = 5),
                                                                         &err), &err);
    assert_ok(visml_classifier_fit_rows(b, VISML_OPTS(visml_row_source, .next = next_rows, .user = &s), NULL, &err), &err);
    assert_int_equal(s.walks, 3);
    assert_same(visml_classifier_array(a, "threshold"), visml_classifier_array(b, "threshold"));
    assert_same(visml_classifier_array(a, "value"), visml_classifier_array(b, "value"));
    assert_status(visml_classifier_fit_rows(b, VISML_OPTS(visml_row_source, .next = next_rows, .user = &shrinking), NULL, &err),
                  VISML_EINVAL,
                  &err);
    assert_string_equal(err.message, "gradient_boosting: the source's second walk has fewer rows than its first");
    let_go(&s), let_go(&shrinking);
    visml_classifier_free(a), visml_classifier_free(b);
}

static void rows_from_a_source_cannot_stop_early(void **state) {
    source s = {.last_walk = -1};
    (void)state;
    visml_classifier *c = assert_made(visml_classifier_gradient_boosting(
                                          ctx, VISML_OPTS(visml_gradient_boosting_opts, .early_stopping_rounds = 3), &err), &err);
    assert_status(visml_classifier_fit_rows(c, VISML_OPTS(visml_row_source, .next = next_rows, .user = &s), NULL, &err), VISML_EINVAL,
                  &err);
    assert_string_equal(err.message, "gradient_boosting: early_stopping_rounds is 3, but there is no validation set to stop by; rows from "
                                     "a source have none");
    let_go(&s);
    visml_classifier_free(c);
}

/* A column that misses numbers in no row that was learned from: they go right. One that does: where its splits have learned. */
static void missing_numbers_go_where_splits_say(void **state) {
    (void)state;
    visml_tensor *all_missing = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, TREE_D), &err), &err);
    for (int j = 0; j < TREE_D; j++)
        tree_floats(all_missing)[j] = NAN;
    for (int k = 0; k < 2; k++) {
        visml_classifier *c = boosted(ctx, "\"rounds\": 1, \"task\": \"regression\"", k ? r.holes : r.full, r.targets, NULL);
        const uint8_t *missing_left = visml_tensor_data(visml_classifier_array(c, "missing_left"));
        const int32_t *left = visml_tensor_data(visml_classifier_array(c, "left"));
        const int32_t *right = visml_tensor_data(visml_classifier_array(c, "right"));
        int32_t at = 0, lefts = 0;
        for (int i = 0; i < visml_tensor_count(visml_classifier_array(c, "feature")); i++)
            lefts += missing_left[i];
        assert_true(k ? lefts > 0 : lefts == 0);
        while (left[at] >= 0)
            at = missing_left[at] ? left[at] : right[at];
        visml_tensor *leaves = assert_made(visml_classifier_apply(c, all_missing, &err), &err);
        assert_int_equal(*(const int32_t *)visml_tensor_data(leaves), at);
        visml_tensor_release(leaves);
        visml_classifier_free(c);
    }
    visml_tensor_release(all_missing);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    assert_null(visml_classifier_gradient_boosting(ctx, VISML_OPTS(visml_gradient_boosting_opts, .max_leaves = 1), &err));
    assert_string_equal(err.message, "gradient_boosting: max_leaves is 1, must be 0 (no limit) or at least 2");
    assert_null(visml_classifier_gradient_boosting(ctx, VISML_OPTS(visml_gradient_boosting_opts, .max_depth = -1, .grow_policy = 1), &err));
    assert_string_equal(err.message, "gradient_boosting: grow_policy lossguide needs max_leaves or max_depth");
    visml_classifier *c = assert_made(visml_classifier_gradient_boosting(
        ctx, VISML_OPTS(visml_gradient_boosting_opts, .base_score = 1.5, .monotone_constraints = {7}), &err), &err);
    assert_status(visml_classifier_fit(c, r.full, r.two, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "gradient_boosting: monotone_constraints[0] is 7, x has 6 columns");
    visml_classifier_free(c);
    c = assert_made(visml_classifier_gradient_boosting(ctx, VISML_OPTS(visml_gradient_boosting_opts, .base_score = 1.5), &err), &err);
    assert_status(visml_classifier_fit(c, r.full, r.two, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "gradient_boosting: base_score is 1.5, must be a probability, between 0 and 1");
    visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_xgboost),
        cmocka_unit_test(options_are_those_of_xgboost),
        cmocka_unit_test(dart_is_that_of_xgboost),
        cmocka_unit_test(weights_are_those_of_xgboost),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(dart_keeps_its_weights),
        cmocka_unit_test(rounds_can_be_added),
        cmocka_unit_test(what_validates_worse_is_cut),
        cmocka_unit_test(stopping_early_needs_a_validation_set),
        cmocka_unit_test(blocks_of_rows_learn_the_same),
        cmocka_unit_test(rows_from_a_source_cannot_stop_early),
        cmocka_unit_test(missing_numbers_go_where_splits_say),
        cmocka_unit_test(wrong_options_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
