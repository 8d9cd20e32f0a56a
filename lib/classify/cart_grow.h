/* Grows a tree on exact splits: alone, of a forest, or of AdaBoost. */
#ifndef CLASSIFY_CART_GROW_H
#define CLASSIFY_CART_GROW_H

#include "classify/cart_split.h"
#include "classify/tree_arrays.h"

typedef struct visml_cart_rules {
    visml_impurity impurity;
    int32_t random_thresholds;
    int64_t max_depth, max_leaf_nodes; /* 0: no limit */
    int64_t min_samples_split, min_samples_leaf;
    int64_t max_features; /* columns that a node looks at */
    double min_impurity_decrease;
} visml_cart_rules;

/* A tree, and the shares of classes at its leaves: row `bin` of a leaf. */
typedef struct visml_cart_tree {
    visml_grown grown;
    float *shares; /* [leaves, classes] */
    size_t leaves, capacity; /* capacity in numbers */
} visml_cart_tree;
void visml_cart_tree_clear(visml_cart_tree *t);

typedef struct visml_cart visml_cart;
/* places or targets as in the samples, which must outlive it, and so must the columns, which random thresholds do not need (NULL).
 * Errors: VISML_ENOMEM. */
visml_cart *visml_cart_new(visml_memory *m, const visml_code_columns *c, const visml_compute *k, const visml_samples *s,
                           const visml_cart_rules *rules, visml_error *err);
void visml_cart_free(visml_cart *g);
/* A tree in place of what t holds, whose room stays, from the rows whose weight [n] is above 0. `keep_on` is called now and then: 0 ends
 * growing (VISML_ECANCELLED). */
visml_status visml_cart_grow(visml_cart *g, const float *weights, uint64_t key, int (*keep_on)(void *user), void *user, visml_cart_tree *t,
                             visml_error *err);

#endif
