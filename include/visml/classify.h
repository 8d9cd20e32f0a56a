/* visml/classify.h - classifiers of feature vectors: linear, kernel, trees and their ensembles, neighbours, mixtures; regression, clusters.
 *
 * SPDX-License-Identifier: MIT
 *
 *     visml_classifier *c = visml_classifier_gaussian_naive_bayes(ctx, NULL, &err);
 *     visml_classifier_fit(c, x, y, NULL, &err);                     x: VISML_F32 [N, D]; y: VISML_I32 [N], any numbers
 *     visml_tensor *labels = visml_classifier_predict(c, x_new, &err);
 *     visml_classifier_save(c, "digits.visml", &err);
 *
 * Vectors are the rows of a tensor x [N, D], VISML_F32, used as they lie: rows or columns without gaps, the other stride as you like (a
 * transposed matrix, some columns of a larger one). Names and defaults are scikit-learn's, XGBoost's for boosting. Results are the same
 * bits for any number of threads, and after saving and loading.
 *
 * Thread-safety: a classifier is immutable once it is fitted, and may then be shared; fit, partial_fit and free are the owner's.
 */
#ifndef VISML_CLASSIFY_H
#define VISML_CLASSIFY_H

#include "feature.h"

VISML_BEGIN_DECLS

/* ---- what all have ----------------------------------------------------------------------------------------------------------- */

typedef struct visml_classifier visml_classifier;
/* Owned by the caller; NULL is accepted. All constructors: errors VISML_EINVAL, VISML_ENOMEM. */
VISML_API void visml_classifier_free(visml_classifier *classifier);

/* What is learned. Which of these a class can do is said there; an option `task` chooses where it can do two. */
typedef int32_t visml_task;
#define VISML_TASK_CLASSIFICATION 0 /* y: VISML_I32 [N] */
#define VISML_TASK_REGRESSION 1     /* y: VISML_F32 [N], finite */
#define VISML_TASK_CLUSTERING 2     /* y is NULL; clusters are numbered from 0 on */
#define VISML_TASK_OUTLIERS 3       /* y is NULL; predictions are 1 (as what was learned from) and -1 */

/* Where a long fit stands; valid during the call of a function that returns 0 to go on, anything else to stop (VISML_ECANCELLED). */
typedef struct visml_classifier_progress {
    uint32_t size;
    int32_t reserved;
    int64_t done;  /* iterations, trees, rounds, ... */
    int64_t total; /* at most so many */
    double loss;       /* what is made small; NaN where it is not known */
    double validation; /* the same of the validation set; NaN without one */
} visml_classifier_progress;
typedef int32_t (*visml_classifier_progress_fn)(void *user, const visml_classifier_progress *progress);

typedef int32_t visml_class_weighting;
#define VISML_CLASS_WEIGHT_EQUAL 0
#define VISML_CLASS_WEIGHT_BALANCED 1 /* N / (K times the rows of the class), as scikit-learn's "balanced" */

/* What goes into a fit besides x and y. Tensors are borrowed for the call. */
typedef struct visml_classifier_fit_opts {
    uint32_t size;
    int32_t warm_start; /* 1: goes on from what was learned before, where the class can; x must have as many columns, y the same classes */
    const visml_tensor *weights;       /* VISML_F32 [N]: how much a row counts, finite and >= 0, not all 0; default: 1 each */
    const visml_tensor *class_weights; /* VISML_F32 [K], in ascending order of the labels; times the weights; default: 1 each */
    const visml_tensor *classes;       /* VISML_I32 [K], ascending: for the first partial_fit, where y need not show all; default: those of y */
    const visml_tensor *validation_x;  /* for early stopping where the class has it: [M, D]; default: none */
    const visml_tensor *validation_y;  /* [M] */
    visml_class_weighting class_weighting;
    int32_t reserved; /* must be 0 */
    uint64_t seed;    /* default: the context's */
    visml_classifier_progress_fn progress; /* called from the caller's thread; default: none */
    void *user;
} visml_classifier_fit_opts;

/* Learns from x [N, D] and y [N]; what was learned before is replaced. Labels may be any numbers; classes are these in ascending order.
 * On failure the classifier is as it was. Errors: VISML_EINVAL (shapes, types, a number that is NaN or infinite, with its row and column;
 * too few rows or classes), VISML_ENONFINITE (it went astray), VISML_ECANCELLED, VISML_ENOMEM. */
VISML_API visml_status visml_classifier_fit(visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                            const visml_classifier_fit_opts *opts, visml_error *err);
/* Learns from some rows more. The first call fixes D and the classes (opts.classes, else those of y). Errors as above, and
 * VISML_EUNSUPPORTED: the class learns from all rows at once. */
VISML_API visml_status visml_classifier_partial_fit(visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                                    const visml_classifier_fit_opts *opts, visml_error *err);

/* Rows that are not in memory all at once: called again and again. `next` gives the next block: *x [n, D], n >= 1, and *y [n] (NULL for
 * tasks without), and weights [n] or NULL, borrowed until the next call; x NULL at the end of a walk, after which the next call begins the
 * next walk with the same blocks in the same order. Returns 0, or anything else to stop the fit (VISML_ECANCELLED). */
typedef struct visml_row_source {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    int32_t (*next)(void *user, const visml_tensor **x, const visml_tensor **y, const visml_tensor **weights);
    void *user;
} visml_row_source;
/* The same as visml_classifier_fit over all blocks: the same bits as of a fit in memory only where the class says so. opts.weights must be
 * NULL. Errors: as fit, and VISML_EUNSUPPORTED: the class needs all rows in memory. */
VISML_API visml_status visml_classifier_fit_rows(visml_classifier *classifier, const visml_row_source *rows,
                                                 const visml_classifier_fit_opts *opts, visml_error *err);

/* New tensors (owned) for rows x [N, D]. Errors: VISML_EINVAL (shapes: both numbers of columns are named), VISML_ESTATE (not fitted),
 * VISML_EUNSUPPORTED (the class has no such thing), VISML_ENOMEM. Thread-safety: any thread. */
/* [N]: VISML_I32, labels as they were given, clusters, or 1 and -1; VISML_F32 for regression. */
VISML_API visml_tensor *visml_classifier_predict(const visml_classifier *classifier, const visml_tensor *x, visml_error *err);
/* VISML_F32 [N, K]: how likely each class (or cluster) is; rows add up to 1. */
VISML_API visml_tensor *visml_classifier_predict_proba(const visml_classifier *classifier, const visml_tensor *x, visml_error *err);
/* VISML_F32 [N, O]: what a class decides by, the larger the likelier: O is K, or 1 where two classes are told apart by the sign; the value
 * itself for regression. */
VISML_API visml_tensor *visml_classifier_decision(const visml_classifier *classifier, const visml_tensor *x, visml_error *err);
/* The share of rows (of their weights [N]; NULL: 1 each) that get their label; for regression R^2 = 1 - sum (y - p)^2 / sum (y - mean)^2,
 * 1 where both are 0 and 0 where only the latter is, as in scikit-learn. To *score. */
VISML_API visml_status visml_classifier_score(const visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                              const visml_tensor *weights, double *score, visml_error *err);

VISML_API visml_task visml_classifier_task(const visml_classifier *classifier);
/* "random_forest", ...; borrowed, NULL for NULL. */
VISML_API const char *visml_classifier_name(const visml_classifier *classifier);
/* 1 when it has learned, else 0. */
VISML_API int32_t visml_classifier_is_fitted(const visml_classifier *classifier);
/* D; 0 before it has learned. */
VISML_API int64_t visml_classifier_feature_count(const visml_classifier *classifier);
/* VISML_I32 [K], ascending: the labels that y had; borrowed, NULL for other tasks and before it has learned. */
VISML_API visml_tensor *visml_classifier_classes(const visml_classifier *classifier);
/* What was learned, by the name that the class gives it ("coefficients", "support_vectors", "centers", ...): borrowed, NULL where there is
 * no such thing. */
VISML_API visml_tensor *visml_classifier_array(const visml_classifier *classifier, const char *name);

/* From n bytes of JSON, {"class": "random_forest", "trees": 200} or a class' name alone; keys are the options' fields; those that work by
 * others have them under "of". Errors: VISML_EFORMAT, VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_classifier *visml_classifier_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The same back, without what is a default. Written like visml_model_summary; 0 for NULL or when memory ran out. */
VISML_API size_t visml_classifier_to_json(const visml_classifier *classifier, char *text, size_t capacity);

/* What was learned as a file: a bundle of kind "classifier" (a safetensors file). Written so that a kill leaves the old file or the new
 * one. Errors: VISML_EINVAL, VISML_ESTATE (not fitted), VISML_EIO, VISML_ENOMEM. */
VISML_API visml_status visml_classifier_save(const visml_classifier *classifier, const char *path, visml_error *err);
/* The same classifier again (owned). Everything that the file says is checked. Errors: VISML_EIO, VISML_EFORMAT (damaged, or no
 * classifier), VISML_EUNSUPPORTED (of a newer release), VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_classifier *visml_classifier_load(visml_context *ctx, const char *path, visml_error *err);

/* ---- linear ------------------------------------------------------------------------------------------------------------------ */

/* ---- support vector machines with kernels ------------------------------------------------------------------------------------ */

/* ---- trees, forests, boosting ------------------------------------------------------------------------------------------------ */

/* ---- neighbours, naive Bayes, clusters --------------------------------------------------------------------------------------- */

/* Each column normally distributed within each class, independently of the others (scikit-learn's GaussianNB). Decides by the logarithm
 * of the joint likelihood. Also learns by partial_fit and from rows that are not in memory (means and variances are put together as Chan,
 * Golub and LeVeque 1979 say). Learned: "means" and "variances" [K, D], "priors" [K], "counts" [K], all VISML_F64. */
typedef struct visml_gaussian_naive_bayes_opts {
    uint32_t size;
    int32_t equal_priors;     /* 1: all classes are equally likely; 0: as often as in y */
    double variance_smoothing; /* of the largest variance of a column, added to all; 0 ... 1; default 1e-9; VISML_ZERO: none */
} visml_gaussian_naive_bayes_opts;
VISML_API visml_classifier *visml_classifier_gaussian_naive_bayes(visml_context *ctx, const visml_gaussian_naive_bayes_opts *opts,
                                                                  visml_error *err);

typedef int32_t visml_neighbor_weights;
#define VISML_NEIGHBORS_UNIFORM 0
#define VISML_NEIGHBORS_DISTANCE 1 /* 1 / distance; rows at no distance count alone; of VISML_METRIC_INTERSECTION the likeness itself */

/* The n_neighbors nearest rows vote, or are averaged (scikit-learn's KNeighborsClassifier and KNeighborsRegressor, "brute"). All rows are
 * searched, so that what is found is exact; of rows that are equally near the first count. Decides by the shares of the votes, which are
 * the probabilities, too. Learned: "rows" [N, D], a copy, with "labels" [N], places of classes, or "targets" [N]. */
typedef struct visml_k_neighbors_opts {
    uint32_t size;
    visml_task task;                /* VISML_TASK_CLASSIFICATION or _REGRESSION */
    int32_t n_neighbors;            /* 1 ... 65536, at most N; default 5 */
    visml_neighbor_weights weights; /* default VISML_NEIGHBORS_UNIFORM */
    visml_metric metric;            /* default VISML_METRIC_L2; rows to learn from must not be negative for VISML_METRIC_CHI2 */
    int32_t reserved;               /* must be 0 */
} visml_k_neighbors_opts;
VISML_API visml_classifier *visml_classifier_k_neighbors(visml_context *ctx, const visml_k_neighbors_opts *opts, visml_error *err);

typedef int32_t visml_kmeans_init;
#define VISML_KMEANS_PLUS_PLUS 0 /* "k-means++" (Arthur and Vassilvitskii 2007), the best of 2 + log(n_clusters) rows each */
#define VISML_KMEANS_RANDOM 1    /* different rows */

/* Rows around n_clusters centers (Lloyd 1982; scikit-learn's KMeans). A cluster that loses all rows gets the row farthest from its center.
 * Decides by negative distances. Needs as many rows as clusters. By partial_fit, and from rows that are not in memory, centers are moved
 * towards the rows of one walk in batches (Sculley 2010, as scikit-learn's MiniBatchKMeans does); the first call begins with its rows.
 * Learned: "centers" [K, D], "counts" [K] (VISML_F64), how many rows they have had, "inertia" [1] (VISML_F64), the sum of squared
 * distances to the nearest center. */
typedef struct visml_k_means_opts {
    uint32_t size;
    int32_t n_clusters;     /* 1 ... 65536; default 8 */
    int32_t n_init;         /* runs, the best of which counts; default 1 for VISML_KMEANS_PLUS_PLUS, 10 for VISML_KMEANS_RANDOM */
    visml_kmeans_init init; /* default VISML_KMEANS_PLUS_PLUS */
    int32_t max_iter;       /* default 300 */
    int32_t reserved;       /* must be 0 */
    double tol;             /* of the mean variance of a column: ends when the squares of the ways of all centers are no more; default 1e-4;
                               VISML_ZERO: when no row changes its cluster */
} visml_k_means_opts;
VISML_API visml_classifier *visml_classifier_k_means(visml_context *ctx, const visml_k_means_opts *opts, visml_error *err);

typedef int32_t visml_covariance;
#define VISML_COVARIANCE_DIAG 0
#define VISML_COVARIANCE_FULL 1

/* A mixture of normal distributions (scikit-learn's GaussianMixture), by expectation and maximisation (Dempster, Laird and Rubin 1977),
 * begun with k-means. Clusters are its components; decides by the logarithms of weight times density; probabilities are responsibilities.
 * Learned (VISML_F64): "weights" [K], "means" [K, D], "covariances" [K, D] or [K, D, D], "lower_bound" [1], the mean log likelihood of a
 * row. Errors of fit: VISML_ENONFINITE where a covariance has no inverse. */
typedef struct visml_gaussian_mixture_opts {
    uint32_t size;
    int32_t n_components;             /* 1 ... 65536, at most N; default 1 */
    visml_covariance covariance_type; /* default VISML_COVARIANCE_DIAG, unlike scikit-learn's: full ones need D^2 numbers each */
    int32_t max_iter;                 /* default 100 */
    double tol;                       /* ends when the mean log likelihood grows by less; default 1e-3; VISML_ZERO: after max_iter */
    double reg_covar;                 /* added to all variances, above 0; default 1e-6 */
} visml_gaussian_mixture_opts;
VISML_API visml_classifier *visml_classifier_gaussian_mixture(visml_context *ctx, const visml_gaussian_mixture_opts *opts,
                                                              visml_error *err);

/* ---- what works by others ---------------------------------------------------------------------------------------------------- */

/* All of these consume the classifiers that they work by, also on failure: they are freed with them, and each part that learns is another
 * one like them. In JSON they are the list "of". Rows have weights where the classifiers that they work by take them. Rows of folds, pairs
 * and bags are copied, those of one part at a time. */

/* Many classes by what tells two apart, each against all others (scikit-learn's OneVsRestClassifier). Decides by what the parts decide by
 * (probability of the class less that of the others, where a part decides by probabilities); probabilities are those of the parts, divided
 * by their sum. */
typedef struct visml_one_vs_rest_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
} visml_one_vs_rest_opts;
VISML_API visml_classifier *visml_classifier_one_vs_rest(visml_context *ctx, visml_classifier *classifier,
                                                         const visml_one_vs_rest_opts *opts, visml_error *err);

/* The same by pairs of classes, which vote (scikit-learn's OneVsOneClassifier). Decides by votes, and by the sums of what pairs decide by
 * where they are equal. */
typedef struct visml_one_vs_one_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
} visml_one_vs_one_opts;
VISML_API visml_classifier *visml_classifier_one_vs_one(visml_context *ctx, visml_classifier *classifier,
                                                        const visml_one_vs_one_opts *opts, visml_error *err);

typedef int32_t visml_calibration_method;
#define VISML_CALIBRATION_SIGMOID 0  /* Platt 1999 */
#define VISML_CALIBRATION_ISOTONIC 1 /* rising steps (Zadrozny and Elkan 2002): for a thousand rows and more */

/* Probabilities for what has none, or better ones (scikit-learn's CalibratedClassifierCV): learned from some rows, calibrated with others.
 * Decides by its probabilities. Each class needs cv rows, or with held_out two. Learned: "slopes" and "intercepts", or "offsets", "points"
 * and "values". */
typedef struct visml_calibration_opts {
    uint32_t size;
    visml_calibration_method method; /* default VISML_CALIBRATION_SIGMOID */
    int32_t cv;                      /* folds, 2 ... 1000: a part learns from the rows that are in none of each; default 5 */
    int32_t reserved;                /* must be 0 */
    double held_out;                 /* a single part, and this share of the rows of each class to calibrate with, below 1; default: cv */
} visml_calibration_opts;
VISML_API visml_classifier *visml_classifier_calibration(visml_context *ctx, visml_classifier *classifier,
                                                         const visml_calibration_opts *opts, visml_error *err);

typedef int32_t visml_voting_kind;
#define VISML_VOTING_HARD 0 /* the majority; of equal ones the first class */
#define VISML_VOTING_SOFT 1 /* the mean of the probabilities */

#define VISML_MAX_VOTERS 32 /* that have weights */

/* Several vote on a class, or their numbers are averaged (scikit-learn's VotingClassifier and VotingRegressor): n classifiers, all of one
 * task. Decides by shares of votes, or by mean probabilities, which are its own. */
typedef struct visml_voting_opts {
    uint32_t size;
    visml_voting_kind voting;         /* default VISML_VOTING_HARD; of no effect on regression */
    double weights[VISML_MAX_VOTERS]; /* n of them, above 0; default: 1 each */
} visml_voting_opts;
VISML_API visml_classifier *visml_classifier_voting(visml_context *ctx, visml_classifier *const *classifiers, size_t n,
                                                    const visml_voting_opts *opts, visml_error *err);

/* The same many times, each from other rows and columns (scikit-learn's BaggingClassifier and BaggingRegressor). Decides by mean
 * probabilities, by shares of votes where there are none, by mean numbers. Learned: "features" [n_estimators, columns] (VISML_I32), and with
 * oob "oob_score" [1] (VISML_F64), NaN where no row was left out. */
typedef struct visml_bagging_opts {
    uint32_t size;
    int32_t n_estimators; /* 1 ... 65536; default 10 */
    double max_samples;   /* a share of the rows, above 0; default 1 */
    double max_features;  /* a share of the columns, above 0; default 1 */
    int32_t no_bootstrap; /* 1: rows are different ones; 0: as often as they are drawn */
    int32_t oob;          /* 1: the score of each row is found by the parts that have not seen it; not with no_bootstrap */
} visml_bagging_opts;
VISML_API visml_classifier *visml_classifier_bagging(visml_context *ctx, visml_classifier *classifier, const visml_bagging_opts *opts,
                                                     visml_error *err);

/* The last of n classifiers (2 at least) learns from the answers of the others (scikit-learn's StackingClassifier and StackingRegressor,
 * whose final_estimator it is): probabilities, without those of the first of two classes, what they decide by where there are none, or
 * numbers. The answers that it learns from are those of parts that have learned from other folds. Each class needs cv rows. */
typedef struct visml_stacking_opts {
    uint32_t size;
    int32_t cv;          /* folds, 2 ... 1000; default 5 */
    int32_t passthrough; /* 1: it learns from the rows themselves, too, which are copied */
    int32_t reserved;    /* must be 0 */
} visml_stacking_opts;
VISML_API visml_classifier *visml_classifier_stacking(visml_context *ctx, visml_classifier *const *classifiers, size_t n,
                                                      const visml_stacking_opts *opts, visml_error *err);

VISML_END_DECLS

#endif /* VISML_CLASSIFY_H */
