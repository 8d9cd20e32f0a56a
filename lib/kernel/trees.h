/* Rows through ensembles of binary trees. */
#ifndef KERNEL_TREES_H
#define KERNEL_TREES_H

#include "kernel/compute.h"
#include "kernel/leaf.h"

#ifndef VISML_REAL_DOUBLE
/* A row goes from a tree's root to `left` where x[feature] < number, else to `right`, as in XGBoost (where trees say <=, as scikit-learn's
 * do, the number is to be the next larger float); a missing number (NaN) goes right, or left when the feature has
 * VISML_TREE_DEFAULT_LEFT added. A node with a feature below 0 is a leaf, its number the value. Node numbers count in the one array of
 * all trees, at most 2^29 of them: a tree's stand together from its root on, children behind their parents. Nothing is checked: features
 * must be within the row, and every way must end at a leaf. */
#define VISML_TREE_DEFAULT_LEFT 0x40000000
#define VISML_TREE_LEAF (-1)

/* out[rows, groups] = start[groups] (NULL: 0) + the leaves' values, those of tree t to group t % groups, added in the order of the trees.
 * ld: from one row of x to the next, at most 2^26. scratch: visml_trees_sum_scratch bytes for f->features or more; NULL: slower, the same
 * bits. */
void visml_trees_sum(const visml_compute *c, const visml_trees *f, int64_t rows, const float *x, int64_t ld, const float *start,
                     float *out, void *scratch);
size_t visml_trees_sum_scratch(const visml_compute *c, int64_t features);
/* The leaf that each row comes to in each tree: out[rows, trees], its number or, with f->answers, what its `right` holds. */
void visml_trees_leaves(const visml_compute *c, const visml_trees *f, int64_t rows, const float *x, int64_t ld, int32_t *out);
#endif

#endif
