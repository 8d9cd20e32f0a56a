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

typedef int32_t visml_sampling;
#define VISML_SAMPLING_BOOTSTRAP 1 /* each tree learns from N rows drawn with putting back */
#define VISML_SAMPLING_ALL 2       /* from all rows */

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
    visml_sampling sampling;   /* default: bootstrap for random_forest, all for extra_trees */
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

/* Boosted trees, as XGBoost grows them with histograms: columns become at most max_bin quantile bins, each round adds one tree (of more than
 * two classes: one a class) that follows the loss' derivatives (logistic loss, cross-entropy, squared error). NaN are missing numbers;
 * each split learns where they go. Rows of weight 0 are left out. Decides by the sums of the trees' values (logarithms of odds). Learned:
 * "base" [O], "roots" [T] (tree t is of output t % O), and of all nodes "feature" (-1: a leaf), "threshold" (x < threshold goes left),
 * "left", "right", "missing_left", "value", "gain", "cover". Learns from rows that are not in memory, too: the cuts are then those of a
 * sample, the bins lie in memory, a byte a number. opts.warm_start: adds `rounds` rounds to what was learned; DART lets only new trees
 * sit out. */
typedef struct visml_gradient_boosting_opts {
    uint32_t size;
    visml_task task; /* classification (default) or regression */
    int32_t rounds;    /* 1 ...; default 100 */
    int32_t max_depth; /* 1 ...; default 6; -1: no limit */
    int32_t max_leaves; /* 0: no limit */
    visml_grow_policy grow_policy;
    int32_t max_bin;               /* 2 ... 256; default 256 */
    int32_t early_stopping_rounds; /* so many rounds without a better loss of the validation set, if there is one, end it, and the trees up
                                    * to the best round stay; 0: off */
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
    double colsample_bytree, colsample_bylevel, colsample_bynode; /* share of the columns, each of what the one before left; default 1 */
    double base_score; /* where it begins: a probability for two classes, else a sum; default: what the labels suggest; VISML_ZERO: 0 */
    double rate_drop, skip_drop; /* 0 ... 1: how likely a tree sits out, and how likely none does; default 0 */
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

/* ---- what works by others ---------------------------------------------------------------------------------------------------- */

VISML_END_DECLS

#endif /* VISML_CLASSIFY_H */
