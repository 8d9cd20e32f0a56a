/* Grown trees of a forest while others grow: no more room than they need, half of what a growing tree takes. */
#ifndef CLASSIFY_FOREST_TREES_H
#define CLASSIFY_FOREST_TREES_H

#include "classify/cart_grow.h"

typedef struct visml_forest_node {
    int32_t column; /* left where x[column] < number; a leaf where it is VISML_TREE_LEAF */
    int32_t left;   /* the right child is the next one; of a leaf: its row of shares */
    float number;   /* threshold, or value of a leaf */
    float gain, cover;
} visml_forest_node;

typedef struct visml_forest_tree {
    visml_forest_node *nodes; /* [count] */
    size_t count, leaves;
    float *shares; /* [leaves, classes], in the order of nodes; NULL: regression */
} visml_forest_tree;

/* A copy. Errors: VISML_ENOMEM. */
visml_status visml_forest_tree_pack(visml_forest_tree *t, visml_memory *m, const visml_cart_tree *grown, int64_t classes, visml_error *err);
void visml_forest_tree_clear(visml_forest_tree *t, visml_memory *m);
/* To nodes first ... of the arrays, which are zeros. */
void visml_forest_tree_put(const visml_forest_tree *t, const visml_tree_arrays *a, size_t first);
/* The leaf that a row comes to. */
const visml_forest_node *visml_forest_tree_leaf(const visml_forest_tree *t, const visml_samples *s, int64_t row);

#endif
