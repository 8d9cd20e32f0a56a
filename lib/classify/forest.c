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

#define CHUNK 1024 /* rows whose leaves are in memory */
#define ROWS 32    /* of one piece of work */

/* 1 more than the class that has all of a leaf; 0: it is shared. */
static uint8_t vote_of(const float *shares, int64_t classes) {
    int64_t all = 0;
    for (int64_t k = 0; k < classes; k++)
        if (shares[k] == 1 && !all)
            all = k + 1;
        else if (shares[k] != 0)
            return 0;
    return (uint8_t)all;
}

/* Most leaves of deep trees have one class: a byte says so, where their shares would be far away in memory. */
static void find_votes(const visml_classifier *c, visml_tree_run *t) {
    const float *shares = visml_object_array_data(&c->object, "distribution");
    for (int64_t i = 0; t->votes && i < t->trees.count; i++)
        if (t->trees.nodes[i].feature < 0)
            t->votes[i] = vote_of(shares + (int64_t)t->trees.nodes[i].left * c->class_count, c->class_count);
}

visml_status visml_forest_prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    visml_tree_run *t = visml_tree_run_new(c, 1, err);
    (void)k;
    if (!t)
        return VISML_ENOMEM;
    find_votes(c, t);
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
    const visml_tree_run *run;
    const float *distribution;
    const int32_t *leaves; /* [n, trees] */
    int64_t n, classes;
    float *y; /* [n, classes] */
    float divisor;
} sum_job;

static void sum_row(const sum_job *j, const int32_t *leaves, float *y) {
    const visml_tree_run *r = j->run;
    memset(y, 0, (size_t)j->classes * sizeof *y);
    for (int64_t t = 0; t < r->trees.trees; t++) {
        int vote = r->votes ? r->votes[leaves[t]] : 0;
        if (vote) {
            y[vote - 1] += 1;
            continue;
        }
        const float *shares = j->distribution + (int64_t)r->trees.nodes[leaves[t]].left * j->classes;
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
        sum_row(j, j->leaves + i * j->run->trees.trees, j->y + i * j->classes);
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
    int32_t *leaves = (int32_t *)(void *)(turned + chunk * s->d);
    if (!classes) {
        sum_numbers(c, k, s, y, divisor, scratch);
        return;
    }
    for (int64_t i = 0; i < s->n; i += chunk) {
        int64_t n = s->n - i < chunk ? s->n - i : chunk;
        const float *x = visml_samples_rows(s, i, n, turned, &ld);
        visml_trees_leaves(k, &t->trees, n, x, ld, leaves);
        sum_job j = {.run = t, .distribution = visml_object_array_data(&c->object, "distribution"), .leaves = leaves, .n = n,
                     .classes = classes, .y = y + i * classes, .divisor = divisor};
        visml_parallel_run(k->parallel, (size_t)visml_blocks(n, ROWS), sum_block, &j);
    }
}
