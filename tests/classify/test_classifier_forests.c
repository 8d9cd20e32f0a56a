/* Trees beside scikit-learn's, and forests: what they promise of rows that they have not seen. */
#include "golden/classifier_tree_goldens.h"
#include "classify/tree_rows.h"

#include <stdio.h>
#include <string.h>

#include "tensor/bundle.h"

static visml_classifier *fitted(visml_context *in, const char *json, const visml_tensor *y, const visml_tensor *weights) {
    visml_classifier *c = assert_made(visml_classifier_from_json(in, json, strlen(json), &err), &err);
    assert_ok(visml_classifier_fit(c, r.full, y, VISML_OPTS(visml_classifier_fit_opts, .weights = weights, .seed = 3), &err), &err);
    return c;
}

/* What scikit-learn grows, up to the rounding of shares and means to floats. */
static void assert_tree(const char *options, const visml_tensor *y, const float *want, int n, const float *nodes) {
    char json[300];
    snprintf(json, sizeof json, "{\"class\": \"decision_tree\", %s}", options);
    visml_classifier *c = fitted(ctx, json, y, NULL);
    visml_tensor *found = assert_made(visml_classifier_decision(c, r.full, &err), &err);
    assert_int_equal(visml_tensor_count(visml_classifier_array(c, "feature")), (int)nodes[0]);
    assert_close(found, want, n, 1e-6);
    visml_tensor_release(found);
    visml_classifier_free(c);
}

static void trees_are_those_of_scikit_learn(void **state) {
    (void)state;
    assert_tree("\"max_depth\": 5", r.three, golden_gini, 3 * GOLDEN_ROWS, golden_gini_nodes);
    assert_tree("\"criterion\": \"entropy\", \"min_samples_leaf\": 4, \"min_samples_split\": 12", r.three, golden_entropy, 3 * GOLDEN_ROWS,
                golden_entropy_nodes);
    assert_tree("\"task\": \"regression\", \"min_impurity_decrease\": 0.01", r.targets, golden_error, GOLDEN_ROWS, golden_error_nodes);
    assert_tree("\"task\": \"regression\", \"max_leaf_nodes\": 17", r.targets, golden_best, GOLDEN_ROWS, golden_best_nodes);
}

/* A row with weight 2 is the row twice, one with weight 0 is not there: the same splits. */
static void weights_are_repetitions(void **state) {
    (void)state;
    visml_tensor *w = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(TREE_N), &err), &err);
    for (int i = 0; i < TREE_N; i++)
        tree_floats(w)[i] = (float)(i % 3);
    visml_classifier *a = fitted(ctx, "{\"class\": \"decision_tree\", \"max_depth\": 4}", r.three, w);
    const float *cover = visml_tensor_data(visml_classifier_array(a, "cover"));
    float sum = 0;
    for (int i = 0; i < TREE_N; i++)
        sum += (float)(i % 3);
    assert_true(cover[0] == sum);
    double score = 0;
    assert_ok(visml_classifier_score(a, r.full, r.three, w, &score, &err), &err);
    assert_true(score > 0.8);
    visml_tensor_release(w);
    visml_classifier_free(a);
}

static void threads_do_not_matter(void **state) {
    static const char *const all[] = {
        "{\"class\": \"random_forest\", \"trees\": 7, \"out_of_bag\": true}", "{\"class\": \"extra_trees\", \"trees\": 7}",
        "{\"class\": \"random_forest\", \"trees\": 7, \"task\": \"regression\", \"max_features\": 2}", "{\"class\": \"decision_tree\"}"};
    (void)state;
    visml_context *alone = test_context(1);
    for (int i = 0; i < 4; i++) {
        visml_tensor *y = i == 2 ? r.targets : r.three;
        visml_classifier *a = fitted(ctx, all[i], y, NULL), *b = fitted(alone, all[i], y, NULL);
        visml_tensor *p = assert_made(visml_classifier_decision(a, r.full, &err), &err);
        visml_tensor *q = assert_made(visml_classifier_decision(b, r.full, &err), &err);
        assert_same(p, q);
        if (i == 0)
            assert_same(visml_classifier_array(a, "oob_score"), visml_classifier_array(b, "oob_score"));
        visml_tensor_release(p), visml_tensor_release(q);
        visml_classifier_free(a), visml_classifier_free(b);
    }
    visml_context_free(alone);
}

/* Nine rows of ten have the label that two columns say: rows that trees have not seen get it too, better than by the commonest class,
 * worse than rows that they have learned. */
static void unseen_rows_are_scored(void **state) {
    (void)state;
    static const char *const all[] = {"{\"class\": \"random_forest\", \"trees\": 40, \"out_of_bag\": true}",
                                      "{\"class\": \"extra_trees\", \"trees\": 40, \"sampling\": \"bootstrap\", \"out_of_bag\": true}"};
    for (int i = 0; i < 2; i++) {
        visml_classifier *c = fitted(ctx, all[i], r.three, NULL);
        double unseen = *(double *)visml_tensor_data(visml_classifier_array(c, "oob_score")), seen = 0;
        assert_ok(visml_classifier_score(c, r.full, r.three, NULL, &seen, &err), &err);
        assert_true(unseen > 0.7 && unseen < seen && seen > 0.95);
        visml_classifier_free(c);
    }
    visml_classifier *c = fitted(ctx, "{\"class\": \"random_forest\", \"trees\": 40, \"out_of_bag\": true, \"task\": \"regression\"}",
                                 r.targets, NULL);
    double unseen = *(double *)visml_tensor_data(visml_classifier_array(c, "oob_score"));
    assert_true(unseen > 0.8 && unseen < 1);
    visml_classifier_free(c);
}

/* A node to which two ways lead would be laid out twice. */
static void a_file_with_a_knot_is_refused(void **state) {
    (void)state;
    char *folder = test_folder(), *path = test_path(folder, "knot.visml");
    visml_classifier *c = fitted(ctx, "{\"class\": \"random_forest\", \"trees\": 2}", r.three, NULL);
    visml_bundle b;
    assert_ok(visml_classifier_save(c, path, &err), &err);
    assert_ok(visml_bundle_read(ctx, path, "classifier", &b, &err), &err);
    for (size_t i = 0; i < b.count; i++)
        if (strcmp(b.tensors[i].name, "0.left") == 0)
            ((int32_t *)(uintptr_t)b.tensors[i].data)[0] = ((const int32_t *)visml_classifier_array(c, "right")->data)[0];
    assert_ok(visml_bundle_write(ctx, path, "classifier", b.description, b.tensors, b.count, &err), &err);
    assert_null(visml_classifier_load(ctx, path, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_non_null(strstr(err.message, "random_forest: node 0 is damaged"));
    visml_bundle_clear(&b);
    visml_classifier_free(c);
    test_folder_remove(folder);
    free(path);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    assert_null(visml_classifier_extra_trees(ctx, VISML_OPTS(visml_forest_opts, .max_leaf_nodes = 1), &err));
    assert_string_equal(err.message, "extra_trees: max_leaf_nodes is 1, must be 0 (no limit) or at least 2");
    assert_null(visml_classifier_decision_tree(ctx, VISML_OPTS(visml_decision_tree_opts, .max_leaf_nodes = 1), &err));
    assert_string_equal(err.message, "decision_tree: max_leaf_nodes is 1, must be 0 (no limit) or at least 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_those_of_scikit_learn), cmocka_unit_test(weights_are_repetitions),
        cmocka_unit_test(threads_do_not_matter),           cmocka_unit_test(unseen_rows_are_scored),
        cmocka_unit_test(a_file_with_a_knot_is_refused),   cmocka_unit_test(wrong_options_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
