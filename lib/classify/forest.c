#include "classify/forest.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernel/span.h"

/* ---- arrays ---- */

typedef struct keeping {
    visml_forest_tree *trees;
    int64_t count, classes;
    size_t nodes, leaves; /* of all trees */
    const visml_fit_run *run;
} keeping;

static visml_status tick(const keeping *k, visml_error *err) {
    return visml_fit_tick(k->run, k->count, k->count, NAN, NAN, err);
}

static visml_status keep_shares(const keeping *k, visml_classifier *c, visml_error *err) {
    float *to = visml_object_array_new(&c->object, "distribution", VISML_F32, VISML_SHAPE((int64_t)k->leaves, k->classes), err);
    if (!to)
        return VISML_ENOMEM;
    for (int64_t t = 0; t < k->count; t++) {
        size_t n = k->trees[t].leaves * (size_t)k->classes;
        VISML_TRY(tick(k, err));
        memcpy(to, k->trees[t].shares, n * sizeof *to);
        visml_mem_discard(k->trees[t].shares, n * sizeof *to);
        to += n;
    }
    return VISML_OK;
}

static visml_status keep_nodes(const keeping *k, visml_classifier *c, visml_error *err) {
    visml_tree_arrays a;
    size_t first = 0;
    VISML_TRY(visml_tree_arrays_new(c, (size_t)k->count, k->nodes, &a, err));
    for (int64_t t = 0; t < k->count; t++) {
        VISML_TRY(tick(k, err));
        a.roots[t] = (int32_t)first;
        visml_forest_tree_put(&k->trees[t], &a, first);
        first += k->trees[t].count;
        visml_forest_tree_clear(&k->trees[t], visml_classifier_memory(c));
    }
    return VISML_OK;
}

visml_status visml_forest_keep(visml_forest_tree *trees, int64_t count, visml_classifier *c, const visml_fit_run *run, visml_error *err) {
    keeping k = {.trees = trees, .count = count, .classes = c->class_count, .run = run};
    for (int64_t t = 0; t < count; t++)
        k.nodes += trees[t].count, k.leaves += trees[t].leaves;
    if (k.nodes > (size_t)VISML_MOST_TREE_NODES)
        return visml_fail(err, VISML_ELIMIT, "%s: trees of more than %lld nodes", visml_classifier_what(c),
                          (long long)VISML_MOST_TREE_NODES);
    if (k.classes)
        VISML_TRY(keep_shares(&k, c, err));
    return keep_nodes(&k, c, err);
}

visml_status visml_forest_check(const visml_classifier *c, visml_error *err) {
    VISML_TRY(visml_tree_arrays_check(c, err));
    int64_t n = visml_tree_arrays_nodes(c), leaves = 0, dims[2] = {-1, c->class_count};
    const int32_t *feature = visml_object_array_data(&c->object, "feature");
    for (int64_t i = 0; i < n; i++)
        leaves += feature[i] < 0;
    if (!c->class_count)
        return VISML_OK;
    VISML_TRY(visml_object_array_expect(&c->object, "distribution", VISML_F32, 2, dims, err));
    const float *v = visml_object_array_data(&c->object, "distribution");
    for (int64_t i = 0; i < dims[0] * dims[1]; i++)
        if (!isfinite(v[i]))
            return visml_fail(err, VISML_EFORMAT, "%s: distribution[%lld] is not finite", visml_classifier_what(c), (long long)i);
    return dims[0] == leaves ? VISML_OK
                             : visml_fail(err, VISML_EFORMAT, "%s: distributions of %lld leaves, there are %lld", visml_classifier_what(c),
                                          (long long)dims[0], (long long)leaves);
}

/* ---- running ---- */

#define CHUNK 1024 /* rows whose answers are in memory */
#define ROWS 32    /* of one piece of work */

/* The class that has all of a leaf; -1: it is shared. */
static int32_t vote_of(const float *shares, int64_t classes) {
    int32_t all = -1;
    for (int64_t k = 0; k < classes; k++)
        if (shares[k] == 1 && all < 0)
            all = (int32_t)k;
        else if (shares[k] != 0)
            return -1;
    return all;
}

/* Most leaves of deep trees have one class, and say it: their shares would be far away in memory. Others say where these are: the row below
 * -1 - answer. */
static void find_answers(const visml_classifier *c, visml_tree_run *t) {
    const float *shares = visml_object_array_data(&c->object, "distribution");
    visml_tree_node *nodes = (visml_tree_node *)(uintptr_t)t->trees.nodes; /* nobody else has them yet */
    t->trees.answers = shares != NULL;
    for (int64_t i = 0; shares && i < t->trees.count; i++)
        if (nodes[i].feature < 0) {
            int32_t vote = vote_of(shares + nodes[i].right * c->class_count, c->class_count);
            nodes[i].right = vote >= 0 ? vote : -1 - nodes[i].right;
        }
}

visml_status visml_forest_prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    visml_tree_run *t = visml_tree_run_new(c, 1, err);
    (void)k;
    if (!t)
        return VISML_ENOMEM;
    find_answers(c, t);
    c->ready = t;
    return VISML_OK;
}

static int64_t chunk_of(int64_t n) {
    return n < CHUNK ? n : CHUNK;
}

size_t visml_forest_scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    const visml_tree_run *t = c->ready;
    if (!c->class_count)
        return visml_tree_run_scratch(k, n, c->dims);
    return (size_t)chunk_of(n) * ((size_t)t->trees.trees * sizeof(int32_t) + (size_t)c->dims * sizeof(float));
}

typedef struct sum_job {
    const float *distribution;
    const int32_t *answers; /* [n, trees] */
    int64_t trees;
    int64_t n, classes;
    float *y; /* [n, classes] */
    float divisor;
} sum_job;

static void sum_row(const sum_job *j, const int32_t *answers, float *y) {
    memset(y, 0, (size_t)j->classes * sizeof *y);
    for (int64_t t = 0; t < j->trees; t++) {
        if (answers[t] >= 0) {
            y[answers[t]] += 1;
            continue;
        }
        const float *shares = j->distribution + (-1 - (int64_t)answers[t]) * j->classes;
        for (int64_t k = 0; k < j->classes; k++)
            y[k] += shares[k];
    }
    for (int64_t k = 0; k < j->classes; k++)
        y[k] /= j->divisor;
}

static void sum_block(void *arg, size_t block, size_t worker) {
    const sum_job *j = arg;
    int64_t from = (int64_t)block * ROWS, to = from + visml_block_length((int64_t)block, ROWS, j->n);
    (void)worker;
    for (int64_t i = from; i < to; i++)
        sum_row(j, j->answers + i * j->trees, j->y + i * j->classes);
}

static void sum_numbers(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, float divisor,
                        void *scratch) {
    visml_tree_run_sum(c->ready, k, s, NULL, y, scratch);
    for (int64_t i = 0; i < s->n; i++)
        y[i] /= divisor;
}

void visml_forest_sum(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, float divisor, void *scratch) {
    const visml_tree_run *t = c->ready;
    int64_t classes = c->class_count, chunk = chunk_of(s->n), ld;
    float *turned = scratch;
    int32_t *answers = (int32_t *)(void *)(turned + chunk * s->d);
    if (!classes) {
        sum_numbers(c, k, s, y, divisor, scratch);
        return;
    }
    for (int64_t i = 0; i < s->n; i += chunk) {
        int64_t n = s->n - i < chunk ? s->n - i : chunk;
        const float *x = visml_samples_rows(s, i, n, turned, &ld);
        visml_trees_leaves(k, &t->trees, n, x, ld, answers);
        sum_job j = {.distribution = visml_object_array_data(&c->object, "distribution"), .answers = answers, .trees = t->trees.trees,
                     .n = n, .classes = classes, .y = y + i * classes, .divisor = divisor};
        visml_parallel_run(k->parallel, (size_t)visml_blocks(n, ROWS), sum_block, &j);
    }
}
