/* What the contract test of classifiers tries: a row or more for each class, all fields of its options set to something else than their
 * default somewhere. A class without a row fails the test with its name. */
#ifndef CONTRACT_CLASSIFIER_CASES_H
#define CONTRACT_CLASSIFIER_CASES_H

typedef struct classifier_case {
    const char *name, *json; /* fields behind the class */
} classifier_case;

/* Each learns from 60 rows of 5 columns and 3 classes, 2 classes, numbers or nothing, as its task is. */
static const classifier_case classifier_cases[] = {
    /* linear */
    /* support vector machines with kernels */
    /* trees, forests, boosting */
    {"gradient_boosting", "\"rounds\": 4"},
    {"gradient_boosting", "\"task\": \"regression\", \"rounds\": 12, \"max_depth\": 3, \"max_leaves\": 5, \"grow_policy\": \"lossguide\", "
                          "\"max_bin\": 16, \"learning_rate\": 0.6, \"lambda\": 0.5, \"alpha\": 0.1, \"gamma\": 0.01, "
                          "\"min_child_weight\": 0.5, \"max_delta_step\": 2, \"base_score\": 0.25, \"monotone_constraints\": [1, -2]"},
    {"gradient_boosting", "\"rounds\": 4, \"booster\": \"dart\", \"sample_type\": \"weighted\", \"normalize_type\": \"forest\", "
                          "\"one_drop\": true, \"rate_drop\": 0.3, \"skip_drop\": 0.1, \"colsample_bytree\": 0.8, "
                          "\"colsample_bylevel\": 0.9, \"colsample_bynode\": 0.7, \"subsample\": 0.9"},
    {"decision_tree", ""},
    {"decision_tree", "\"task\": \"regression\", \"max_depth\": 5, \"min_samples_split\": 3, \"min_samples_leaf\": 2, \"max_features\": 4, "
                      "\"max_leaf_nodes\": 20, \"min_impurity_decrease\": 0.0001"},
    {"decision_tree", "\"criterion\": \"entropy\""},
    {"random_forest", "\"trees\": 5, \"out_of_bag\": true"},
    {"random_forest", "\"task\": \"regression\", \"trees\": 5, \"max_depth\": 5, \"min_samples_split\": 3, \"min_samples_leaf\": 2, "
                      "\"max_features\": -1, \"max_leaf_nodes\": 20, \"min_impurity_decrease\": 0.0001, \"sampling\": \"all\""},
    {"random_forest", "\"criterion\": \"entropy\", \"trees\": 3"},
    {"extra_trees", "\"trees\": 5"},
    {"extra_trees", "\"task\": \"regression\", \"trees\": 8, \"max_depth\": 7, \"min_samples_split\": 3, \"min_samples_leaf\": 2, "
                    "\"max_features\": 5, \"max_leaf_nodes\": 30, \"min_impurity_decrease\": 0.0001, \"sampling\": \"bootstrap\", "
                    "\"out_of_bag\": true"},
    {"extra_trees", "\"criterion\": \"entropy\", \"trees\": 3"},
    {"adaboost", "\"trees\": 6"},
    {"adaboost", "\"trees\": 4, \"max_depth\": 2, \"criterion\": \"entropy\", \"algorithm\": \"samme_r\", \"learning_rate\": 0.5"},
    {"gradient_boosting", "\"early_stopping_rounds\": 2"},
    /* neighbours, naive Bayes, clusters */
    {"gaussian_naive_bayes", ""},
    {"gaussian_naive_bayes", "\"equal_priors\": true, \"variance_smoothing\": 0.25"},
    {"k_neighbors", ""},
    {"k_neighbors", "\"n_neighbors\": 2, \"weights\": \"distance\", \"metric\": \"l1\""},
    {"k_neighbors", "\"task\": \"regression\", \"weights\": \"distance\", \"metric\": \"cosine\""},
    /* what works by others */
};

#endif
