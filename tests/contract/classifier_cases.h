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
    /* neighbours, naive Bayes, clusters */
    {"gaussian_naive_bayes", ""},
    {"gaussian_naive_bayes", "\"equal_priors\": true, \"variance_smoothing\": 0.25"},
    {"k_neighbors", ""},
    {"k_neighbors", "\"n_neighbors\": 2, \"weights\": \"distance\", \"metric\": \"l1\""},
    {"k_neighbors", "\"task\": \"regression\", \"weights\": \"distance\", \"metric\": \"cosine\""},
    /* what works by others */
};

#endif
