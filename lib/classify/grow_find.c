/* Histograms of the children of split nodes, and their best splits. */
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/grow_state.h"
#include "classify/tree_ticks.h"

/* ---- histograms that are kept ---- */

int64_t *visml_grow_histogram(visml_grower *g) {
    if (g->spare_count)
        return g->spare_histograms[--g->spare_count];
    if (g->histogram_count == g->most_histograms)
        return NULL;
    size_t need = g->histogram_count + 1;
    if (visml_mem_grow(g->memory, (void **)&g->histograms, &g->histogram_capacity, need, sizeof *g->histograms, NULL) < 0 ||
        visml_mem_grow(g->memory, (void **)&g->spare_histograms, &g->spare_capacity, need, sizeof *g->spare_histograms, NULL) < 0)
        return NULL;
    int64_t *h = visml_mem_alloc(g->memory, (size_t)g->block_starts[g->bins->blocks] * sizeof *h, NULL);
    if (h)
        g->histograms[g->histogram_count++] = h;
    return h;
}

void visml_grow_histogram_return(visml_grower *g, growing_node *n) {
    if (n->histogram)
        g->spare_histograms[g->spare_count++] = n->histogram;
    n->histogram = NULL;
}

/* ---- columns ---- */

/* A share of those that `from` has, one at least. */
static void draw(visml_grower *g, const uint8_t *from, uint8_t *to, double share, uint64_t key) {
    int64_t d = g->bins->d, n = 0;
    memcpy(to, from, (size_t)d);
    if (share >= 1)
        return;
    for (int64_t c = 0; c < d; c++)
        if (from[c])
            g->column_list[n++] = c;
    visml_rng rng;
    visml_rng_init(&rng, key);
    visml_rng_shuffle(&rng, g->column_list, (size_t)n);
    int64_t keep = (int64_t)(share * (double)n);
    for (int64_t i = keep > 1 ? keep : 1; i < n; i++)
        to[g->column_list[i]] = 0;
}

void visml_grow_draw_columns(visml_grower *g, uint64_t key) {
    memset(g->level_columns, 1, (size_t)g->bins->d);
    draw(g, g->level_columns, g->tree_columns, g->rules.columns_by_tree, key);
}

static void draw_node_columns(visml_grower *g, int32_t number, uint8_t *to, uint64_t key) {
    const growing_node *n = g->nodes + number;
    draw(g, g->tree_columns, g->level_columns, g->rules.columns_by_level, visml_key(key, (uint64_t)n->depth + 1));
    draw(g, g->level_columns, to, g->rules.columns_by_node, visml_key(key, ((uint64_t)number + 1) << 32));
}

/* ---- finding ---- */

static void find_in_block(const visml_grower *g, int32_t number, int64_t block, const uint8_t *allowed, const int64_t *h,
                          visml_split *best) {
    const growing_node *n = g->nodes + number;
    double without = visml_node_gain(&g->split, &n->sums);
    int64_t from = block * VISML_BIN_COLUMNS, to = from + VISML_BIN_COLUMNS < g->bins->d ? from + VISML_BIN_COLUMNS : g->bins->d;
    for (int64_t c = from; c < to; c++)
        if (allowed[c])
            visml_split_find(&g->split, g->bins->columns + c, (int32_t)c, h + (c - from) * g->bins->widths[block], &n->sums, without, best);
}

static void sum_rows(const visml_grower *g, int32_t number, int64_t block, int64_t *h) {
    const growing_node *n = g->nodes + number;
    visml_histogram_sum(g->bins, block, n->count, g->rows + n->begin, g->gradients + n->begin, h);
}

/* Some of the tasks, from the first one on. */
typedef struct find_portion {
    const visml_grower *g;
    size_t first;
} find_portion;

/* One block of columns of a pair. */
static void find_task(void *arg, size_t number, size_t worker) {
    const find_portion *portion = arg;
    const visml_grower *g = portion->g;
    size_t task = portion->first + number;
    int64_t blocks = g->bins->blocks, block = (int64_t)task % blocks;
    size_t pair = task / (size_t)blocks;
    const growing_pair *p = g->pairs + pair;
    int64_t size = visml_histogram_size(g->bins, block), *scratch = g->scratch + worker * 2 * VISML_BIN_COLUMNS * VISML_MOST_BINS;
    visml_split *found = g->found + 2 * pair * (size_t)blocks + block;
    const uint8_t *allowed = g->node_columns + 2 * pair * (size_t)g->bins->d;
    found[0] = found[blocks] = (visml_split){0};
    if (!size)
        return;
    int64_t *kept = g->nodes[p->smaller].histogram, *small = kept ? kept + g->block_starts[block] : scratch;
    sum_rows(g, p->smaller, block, small);
    find_in_block(g, p->smaller, block, allowed, small, &found[0]);
    if (p->larger < 0)
        return;
    kept = g->nodes[p->larger].histogram;
    int64_t *large = kept ? kept + g->block_starts[block] : scratch + VISML_BIN_COLUMNS * VISML_MOST_BINS;
    if (p->subtract)
        visml_histogram_subtract(size, large, small);
    else
        sum_rows(g, p->larger, block, large);
    find_in_block(g, p->larger, block, allowed + g->bins->d, large, &found[blocks]);
}

/* The first of equals. */
static void choose(visml_grower *g, int32_t number, const visml_split *found) {
    growing_node *n = g->nodes + number;
    n->split = found[0];
    for (int64_t b = 1; b < g->bins->blocks; b++)
        if (found[b].gain > n->split.gain)
            n->split = found[b];
}

static visml_status make_room(visml_grower *g, visml_error *err) {
    size_t sides = 2 * g->pair_count, d = (size_t)g->bins->d, blocks = (size_t)g->bins->blocks;
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->node_columns, &g->node_columns_capacity, sides * d, 1, err));
    return visml_mem_grow(g->memory, (void **)&g->found, &g->found_capacity, sides * blocks, sizeof *g->found, err);
}

/* Numbers that a task adds up, and bins that it looks at. */
static int64_t work_of(const visml_grower *g, size_t task) {
    const growing_pair *p = g->pairs + task / (size_t)g->bins->blocks;
    int64_t rows = g->nodes[p->smaller].count;
    if (p->larger >= 0 && !p->subtract)
        rows += g->nodes[p->larger].count;
    return (rows + VISML_MOST_BINS) * VISML_BIN_COLUMNS;
}

/* In portions, between which the caller is asked. */
static visml_status find_all(const visml_grower *g, const visml_grow_job *job, visml_error *err) {
    size_t tasks = g->pair_count * (size_t)g->bins->blocks, end;
    for (find_portion p = {.g = g}; p.first < tasks; p.first = end) {
        int64_t room = VISML_TICK_NUMBERS * (int64_t)g->compute.parallel->workers;
        VISML_TRY(job->tick(job->user, err));
        for (end = p.first; end < tasks && room > 0; end++)
            room -= work_of(g, end);
        visml_parallel_run(g->compute.parallel, end - p.first, find_task, &p);
    }
    return VISML_OK;
}

visml_status visml_grow_find(visml_grower *g, const visml_grow_job *job, visml_error *err) {
    size_t d = (size_t)g->bins->d, blocks = (size_t)g->bins->blocks;
    VISML_TRY(make_room(g, err));
    for (size_t p = 0; p < g->pair_count; p++) {
        draw_node_columns(g, g->pairs[p].smaller, g->node_columns + 2 * p * d, job->key);
        if (g->pairs[p].larger >= 0)
            draw_node_columns(g, g->pairs[p].larger, g->node_columns + (2 * p + 1) * d, job->key);
    }
    VISML_TRY(find_all(g, job, err));
    for (size_t p = 0; p < g->pair_count; p++) {
        choose(g, g->pairs[p].smaller, g->found + 2 * p * blocks);
        if (g->pairs[p].larger >= 0)
            choose(g, g->pairs[p].larger, g->found + (2 * p + 1) * blocks);
    }
    return VISML_OK;
}
