/* What can be asked of fitted trees: which columns matter, which leaves rows come to, what columns add to a decision. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/tree_arrays.h"
#include "classify/tree_shap.h"
#include "kernel/span.h"

static const void *data_of(const visml_classifier *c, const char *name) {
    return visml_object_array_data(&c->object, name);
}

static int64_t tree_count(const visml_classifier *c) {
    return visml_object_array_get(&c->object, "roots")->count;
}

/* All trees' nodes; fails where there are none. */
static visml_status trees_of(const visml_classifier *c, visml_shap_trees *t, visml_error *err) {
    if (!c)
        return visml_fail(err, VISML_EINVAL, "classifier: classifier is NULL");
    if (!c->dims)
        return visml_fail(err, VISML_ESTATE, "%s: not fitted yet; call visml_classifier_fit first", visml_classifier_what(c));
    if (!visml_object_array_get(&c->object, "roots") || !visml_object_array_get(&c->object, "feature"))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it has no trees", visml_classifier_what(c));
    *t = (visml_shap_trees){.feature = data_of(c, "feature"), .left = data_of(c, "left"), .right = data_of(c, "right"),
                            .threshold = data_of(c, "threshold"), .cover = data_of(c, "cover"), .missing_left = data_of(c, "missing_left"),
                            .values = data_of(c, "value"), .shares = data_of(c, "distribution"), .outputs = visml_classifier_outputs(c),
                            .d = c->dims, .divisor = 1};
    return VISML_OK;
}

static int is_boosted(const visml_classifier *c) {
    return visml_object_array_get(&c->object, "base") != NULL;
}

static int64_t end_of_tree(const visml_classifier *c, int64_t tree) {
    const int32_t *roots = data_of(c, "roots");
    return tree + 1 < tree_count(c) ? roots[tree + 1] : visml_tree_arrays_nodes(c);
}

/* ---- importances ---- */

/* Each tree's shares of its gains, weighted by the tree where trees have weights. */
static void add_impurity(const visml_classifier *c, const visml_shap_trees *t, double *sums) {
    const int32_t *roots = data_of(c, "roots");
    const float *gain = data_of(c, "gain");
    const double *weights = data_of(c, "estimator_weights");
    double all = 0;
    for (int64_t tree = 0; tree < tree_count(c); tree++) {
        double total = 0;
        for (int64_t i = roots[tree]; i < end_of_tree(c, tree); i++)
            total += (double)gain[i];
        for (int64_t i = roots[tree]; total > 0 && i < end_of_tree(c, tree); i++)
            if (t->feature[i] >= 0)
                sums[t->feature[i]] += (double)gain[i] / total * (weights ? weights[tree] : 1);
    }
    for (int64_t j = 0; j < c->dims; j++)
        all += sums[j];
    for (int64_t j = 0; all > 0 && j < c->dims; j++)
        sums[j] /= all;
}

static void add_splits(const visml_classifier *c, const visml_shap_trees *t, visml_importance kind, double *sums, double *counts) {
    const float *gain = data_of(c, "gain");
    int gains = kind == VISML_IMPORTANCE_GAIN || kind == VISML_IMPORTANCE_TOTAL_GAIN;
    for (int64_t i = 0; i < visml_tree_arrays_nodes(c); i++)
        if (t->feature[i] >= 0) {
            counts[t->feature[i]] += 1;
            sums[t->feature[i]] += kind == VISML_IMPORTANCE_WEIGHT ? 1 : (double)(gains ? gain[i] : t->cover[i]);
        }
    for (int64_t j = 0; j < c->dims && (kind == VISML_IMPORTANCE_GAIN || kind == VISML_IMPORTANCE_COVER); j++)
        sums[j] /= counts[j] > 0 ? counts[j] : 1;
}

static visml_status check_kind(const visml_classifier *c, visml_importance kind, visml_error *err) {
    const char *what = visml_classifier_what(c);
    if (kind < 0 || kind > VISML_IMPORTANCE_TOTAL_COVER)
        return visml_fail(err, VISML_EINVAL, "%s: kind is %d, must be one of VISML_IMPORTANCE_*", what, (int)kind);
    if (is_boosted(c) == (kind == VISML_IMPORTANCE_IMPURITY))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it has %s", what,
                          is_boosted(c) ? "no impurity, but gain, cover and weight" : "importances by impurity alone");
    return VISML_OK;
}

visml_tensor *visml_classifier_importances(const visml_classifier *classifier, visml_importance kind, visml_error *err) {
    visml_shap_trees t;
    if (trees_of(classifier, &t, err) < 0 || check_kind(classifier, kind, err) < 0)
        return NULL;
    visml_memory *m = visml_classifier_memory(classifier);
    int64_t d = classifier->dims;
    double *sums = visml_mem_zalloc(m, (size_t)d, 2 * sizeof *sums, err);
    visml_tensor *out = sums ? visml_tensor_new(classifier->object.context, VISML_F32, VISML_SHAPE(d), err) : NULL;
    if (out) {
        if (kind == VISML_IMPORTANCE_IMPURITY)
            add_impurity(classifier, &t, sums);
        else
            add_splits(classifier, &t, kind, sums, sums + d);
        for (int64_t j = 0; j < d; j++)
            ((float *)(void *)out->data)[j] = (float)sums[j];
    }
    visml_mem_free(m, sums);
    return out;
}

/* ---- leaves ---- */

#define CHUNK 1024 /* rows at a time, where they have to be turned around */

visml_tensor *visml_classifier_apply(const visml_classifier *classifier, const visml_tensor *x, visml_error *err) {
    visml_shap_trees t;
    visml_samples s;
    if (trees_of(classifier, &t, err) < 0)
        return NULL;
    visml_compute k = visml_context_compute(classifier->object.context);
    if (visml_classifier_take_rows(classifier, &k, x, &s, err) < 0)
        return NULL;
    const visml_tree_run *run = classifier->ready;
    int64_t ld, chunk = s.n < CHUNK ? s.n : CHUNK;
    visml_trees trees = run->trees;
    trees.answers = 0; /* numbers of leaves, not what forests have there */
    visml_memory *m = visml_classifier_memory(classifier);
    float *turned = visml_mem_alloc(m, (size_t)(chunk * s.d) * sizeof *turned, err);
    visml_tensor *out = turned ? visml_tensor_new(classifier->object.context, VISML_I32, VISML_SHAPE(s.n, run->trees.trees), err) : NULL;
    int32_t *to = out ? (int32_t *)(void *)out->data : NULL;
    for (int64_t i = 0; out && i < s.n; i += chunk) {
        int64_t n = s.n - i < chunk ? s.n - i : chunk;
        const float *rows = visml_samples_rows(&s, i, n, turned, &ld);
        visml_trees_leaves(&k, &trees, n, rows, ld, to + i * trees.trees);
    }
    for (int64_t i = 0; out && i < out->count; i++)
        to[i] = trees.nodes[to[i]].left;
    visml_mem_free(m, turned);
    return out;
}

/* ---- Shapley values ---- */

typedef struct shap_job {
    const visml_classifier *c;
    visml_shap_trees t;
    visml_samples s;
    const double *means; /* [outputs, d + 1] */
    double *sums;        /* [workers, outputs, d + 1] */
    char *scratch;       /* [workers, scratch_bytes] */
    size_t scratch_bytes;
    float *out;
} shap_job;

static void shap_row(void *arg, size_t row, size_t worker) {
    const shap_job *j = arg;
    const int32_t *roots = data_of(j->c, "roots");
    size_t n = (size_t)(j->t.outputs * (j->t.d + 1));
    double *sums = j->sums + worker * n;
    memcpy(sums, j->means, n * sizeof *sums);
    for (int64_t tree = 0; tree < tree_count(j->c); tree++)
        visml_shap_add(&j->t, roots[tree], j->s.x + (int64_t)row * j->s.row_stride, j->s.column_stride, tree % j->t.outputs, sums,
                       j->scratch + worker * j->scratch_bytes);
    for (size_t i = 0; i < n; i++)
        j->out[row * n + i] = (float)sums[i];
}

/* Parents come before their children. depths[nodes]: scratch. */
static int64_t deepest_leaf(const shap_job *j, int32_t *depths) {
    int64_t nodes = visml_tree_arrays_nodes(j->c), most = 0;
    memset(depths, 0, (size_t)nodes * sizeof *depths);
    for (int64_t i = 0; i < nodes; i++) {
        if (j->t.feature[i] >= 0)
            depths[j->t.left[i]] = depths[j->t.right[i]] = depths[i] + 1;
        most = depths[i] > most ? depths[i] : most;
    }
    return most;
}

/* Which row of shares each leaf has, and of trees that vote by numbers, their share of the mean. */
static visml_status number_leaves(shap_job *j, int32_t *rows, float *values, visml_error *err) {
    int32_t leaves = 0;
    int boosted = is_boosted(j->c);
    if (!rows || !values)
        return VISML_ENOMEM;
    int64_t depth = deepest_leaf(j, rows);
    if (depth > VISML_MOST_SHAP_DEPTH)
        return visml_fail(err, VISML_ELIMIT, "%s: a tree of depth %lld, at most %d can be explained", visml_classifier_what(j->c),
                          (long long)depth, VISML_MOST_SHAP_DEPTH);
    j->scratch_bytes = (visml_shap_scratch(depth) + 63) / 64 * 64;
    for (int64_t i = 0; i < visml_tree_arrays_nodes(j->c); i++) {
        rows[i] = j->t.feature[i] < 0 ? leaves++ : -1;
        values[i] = boosted ? j->t.values[i] : j->t.values[i] / (float)tree_count(j->c);
    }
    j->t.leaf_rows = rows, j->t.values = values;
    if (!data_of(j->c, "estimator_weights"))
        j->t.divisor = (float)tree_count(j->c);
    return VISML_OK;
}

static void find_means(const shap_job *j, double *means) {
    const int32_t *roots = data_of(j->c, "roots");
    const float *base = data_of(j->c, "base");
    for (int64_t tree = 0; tree < tree_count(j->c); tree++)
        visml_shap_add_mean(&j->t, roots[tree], tree % j->t.outputs, means);
    for (int64_t k = 0; base && k < j->t.outputs; k++)
        means[k * (j->t.d + 1) + j->t.d] += (double)base[k];
}

static visml_tensor *run_shap(shap_job *j, const visml_compute *k, visml_error *err) {
    visml_memory *m = visml_classifier_memory(j->c);
    int64_t n = j->t.outputs * (j->t.d + 1);
    double *means = visml_mem_zalloc(m, k->parallel->workers + 1, (size_t)n * sizeof *means, err);
    j->scratch = means ? visml_mem_alloc(m, k->parallel->workers * j->scratch_bytes, err) : NULL;
    const visml_shape *shape = VISML_SHAPE(j->s.n, j->t.outputs, j->t.d + 1);
    visml_tensor *out = j->scratch ? visml_tensor_new(j->c->object.context, VISML_F32, shape, err) : NULL;
    if (out) {
        find_means(j, means);
        j->means = means, j->sums = means + n, j->out = (float *)(void *)out->data;
        visml_parallel_run(k->parallel, (size_t)j->s.n, shap_row, j);
    }
    visml_mem_free(m, means);
    visml_mem_free(m, j->scratch);
    return out;
}

visml_tensor *visml_classifier_shap(const visml_classifier *classifier, const visml_tensor *x, visml_error *err) {
    shap_job j = {.c = classifier};
    if (trees_of(classifier, &j.t, err) < 0)
        return NULL;
    visml_compute k = visml_context_compute(classifier->object.context);
    if (visml_classifier_take_rows(classifier, &k, x, &j.s, err) < 0)
        return NULL;
    visml_memory *m = visml_classifier_memory(classifier);
    size_t nodes = (size_t)visml_tree_arrays_nodes(classifier);
    int32_t *rows = visml_mem_alloc(m, nodes * sizeof *rows, err);
    float *values = rows ? visml_mem_alloc(m, nodes * sizeof *values, err) : NULL;
    visml_tensor *out = number_leaves(&j, rows, values, err) == VISML_OK ? run_shap(&j, &k, err) : NULL;
    visml_mem_free(m, rows);
    visml_mem_free(m, values);
    return out;
}
