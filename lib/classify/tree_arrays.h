/* Trees while they grow, as arrays of a classifier, and as the kernel takes them. */
#ifndef CLASSIFY_TREE_ARRAYS_H
#define CLASSIFY_TREE_ARRAYS_H

#include "classify/classifier.h"
#include "kernel/trees.h"

#define VISML_MOST_TREE_NODES (INT64_C(1) << 29) /* that the kernel can number */

/* Left where x[column] < threshold; a leaf where column is VISML_TREE_LEAF. Children come behind their parents, and in the same tree. */
typedef struct visml_grown_node {
    int32_t column, left, right;
    int32_t bin;          /* the same threshold in bins: those up to it go left; -1: not known */
    int32_t missing_left; /* where missing numbers go */
    float threshold, value;
    float gain;  /* what the split made better; 0 of leaves */
    float cover; /* rows by their weights, or their second derivatives */
} visml_grown_node;

typedef struct visml_grown {
    visml_memory *memory;
    visml_grown_node *nodes;
    size_t count, capacity;
    int32_t *roots;
    size_t trees, root_capacity;
} visml_grown;

/* One tree more, a single leaf. Errors: VISML_ENOMEM, VISML_ELIMIT (more nodes than can be numbered). */
visml_status visml_grown_begin(visml_grown *g, visml_error *err);
/* Two leaves more, which become the children of a node. */
visml_status visml_grown_split(visml_grown *g, int32_t node, visml_error *err);
/* Only the first trees stay. */
void visml_grown_cut(visml_grown *g, size_t trees);
void visml_grown_clear(visml_grown *g);

/* Arrays of the classifier: "roots" [T] and "feature", "left", "right" (VISML_I32), "threshold", "value", "gain", "cover" (VISML_F32),
 * "missing_left" (VISML_U8) of all nodes; zeros. Errors: VISML_ENOMEM. */
typedef struct visml_tree_arrays {
    int32_t *roots, *feature, *left, *right;
    float *threshold, *value, *gain, *cover;
    uint8_t *missing_left;
} visml_tree_arrays;
visml_status visml_tree_arrays_new(visml_classifier *c, size_t trees, size_t nodes, visml_tree_arrays *a, visml_error *err);
/* All trees of a list. Errors: VISML_ENOMEM. */
visml_status visml_grown_keep(const visml_grown *g, visml_classifier *c, visml_error *err);
/* And back, behind what there is. */
visml_status visml_grown_take(visml_grown *g, const visml_classifier *c, visml_error *err);
/* For restore: all arrays are there, each node has one way to it, and every way ends at a leaf. Errors: VISML_EFORMAT, VISML_ENOMEM. */
visml_status visml_tree_arrays_check(const visml_classifier *c, visml_error *err);
/* Nodes of an array of a fitted classifier. */
int64_t visml_tree_arrays_nodes(const visml_classifier *c);

/* What the kernel takes, in one piece of memory. Nodes lie in the order in which most rows come to them; a leaf has in `left` which node it
 * is of the arrays, in `right` which leaf, counted in their order. groups: see kernel/trees.h. NULL: VISML_ENOMEM. */
typedef struct visml_tree_run {
    visml_trees trees;
} visml_tree_run;
visml_tree_run *visml_tree_run_new(const visml_classifier *c, int64_t groups, visml_error *err);
/* Of trees begin ... end - 1 of a list, values times a factor. */
visml_tree_run *visml_tree_run_of(const visml_grown *g, size_t begin, size_t end, int64_t groups, float factor, visml_error *err);

/* out[n, groups] = start[groups] + the leaves of each row. Rows that lie column by column are turned around block by block, in scratch
 * (visml_tree_run_scratch bytes). */
void visml_tree_run_sum(const visml_tree_run *t, const visml_compute *k, const visml_samples *s, const float *start, float *out,
                        void *scratch);
size_t visml_tree_run_scratch(const visml_compute *k, int64_t n, int64_t d);

#endif
