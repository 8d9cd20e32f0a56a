#include "classify/grow.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/grow_state.h"

/* ---- making ---- */

#define HISTOGRAM_BYTES (INT64_C(1) << 29) /* that are kept; of nodes beyond these both children are added up */

static void *take(visml_grower *g, size_t count, size_t size, visml_status *status, visml_error *err) {
    void *p = *status == VISML_OK ? visml_mem_zalloc(g->memory, count, size, err) : NULL;
    if (!p)
        *status = VISML_ENOMEM;
    return p;
}

static visml_status make_room(visml_grower *g, visml_error *err) {
    size_t n = (size_t)g->bins->n, d = (size_t)g->bins->d;
    visml_status status = VISML_OK;
    g->rows = take(g, n, sizeof *g->rows, &status, err);
    g->spare_rows = take(g, n, sizeof *g->spare_rows, &status, err);
    g->gradients = take(g, n, sizeof *g->gradients, &status, err);
    g->spare_gradients = take(g, n, sizeof *g->spare_gradients, &status, err);
    g->block_starts = take(g, (size_t)g->bins->blocks + 1, sizeof *g->block_starts, &status, err);
    g->scratch = take(g, g->compute.parallel->workers * 2, VISML_BIN_COLUMNS * VISML_MOST_BINS * sizeof *g->scratch, &status, err);
    g->tree_columns = take(g, d, 1, &status, err);
    g->level_columns = take(g, d, 1, &status, err);
    g->column_list = take(g, d, sizeof *g->column_list, &status, err);
    return status;
}

visml_grower *visml_grower_new(const visml_bins *b, const visml_compute *k, const visml_grow_rules *rules, visml_error *err) {
    visml_grower *g = visml_mem_zalloc(b->memory, 1, sizeof *g, err);
    if (!g)
        return NULL;
    g->memory = b->memory, g->bins = b, g->compute = *k, g->rules = *rules;
    if (make_room(g, err) < 0) {
        visml_grower_free(g);
        return NULL;
    }
    for (int64_t i = 0; i < b->blocks; i++)
        g->block_starts[i + 1] = g->block_starts[i] + visml_histogram_size(b, i);
    int64_t bytes = g->block_starts[b->blocks] * (int64_t)sizeof(int64_t);
    g->most_histograms = (size_t)(HISTOGRAM_BYTES / (bytes > 0 ? bytes : 1)) + 2;
    return g;
}

void visml_grower_free(visml_grower *g) {
    if (!g)
        return;
    visml_memory *m = g->memory;
    for (size_t i = 0; i < g->histogram_count; i++)
        visml_mem_free(m, g->histograms[i]);
    void *const all[] = {g->rows, g->spare_rows, g->gradients, g->spare_gradients, g->nodes, g->open, g->block_starts, g->spare_histograms,
                         g->histograms, g->scratch, g->tree_columns, g->level_columns, g->column_list, g->node_columns, g->found, g->pairs};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        visml_mem_free(m, all[i]);
    visml_mem_free(m, g);
}

/* ---- nodes ---- */

static visml_status add_node(visml_grower *g, const growing_node *n, visml_error *err) {
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->nodes, &g->node_capacity, g->node_count + 1, sizeof *g->nodes, err));
    g->nodes[g->node_count++] = *n;
    return VISML_OK;
}

static visml_status add_root(visml_grower *g, int32_t node, visml_error *err) {
    growing_node root = {.node = node, .count = g->used, .sums = {.lower = -HUGE_VAL, .upper = HUGE_VAL}, .is_leaf = 1};
    for (int64_t p = 0; p < g->used; p++)
        root.sums.sum += g->gradients[p];
    g->node_count = 0;
    VISML_TRY(add_node(g, &root, err));
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->pairs, &g->pair_capacity, 1, sizeof *g->pairs, err));
    g->nodes[0].histogram = visml_grow_histogram(g);
    g->pairs[0] = (growing_pair){.smaller = 0, .larger = -1};
    g->pair_count = 1;
    return VISML_OK;
}

/* Those whose split is worth it wait for it. */
static visml_status add_open(visml_grower *g, int32_t number, visml_error *err) {
    growing_node *n = g->nodes + number;
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->open, &g->open_capacity, g->open_count + 1, sizeof *g->open, err));
    if (n->split.gain > 1e-6 && n->split.gain >= g->rules.gamma)
        g->open[g->open_count++] = number;
    else
        visml_grow_histogram_return(g, n);
    return VISML_OK;
}

static visml_status open_pairs(visml_grower *g, visml_error *err) {
    for (size_t p = 0; p < g->pair_count; p++) {
        int32_t first = g->pairs[p].smaller, second = g->pairs[p].larger;
        VISML_TRY(add_open(g, second >= 0 && second < first ? second : first, err));
        if (second >= 0)
            VISML_TRY(add_open(g, second < first ? first : second, err));
    }
    return VISML_OK;
}

/* ---- splitting ---- */

/* Bounds that keep children on their side of the middle where the column has a direction. */
static void bound_children(const visml_grower *g, const visml_split *s, growing_node *left, growing_node *right) {
    int direction = g->split.monotone ? g->split.monotone[s->column] : 0;
    double middle = (visml_leaf_value_of(&g->split, &left->sums) + visml_leaf_value_of(&g->split, &right->sums)) / 2;
    if (direction > 0)
        left->sums.upper = right->sums.lower = middle;
    else if (direction < 0)
        left->sums.lower = right->sums.upper = middle;
}

static void describe_split(const visml_grower *g, const growing_node *n, visml_grown_node *to) {
    const visml_split *s = &n->split;
    to->column = s->column, to->bin = s->bin, to->missing_left = s->missing_left;
    to->threshold = g->bins->columns[s->column].cuts[s->bin];
    to->gain = (float)s->gain;
    to->cover = (float)(visml_gradient_second(n->sums.sum) * g->split.second_unit);
}

static visml_status add_children(visml_grower *g, int32_t number, int64_t lefts, visml_grown *trees, visml_error *err) {
    growing_node parent = g->nodes[number], left = parent, right = parent;
    VISML_TRY(visml_grown_split(trees, parent.node, err));
    describe_split(g, &parent, trees->nodes + parent.node);
    left.depth = right.depth = parent.depth + 1;
    left.histogram = right.histogram = NULL;
    left.node = trees->nodes[parent.node].left, right.node = trees->nodes[parent.node].right;
    left.count = lefts, right.begin += lefts, right.count -= lefts;
    left.sums.sum = parent.split.left, right.sums.sum -= parent.split.left;
    bound_children(g, &parent.split, &left, &right);
    g->nodes[number].is_leaf = 0;
    VISML_TRY(add_node(g, &left, err));
    return add_node(g, &right, err);
}

/* Nothing can come of nodes that are as deep as allowed, or of two that weigh too little. */
static int can_split(const visml_grower *g, const growing_node *n) {
    double second = visml_gradient_second(n->sums.sum) * g->split.second_unit;
    return (!g->rules.max_depth || n->depth < g->rules.max_depth) && n->count > 1 && second >= 2 * g->split.min_child_weight;
}

static void pair_children(visml_grower *g, int32_t number, int32_t left) {
    growing_node *parent = g->nodes + number, *a = g->nodes + left, *b = a + 1;
    if (!can_split(g, a) && !can_split(g, b)) {
        visml_grow_histogram_return(g, parent);
        return;
    }
    int32_t smaller = b->count < a->count ? left + 1 : left, larger = 2 * left + 1 - smaller;
    g->pairs[g->pair_count++] = (growing_pair){.smaller = smaller, .larger = larger, .subtract = parent->histogram != NULL};
    g->nodes[larger].histogram = parent->histogram ? parent->histogram : visml_grow_histogram(g);
    g->nodes[smaller].histogram = visml_grow_histogram(g);
    parent->histogram = NULL;
}

/* The next nodes to split: all that wait, or the best one. They are the first of `open`. */
static size_t choose_batch(visml_grower *g, int64_t leaves) {
    size_t best = 0, room = g->rules.max_leaves ? (size_t)(g->rules.max_leaves - leaves) : g->open_count;
    if (!g->rules.best_first)
        return g->open_count < room ? g->open_count : room;
    for (size_t i = 1; i < g->open_count; i++)
        if (g->nodes[g->open[i]].split.gain > g->nodes[g->open[best]].split.gain)
            best = i;
    int32_t chosen = g->open[best];
    memmove(g->open + 1, g->open, best * sizeof *g->open);
    g->open[0] = chosen;
    return room < 1 ? 0 : 1;
}

static visml_status split_batch(visml_grower *g, size_t n, const visml_grow_job *job, visml_grown *trees, visml_error *err) {
    int64_t *lefts = visml_mem_alloc(g->memory, n * sizeof *lefts, err);
    visml_status status = lefts ? VISML_OK : VISML_ENOMEM;
    if (status == VISML_OK)
        status = visml_mem_grow(g->memory, (void **)&g->pairs, &g->pair_capacity, n, sizeof *g->pairs, err);
    if (status == VISML_OK)
        visml_grow_part_rows(g, g->open, n, lefts);
    g->pair_count = 0;
    for (size_t i = 0; status == VISML_OK && i < n; i++) {
        int32_t left = (int32_t)g->node_count;
        status = add_children(g, g->open[i], lefts[i], trees, err);
        if (status == VISML_OK)
            pair_children(g, g->open[i], left);
    }
    visml_mem_free(g->memory, lefts);
    VISML_TRY(status);
    memmove(g->open, g->open + n, (g->open_count - n) * sizeof *g->open);
    g->open_count -= n;
    VISML_TRY(visml_grow_find(g, job, err));
    return open_pairs(g, err);
}

static visml_status grow_tree(visml_grower *g, const visml_grow_job *job, visml_grown *trees, visml_error *err) {
    VISML_TRY(visml_grown_begin(trees, err));
    VISML_TRY(add_root(g, trees->roots[trees->trees - 1], err));
    VISML_TRY(visml_grow_find(g, job, err));
    VISML_TRY(open_pairs(g, err));
    for (int64_t leaves = 1; g->open_count;) {
        size_t n = choose_batch(g, leaves);
        if (n == 0)
            return VISML_OK;
        leaves += (int64_t)n;
        VISML_TRY(split_batch(g, n, job, trees, err));
    }
    return VISML_OK;
}

visml_status visml_grower_grow(visml_grower *g, const visml_grow_job *job, visml_grown *trees, visml_error *err) {
    g->open_count = 0;
    visml_grow_take_rows(g, job);
    visml_grow_draw_columns(g, job->key);
    visml_status status = grow_tree(g, job, trees, err);
    for (size_t i = 0; i < g->node_count; i++)
        visml_grow_histogram_return(g, g->nodes + i);
    if (status == VISML_OK)
        visml_grow_leaves(g, job, trees);
    return status;
}
