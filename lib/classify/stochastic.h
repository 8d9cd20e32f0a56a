/* Linear maps learned from one row after the other: stochastic gradient descent, the perceptron, passive-aggressive steps. */
#ifndef CLASSIFY_STOCHASTIC_H
#define CLASSIFY_STOCHASTIC_H

#include "classify/classifier.h"

enum { /* how long a step is */
    VISML_STEP_OPTIMAL = 1, /* 1 / (alpha (t0 + t)) (Bottou) */
    VISML_STEP_CONSTANT,
    VISML_STEP_INVSCALING,
    VISML_STEP_ADAPTIVE,
    VISML_STEP_PASSIVE_1, /* as long as it takes, at most eta0 (Crammer et al. 2006) */
    VISML_STEP_PASSIVE_2, /* the same with a squared slack */
};

typedef struct visml_stochastic {
    visml_sgd_loss loss; /* not _AUTO */
    int32_t step;
    double eta0, power_t;
    double epsilon;
    double alpha;             /* of VISML_STEP_OPTIMAL */
    double penalty, l1_ratio; /* how much is penalized, 0: nothing; the share of magnitudes */
    double tol;
    int32_t max_iter, n_iter_no_change;
    int64_t average; /* the first step that counts for the mean, from 1 on; 0: no mean */
    int32_t no_intercept, no_shuffle;
} visml_stochastic;

/* Fills c's arrays: coefficients and intercepts, "steps" [1], and with means "last_coefficients" and "last_intercepts", where steps go on
 * from. Errors: VISML_ENOMEM, VISML_ECANCELLED, VISML_ENONFINITE. */
visml_status visml_stochastic_fit(visml_classifier *c, const visml_stochastic *o, const visml_compute *k, const visml_samples *s,
                                  const visml_fit_run *run, visml_error *err);
visml_status visml_stochastic_restore(visml_classifier *c, int averaged, visml_error *err);

#endif
