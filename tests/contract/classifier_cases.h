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
    /* trees, forests, boosting */
    /* neighbours, naive Bayes, clusters */
    {"gaussian_naive_bayes", ""},
    {"gaussian_naive_bayes", "\"equal_priors\": true, \"variance_smoothing\": 0.25"},
    {"k_neighbors", ""},
    {"k_neighbors", "\"n_neighbors\": 2, \"weights\": \"distance\", \"metric\": \"l1\""},
    {"k_neighbors", "\"task\": \"regression\", \"weights\": \"distance\", \"metric\": \"cosine\""},
    /* what works by others */
};

#endif
