/* A decision tree, random forests and extremely randomized trees: one tree, or many with what is drawn for each. */
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "classify/forest.h"

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const criterion_names[] = {"gini", "entropy", NULL};
static const char *const sampling_names[] = {"", "bootstrap", "all", NULL};

#define MOST 2147483647.0
#define TREE_FIELDS(options)                                        \
    VISML_FIELD_OF_ENUM(options, task, 0, task_names),              \
    VISML_FIELD_OF_ENUM(options, criterion, 0, criterion_names),    \
    VISML_FIELD(options, max_depth, I32, 0, 1, 0, MOST, 0),         \
    VISML_FIELD(options, min_samples_split, I32, 0, 1, 2, MOST, 2), \
    VISML_FIELD(options, min_samples_leaf, I32, 0, 1, 1, MOST, 1),  \
    VISML_FIELD(options, max_features, I32, 0, 1, -3, MOST, 0),     \
    VISML_FIELD(options, max_leaf_nodes, I32, 0, 1, 0, MOST, 0),    \
    VISML_FIELD(options, min_impurity_decrease, F64, 0, 1, 0, FLT_MAX, 0)
#define FOREST_FIELDS(sampling_default)                               \
    TREE_FIELDS(visml_forest_opts),                                   \
    VISML_FIELD(visml_forest_opts, trees, I32, 0, 1, 1, MOST, 100),   \
    VISML_FIELD_OF_ENUM(visml_forest_opts, sampling, sampling_default, sampling_names), \
    VISML_FIELD(visml_forest_opts, out_of_bag, FLAG, 0, 1, 0, 1, 0),  \
    VISML_FIELD_OF_RESERVED(visml_forest_opts)

static const visml_field tree_fields[] = {TREE_FIELDS(visml_decision_tree_opts), {0}};
static const visml_field forest_fields[] = {FOREST_FIELDS(VISML_ROWS_BOOTSTRAP), {0}};
static const visml_field extra_fields[] = {FOREST_FIELDS(VISML_ROWS_ALL), {0}};

static visml_status check_leaves(const char *what, int32_t max_leaf_nodes, visml_error *err) {
    return max_leaf_nodes != 1 ? VISML_OK
                               : visml_fail(err, VISML_EINVAL, "%s: max_leaf_nodes is 1, must be 0 (no limit) or at least 2", what);
}

static visml_status check_tree(const void *opts, visml_error *err) {
    return check_leaves("decision_tree", ((const visml_decision_tree_opts *)opts)->max_leaf_nodes, err);
}

static visml_status check_forest(const void *opts, visml_error *err) {
    return check_leaves("random_forest", ((const visml_forest_opts *)opts)->max_leaf_nodes, err);
}
static visml_status check_extra(const void *opts, visml_error *err) {
    return check_leaves("extra_trees", ((const visml_forest_opts *)opts)->max_leaf_nodes, err);
}

static visml_task tree_task(const void *opts) {
    return ((const visml_decision_tree_opts *)opts)->task;
}
static visml_task forest_task(const void *opts) {
    return ((const visml_forest_opts *)opts)->task;
}

/* ---- learning ---- */

static int64_t features_of(int64_t option, int64_t d) {
    double n = option == VISML_FEATURES_SQRT ? floor(sqrt((double)d)) : option == VISML_FEATURES_LOG2 ? floor(log2((double)d)) : (double)d;
    int64_t wanted = option > 0 ? option : (int64_t)n;
    return wanted < 1 ? 1 : wanted > d ? d : wanted;
}

static visml_status fit_tree(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                             visml_error *err) {
    const visml_decision_tree_opts *o = c->object.opts;
    visml_forest_rules rules = {
        .cart = {.impurity = o->task ? VISML_IMPURITY_ERROR : (visml_impurity)o->criterion, .max_depth = o->max_depth,
                 .max_leaf_nodes = o->max_leaf_nodes, .min_samples_split = o->min_samples_split, .min_samples_leaf = o->min_samples_leaf,
                 .max_features = features_of(o->max_features, s->d), .min_impurity_decrease = o->min_impurity_decrease},
        .trees = 1};
    return visml_forest_fit(c, k, s, run, &rules, err);
}

static visml_status fit_trees(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                              int random_thresholds,
                              visml_error *err) {
    const visml_forest_opts *o = c->object.opts;
    int64_t features = o->max_features || o->task == VISML_TASK_REGRESSION ? o->max_features : VISML_FEATURES_SQRT;
    visml_forest_rules rules = {
        .cart = {.impurity = o->task ? VISML_IMPURITY_ERROR : (visml_impurity)o->criterion, .random_thresholds = random_thresholds,
                 .max_depth = o->max_depth, .max_leaf_nodes = o->max_leaf_nodes, .min_samples_split = o->min_samples_split,
                 .min_samples_leaf = o->min_samples_leaf, .max_features = features_of(features, s->d),
                 .min_impurity_decrease = o->min_impurity_decrease},
        .trees = o->trees, .bootstrap = o->sampling == VISML_ROWS_BOOTSTRAP,
        .out_of_bag = o->out_of_bag && o->sampling == VISML_ROWS_BOOTSTRAP};
    return visml_forest_fit(c, k, s, run, &rules, err);
}
static visml_status fit_forest(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                               visml_error *err) {
    return fit_trees(c, k, s, run, 0, err);
}
static visml_status fit_extra(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                              visml_error *err) {
    return fit_trees(c, k, s, run, 1, err);
}

/* ---- running ---- */

static int64_t outputs(const visml_classifier *c) {
    return c->class_count ? c->class_count : 1;
}

/* Means over all trees. */
static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    const visml_tree_run *t = c->ready;
    visml_forest_sum(c, k, s, y, (float)t->trees.trees, room);
}

static int has_probabilities(const visml_classifier *c) {
    return c->class_count > 0;
}

/* ---- files ---- */

static int is_scored(const visml_object *o) {
    const visml_forest_opts *f = o->opts;
    return o->kind->fields != tree_fields && f->out_of_bag && f->sampling == VISML_ROWS_BOOTSTRAP;
}

static visml_status restore(visml_object *o, visml_error *err) {
    int64_t one = 1;
    if (is_scored(o)) {
        VISML_TRY(visml_object_array_expect(o, "oob_score", VISML_F64, 1, &one, err));
        if (!isfinite(*(const double *)visml_object_array_data(o, "oob_score")))
            return visml_fail(err, VISML_EFORMAT, "%s: oob_score is not finite", o->kind->name);
    }
    return visml_forest_check((const visml_classifier *)o, err);
}

#define FOREST_CLASS(name_, opts_, fields_, check_, task_, fit_)                                                                       \
    const visml_classifier_class visml_classifier_##name_##_class = {                                                                  \
        .kind = {.name = #name_, .opts_size = sizeof(opts_), .fields = fields_, .check = check_, .restore = restore},                  \
        .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH | VISML_CAN_ONE_CLASS,                                         \
        .task = task_,                                                                                                                 \
        .fit = fit_,                                                                                                                   \
        .prepare = visml_forest_prepare,                                                                                               \
        .outputs = outputs,                                                                                                            \
        .scratch = visml_forest_scratch,                                                                                               \
        .decide = decide,                                                                                                              \
        .probabilities = decide,                                                                                                       \
        .has_probabilities = has_probabilities,                                                                                        \
    };                                                                                                                                 \
    visml_classifier *visml_classifier_##name_(visml_context *ctx, const opts_ *opts, visml_error *err) {                              \
        return visml_classifier_make(ctx, &visml_classifier_##name_##_class, opts, err);                                               \
    }

FOREST_CLASS(decision_tree, visml_decision_tree_opts, tree_fields, check_tree, tree_task, fit_tree)
FOREST_CLASS(random_forest, visml_forest_opts, forest_fields, check_forest, forest_task, fit_forest)
FOREST_CLASS(extra_trees, visml_forest_opts, extra_fields, check_extra, forest_task, fit_extra)
