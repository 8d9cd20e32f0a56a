/* Forests (Breiman 2001; Geurts et al. 2006): trees from drawn rows, grown side by side. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/forest.h"
#include "classify/tree_ticks.h"
#include "kernel/span.h"

typedef struct forest_job {
    visml_code_columns *columns; /* NULL: thresholds are random */
    const visml_samples *samples;
    const visml_forest_rules *rules;
    const visml_fit_run *run;
    visml_compute compute; /* for a tree */
    visml_memory *memory;
    visml_cart **growers; /* [workers] */
    visml_cart_tree *grown; /* [workers]: a tree while it grows */
    float *weights;         /* [workers, n] */
    visml_forest_tree *trees;
    _Atomic int64_t next, done; /* trees */
    _Atomic int32_t stop;
    visml_status status; /* of worker 0's ticks, and of trees */
    visml_error *err;
} forest_job;

/* ---- rows of a tree ---- */

static void draw_weights(const forest_job *j, int64_t tree, float *weights) {
    const visml_samples *s = j->samples;
    if (!j->rules->bootstrap) {
        for (int64_t i = 0; i < s->n; i++)
            weights[i] = s->weights ? s->weights[i] : 1;
        return;
    }
    visml_rng rng;
    visml_rng_init(&rng, visml_key(visml_key(j->run->seed, (uint64_t)tree), 1));
    memset(weights, 0, (size_t)s->n * sizeof *weights);
    for (int64_t i = 0; i < s->n; i++)
        weights[visml_rng_below(&rng, (uint64_t)s->n)] += 1;
    for (int64_t i = 0; s->weights && i < s->n; i++)
        weights[i] *= s->weights[i];
}

/* Of a few rows with weight none may have been drawn: then all are taken. */
static void draw_rows(const forest_job *j, int64_t tree, float *weights) {
    float most = 0;
    draw_weights(j, tree, weights);
    for (int64_t i = 0; i < j->samples->n; i++)
        most = weights[i] > most ? weights[i] : most;
    for (int64_t i = 0; most <= 0 && i < j->samples->n; i++)
        weights[i] = (float)visml_samples_weight(j->samples, i);
}

/* ---- growing ---- */

typedef struct tree_call {
    forest_job *j;
    size_t worker;
} tree_call;

/* Only the caller's own thread, worker 0, may ask the caller. */
static int keep_on(void *user) {
    const tree_call *t = user;
    forest_job *j = t->j;
    if (t->worker == 0 && !j->stop) {
        visml_status status = visml_fit_tick(j->run, j->done, j->rules->trees, NAN, NAN, j->err);
        if (status < 0) {
            j->status = status;
            j->stop = 1;
        }
    }
    return !j->stop;
}

static void grow_tree(forest_job *j, int64_t tree, tree_call *call) {
    float *weights = j->weights + (int64_t)call->worker * j->samples->n;
    visml_cart_tree *t = j->grown + call->worker;
    if (!keep_on(call))
        return;
    draw_rows(j, tree, weights);
    visml_status status = visml_cart_grow(j->growers[call->worker], weights, visml_key(j->run->seed, (uint64_t)tree), keep_on, call, t,
                                          NULL);
    if (status == VISML_OK)
        status = visml_forest_tree_pack(j->trees + tree, j->memory, t, j->samples->class_count, NULL);
    if (status < 0 && status != VISML_ECANCELLED)
        j->stop = 2;
}

#define NAP 1000000 /* nanoseconds */

/* Trees that nobody grows yet, one after the other. The caller's thread goes on asking while others grow the last ones. */
static void grow_trees(void *arg, size_t block, size_t worker) {
    forest_job *j = arg;
    tree_call call = {j, worker};
    (void)block;
    for (int64_t tree = j->next++; tree < j->rules->trees; tree = j->next++) {
        grow_tree(j, tree, &call);
        j->done++;
    }
    while (worker == 0 && j->done < j->rules->trees) {
        (void)keep_on(&call);
        nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    }
}

static visml_status make_growers(forest_job *j, size_t workers, visml_error *err) {
    j->trees = visml_mem_zalloc(j->memory, (size_t)j->rules->trees, sizeof *j->trees, err);
    j->weights = j->trees ? visml_mem_alloc(j->memory, workers * (size_t)j->samples->n * sizeof *j->weights, err) : NULL;
    j->growers = j->weights ? visml_mem_zalloc(j->memory, workers, sizeof(visml_cart *), err) : NULL;
    j->grown = j->growers ? visml_mem_zalloc(j->memory, workers, sizeof *j->grown, err) : NULL;
    for (size_t w = 0; j->grown && w < workers; w++) {
        j->grown[w].grown.memory = j->memory;
        j->growers[w] = visml_cart_new(j->memory, j->columns, &j->compute, j->samples, &j->rules->cart, err);
        if (!j->growers[w])
            return VISML_ENOMEM;
    }
    return j->grown ? VISML_OK : VISML_ENOMEM;
}

/* What only growing needs, before trees are copied. */
static void clear_growers(forest_job *j, size_t workers) {
    for (size_t w = 0; j->growers && w < workers; w++)
        visml_cart_free(j->growers[w]);
    for (size_t w = 0; j->grown && w < workers; w++)
        if (j->grown[w].grown.memory)
            visml_cart_tree_clear(&j->grown[w]);
    visml_mem_free(j->memory, j->growers);
    visml_mem_free(j->memory, j->grown);
    if (j->columns)
        visml_code_columns_clear(j->columns);
    if (!j->rules->out_of_bag) {
        visml_mem_free(j->memory, j->weights);
        j->weights = NULL;
    }
}

static void clear(forest_job *j) {
    for (int64_t t = 0; j->trees && t < j->rules->trees; t++)
        visml_forest_tree_clear(&j->trees[t], j->memory);
    visml_mem_free(j->memory, j->weights);
    visml_mem_free(j->memory, j->trees);
}

static visml_status grow_all(forest_job *j, const visml_parallel *p, visml_error *err) {
    visml_status status = make_growers(j, p->workers, err);
    j->err = err;
    if (status == VISML_OK)
        visml_parallel_run(p, p->workers, grow_trees, j);
    clear_growers(j, p->workers);
    if (j->stop == 2)
        return visml_fail(err, VISML_ENOMEM, "classifier: out of memory for trees");
    return status < 0 ? status : j->status;
}

/* ---- rows that trees have not seen ---- */

typedef struct bag_job {
    const visml_samples *s;
    const visml_forest_tree *tree;
    float *sums;     /* [n, K or 1] */
    float *weights;  /* [n]: of this tree */
    int32_t *counts; /* [n]: trees that have not seen the row */
} bag_job;

#define ROWS 4096 /* of one piece of work */
#define VISITS 100 /* numbers that could be read while a row finds its leaf, roughly */

static void bag_block(void *arg, size_t block, size_t worker) {
    const bag_job *b = arg;
    int64_t from = (int64_t)block * ROWS, to = from + visml_block_length((int64_t)block, ROWS, b->s->n), classes = b->s->class_count;
    (void)worker;
    for (int64_t i = from; i < to; i++) {
        if (b->weights[i] > 0 || visml_samples_weight(b->s, i) <= 0)
            continue;
        const visml_forest_node *leaf = visml_forest_tree_leaf(b->tree, b->s, i);
        b->counts[i]++;
        for (int64_t k = 0; k < classes; k++)
            b->sums[i * classes + k] += b->tree->shares[leaf->left * classes + k];
        if (!classes)
            b->sums[i] += leaf->number;
    }
}

static double bag_accuracy(const bag_job *b) {
    int64_t right = 0, all = 0, classes = b->s->class_count;
    for (int64_t i = 0; i < b->s->n; i++) {
        const float *sums = b->sums + i * classes;
        int64_t best = 0;
        for (int64_t k = 1; k < classes; k++)
            best = sums[k] > sums[best] ? k : best;
        all += b->counts[i] > 0;
        right += b->counts[i] > 0 && best == b->s->places[i];
    }
    return all ? (double)right / (double)all : 0;
}

static double bag_r_squared(const bag_job *b) {
    double mean = 0, left = 0, total = 0;
    int64_t all = 0;
    for (int64_t i = 0; i < b->s->n; i++)
        if (b->counts[i])
            mean += (double)b->s->targets[i], all++;
    for (int64_t i = 0; i < b->s->n; i++)
        if (b->counts[i]) {
            double y = (double)b->s->targets[i], e = y - (double)b->sums[i] / b->counts[i], m = y - mean / (double)all;
            left += e * e;
            total += m * m;
        }
    return total > 0 ? 1 - left / total : 0;
}

static visml_status score_bags(const forest_job *j, const visml_parallel *p, visml_classifier *c, visml_error *err) {
    const visml_samples *s = j->samples;
    bag_job b = {.s = s, .weights = j->weights};
    double *score = visml_object_array_new(&c->object, "oob_score", VISML_F64, VISML_SHAPE(1), err);
    b.sums = score ? visml_mem_zalloc(j->memory, (size_t)s->n, (size_t)(s->class_count ? s->class_count : 1) * sizeof *b.sums, err) : NULL;
    b.counts = b.sums ? visml_mem_zalloc(j->memory, (size_t)s->n, sizeof *b.counts, err) : NULL;
    visml_status status = b.counts ? VISML_OK : VISML_ENOMEM;
    for (int64_t t = 0; status == VISML_OK && t < j->rules->trees; t++) {
        visml_ticked_blocks ticked = {.fn = bag_block, .job = &b, .run = j->run, .done = j->rules->trees, .total = j->rules->trees};
        b.tree = j->trees + t;
        draw_rows(j, t, b.weights);
        status = visml_tick_blocks(&ticked, p, (size_t)visml_blocks(s->n, ROWS), ROWS * VISITS, err);
    }
    if (status == VISML_OK)
        *score = s->class_count ? bag_accuracy(&b) : bag_r_squared(&b);
    visml_mem_free(j->memory, b.sums);
    visml_mem_free(j->memory, b.counts);
    return status;
}

/* ---- all of it ---- */

static visml_status run_job(forest_job *j, const visml_compute *k, visml_classifier *c, visml_error *err) {
    VISML_TRY(grow_all(j, k->parallel, err));
    if (j->rules->out_of_bag)
        VISML_TRY(score_bags(j, k->parallel, c, err));
    VISML_TRY(visml_forest_keep(j->trees, j->rules->trees, c, j->run, err));
    return visml_fit_tick(j->run, j->rules->trees, j->rules->trees, NAN, NAN, err);
}

/* Codes of all numbers are worth their memory where nodes look at all columns. */
visml_status visml_forest_fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                              const visml_forest_rules *rules, visml_error *err) {
    static const visml_parallel alone = {.run = visml_run_alone, .workers = 1};
    visml_memory *m = visml_classifier_memory(c);
    visml_code_columns columns;
    forest_job j = {.samples = s, .rules = rules, .run = run, .compute = *k, .memory = m};
    if (!rules->cart.random_thresholds) {
        VISML_TRY(visml_code_columns_new(&columns, m, k, s, rules->cart.max_features == s->d, run, rules->trees, err));
        j.columns = &columns;
    }
    if (rules->trees > 1) /* trees are shared out; of a single one, the columns of its nodes */
        j.compute.parallel = &alone;
    visml_status status = run_job(&j, k, c, err);
    clear(&j);
    return status;
}
