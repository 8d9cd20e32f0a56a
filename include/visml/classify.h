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
    const visml_tensor *classes;       /* VISML_I32 [K], ascending: of the first partial_fit, where y need not show all; default: y's */
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

/* What rows a and b are compared by. */
typedef int32_t visml_svm_kernel;
#define VISML_SVM_RBF 0          /* exp(-gamma |a - b|^2) */
#define VISML_SVM_LINEAR 1       /* a b */
#define VISML_SVM_POLYNOMIAL 2   /* (gamma a b + coef0)^degree */
#define VISML_SVM_SIGMOID 3      /* tanh(gamma a b + coef0) */
#define VISML_SVM_CHI2 4         /* exp(-gamma sum (a - b)^2 / (a + b)), for histograms: x must not be negative (fits check it) */
#define VISML_SVM_INTERSECTION 5 /* sum min(a, b); x must not be negative, either */
#define VISML_SVM_PRECOMPUTED 6  /* x are values of a kernel of your own: [N, N] to learn from, later [rows, N] */

/* What gamma is where no number is given: 1 for VISML_SVM_CHI2, else by the columns that it learns from. */
typedef int32_t visml_svm_gamma;
#define VISML_SVM_GAMMA_SCALE 0 /* 1 / (D variance of all numbers of x); 1 where these do not vary */
#define VISML_SVM_GAMMA_AUTO 1  /* 1 / D */

typedef int32_t visml_svm_decision_shape;
#define VISML_SVM_ONE_VS_REST 0 /* [N, K]: the votes of pairs of classes, and within a third of a vote how sure they are; 1 for K = 2 */
#define VISML_SVM_ONE_VS_ONE 1  /* [N, K (K - 1) / 2]: pairs (0, 1), (0, 2), ..., positive for the first of the two; 1 for K = 2 */

/* What all three have learned: "support" [S], VISML_I32: rows (class after class, ascending) that decide; "support_vectors" [S, D],
 * VISML_F32: these rows (not with VISML_SVM_PRECOMPUTED); "support_counts" [K], VISML_I32: how many are of each class; "gamma" [1] and,
 * as LIBSVM lays them out, "dual_coefficients" [K - 1, S] and "rho" [K (K - 1) / 2], VISML_F64. K is 2 for regression and outliers, where
 * support_counts is [1]. A decision is the sum of dual coefficient times kernel value, less rho.
 *
 * Solved by sequential minimal optimization with second-order working sets (Fan, Chen and Lin 2005) and shrinking. Kernel values are
 * floats, made for many rows at once and kept as far as cache_size goes; results do not depend on that. Rows of weight 0 are left out;
 * weights multiply C. Errors of a fit: VISML_ENONFINITE (a kernel value is beyond floats). Progress: problems that are solved. */

/* Classification, each pair of classes by itself (scikit-learn's SVC; with nu its NuSVC). Predicts what most pairs vote for, the first of
 * equals. Of two classes the decision is positive for the larger label. */
typedef struct visml_svm_opts {
    uint32_t size;
    visml_svm_kernel kernel;    /* default VISML_SVM_RBF */
    int32_t degree;             /* 1 ... 100, default 3 */
    visml_svm_gamma gamma_rule; /* default VISML_SVM_GAMMA_SCALE */
    double gamma;               /* > 0; default: as gamma_rule says */
    double coef0;               /* default 0 */
    double tol;                 /* > 0: how far from optimal it may end; default 1e-3 */
    double cache_size;          /* MiB of kernel values that are kept, more where 34 rows need it; default 200 */
    int32_t max_iter;           /* of a pair; default: 10,000,000, or 100 for each row where that is more */
    int32_t no_shrinking;       /* 1: all rows are looked at in each iteration */
    double C;                   /* > 0: what an error costs; default 1 */
    double nu;                  /* 0 ... 1: a share of errors in place of C; default: by C. VISML_EINVAL where classes are too unequal */
    int32_t probability;        /* 1: predict_proba: sigmoids (Platt 2000; Lin, Lin and Weng 2007) of decisions found by cross-validation
                                   in five parts, which are a function of the seed, coupled as Wu, Lin and Weng (2004) do. It takes some
                                   five times as long. Learned: "prob_a" and "prob_b" as "rho" */
    visml_svm_decision_shape decision_function_shape;
} visml_svm_opts;
VISML_API visml_classifier *visml_classifier_svm(visml_context *ctx, const visml_svm_opts *opts, visml_error *err);

/* Regression: errors up to epsilon cost nothing (scikit-learn's SVR; with nu its NuSVR). */
typedef struct visml_svr_opts {
    uint32_t size;
    visml_svm_kernel kernel; /* these are as above */
    int32_t degree;
    visml_svm_gamma gamma_rule;
    double gamma;
    double coef0;
    double tol;
    double cache_size;
    int32_t max_iter;
    int32_t no_shrinking;
    double C;
    double nu;      /* 0 ... 1: the share of rows whose error is beyond epsilon, which is found; default: epsilon is given */
    double epsilon; /* >= 0; default 0.1; VISML_ZERO: 0 */
} visml_svr_opts;
VISML_API visml_classifier *visml_classifier_svr(visml_context *ctx, const visml_svr_opts *opts, visml_error *err);

/* Outliers: where a share nu of the rows would be outside (scikit-learn's OneClassSVM). Takes no y. */
typedef struct visml_one_class_svm_opts {
    uint32_t size;
    visml_svm_kernel kernel; /* these are as above */
    int32_t degree;
    visml_svm_gamma gamma_rule;
    double gamma;
    double coef0;
    double tol;
    double cache_size;
    int32_t max_iter;
    int32_t no_shrinking;
    double nu; /* above 0, at most 1; default 0.5 */
} visml_one_class_svm_opts;
VISML_API visml_classifier *visml_classifier_one_class_svm(visml_context *ctx, const visml_one_class_svm_opts *opts, visml_error *err);

/* ---- trees, forests, boosting ------------------------------------------------------------------------------------------------ */

typedef int32_t visml_criterion;
#define VISML_CRITERION_GINI 0
#define VISML_CRITERION_ENTROPY 1

#define VISML_FEATURES_SQRT (-1) /* for max_features: the square root of the number of columns, rounded down */
#define VISML_FEATURES_LOG2 (-2)
#define VISML_FEATURES_ALL (-3)

/* A tree of exact splits (Breiman et al. 1984; scikit-learn's DecisionTreeClassifier and DecisionTreeRegressor). Decides by the shares of
 * classes in a row's leaf. Learned: the arrays of nodes as of gradient_boosting, where "gain" is the weight of the node's rows times what
 * impurity falls by, and "value" the place of the commonest class, or the mean; "distribution" [leaves, K], row l of leaf l, counted in the
 * order of nodes. */
typedef struct visml_decision_tree_opts {
    uint32_t size;
    visml_task task; /* classification (default) or regression, which splits by squared error */
    visml_criterion criterion;  /* of classification; default gini */
    int32_t max_depth;          /* 0: no limit */
    int32_t min_samples_split;  /* 2 ...; default 2 */
    int32_t min_samples_leaf;   /* 1 ...; default 1 */
    int32_t max_features;       /* columns that a node looks at, drawn: 1 ..., or VISML_FEATURES_*; default all */
    int32_t max_leaf_nodes;     /* 0: no limit; else at least 2: what gains most is split first */
    double min_impurity_decrease; /* of a split, weighted by its share of the rows; 0 ...; default 0 */
} visml_decision_tree_opts;
VISML_API visml_classifier *visml_classifier_decision_tree(visml_context *ctx, const visml_decision_tree_opts *opts, visml_error *err);

typedef int32_t visml_row_choice;
#define VISML_ROWS_BOOTSTRAP 1 /* each tree learns from N rows drawn with putting back */
#define VISML_ROWS_ALL 2       /* from all rows */

/* Many such trees, whose leaves' shares are averaged. random_forest (Breiman 2001): each from drawn rows, each node with drawn columns.
 * extra_trees (Geurts et al. 2006): from all rows, of each drawn column one random threshold. Learned: as of decision_tree with all trees,
 * "roots" [T], and with out_of_bag "oob_score" (VISML_F64 [1]: accuracy, or R^2, of rows by the trees that have not learned from them). */
typedef struct visml_forest_opts {
    uint32_t size;
    visml_task task;
    visml_criterion criterion;
    int32_t trees;             /* 1 ...; default 100 */
    int32_t max_depth;         /* 0: no limit */
    int32_t min_samples_split; /* 2 ...; default 2 */
    int32_t min_samples_leaf;  /* 1 ...; default 1 */
    int32_t max_features;      /* as above; default: VISML_FEATURES_SQRT, for regression all */
    int32_t max_leaf_nodes;    /* 0: no limit */
    visml_row_choice sampling;   /* default: bootstrap for random_forest, all for extra_trees */
    int32_t out_of_bag;        /* 1: "oob_score" is made, where rows are drawn by bootstrap */
    int32_t reserved;          /* must be 0 */
    double min_impurity_decrease;
} visml_forest_opts;
VISML_API visml_classifier *visml_classifier_random_forest(visml_context *ctx, const visml_forest_opts *opts, visml_error *err);
VISML_API visml_classifier *visml_classifier_extra_trees(visml_context *ctx, const visml_forest_opts *opts, visml_error *err);

typedef int32_t visml_adaboost_algorithm;
#define VISML_ADABOOST_SAMME 0  /* by the trees' classes, as in scikit-learn */
#define VISML_ADABOOST_SAMME_R 1 /* by their probabilities */

/* Small trees one after the other, each on rows weighted by what those before got wrong (Freund and Schapire 1997; of many classes Zhu,
 * Zou, Rosset and Hastie 2009). Ends early when a tree is perfect, or no better than chance. Decides by the trees' weighted votes, K
 * columns. Learned: as of decision_tree, where "distribution" are the votes of leaves, and "estimator_weights" (VISML_F64 [T]). */
typedef struct visml_adaboost_opts {
    uint32_t size;
    int32_t trees;     /* at most so many, 1 ...; default 50 */
    int32_t max_depth; /* of each, 1 ...; default 1 */
    visml_criterion criterion;
    visml_adaboost_algorithm algorithm;
    int32_t reserved; /* must be 0 */
    double learning_rate; /* above 0; default 1 */
} visml_adaboost_opts;
VISML_API visml_classifier *visml_classifier_adaboost(visml_context *ctx, const visml_adaboost_opts *opts, visml_error *err);

typedef int32_t visml_booster;
#define VISML_BOOSTER_GBTREE 0
#define VISML_BOOSTER_DART 1 /* some trees sit out each round (Rashmi and Gilad-Bachrach 2015) */

typedef int32_t visml_grow_policy;
#define VISML_GROW_DEPTHWISE 0 /* level by level */
#define VISML_GROW_LOSSGUIDE 1 /* always the leaf that gains most */

typedef int32_t visml_dart_sample;
#define VISML_DART_UNIFORM 0
#define VISML_DART_WEIGHTED 1 /* trees of more weight are likelier to sit out */

typedef int32_t visml_dart_normalize;
#define VISML_DART_TREE 0   /* new trees weigh as much as each of those that sat out */
#define VISML_DART_FOREST 1 /* as much as all of them together */

#define VISML_MONOTONE_COLUMNS 64

/* Boosted trees, as XGBoost grows them with histograms: columns become at most max_bin quantile bins, each round adds one tree (of more
 * than two classes: one a class) that follows the loss' derivatives (logistic loss, cross-entropy, squared error). NaN are missing
 * numbers; each split learns where they go, and those that had none to learn from send them right. Rows of weight 0 are left out. Decides
 * by the sums of the trees' values (logarithms of odds). Learned: "base" [O], "roots" [T] (tree t is of output t % O), and of all nodes
 * "feature" (-1: a leaf), "threshold" (x < threshold goes left), "left", "right", "missing_left", "value", "gain", "cover". Learns from
 * rows that are not in memory, too: the cuts are then those of a sample (but what any row misses has its bin), the bins lie in memory, a
 * byte a number. opts.warm_start: adds `rounds` rounds to what was learned; DART lets only new trees sit out. */
typedef struct visml_gradient_boosting_opts {
    uint32_t size;
    visml_task task; /* classification (default) or regression */
    int32_t rounds;    /* 1 ...; default 100 */
    int32_t max_depth; /* 1 ...; default 6; -1: no limit */
    int32_t max_leaves; /* 0: no limit */
    visml_grow_policy grow_policy;
    int32_t max_bin;               /* 2 ... 256; default 256 */
    int32_t early_stopping_rounds; /* so many rounds without a better loss of the validation set end it, and the trees up to the best round
                                    * stay; a fit without validation_x and validation_y is then refused (VISML_EINVAL); 0: off */
    visml_booster booster;
    visml_dart_sample sample_type;
    visml_dart_normalize normalize_type;
    int32_t one_drop; /* 1: DART lets at least one tree sit out */
    double learning_rate;    /* above 0 ... ; default 0.3 */
    double lambda;           /* 0 ...: penalty of squared values of leaves; default 1; VISML_ZERO: none */
    double alpha;            /* 0 ...: of their absolute values; default 0 */
    double gamma;            /* 0 ...: what a split must gain; default 0 */
    double min_child_weight; /* 0 ...: sum of second derivatives that a child must have; default 1; VISML_ZERO: none */
    double max_delta_step;   /* 0 ...: most that a leaf may change; 0: no limit */
    double subsample;        /* share of the rows that each tree learns from, above 0 ... 1; default 1 */
    double colsample_bytree;  /* share of the columns that a tree may use, above 0 ... 1; default 1 */
    double colsample_bylevel; /* of these, for each level; default 1 */
    double colsample_bynode;  /* of these, for each node; default 1 */
    double base_score; /* where it begins: a probability for two classes, else a sum; default: what the labels suggest; VISML_ZERO: 0 */
    double rate_drop; /* 0 ... 1: how likely a tree sits out; default 0 */
    double skip_drop; /* 0 ... 1: how likely none does; default 0 */
    int32_t monotone_constraints[VISML_MONOTONE_COLUMNS]; /* columns, counted from 1 on, with which the sum may not fall; with a minus: not
                                                           * rise; ends at the first 0 */
} visml_gradient_boosting_opts;
VISML_API visml_classifier *visml_classifier_gradient_boosting(visml_context *ctx, const visml_gradient_boosting_opts *opts,
                                                               visml_error *err);

typedef int32_t visml_importance;
#define VISML_IMPORTANCE_IMPURITY 0     /* of decision_tree, random_forest, extra_trees, adaboost: the share of all that impurity falls by,
                                         * the mean over trees; adds up to 1, or is 0 where no tree has a split */
#define VISML_IMPORTANCE_GAIN 1         /* this and what follows of gradient_boosting: mean gain of the splits on the column */
#define VISML_IMPORTANCE_COVER 2        /* mean cover */
#define VISML_IMPORTANCE_WEIGHT 3       /* how many there are */
#define VISML_IMPORTANCE_TOTAL_GAIN 4
#define VISML_IMPORTANCE_TOTAL_COVER 5
/* What each column does for a fitted classifier of trees: new tensor VISML_F32 [D] (owned). Errors: VISML_EINVAL, VISML_ESTATE (not
 * fitted), VISML_EUNSUPPORTED (no trees, or another kind), VISML_ENOMEM. Thread-safety: any thread, as of what follows. */
VISML_API visml_tensor *visml_classifier_importances(const visml_classifier *classifier, visml_importance kind, visml_error *err);
/* The leaf that each row of x [N, D] comes to in each tree, a place in the arrays of nodes: new tensor VISML_I32 [N, T] (owned).
 * Errors: as predict; VISML_EUNSUPPORTED where there are no trees. */
VISML_API visml_tensor *visml_classifier_apply(const visml_classifier *classifier, const visml_tensor *x, visml_error *err);
/* What each column adds to each output of the decision, as Shapley values on the trees' paths (Lundberg, Erion and Lee 2018): new tensor
 * VISML_F32 [N, O, D + 1] (owned), where the last column is what the outputs are without knowing x, and rows add up to the decision.
 * Errors: as above, and VISML_ELIMIT (a tree deeper than 512). */
VISML_API visml_tensor *visml_classifier_shap(const visml_classifier *classifier, const visml_tensor *x, visml_error *err);

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
 * row. Sums over rows are floats': a variance below some 1e-6 of the squares of a column is lost in them, so that columns had better be of
 * like size, near 0, and reg_covar not smaller than that. Errors of fit: VISML_ENONFINITE where a covariance has no inverse. */
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
 * probabilities, by shares of votes where there are none, by mean numbers. Learned: "features" [n_estimators, columns] (VISML_I32), and
 * with oob "oob_score" [1] (VISML_F64), NaN where no row was left out. */
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
