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
