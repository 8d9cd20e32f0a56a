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

/* All of these decide by x W' + b and have learned "coefficients" [O, D] and "intercepts" [O], VISML_F32: O is the number of classes, or 1
 * for two classes (the larger label where it is positive) and for regression. */

/* What keeps coefficients small; intercepts are left alone where nothing else is said. */
typedef int32_t visml_linear_penalty;
#define VISML_LINEAR_L2 0          /* half the sum of squares */
#define VISML_LINEAR_L1 1          /* the sum of magnitudes: makes many of them 0 */
#define VISML_LINEAR_ELASTIC_NET 2 /* l1_ratio of the latter, the rest of the former */
#define VISML_LINEAR_NONE 3

/* Logistic regression: minimizes C times the (weighted) sum of losses and the penalty, the loss being cross-entropy by softmax, or by the
 * sigmoid for two classes. By L-BFGS (Liu and Nocedal 1989), with magnitudes orthant-wise (Andrew and Gao 2007). It ends where no
 * derivative of the mean loss with its penalty is greater than tol (as scikit-learn's lbfgs), after max_iter iterations (then it says so
 * to the context's log), or where rounding to float allows no more. With warm_start it begins where it was. Progress: iterations, the mean
 * loss with its penalty. Columns of about the same scale are learned from in far fewer iterations. Errors of a fit: VISML_ENONFINITE. */
typedef struct visml_logistic_regression_opts {
    uint32_t size;
    visml_linear_penalty penalty;
    double C;             /* > 0: the smaller, the more is penalized; default 1 */
    double l1_ratio;      /* 0 ... 1, of VISML_LINEAR_ELASTIC_NET; default 0.5 */
    double tol;           /* >= 0; default 1e-4; VISML_ZERO: as far as it goes */
    int32_t max_iter;     /* default 100 */
    int32_t no_intercept; /* 1: intercepts are 0 */
} visml_logistic_regression_opts;
VISML_API visml_classifier *visml_classifier_logistic_regression(visml_context *ctx, const visml_logistic_regression_opts *opts,
                                                                 visml_error *err);

typedef int32_t visml_linear_svm_loss;
#define VISML_LINEAR_SVM_AUTO 0    /* squared for classification, plain for regression: as LinearSVC and LinearSVR */
#define VISML_LINEAR_SVM_PLAIN 1   /* hinge, or epsilon-insensitive */
#define VISML_LINEAR_SVM_SQUARED 2 /* the squares of these */

typedef int32_t visml_linear_svm_solver;
#define VISML_LINEAR_SVM_BY_SIZE 0 /* the primal for squared losses and at least as many rows as columns, else the dual */
#define VISML_LINEAR_SVM_DUAL 1    /* coordinate descent as in LIBLINEAR (Hsieh et al. 2008, Ho and Lin 2012) */
#define VISML_LINEAR_SVM_PRIMAL 2  /* L-BFGS for all outputs together; squared losses alone */

/* A linear support vector machine for each class against the others, or for regression: minimizes half the squares of the coefficients and
 * intercept and C times the (weighted) sum of losses. It ends after max_iter iterations, the dual's being passes over the rows (then it
 * says so to the context's log), or by tol as LIBLINEAR: where violations of the dual are within it (for regression their sum within tol
 * of that of the first pass); where the primal's gradient is within tol of the first one, times the share of the smaller side.
 * Progress: iterations. Errors of a fit: VISML_EINVAL: a primal of plain losses. */
typedef struct visml_linear_svm_opts {
    uint32_t size;
    visml_task task; /* VISML_TASK_CLASSIFICATION or _REGRESSION */
    visml_linear_svm_loss loss;
    int32_t max_iter;         /* default 1000 */
    double C;                 /* > 0; default 1 */
    double tol;               /* > 0; default 1e-4 */
    double epsilon;           /* >= 0: so far off is right, for regression; default 0 */
    double intercept_scaling; /* > 0: what intercepts are multiplied by; the larger, the less they are penalized; default 1 */
    int32_t no_intercept;     /* 1: intercepts are 0 */
    visml_linear_svm_solver solver;
} visml_linear_svm_opts;
VISML_API visml_classifier *visml_classifier_linear_svm(visml_context *ctx, const visml_linear_svm_opts *opts, visml_error *err);

/* Least squares with alpha times the squares of the coefficients, of numbers or of 1 and -1 for each class against the others (Hoerl and
 * Kennard 1970; scikit-learn's Ridge and RidgeClassifier), solved in one go by the normal equations. With alpha 0, where columns depend on
 * each other, the solution of least norm with columns of equal variance. At most 16384 columns. Learns from rows that are not in memory,
 * to the same bits where all blocks but the last have a multiple of 1024 rows. */
typedef struct visml_ridge_opts {
    uint32_t size;
    visml_task task;      /* VISML_TASK_CLASSIFICATION or _REGRESSION */
    int32_t no_intercept; /* 1: intercepts are 0 */
    int32_t reserved;     /* must be 0 */
    double alpha;         /* >= 0; default 1; VISML_ZERO: least squares */
} visml_ridge_opts;
VISML_API visml_classifier *visml_classifier_ridge(visml_context *ctx, const visml_ridge_opts *opts, visml_error *err);

typedef int32_t visml_sgd_loss; /* of p for y, which is 1 or -1 for a class against the others, or a target */
#define VISML_SGD_AUTO 0                /* hinge, or squared_error for regression */
#define VISML_SGD_HINGE 1               /* max(0, 1 - y p): a support vector machine */
#define VISML_SGD_LOG 2                 /* log(1 + exp(-y p)): logistic regression, with probabilities */
#define VISML_SGD_MODIFIED_HUBER 3      /* max(0, 1 - y p)^2, but -4 y p below -1; with probabilities (Zhang 2004) */
#define VISML_SGD_SQUARED_HINGE 4
#define VISML_SGD_PERCEPTRON 5          /* max(0, -y p) */
#define VISML_SGD_SQUARED_ERROR 6       /* (p - y)^2 / 2; this and the following are for regression, too */
#define VISML_SGD_HUBER 7               /* the same, but epsilon |p - y| - epsilon^2 / 2 where that is farther off than epsilon */
#define VISML_SGD_EPSILON_INSENSITIVE 8 /* max(0, |p - y| - epsilon) */
#define VISML_SGD_SQUARED_EPSILON_INSENSITIVE 9

typedef int32_t visml_sgd_schedule; /* the length of step t = 1, 2, ... */
#define VISML_SGD_SCHEDULE_AUTO 0   /* optimal, or invscaling for regression */
#define VISML_SGD_OPTIMAL 1         /* 1 / (alpha (t0 + t)), with a t0 as Bottou's */
#define VISML_SGD_CONSTANT 2        /* eta0 */
#define VISML_SGD_INVSCALING 3      /* eta0 / t^power_t */
#define VISML_SGD_ADAPTIVE 4        /* eta0, a fifth of it each time that it would have ended, down to 1e-6 */

/* Stochastic gradient descent: for each class against the others, or for regression, one step after each row (Bottou 2012). Rows come in a
 * random order of the seed. Ends after max_iter passes (then it says so to the context's log), or where the mean loss with its penalty, or
 * the mean loss of the validation rows where there are some, was not better than the best by tol for n_iter_no_change passes. Also learns
 * by partial_fit, one pass each, and from rows that are not in memory, by one walk. With warm_start it begins with the coefficients that
 * were. Learned besides: "steps" [1], VISML_F64; with averages "last_coefficients" and "last_intercepts". Errors of a fit:
 * VISML_ENONFINITE: steps were too long for x, scale its columns; VISML_EINVAL: a loss of classes for regression. */
typedef struct visml_linear_sgd_opts {
    uint32_t size;
    visml_task task; /* VISML_TASK_CLASSIFICATION or _REGRESSION */
    visml_sgd_loss loss;
    visml_linear_penalty penalty;
    visml_sgd_schedule schedule;
    int32_t max_iter;         /* default 1000 */
    int32_t n_iter_no_change; /* default 5 */
    int32_t no_intercept;     /* 1: intercepts are 0 */
    int32_t no_shuffle;       /* 1: rows in their order */
    int32_t average;          /* k: coefficients are the mean of those from step k on, 1: of all (Xu 2011); default 0: the last ones */
    double alpha;             /* > 0: how much is penalized; default 1e-4 */
    double l1_ratio;          /* 0 ... 1, of VISML_LINEAR_ELASTIC_NET; default 0.15 */
    double epsilon;           /* >= 0; default 0.1; VISML_ZERO: 0 */
    double eta0;              /* > 0; default 0.01 */
    double power_t;           /* > 0; default 0.5, or 0.25 for regression */
    double tol;               /* >= 0; default 1e-3; VISML_ZERO: 0 */
} visml_linear_sgd_opts;
VISML_API visml_classifier *visml_classifier_sgd(visml_context *ctx, const visml_linear_sgd_opts *opts, visml_error *err);

/* The perceptron (Rosenblatt 1958), for each class against the others; with averages Freund and Schapire's (1999). Goes on and ends as sgd
 * does, and learns the same arrays. */
typedef struct visml_perceptron_opts {
    uint32_t size;
    visml_linear_penalty penalty; /* where alpha is greater than 0 */
    int32_t max_iter;             /* default 1000 */
    int32_t n_iter_no_change;     /* default 5 */
    int32_t no_intercept;         /* as of sgd, and the next two */
    int32_t no_shuffle;
    int32_t average;
    int32_t reserved;             /* must be 0 */
    double alpha;                 /* >= 0; default 0: nothing is penalized */
    double l1_ratio;              /* 0 ... 1, of VISML_LINEAR_ELASTIC_NET; default 0.15 */
    double eta0;                  /* > 0: the length of steps; default 1 */
    double tol;                   /* >= 0; default 1e-3; VISML_ZERO: 0 */
} visml_perceptron_opts;
VISML_API visml_classifier *visml_classifier_perceptron(visml_context *ctx, const visml_perceptron_opts *opts, visml_error *err);

typedef int32_t visml_aggression;
#define VISML_PASSIVE_AGGRESSIVE_1 0 /* a step goes as far as the row needs, C at most */
#define VISML_PASSIVE_AGGRESSIVE_2 1 /* the longer a step the more it costs, C being how little */

/* Passive-aggressive learning (Crammer et al. 2006, PA-I and PA-II), for each class against the others by hinge losses, or for regression
 * by epsilon-insensitive ones. Goes on and ends as sgd does, and learns the same arrays. */
typedef struct visml_passive_aggressive_opts {
    uint32_t size;
    visml_task task; /* VISML_TASK_CLASSIFICATION or _REGRESSION */
    visml_aggression variant;
    int32_t max_iter;         /* default 1000 */
    int32_t n_iter_no_change; /* default 5 */
    int32_t no_intercept;     /* as of sgd, and the next two */
    int32_t no_shuffle;
    int32_t average;
    double C;                 /* > 0; default 1 */
    double epsilon;           /* >= 0; default 0.1; VISML_ZERO: 0 */
    double tol;               /* >= 0; default 1e-3; VISML_ZERO: 0 */
} visml_passive_aggressive_opts;
VISML_API visml_classifier *visml_classifier_passive_aggressive(visml_context *ctx, const visml_passive_aggressive_opts *opts,
                                                                visml_error *err);

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

/* ---- what works by others ---------------------------------------------------------------------------------------------------- */

VISML_END_DECLS

#endif /* VISML_CLASSIFY_H */
