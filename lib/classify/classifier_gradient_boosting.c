/* Boosted trees: options, fits in memory and from sources of rows, running. Growing is in boosting.c and grow.c. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/boosting.h"
#include "classify/boosting_rows.h"

typedef visml_gradient_boosting_opts options;

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const booster_names[] = {"gbtree", "dart", NULL};
static const char *const policy_names[] = {"depthwise", "lossguide", NULL};
static const char *const sample_names[] = {"uniform", "weighted", NULL};
static const char *const normalize_names[] = {"tree", "forest", NULL};

#define MOST 2147483647.0
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(options, task, 0, task_names),
    VISML_FIELD(options, rounds, I32, 0, 1, 1, MOST, 100),
    VISML_FIELD(options, max_depth, I32, 0, 1, -1, MOST, 6),
    VISML_FIELD(options, max_leaves, I32, 0, 1, 0, MOST, 0),
    VISML_FIELD_OF_ENUM(options, grow_policy, 0, policy_names),
    VISML_FIELD(options, max_bin, I32, 0, 1, 2, VISML_MOST_BINS, VISML_MOST_BINS),
    VISML_FIELD(options, early_stopping_rounds, I32, 0, 1, 0, MOST, 0),
    VISML_FIELD_OF_ENUM(options, booster, 0, booster_names),
    VISML_FIELD_OF_ENUM(options, sample_type, 0, sample_names),
    VISML_FIELD_OF_ENUM(options, normalize_type, 0, normalize_names),
    VISML_FIELD(options, one_drop, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(options, learning_rate, F64, VISML_FIELD_OPEN_MIN, 1, 0, MOST, 0.3),
    VISML_FIELD(options, lambda, F64, 0, 1, 0, FLT_MAX, 1),
    VISML_FIELD(options, alpha, F64, 0, 1, 0, FLT_MAX, 0),
    VISML_FIELD(options, gamma, F64, 0, 1, 0, FLT_MAX, 0),
    VISML_FIELD(options, min_child_weight, F64, 0, 1, 0, FLT_MAX, 1),
    VISML_FIELD(options, max_delta_step, F64, 0, 1, 0, FLT_MAX, 0),
    VISML_FIELD(options, subsample, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(options, colsample_bytree, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(options, colsample_bylevel, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(options, colsample_bynode, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 1),
    VISML_FIELD(options, base_score, F64, 0, 1, -FLT_MAX, FLT_MAX, VISML_BASE_SCORE_ESTIMATED),
    VISML_FIELD(options, rate_drop, F64, 0, 1, 0, 1, 0),
    VISML_FIELD(options, skip_drop, F64, 0, 1, 0, 1, 0),
    VISML_FIELD(options, monotone_constraints, I32, VISML_FIELD_LIST, VISML_MONOTONE_COLUMNS, -MOST, MOST, 0),
    {0},
};

static visml_status check(const void *opts, visml_error *err) {
    const options *o = opts;
    if (o->max_leaves == 1)
        return visml_fail(err, VISML_EINVAL, "gradient_boosting: max_leaves is 1, must be 0 (no limit) or at least 2");
    if (o->max_depth < 0 && !o->max_leaves && o->grow_policy == VISML_GROW_LOSSGUIDE)
        return visml_fail(err, VISML_EINVAL, "gradient_boosting: grow_policy lossguide needs max_leaves or max_depth");
    return VISML_OK;
}

static visml_task task(const void *opts) {
    return ((const options *)opts)->task;
}

static int64_t outputs(const visml_classifier *c) {
    return visml_objective_of(c->class_count).outputs;
}

/* ---- learning ---- */

static visml_status check_stopping(const options *o, const visml_fit_run *run, const char *what_to_do, visml_error *err) {
    if (!o->early_stopping_rounds || run->validation)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "gradient_boosting: early_stopping_rounds is %d, but there is no validation set to stop by; %s",
                      (int)o->early_stopping_rounds, what_to_do);
}

static visml_boosting boosting_of(visml_classifier *c, const visml_compute *k, const visml_samples *rows, const visml_fit_run *run) {
    return (visml_boosting){.memory = visml_classifier_memory(c), .compute = *k, .opts = c->object.opts, .run = run, .rows = *rows,
                            .objective = visml_objective_of(c->class_count), .what = visml_classifier_what(c)};
}

static visml_status keep(const visml_boosting *b, visml_classifier *c, visml_error *err) {
    float *base = visml_object_array_new(&c->object, "base", VISML_F32, VISML_SHAPE(b->objective.outputs), err);
    if (!base)
        return VISML_ENOMEM;
    memcpy(base, b->base, (size_t)b->objective.outputs * sizeof *base);
    return visml_grown_keep(&b->trees, c, err);
}

static visml_status boost(visml_boosting *b, visml_classifier *c, visml_error *err) {
    VISML_TRY(visml_boosting_run(b, b->run->previous, err));
    return keep(b, c, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    VISML_TRY(check_stopping(c->object.opts, run, "give validation_x and validation_y", err));
    visml_boosting b = boosting_of(c, k, s, run);
    visml_cut_rules rules = {.rows = s->n, .max_bin = b.opts->max_bin, .total = b.opts->rounds};
    VISML_TRY(visml_bins_new(&b.bins, b.memory, k, s, &rules, run, err));
    visml_status status = visml_bins_fill(&b.bins, k, s, 0, run, err);
    if (status == VISML_OK)
        status = boost(&b, c, err);
    visml_boosting_clear(&b);
    return status;
}

static visml_status fit_rows(visml_classifier *c, const visml_compute *k, visml_row_walk *walk, const visml_fit_run *run,
                             visml_error *err) {
    visml_binned_rows r;
    const options *o = c->object.opts;
    VISML_TRY(check_stopping(o, run, "rows from a source have none", err));
    VISML_TRY(visml_binned_rows_read(&r, visml_classifier_memory(c), k, walk, o->max_bin, VISML_SAMPLE_BYTES, run, err));
    visml_boosting b = boosting_of(c, k, &r.rows, run);
    b.bins = r.bins;
    r.bins = (visml_bins){0};
    visml_status status = boost(&b, c, err);
    visml_boosting_clear(&b);
    visml_binned_rows_clear(&r);
    return status;
}

/* ---- running ---- */

static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    (void)k;
    c->ready = visml_tree_run_new(c, outputs(c), err);
    return c->ready ? VISML_OK : VISML_ENOMEM;
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return visml_tree_run_scratch(k, n, c->dims);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    visml_tree_run_sum(c->ready, k, s, visml_object_array_data(&c->object, "base"), y, room);
}

/* The single sum of two classes is put behind where pairs are written: a sum is read before its place is taken. */
static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    visml_objective o = visml_objective_of(c->class_count);
    float *sums = o.outputs == 1 ? p + s->n : p;
    decide(c, k, s, sums, room);
    visml_objective_predict(&o, k, s->n, sums, p);
}

static int has_probabilities(const visml_classifier *c) {
    return c->class_count > 0;
}

/* ---- files ---- */

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    int64_t n = outputs(c);
    VISML_TRY(visml_object_array_expect(o, "base", VISML_F32, 1, &n, err));
    const float *base = visml_object_array_data(o, "base");
    for (int64_t k = 0; k < n; k++)
        if (!isfinite(base[k]))
            return visml_fail(err, VISML_EFORMAT, "gradient_boosting: base[%lld] is not finite", (long long)k);
    VISML_TRY(visml_tree_arrays_check(c, err));
    int64_t trees = visml_object_array_get(o, "roots")->count;
    if (trees % n)
        return visml_fail(err, VISML_EFORMAT, "gradient_boosting: %lld trees, must be a multiple of %lld", (long long)trees, (long long)n);
    return VISML_OK;
}

const visml_classifier_class visml_classifier_gradient_boosting_class = {
    .kind = {.name = "gradient_boosting", .opts_size = sizeof(options), .fields = fields, .check = check, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_MISS | VISML_CAN_WEIGH | VISML_CAN_WARM,
    .task = task,
    .fit = fit,
    .fit_rows = fit_rows,
    .prepare = prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
    .has_probabilities = has_probabilities,
};

visml_classifier *visml_classifier_gradient_boosting(visml_context *ctx, const visml_gradient_boosting_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_gradient_boosting_class, opts, err);
}
