#include "classify/cart_grow.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/cart_random.h"
#include "classify/tree_ticks.h"
#include "kernel/span.h"

typedef struct cart_node {
    int32_t node, depth;
    int32_t near, reserved; /* 1: its rows are the near ones */
    int64_t begin, count;
    visml_cart_split split;
    double weight, score, gain;
} cart_node;

typedef struct cart_rows {
    visml_samples s;
    const float *weights;
} cart_rows;

/* Rows of a node that are few are copied: its children, whose columns are others, then find them in the cache. */
#define NEAR_BYTES (1 << 19)
#define LEAST_NEAR 16

struct visml_cart {
    visml_memory *memory;
    visml_compute compute;
    const visml_code_columns *columns; /* NULL: thresholds are random */
    const visml_samples *samples;
    visml_cart_rules rules;
    double root_weight;
    cart_rows far, near;
    float *near_x;       /* [most_near, d] */
    float *near_weights; /* [most_near], as what follows */
    float *near_targets;
    int32_t *near_places;
    int64_t most_near;
    int32_t *rows, *spare; /* [n]: numbers of far rows, or of near ones */
    int32_t *places;       /* [n]: of one node's rows, side by side, as what follows */
    float *targets, *weights;
    double *totals;
    int64_t *ends;  /* [classes] */
    int64_t *order; /* [d]: columns in the order in which they are looked at */
    visml_cart_split *found; /* [max_features] */
    uint8_t *varies;         /* [max_features] */
    char *scratch;           /* [workers, scratch_bytes] */
    size_t scratch_bytes;
    cart_node *open;
    size_t open_count, open_capacity;
    int (*keep_on)(void *user);
    void *user;
    int stopped;
};

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
    g->near = (cart_rows){.s = *s, .weights = g->near_weights};
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

/* ---- a node's rows ---- */

static void add_class(visml_cart *g, int32_t place, double w) {
    g->totals[place] += w;
    g->ends[place]++;
}

/* The rows of a node become near ones. */
static void bring_near(visml_cart *g, cart_node *n) {
    const visml_samples *s = &g->far.s;
    int32_t *rows = g->rows + n->begin;
    for (int64_t p = 0; p < n->count; p++) {
        memcpy(g->near_x + p * s->d, s->x + rows[p] * s->row_stride, (size_t)s->d * sizeof *s->x);
        g->near_weights[p] = g->far.weights[rows[p]];
        if (s->class_count)
            g->near_places[p] = s->places[rows[p]];
        else
            g->near_targets[p] = s->targets[rows[p]];
        rows[p] = (int32_t)p;
    }
    n->near = 1;
}

static const cart_rows *rows_of(const visml_cart *g, const cart_node *n) {
    return n->near ? &g->near : &g->far;
}

static visml_cart_node gather(visml_cart *g, const cart_node *n) {
    const visml_samples *s = &rows_of(g, n)->s;
    const float *weights = rows_of(g, n)->weights;
    int64_t classes = s->class_count;
    const int32_t *rows = g->rows + n->begin;
    double weight = 0;
    int equal = 1;
    memset(g->ends, 0, (size_t)classes * sizeof *g->ends);
    memset(g->totals, 0, (size_t)(classes + 2) * sizeof *g->totals);
    for (int64_t p = 0; p < n->count; p++) {
        double w = (double)(g->weights[p] = weights[rows[p]]);
        weight += w;
        equal &= g->weights[p] == g->weights[0];
        if (classes)
            add_class(g, g->places[p] = s->places[rows[p]], w);
        else
            g->totals[1] += w * (double)(g->targets[p] = s->targets[rows[p]]);
    }
    if (!classes)
        g->totals[0] = weight;
    for (int64_t k = 1; k < classes; k++)
        g->ends[k] += g->ends[k - 1];
    return (visml_cart_node){.impurity = g->rules.impurity, .classes = classes, .n = n->count, .least = g->rules.min_samples_leaf,
                             .samples = s, .rows = rows, .places = g->places, .targets = g->targets, .weights = g->weights,
                             .totals = g->totals, .ends = g->ends, .equal = equal, .weight = weight,
                             .score = visml_cart_score(g->rules.impurity, classes, g->totals)};
}

/* All of one class, or the same number in all rows. */
static int is_pure(const visml_cart_node *n) {
    int64_t present = 0;
    for (int64_t k = 0; k < n->classes; k++)
        present += n->totals[k] > 0;
    for (int64_t p = 1; !n->classes && p < n->n && !present; p++)
        present = n->targets[p] != n->targets[0] ? 2 : 0;
    return present < 2;
}

/* ---- splits ---- */

typedef struct find_job {
    visml_cart *g;
    const visml_cart_node *node;
    const int64_t *columns;
    int64_t n, group; /* columns, and how many are looked at together */
    uint64_t key;
    visml_cart_split *found; /* [n] */
    uint8_t *varies;         /* [n] */
} find_job;

static void find_group(void *arg, size_t block, size_t worker) {
    const find_job *j = arg;
    visml_cart *g = j->g;
    int64_t from = (int64_t)block * j->group, n = visml_block_length((int64_t)block, j->group, j->n);
    char *scratch = g->scratch + worker * g->scratch_bytes;
    for (int64_t i = from; i < from + n; i++)
        j->found[i] = (visml_cart_split){.column = -1};
    if (g->columns)
        visml_cart_find(j->node, g->columns, n, j->columns + from, scratch, j->found + from, j->varies + from);
    else
        visml_cart_find_random(j->node, n, j->columns + from, j->key, scratch, j->found + from, j->varies + from);
}

static int goes_on(visml_cart *g) {
    g->stopped = g->stopped || !g->keep_on(g->user);
    return !g->stopped;
}

#define SHARED_WORK 32768 /* numbers to look at that are worth several threads */
#define GROUP 32          /* columns: of so many nodes look at some together */

static void find_portion(find_job *j) {
    const visml_parallel *p = j->g->compute.parallel;
    int shared = p->workers > 1 && j->n * j->node->n >= SHARED_WORK;
    j->group = shared ? 4 : GROUP;
    if (shared)
        visml_parallel_run(p, (size_t)visml_blocks(j->n, j->group), find_group, j);
    else
        visml_run_alone(NULL, (size_t)visml_blocks(j->n, j->group), find_group, j);
}

/* Looks at columns begin ... begin + n - 1 of the order; returns how many of them are not the same in all rows. */
static int64_t find_some(find_job *j, int64_t begin, int64_t n, visml_cart_split *best) {
    visml_cart *g = j->g;
    int64_t varying = 0, portion = VISML_TICK_NUMBERS / VISML_TICK_SORTING * (int64_t)g->compute.parallel->workers / j->node->n;
    portion = portion > 1 ? portion : 1;
    for (int64_t from = 0; from < n && (from == 0 || goes_on(g)); from += portion) {
        j->columns = g->order + begin + from, j->n = n - from < portion ? n - from : portion;
        j->found = g->found + from, j->varies = g->varies + from;
        find_portion(j);
    }
    for (int64_t i = 0; i < n && !g->stopped; i++) {
        const visml_cart_split *f = g->found + i;
        varying += g->varies[i];
        if (f->column >= 0 && (best->column < 0 || f->score > best->score))
            *best = *f;
    }
    return varying;
}

static void draw_column(visml_cart *g, int64_t i, visml_rng *rng) {
    int64_t at = i + (int64_t)visml_rng_below(rng, (uint64_t)(g->samples->d - i)), column = g->order[at];
    g->order[at] = g->order[i];
    g->order[i] = column;
}

#define TICK_ROWS 4096 /* worth asking the caller after one column */

/* Columns are drawn without putting them back; when all so far are the same in all rows, more are (as in scikit-learn). */
static visml_cart_split find_split(visml_cart *g, const visml_cart_node *node, uint64_t key) {
    int64_t d = g->samples->d, most = g->rules.max_features;
    visml_cart_split best = {.column = -1};
    find_job j = {.g = g, .node = node, .key = key};
    visml_rng rng;
    visml_rng_init(&rng, key);
    for (int64_t i = 0; most < d && i < most; i++)
        draw_column(g, i, &rng);
    int64_t varying = find_some(&j, 0, most, &best);
    for (int64_t i = most; i < d && !varying; i++) {
        if (node->n >= TICK_ROWS && !goes_on(g))
            break;
        draw_column(g, i, &rng);
        varying = find_some(&j, i, 1, &best);
    }
    return best;
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

static int may_split(const visml_cart *g, const cart_node *n, const visml_cart_node *rows) {
    const visml_cart_rules *r = &g->rules;
    return (!r->max_depth || n->depth < r->max_depth) && n->count >= r->min_samples_split && n->count >= 2 * r->min_samples_leaf &&
           !is_pure(rows);
}

/* A node waits with its split, or is a leaf. */
static visml_status add_node(visml_cart *g, cart_node n, const grow_call *c, visml_error *err) {
    visml_cart_node rows = gather(g, &n);
    if (n.depth == 0)
        g->root_weight = rows.weight;
    n.weight = rows.weight, n.score = rows.score;
    n.split = (visml_cart_split){.column = -1};
    if (may_split(g, &n, &rows))
        n.split = find_split(g, &rows, visml_key(c->key, (uint64_t)n.node));
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

static int64_t part_rows(visml_cart *g, const cart_node *n) {
    const visml_samples *s = &rows_of(g, n)->s;
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

static visml_status split_node(visml_cart *g, const cart_node *n, const grow_call *c, visml_error *err) {
    visml_grown *trees = &c->t->grown;
    VISML_TRY(visml_grown_split(trees, n->node, err));
    visml_grown_node *to = trees->nodes + n->node;
    to->column = (int32_t)n->split.column, to->threshold = n->split.threshold;
    to->gain = (float)n->gain, to->cover = (float)n->weight;
    int32_t left_node = to->left, right_node = to->right;
    int64_t lefts = part_rows(g, n);
    cart_node left = {.node = left_node, .depth = n->depth + 1, .near = n->near, .begin = n->begin, .count = lefts};
    cart_node right = {.node = right_node, .depth = n->depth + 1, .near = n->near, .begin = n->begin + lefts, .count = n->count - lefts};
    VISML_TRY(add_node(g, right, c, err));
    return add_node(g, left, c, err);
}

/* The last one, or where leaves are limited the one that gains most. */
static cart_node take_open(visml_cart *g) {
    size_t best = g->open_count - 1;
    for (size_t i = 0; g->rules.max_leaf_nodes && i < g->open_count; i++)
        if (g->open[i].gain > g->open[best].gain)
            best = i;
    cart_node n = g->open[best];
    g->open[best] = g->open[--g->open_count];
    return n;
}

/* In the order of their classes, so that of each class the rows of a node lie side by side: splitting keeps the order. */
static void begin_by_classes(visml_cart *g, const float *weights, cart_node *root) {
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

static void begin_rows(visml_cart *g, const float *weights, cart_node *root) {
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
        const cart_node *n = &g->open[g->open_count - 1];
        visml_cart_node rows = gather(g, n);
        VISML_TRY(make_leaf(g, &rows, n->node, c->t, err));
    }
    return VISML_OK;
}

visml_status visml_cart_grow(visml_cart *g, const float *weights, uint64_t key, int (*keep_on)(void *user), void *user, visml_cart_tree *t,
                             visml_error *err) {
    grow_call c = {.key = key, .t = t};
    cart_node root = {.depth = 0};
    t->grown.count = t->grown.trees = t->leaves = 0;
    VISML_TRY(visml_grown_begin(&t->grown, err));
    g->far = (cart_rows){*g->samples, weights};
    begin_rows(g, weights, &root);
    g->open_count = 0, g->keep_on = keep_on, g->user = user, g->stopped = 0;
    VISML_TRY(add_node(g, root, &c, err));
    for (int64_t leaves = 1; g->open_count && (!g->rules.max_leaf_nodes || leaves < g->rules.max_leaf_nodes); leaves++) {
        if (!goes_on(g))
            return VISML_ECANCELLED;
        cart_node n = take_open(g);
        if (!n.near && n.count >= LEAST_NEAR && n.count <= g->most_near)
            bring_near(g, &n);
        VISML_TRY(split_node(g, &n, &c, err));
    }
    return end_growing(g, &c, err);
}
