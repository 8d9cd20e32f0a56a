/* Rows of a growing tree: gradients as whole numbers, sorting by splits, leaves. */
#include <math.h>
#include <string.h>

#include "classify/grow_state.h"

/* ---- gradients ---- */

static int is_used(const visml_grow_job *job, int64_t i) {
    return !job->used || job->used[i];
}

/* Where units are coarse: rounded down or up so that it is right on average over rows, by the multiples of the golden ratio, which are
 * spread evenly. Else to the nearest, so that equal gradients stay equal, and splits that are as good as each other too. */
#define FINE_ROWS 32768 /* with units of 2^-16 of the largest gradient or less */
static int32_t round_for(double v, int64_t place, int64_t rows) {
    double share = rows <= FINE_ROWS ? 0.5 : (double)(uint32_t)((uint32_t)place * 2654435769U) * (1.0 / 4294967296.0);
    return (int32_t)floor(v + share);
}

static void order_rows(visml_grower *g, const visml_grow_job *job) {
    int64_t n = g->bins->n, rest = n;
    g->used = 0;
    for (int64_t i = 0; i < n; i++)
        if (is_used(job, i))
            g->rows[g->used++] = (int32_t)i;
    for (int64_t i = n - 1; i >= 0 && rest > g->used; i--)
        if (!is_used(job, i))
            g->rows[--rest] = (int32_t)i;
}

void visml_grow_take_rows(visml_grower *g, const visml_grow_job *job) {
    double most_first = 0, most_second = 0;
    order_rows(g, job);
    for (int64_t p = 0; p < g->used; p++) {
        double first = fabs((double)job->first[g->rows[p]]), second = (double)job->second[g->rows[p]];
        most_first = first > most_first ? first : most_first;
        most_second = second > most_second ? second : most_second;
    }
    double first_scale = visml_gradient_scale(g->used, most_first), second_scale = visml_gradient_scale(g->used, most_second);
    for (int64_t p = 0; p < g->used; p++) {
        int64_t i = g->rows[p];
        g->gradients[p] = visml_gradient_pack(round_for((double)job->first[i] * first_scale, p, g->used),
                                              round_for((double)job->second[i] * second_scale, p, g->used));
    }
    g->split = g->rules.split;
    g->split.first_unit = 1 / first_scale;
    g->split.second_unit = 1 / second_scale;
}

/* ---- sorting ---- */

/* Which bins go left. */
typedef struct split_table {
    uint8_t left[VISML_MOST_BINS];
} split_table;

static split_table table_of(const visml_bin_column *c, int32_t bin, int32_t missing_left) {
    split_table t = {{0}};
    for (int32_t b = 0; b <= bin; b++)
        t.left[b] = 1;
    if (c->missing)
        t.left[c->count] = (uint8_t)missing_left;
    return t;
}

/* In their order on both sides. */
static int64_t part_node(const visml_grower *g, const growing_node *node) {
    const visml_split *s = &node->split;
    int64_t block = s->column / VISML_BIN_COLUMNS, place = s->column % VISML_BIN_COLUMNS;
    const uint8_t *codes = g->bins->codes + block * g->bins->n * VISML_BIN_COLUMNS + place;
    split_table t = table_of(g->bins->columns + s->column, s->bin, s->missing_left);
    int32_t *rows = g->rows + node->begin, *spare_rows = g->spare_rows + node->begin;
    int64_t *gradients = g->gradients + node->begin, *spare_gradients = g->spare_gradients + node->begin, lefts = 0, rights = 0;
    for (int64_t p = 0; p < node->count; p++) {
        int32_t row = rows[p];
        int64_t gradient = gradients[p], left = t.left[codes[(int64_t)row * VISML_BIN_COLUMNS]];
        rows[lefts] = spare_rows[rights] = row;
        gradients[lefts] = spare_gradients[rights] = gradient;
        lefts += left;
        rights += 1 - left;
    }
    memcpy(rows + lefts, spare_rows, (size_t)rights * sizeof *rows);
    memcpy(gradients + lefts, spare_gradients, (size_t)rights * sizeof *gradients);
    return lefts;
}

typedef struct part_job {
    const visml_grower *g;
    const int32_t *nodes;
    int64_t *left_counts;
} part_job;

static void part_block(void *arg, size_t block, size_t worker) {
    const part_job *j = arg;
    (void)worker;
    j->left_counts[block] = part_node(j->g, j->g->nodes + j->nodes[block]);
}

void visml_grow_part_rows(visml_grower *g, const int32_t *nodes, size_t n, int64_t *left_counts) {
    part_job j = {.g = g, .nodes = nodes, .left_counts = left_counts};
    visml_parallel_run(g->compute.parallel, n, part_block, &j);
}

/* ---- leaves ---- */

typedef struct leaf_job {
    const visml_grower *g;
    const visml_grow_job *job;
    visml_grown *trees;
} leaf_job;

/* The derivatives themselves are added: whole numbers are for finding splits. */
static void leaf_block(void *arg, size_t block, size_t worker) {
    const leaf_job *j = arg;
    const growing_node *n = j->g->nodes + block;
    const int32_t *rows = j->g->rows + n->begin;
    double first = 0, second = 0;
    (void)worker;
    if (!n->is_leaf)
        return;
    for (int64_t p = 0; p < n->count; p++) {
        first += (double)j->job->first[rows[p]];
        second += (double)j->job->second[rows[p]];
    }
    visml_grown_node *leaf = j->trees->nodes + n->node;
    leaf->value = (float)(visml_leaf_value(&j->g->split, first, second, n->sums.lower, n->sums.upper) * j->g->rules.learning_rate);
    leaf->cover = (float)second;
    for (int64_t p = 0; p < n->count; p++)
        j->job->values[rows[p] * j->job->value_stride] += leaf->value;
}

#define ROWS 4096 /* of one piece of work */

typedef struct walk_job {
    const visml_grower *g;
    const visml_grown_node *nodes;
    int32_t root;
    float factor;
    const int32_t *rows; /* [n]; NULL: all */
    int64_t n;
    float *values;
    int64_t stride;
} walk_job;

static float walk_row(const walk_job *j, int64_t row) {
    const visml_grown_node *n = j->nodes + j->root;
    while (n->column >= 0) {
        int32_t code = visml_bins_code(j->g->bins, row, n->column);
        const visml_bin_column *c = j->g->bins->columns + n->column;
        int left = c->missing && code == c->count ? n->missing_left : code <= n->bin;
        n = j->nodes + (left ? n->left : n->right);
    }
    return n->value;
}

static void walk_block(void *arg, size_t block, size_t worker) {
    const walk_job *j = arg;
    int64_t from = (int64_t)block * ROWS, to = from + ROWS < j->n ? from + ROWS : j->n;
    (void)worker;
    for (int64_t p = from; p < to; p++) {
        int64_t row = j->rows ? j->rows[p] : p;
        j->values[row * j->stride] += j->factor * walk_row(j, row);
    }
}

static void walk(const walk_job *j) {
    visml_parallel_run(j->g->compute.parallel, (size_t)((j->n + ROWS - 1) / ROWS), walk_block, (void *)(uintptr_t)j);
}

void visml_grow_leaves(visml_grower *g, const visml_grow_job *job, visml_grown *trees) {
    leaf_job j = {.g = g, .job = job, .trees = trees};
    visml_parallel_run(g->compute.parallel, g->node_count, leaf_block, &j);
    walk(&(walk_job){.g = g, .nodes = trees->nodes, .root = g->nodes[0].node, .factor = 1, .rows = g->rows + g->used,
                     .n = g->bins->n - g->used, .values = job->values, .stride = job->value_stride});
}

void visml_grower_add(visml_grower *g, const visml_grown *trees, size_t tree, float factor, float *values, int64_t value_stride) {
    walk(&(walk_job){.g = g, .nodes = trees->nodes, .root = trees->roots[tree], .factor = factor, .n = g->bins->n, .values = values,
                     .stride = value_stride});
}
