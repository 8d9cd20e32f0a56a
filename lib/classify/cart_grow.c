#include "classify/cart_grow.h"

#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/cart_random.h"
#include "classify/cart_search.h"

#define NEAR_BYTES (1 << 19)
#define LEAST_NEAR 16 /* rows that are worth copying */

void visml_cart_tree_clear(visml_cart_tree *t) {
    visml_memory *m = t->grown.memory;
    visml_grown_clear(&t->grown);
    visml_mem_free(m, t->shares);
    *t = (visml_cart_tree){.grown = {.memory = m}};
}

/* ---- making ---- */

static void *take(visml_cart *g, int64_t count, size_t size, visml_status *status, visml_error *err) {
    void *p = *status == VISML_OK ? visml_mem_zalloc(g->memory, (size_t)count, size, err) : NULL;
    if (!p)
        *status = VISML_ENOMEM;
    return p;
}

/* Only where rows lie side by side, codes are not kept, and a node's children are looked at before other nodes. */
static void take_near(visml_cart *g, visml_status *status, visml_error *err) {
    const visml_samples *s = g->samples;
    int64_t d = s->d, most = NEAR_BYTES / (d * (int64_t)sizeof(float));
    most = most < s->n ? most : s->n;
    if (most < LEAST_NEAR || s->column_stride != 1 || g->rules.max_leaf_nodes || (g->columns && g->columns->kept))
        return;
    g->most_near = most;
    g->near_x = take(g, most * d, sizeof *g->near_x, status, err);
    g->near_weights = take(g, most, sizeof *g->near_weights, status, err);
    g->near_targets = take(g, most, sizeof *g->near_targets, status, err);
    g->near_places = take(g, most, sizeof *g->near_places, status, err);
    g->near = (visml_cart_rows){.s = *s, .weights = g->near_weights};
    g->near.s.x = g->near_x, g->near.s.row_stride = d;
    g->near.s.targets = g->near_targets, g->near.s.places = g->near_places;
}

static void take_all(visml_cart *g, visml_status *status, visml_error *err) {
    int64_t n = g->samples->n, classes = g->samples->class_count;
    g->rows = take(g, n, sizeof *g->rows, status, err);
    g->spare = take(g, n, sizeof *g->spare, status, err);
    if (classes)
        g->places = take(g, n, sizeof *g->places, status, err);
    else
        g->targets = take(g, n, sizeof *g->targets, status, err);
    g->weights = take(g, n, sizeof *g->weights, status, err);
    g->totals = take(g, classes + 2, sizeof *g->totals, status, err);
    g->ends = take(g, classes + 1, sizeof *g->ends, status, err);
    g->order = take(g, g->samples->d, sizeof *g->order, status, err);
    g->found = take(g, g->rules.max_features, sizeof *g->found, status, err);
    g->varies = take(g, g->rules.max_features, 1, status, err);
    g->scratch = take(g, (int64_t)g->compute.parallel->workers, g->scratch_bytes, status, err);
}

visml_cart *visml_cart_new(visml_memory *m, const visml_code_columns *c, const visml_compute *k, const visml_samples *s,
                           const visml_cart_rules *rules, visml_error *err) {
    visml_cart *g = visml_mem_zalloc(m, 1, sizeof *g, err);
    visml_status status = VISML_OK;
    if (!g)
        return NULL;
    *g = (visml_cart){.memory = m, .compute = *k, .columns = c, .samples = s, .rules = *rules};
    size_t bytes = c ? visml_cart_scratch(s->n, s->class_count) : visml_cart_random_scratch(s->n, s->class_count);
    g->scratch_bytes = (bytes + 63) / 64 * 64;
    take_all(g, &status, err);
    take_near(g, &status, err);
    if (status == VISML_OK)
        return g;
    visml_cart_free(g);
    return NULL;
}

void visml_cart_free(visml_cart *g) {
    if (!g)
        return;
    void *const all[] = {g->rows, g->spare, g->places, g->targets, g->weights, g->totals, g->ends, g->order, g->found, g->varies,
                         g->scratch, g->open, g->near_x, g->near_weights, g->near_targets, g->near_places};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        visml_mem_free(g->memory, all[i]);
    visml_mem_free(g->memory, g);
}

/* ---- leaves ---- */

static visml_status make_leaf(const visml_cart *g, const visml_cart_node *n, int32_t node, visml_cart_tree *t, visml_error *err) {
    int64_t classes = n->classes, best = 0;
    visml_grown_node *leaf = t->grown.nodes + node;
    leaf->cover = (float)n->weight;
    leaf->bin = (int32_t)t->leaves;
    if (!classes) {
        leaf->value = (float)(g->totals[1] / n->weight);
        t->leaves++;
        return VISML_OK;
    }
    VISML_TRY(visml_mem_grow(g->memory, (void **)&t->shares, &t->capacity, (t->leaves + 1) * (size_t)classes, sizeof *t->shares, err));
    float *shares = t->shares + t->leaves * (size_t)classes;
    for (int64_t k = 0; k < classes; k++) {
        shares[k] = (float)(g->totals[k] / n->weight);
        best = g->totals[k] > g->totals[best] ? k : best;
    }
    leaf->value = (float)best;
    t->leaves++;
    return VISML_OK;
}

/* ---- growing ---- */

typedef struct grow_call {
    uint64_t key;
    visml_cart_tree *t;
} grow_call;

static int may_split(const visml_cart *g, const visml_cart_open *n, const visml_cart_node *rows) {
    const visml_cart_rules *r = &g->rules;
    return (!r->max_depth || n->depth < r->max_depth) && n->count >= r->min_samples_split && n->count >= 2 * r->min_samples_leaf &&
           !visml_cart_is_pure(rows);
}

/* A node waits with its split, or is a leaf. */
static visml_status add_node(visml_cart *g, visml_cart_open n, const grow_call *c, visml_error *err) {
    visml_cart_node rows = visml_cart_gather(g, &n);
    if (n.depth == 0)
        g->root_weight = rows.weight;
    n.weight = rows.weight, n.score = rows.score;
    n.split = (visml_cart_split){.column = -1};
    if (may_split(g, &n, &rows))
        n.split = visml_cart_find_split(g, &rows, visml_key(c->key, (uint64_t)n.node));
    if (g->stopped)
        return VISML_ECANCELLED;
    n.gain = n.split.score - n.score;
    n.gain = n.gain > 0 ? n.gain : 0;
    if (n.split.column < 0 || n.gain / g->root_weight + 2.220446049250313e-16 < g->rules.min_impurity_decrease)
        return make_leaf(g, &rows, n.node, c->t, err);
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->open, &g->open_capacity, g->open_count + 1, sizeof *g->open, err));
    g->open[g->open_count++] = n;
    return VISML_OK;
}

static int64_t part_rows(visml_cart *g, const visml_cart_open *n) {
    const visml_samples *s = &visml_cart_rows_of(g, n)->s;
    int32_t *rows = g->rows + n->begin;
    int64_t lefts = 0, rights = 0;
    for (int64_t p = 0; p < n->count; p++) {
        int32_t row = rows[p], left = visml_samples_at(s, row, n->split.column) < n->split.threshold;
        rows[lefts] = g->spare[rights] = row;
        lefts += left;
        rights += 1 - left;
    }
    memcpy(rows + lefts, g->spare, (size_t)rights * sizeof *rows);
    return lefts;
}

static visml_status split_node(visml_cart *g, const visml_cart_open *n, const grow_call *c, visml_error *err) {
    visml_grown *trees = &c->t->grown;
    VISML_TRY(visml_grown_split(trees, n->node, err));
    visml_grown_node *to = trees->nodes + n->node;
    to->column = (int32_t)n->split.column, to->threshold = n->split.threshold;
    to->gain = (float)n->gain, to->cover = (float)n->weight;
    int32_t left_node = to->left, right_node = to->right;
    int64_t lefts = part_rows(g, n);
    visml_cart_open left = {.node = left_node, .depth = n->depth + 1, .near = n->near, .begin = n->begin, .count = lefts};
    visml_cart_open right = left;
    right.node = right_node, right.begin += lefts, right.count = n->count - lefts;
    VISML_TRY(add_node(g, right, c, err));
    return add_node(g, left, c, err);
}

/* The last one, or where leaves are limited the one that gains most. */
static visml_cart_open take_open(visml_cart *g) {
    size_t best = g->open_count - 1;
    for (size_t i = 0; g->rules.max_leaf_nodes && i < g->open_count; i++)
        if (g->open[i].gain > g->open[best].gain)
            best = i;
    visml_cart_open n = g->open[best];
    g->open[best] = g->open[--g->open_count];
    return n;
}

/* In the order of their classes, so that of each class the rows of a node lie side by side: splitting keeps the order. */
static void begin_by_classes(visml_cart *g, const float *weights, visml_cart_open *root) {
    const int32_t *places = g->samples->places;
    memset(g->ends, 0, (size_t)(g->samples->class_count + 1) * sizeof *g->ends);
    for (int64_t i = 0; i < g->samples->n; i++)
        g->ends[places[i] + 1] += weights[i] > 0;
    for (int64_t k = 0; k < g->samples->class_count; k++)
        g->ends[k + 1] += g->ends[k];
    root->count = g->ends[g->samples->class_count];
    for (int64_t i = 0; i < g->samples->n; i++)
        if (weights[i] > 0)
            g->rows[g->ends[places[i]]++] = (int32_t)i;
}

static void begin_rows(visml_cart *g, const float *weights, visml_cart_open *root) {
    int sorted = g->rules.random_thresholds && g->samples->class_count;
    if (sorted)
        begin_by_classes(g, weights, root);
    for (int64_t i = 0; !sorted && i < g->samples->n; i++)
        if (weights[i] > 0)
            g->rows[root->count++] = (int32_t)i;
    for (int64_t c = 0; c < g->samples->d; c++)
        g->order[c] = c;
}

/* Those that still wait become leaves. */
static visml_status end_growing(visml_cart *g, const grow_call *c, visml_error *err) {
    for (; g->open_count; g->open_count--) {
        const visml_cart_open *n = &g->open[g->open_count - 1];
        visml_cart_node rows = visml_cart_gather(g, n);
        VISML_TRY(make_leaf(g, &rows, n->node, c->t, err));
    }
    return VISML_OK;
}

visml_status visml_cart_grow(visml_cart *g, const float *weights, uint64_t key, int (*keep_on)(void *user), void *user, visml_cart_tree *t,
                             visml_error *err) {
    grow_call c = {.key = key, .t = t};
    visml_cart_open root = {.depth = 0};
    t->grown.count = t->grown.trees = t->leaves = 0;
    VISML_TRY(visml_grown_begin(&t->grown, err));
    g->far = (visml_cart_rows){*g->samples, weights};
    begin_rows(g, weights, &root);
    g->open_count = 0, g->keep_on = keep_on, g->user = user, g->stopped = 0;
    VISML_TRY(add_node(g, root, &c, err));
    for (int64_t leaves = 1; g->open_count && (!g->rules.max_leaf_nodes || leaves < g->rules.max_leaf_nodes); leaves++) {
        if (!visml_cart_goes_on(g))
            return VISML_ECANCELLED;
        visml_cart_open n = take_open(g);
        if (!n.near && n.count >= LEAST_NEAR && n.count <= g->most_near)
            visml_cart_bring_near(g, &n);
        VISML_TRY(split_node(g, &n, &c, err));
    }
    return end_growing(g, &c, err);
}
