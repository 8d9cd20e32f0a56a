/* AdaBoost with small trees: SAMME and SAMME.R (Zhu, Zou, Rosset and Hastie 2009). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/forest.h"
#include "kernel/softmax.h"

typedef visml_adaboost_opts options;

static const char *const criterion_names[] = {"gini", "entropy", NULL};
static const char *const algorithm_names[] = {"samme", "samme_r", NULL};

#define MOST 2147483647.0
static const visml_field fields[] = {
    VISML_FIELD(options, trees, I32, 0, 1, 1, MOST, 50),
    VISML_FIELD(options, max_depth, I32, 0, 1, 1, MOST, 1),
    VISML_FIELD_OF_ENUM(options, criterion, 0, criterion_names),
    VISML_FIELD_OF_ENUM(options, algorithm, 0, algorithm_names),
    VISML_FIELD_OF_RESERVED(options),
    VISML_FIELD(options, learning_rate, F64, VISML_FIELD_OPEN_MIN, 1, 0, FLT_MAX, 1),
    {0},
};

typedef struct boost_job {
    const options *o;
    const visml_samples *s;
    const visml_fit_run *run;
    const visml_code_columns *columns;
    visml_cart *grower;
    visml_cart_tree tree;     /* the last one */
    visml_forest_tree *trees; /* [grown]: with what their leaves vote in place of shares */
    float *weights;          /* [n]: of rows, on average 1 */
    int32_t *leaves;         /* [n]: nodes of the last tree */
    double *estimator_weights; /* [trees] */
    int64_t grown;
    visml_status status; /* of ticks */
    visml_error *err;
} boost_job;

static int keep_on(void *user) {
    boost_job *j = user;
    j->status = visml_fit_tick(j->run, j->grown, j->o->trees, NAN, NAN, j->err);
    return j->status == VISML_OK;
}

/* ---- rows ---- */

static void normalize(const boost_job *j) {
    double sum = 0;
    for (int64_t i = 0; i < j->s->n; i++)
        sum += (double)j->weights[i];
    for (int64_t i = 0; i < j->s->n; i++)
        j->weights[i] = (float)((double)j->weights[i] / sum * (double)j->s->n);
}

static void find_leaves(const boost_job *j) {
    const visml_grown_node *nodes = j->tree.grown.nodes;
    for (int64_t i = 0; i < j->s->n; i++) {
        int32_t at = 0;
        while (nodes[at].column >= 0)
            at = visml_samples_at(j->s, i, nodes[at].column) < nodes[at].threshold ? nodes[at].left : nodes[at].right;
        j->leaves[i] = at;
    }
}

static double error_of(const boost_job *j) {
    double wrong = 0, all = 0;
    for (int64_t i = 0; i < j->s->n; i++) {
        all += (double)j->weights[i];
        wrong += (int32_t)j->tree.grown.nodes[j->leaves[i]].value != j->s->places[i] ? (double)j->weights[i] : 0;
    }
    return wrong / all;
}

/* ---- SAMME ---- */

/* Weights of the rows that the last tree got wrong grow. */
static void weigh_wrong(const boost_job *j, double weight) {
    double factor = exp(weight);
    for (int64_t i = 0; i < j->s->n; i++)
        if ((int32_t)j->tree.grown.nodes[j->leaves[i]].value != j->s->places[i])
            j->weights[i] = (float)((double)j->weights[i] * factor);
    normalize(j);
}

/* What leaves vote: the weight for their class, and so much against the others that the votes add up to 0. */
static void vote_by_class(boost_job *j, double weight) {
    int64_t classes = j->s->class_count;
    for (size_t i = 0; i < j->tree.grown.count; i++) {
        const visml_grown_node *n = j->tree.grown.nodes + i;
        for (int64_t k = 0; n->column < 0 && k < classes; k++)
            j->tree.shares[n->bin * classes + k] = (float)(k == (int64_t)n->value ? weight : -weight / (double)(classes - 1));
    }
}

/* Returns whether to go on. A tree that is no better than chance does not count, unless it is the only one. */
static int finish_by_class(boost_job *j) {
    double error = error_of(j), classes = (double)j->s->class_count;
    if (error >= 1 - 1 / classes && j->grown > 0)
        return 0;
    int last = error <= 0 || error >= 1 - 1 / classes;
    double weight = last ? 1 : j->o->learning_rate * (log((1 - error) / error) + log(classes - 1));
    vote_by_class(j, weight);
    j->estimator_weights[j->grown++] = weight;
    if (!last)
        weigh_wrong(j, weight);
    return !last;
}

/* ---- SAMME.R ---- */

#define LEAST_SHARE 2.220446049250313e-16

static double log_share(float share) {
    return log((double)share > LEAST_SHARE ? (double)share : LEAST_SHARE);
}

/* A row's weight goes by how sure the tree was of its class, with (1, -1 / (K - 1), ...) for classes. */
static void weigh_by_shares(const boost_job *j) {
    int64_t classes = j->s->class_count;
    double rate = j->o->learning_rate * (double)(classes - 1) / (double)classes;
    for (int64_t i = 0; i < j->s->n; i++) {
        const float *shares = j->tree.shares + j->tree.grown.nodes[j->leaves[i]].bin * classes;
        double sum = 0;
        for (int64_t k = 0; k < classes; k++)
            sum += log_share(shares[k]) * (k == j->s->places[i] ? 1 : -1 / (double)(classes - 1));
        j->weights[i] = (float)((double)j->weights[i] * exp(-rate * sum));
    }
    normalize(j);
}

static void vote_by_shares(boost_job *j) {
    int64_t classes = j->s->class_count;
    for (size_t i = 0; i < j->tree.grown.count; i++) {
        const visml_grown_node *n = j->tree.grown.nodes + i;
        float *shares = j->tree.shares + (n->column < 0 ? n->bin * classes : 0);
        double mean = 0;
        for (int64_t k = 0; n->column < 0 && k < classes; k++)
            mean += log_share(shares[k]) / (double)classes;
        for (int64_t k = 0; n->column < 0 && k < classes; k++)
            shares[k] = (float)((double)(classes - 1) * (log_share(shares[k]) - mean));
    }
}

static int finish_by_shares(boost_job *j) {
    double error = error_of(j);
    if (error > 0)
        weigh_by_shares(j);
    vote_by_shares(j);
    j->estimator_weights[j->grown++] = 1;
    return error > 0;
}

/* ---- learning ---- */

/* *more: whether another one is to follow. A tree that does not count is not kept. */
static visml_status grow_one(boost_job *j, int *more, visml_error *err) {
    int64_t before = j->grown;
    visml_status status = visml_cart_grow(j->grower, j->weights, visml_key(j->run->seed, (uint64_t)before), keep_on, j, &j->tree, err);
    if (status < 0)
        return j->status < 0 ? j->status : status;
    find_leaves(j);
    *more = j->o->algorithm == VISML_ADABOOST_SAMME_R ? finish_by_shares(j) : finish_by_class(j);
    if (j->grown > before)
        VISML_TRY(visml_forest_tree_pack(j->trees + before, j->tree.grown.memory, &j->tree, j->s->class_count, err));
    return visml_fit_tick(j->run, j->grown, j->o->trees, NAN, NAN, err);
}

static visml_status grow_all(boost_job *j, visml_error *err) {
    j->err = err;
    for (int more = 1; more && j->grown < j->o->trees;)
        VISML_TRY(grow_one(j, &more, err));
    return VISML_OK;
}

/* Votes are divided by the sum of weights, once for all. */
static visml_status keep(boost_job *j, visml_classifier *c, visml_error *err) {
    double sum = 0;
    double *weights = visml_object_array_new(&c->object, "estimator_weights", VISML_F64, VISML_SHAPE(j->grown), err);
    if (!weights)
        return VISML_ENOMEM;
    memcpy(weights, j->estimator_weights, (size_t)j->grown * sizeof *weights);
    for (int64_t t = 0; t < j->grown; t++)
        sum += weights[t];
    for (int64_t t = 0; t < j->grown; t++)
        for (size_t i = 0; i < j->trees[t].leaves * (size_t)j->s->class_count; i++)
            j->trees[t].shares[i] = (float)((double)j->trees[t].shares[i] / sum);
    return visml_forest_keep(j->trees, j->grown, c, j->run, err);
}

static visml_status begin(boost_job *j, visml_memory *m, visml_error *err) {
    size_t n = (size_t)j->s->n;
    j->trees = visml_mem_zalloc(m, (size_t)j->o->trees, sizeof *j->trees, err);
    j->weights = j->trees ? visml_mem_alloc(m, n * sizeof *j->weights, err) : NULL;
    j->leaves = j->weights ? visml_mem_alloc(m, n * sizeof *j->leaves, err) : NULL;
    j->estimator_weights = j->leaves ? visml_mem_alloc(m, (size_t)j->o->trees * sizeof *j->estimator_weights, err) : NULL;
    if (!j->estimator_weights)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < j->s->n; i++)
        j->weights[i] = (float)visml_samples_weight(j->s, i);
    normalize(j);
    return VISML_OK;
}

static visml_status run_job(boost_job *j, visml_classifier *c, const visml_compute *k, visml_error *err) {
    visml_cart_rules rules = {.impurity = (visml_impurity)j->o->criterion, .max_depth = j->o->max_depth, .min_samples_split = 2,
                              .min_samples_leaf = 1, .max_features = j->s->d};
    VISML_TRY(begin(j, visml_classifier_memory(c), err));
    j->grower = visml_cart_new(visml_classifier_memory(c), j->columns, k, j->s, &rules, err);
    if (!j->grower)
        return VISML_ENOMEM;
    VISML_TRY(grow_all(j, err));
    return keep(j, c, err);
}

static void clear(boost_job *j, visml_memory *m) {
    for (int64_t t = 0; j->trees && t < j->grown; t++)
        visml_forest_tree_clear(j->trees + t, m);
    visml_cart_tree_clear(&j->tree);
    visml_cart_free(j->grower);
    visml_mem_free(m, j->trees);
    visml_mem_free(m, j->weights);
    visml_mem_free(m, j->leaves);
    visml_mem_free(m, j->estimator_weights);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    visml_code_columns columns;
    const options *o = c->object.opts;
    VISML_TRY(visml_code_columns_new(&columns, m, k, s, 1, run, o->trees, err));
    boost_job j = {.o = o, .s = s, .run = run, .columns = &columns, .tree = {.grown = {.memory = m}}};
    visml_status status = run_job(&j, c, k, err);
    clear(&j, m);
    visml_code_columns_clear(&columns);
    return status;
}

/* ---- running ---- */

static int64_t outputs(const visml_classifier *c) {
    return c->class_count;
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    visml_forest_sum(c, k, s, y, 1, room);
}

/* As scikit-learn has them. */
static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    decide(c, k, s, p, room);
    for (int64_t i = 0; i < s->n * c->class_count; i++)
        p[i] /= (float)(c->class_count - 1);
    visml_softmax_forward(k, s->n, c->class_count, p, p);
}

static visml_status restore(visml_object *o, visml_error *err) {
    const visml_classifier *c = (const visml_classifier *)o;
    VISML_TRY(visml_forest_check(c, err));
    int64_t n = visml_object_array_get(o, "roots")->count;
    VISML_TRY(visml_object_array_expect(o, "estimator_weights", VISML_F64, 1, &n, err));
    const double *w = visml_object_array_data(o, "estimator_weights");
    for (int64_t t = 0; t < n; t++)
        if (!isfinite(w[t]))
            return visml_fail(err, VISML_EFORMAT, "adaboost: estimator_weights[%lld] is not finite", (long long)t);
    return c->class_count >= 2 ? VISML_OK : visml_fail(err, VISML_EFORMAT, "adaboost: it has %lld classes", (long long)c->class_count);
}

const visml_classifier_class visml_classifier_adaboost_class = {
    .kind = {.name = "adaboost", .opts_size = sizeof(options), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WEIGH,
    .fit = fit,
    .prepare = visml_forest_prepare,
    .outputs = outputs,
    .scratch = visml_forest_scratch,
    .decide = decide,
    .probabilities = probabilities,
};

visml_classifier *visml_classifier_adaboost(visml_context *ctx, const visml_adaboost_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_adaboost_class, opts, err);
}
