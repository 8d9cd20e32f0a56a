/* The inside of a grower of boosted trees: rows sorted by nodes, histograms of open nodes, and the best split of each. */
#ifndef CLASSIFY_GROW_STATE_H
#define CLASSIFY_GROW_STATE_H

#include "classify/grow.h"
#include "classify/histogram_sums.h"

/* A node of the tree that grows. Its rows are side by side. */
typedef struct growing_node {
    int32_t node, depth; /* in the list of trees */
    int64_t begin, count;
    visml_node_sums sums;
    int64_t *histogram; /* sums of all blocks, or NULL: not kept */
    visml_split split;
    int32_t is_leaf, reserved;
} growing_node;

/* Two children (or the root alone: larger < 0). The larger one's histogram is its parent's less the smaller one's, where that was kept. */
typedef struct growing_pair {
    int32_t smaller, larger;
    int32_t subtract, reserved;
} growing_pair;

struct visml_grower {
    visml_memory *memory;
    const visml_bins *bins;
    visml_compute compute;
    visml_grow_rules rules;
    visml_split_rules split; /* with the units of the tree that grows */
    int64_t used;            /* rows that count: the first ones */
    int32_t *rows, *spare_rows;             /* [n] */
    int64_t *gradients, *spare_gradients;   /* [n]: packed, in the order of rows */
    growing_node *nodes;
    size_t node_count, node_capacity;
    int32_t *open; /* nodes that can be split */
    size_t open_count, open_capacity;

    int64_t *block_starts; /* [blocks + 1]: of the blocks in a histogram */
    int64_t **spare_histograms;
    size_t spare_count, spare_capacity, histogram_count, most_histograms;
    int64_t **histograms; /* all that there are */
    size_t histogram_capacity;
    int64_t *scratch;     /* [workers, 2, VISML_BIN_COLUMNS, VISML_MOST_BINS] */

    uint8_t *tree_columns, *level_columns; /* [d]: 1: may be split on */
    int64_t *column_list;                  /* [d] */
    uint8_t *node_columns;                 /* [pairs, 2, d] */
    size_t node_columns_capacity;
    visml_split *found; /* [pairs, 2, blocks] */
    size_t found_capacity;
    growing_pair *pairs;
    size_t pair_count, pair_capacity;
};

/* grow_find.c: the best splits of all pairs, to their nodes. Errors: VISML_ENOMEM, those of ticks. */
visml_status visml_grow_find(visml_grower *g, const visml_grow_job *job, visml_error *err);
/* The columns that the tree may use. */
void visml_grow_draw_columns(visml_grower *g, uint64_t key);
/* Room for a histogram, or NULL when there are enough. */
int64_t *visml_grow_histogram(visml_grower *g);
void visml_grow_histogram_return(visml_grower *g, growing_node *n);

/* grow_rows.c: the rows that count come first, with their gradients; sets `used` and units. */
void visml_grow_take_rows(visml_grower *g, const visml_grow_job *job);
/* Sorts the rows of nodes[i] by their splits; left_counts[i]: how many are left. */
void visml_grow_part_rows(visml_grower *g, const int32_t *nodes, size_t n, int64_t *left_counts);
/* Values of the leaves from the sums of their rows' derivatives, and to the rows. */
void visml_grow_leaves(visml_grower *g, const visml_grow_job *job, visml_grown *trees);

#endif
