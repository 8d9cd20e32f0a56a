/* Where a node of a boosted tree is best split (Chen and Guestrin 2016, with XGBoost's rules for its options). */
#ifndef CLASSIFY_SPLITS_H
#define CLASSIFY_SPLITS_H

#include "classify/bins.h"

typedef struct visml_split_rules {
    double lambda, alpha, min_child_weight, max_delta_step;
    double first_unit, second_unit; /* what one of a packed gradient's first and second numbers stands for */
    const int8_t *monotone;         /* [d]: 1: the prediction may not fall with the column, -1: not rise, 0: as it comes; NULL: none */
} visml_split_rules;

/* A node's gradients, and between which numbers its value must be. */
typedef struct visml_node_sums {
    int64_t sum; /* packed: see classify/histogram_sums.h */
    double lower, upper;
} visml_node_sums;

typedef struct visml_split {
    double gain;     /* what the loss falls by; 0: there is no split */
    int32_t column;  /* bins up to `bin` go left */
    int32_t bin;
    int32_t missing_left;
    int32_t reserved;
    int64_t left; /* the left child's sum */
} visml_split;

/* The best value of a leaf with these derivatives. */
double visml_leaf_value(const visml_split_rules *r, double first, double second, double lower, double upper);
static inline double visml_leaf_value_of(const visml_split_rules *r, const visml_node_sums *node) {
    return visml_leaf_value(r, (double)(int32_t)(node->sum >> 32) * r->first_unit,
                            (double)(int32_t)(node->sum & 0x7fffffff) * r->second_unit,
                            node->lower, node->upper);
}
/* What a node gains by having its best value. */
double visml_node_gain(const visml_split_rules *r, const visml_node_sums *node);
/* Takes the best split of one column over `best` if it gains more. h: the sums of its bins. `without`: visml_node_gain. */
void visml_split_find(const visml_split_rules *r, const visml_bin_column *column, int32_t number, const int64_t *h,
                      const visml_node_sums *node, double without, visml_split *best);

#endif
