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
    {"logistic_regression", ""},
    {"logistic_regression", "\"penalty\": \"elastic_net\", \"l1_ratio\": 0.25, \"C\": 0.5, \"tol\": 0.001, \"max_iter\": 50, "
                            "\"no_intercept\": true"},
    {"linear_svm", ""},
    {"linear_svm", "\"loss\": \"plain\", \"solver\": \"dual\", \"C\": 0.5, \"tol\": 0.01, \"max_iter\": 50, \"intercept_scaling\": 2"},
    {"linear_svm", "\"task\": \"regression\", \"epsilon\": 0.1, \"no_intercept\": true"},
    {"linear_svm", "\"task\": \"regression\", \"loss\": \"squared\", \"max_iter\": 100"},
    {"ridge", ""},
    {"ridge", "\"alpha\": 0.5, \"no_intercept\": true"},
    {"ridge", "\"task\": \"regression\", \"alpha\": 1e-3"},
    {"sgd", ""},
    {"sgd", "\"loss\": \"log\", \"penalty\": \"elastic_net\", \"schedule\": \"adaptive\", \"eta0\": 0.1, \"alpha\": 0.001, "
            "\"l1_ratio\": 0.5, \"max_iter\": 50, \"n_iter_no_change\": 2, \"tol\": 0.01, \"average\": 10"},
    {"sgd", "\"task\": \"regression\", \"loss\": \"epsilon_insensitive\", \"epsilon\": 0.2, \"schedule\": \"invscaling\", "
            "\"power_t\": 0.3, \"no_intercept\": true, \"no_shuffle\": true"},
    {"perceptron", ""},
    {"perceptron", "\"penalty\": \"l1\", \"alpha\": 0.001, \"l1_ratio\": 0.5, \"eta0\": 0.5, \"tol\": 0.01, \"max_iter\": 20, "
                   "\"n_iter_no_change\": 3, \"average\": 1, \"no_intercept\": true, \"no_shuffle\": true"},
    {"passive_aggressive", ""},
    {"passive_aggressive", "\"task\": \"regression\", \"variant\": \"second\", \"C\": 0.1, \"epsilon\": 0.2, \"tol\": 0.01, "
                           "\"max_iter\": 30, \"n_iter_no_change\": 2, \"average\": 5, \"no_intercept\": true, \"no_shuffle\": true"},
    /* support vector machines with kernels */
    {"svm", ""},
    {"svm", "\"kernel\": \"polynomial\", \"degree\": 2, \"gamma_rule\": \"auto\", \"coef0\": 1, \"C\": 5, \"tol\": 0.01, "
            "\"cache_size\": 0.01"},
    {"svm", "\"kernel\": \"sigmoid\", \"gamma\": 0.1, \"nu\": 0.2, \"no_shrinking\": true, \"decision_function_shape\": \"ovo\""},
    {"svm", "\"kernel\": \"linear\", \"max_iter\": 7, \"probability\": true"},
    {"svm", "\"kernel\": \"chi2\""},
    {"svm", "\"kernel\": \"precomputed\", \"max_iter\": 50"},
    {"svr", ""},
    {"svr", "\"C\": 3, \"epsilon\": 0.01, \"gamma\": 0.3, \"tol\": 0.01"},
    {"svr", "\"nu\": 0.4, \"kernel\": \"polynomial\", \"degree\": 2, \"gamma_rule\": \"auto\", \"coef0\": 1, \"cache_size\": 0.01"},
    {"svr", "\"max_iter\": 7, \"no_shrinking\": true"},
    {"svr", "\"kernel\": \"intersection\""},
    {"one_class_svm", ""},
    {"one_class_svm", "\"nu\": 0.2, \"kernel\": \"polynomial\", \"degree\": 2, \"gamma_rule\": \"auto\", \"coef0\": 1, "
                      "\"cache_size\": 0.01"},
    {"one_class_svm", "\"gamma\": 0.3, \"tol\": 0.01, \"max_iter\": 7, \"no_shrinking\": true"},
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
    {"k_means", "\"n_clusters\": 2"},
    {"k_means", "\"n_clusters\": 2, \"n_init\": 3, \"init\": \"random\", \"max_iter\": 9, \"tol\": 0.5"},
    {"gaussian_mixture", "\"n_components\": 2"},
    {"gaussian_mixture", "\"covariance_type\": \"full\", \"max_iter\": 9, \"tol\": 0.5, \"reg_covar\": 0.25"},
    {"k_neighbors", ""},
    {"k_neighbors", "\"n_neighbors\": 2, \"weights\": \"distance\", \"metric\": \"l1\""},
    {"k_neighbors", "\"task\": \"regression\", \"weights\": \"distance\", \"metric\": \"cosine\""},
    /* what works by others */
    {"one_vs_rest", "\"of\": [\"gaussian_naive_bayes\"]"},
    {"one_vs_one", "\"of\": [\"gaussian_naive_bayes\"]"},
    {"calibration", "\"of\": [\"gaussian_naive_bayes\"]"},
    {"calibration", "\"of\": [\"gaussian_naive_bayes\"], \"method\": \"isotonic\", \"cv\": 3"},
    {"calibration", "\"of\": [{\"class\": \"one_vs_one\", \"of\": [\"gaussian_naive_bayes\"]}], \"held_out\": 0.25"},
    {"voting", "\"of\": [\"gaussian_naive_bayes\", {\"class\": \"gaussian_naive_bayes\", \"variance_smoothing\": 0.5}], "
               "\"weights\": [1, 2]"},
    {"voting", "\"of\": [\"gaussian_naive_bayes\", {\"class\": \"gaussian_naive_bayes\", \"variance_smoothing\": 0.5}], "
               "\"voting\": \"soft\""},
    {"voting", "\"of\": [{\"class\": \"k_neighbors\", \"task\": \"regression\"}]"},
    {"bagging", "\"of\": [\"gaussian_naive_bayes\"], \"n_estimators\": 5, \"oob\": true, \"max_features\": 0.7"},
    {"bagging", "\"of\": [{\"class\": \"k_neighbors\", \"task\": \"regression\"}], \"max_samples\": 0.5, \"no_bootstrap\": true"},
    {"stacking", "\"of\": [\"gaussian_naive_bayes\", \"gaussian_naive_bayes\"], \"cv\": 3"},
    {"stacking", "\"of\": [{\"class\": \"k_neighbors\", \"task\": \"regression\"}, "
                 "{\"class\": \"k_neighbors\", \"task\": \"regression\"}], \"passthrough\": true"},
};

#endif
