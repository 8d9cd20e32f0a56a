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

/* Trees, and the shares of classes at their leaves: row `bin` of a leaf. Of other nodes, `bin` is the last code that goes left. */
typedef struct visml_cart_trees {
    visml_grown trees;
    float *shares; /* [leaves, classes] */
    size_t leaves, capacity; /* capacity in numbers */
} visml_cart_trees;
void visml_cart_trees_clear(visml_cart_trees *t);
/* No trees; the room stays. */
void visml_cart_trees_empty(visml_cart_trees *t);
/* For a list without trees: room for all trees of some lists, and no more. */
visml_status visml_cart_trees_reserve(visml_cart_trees *t, const visml_cart_trees *lists, int64_t count, int64_t classes, visml_error *err);
/* The trees of another list behind those that there are. */
visml_status visml_cart_trees_append(visml_cart_trees *t, const visml_cart_trees *more, int64_t classes, visml_error *err);

typedef struct visml_cart visml_cart;
/* places or targets as in the samples; both must outlive it. Errors: VISML_ENOMEM. */
visml_cart *visml_cart_new(const visml_code_columns *c, const visml_compute *k, const visml_samples *s, const visml_cart_rules *rules,
                           visml_error *err);
void visml_cart_free(visml_cart *g);
/* One tree more, from the rows whose weight [n] is above 0. `keep_on` is called now and then: 0 ends growing (VISML_ECANCELLED). */
visml_status visml_cart_grow(visml_cart *g, const float *weights, uint64_t key, int (*keep_on)(void *user), void *user, visml_cart_trees *t,
                             visml_error *err);

#endif
