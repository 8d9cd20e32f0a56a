/* Trees that vote: what decision trees, forests and AdaBoost share once they are grown. */
#ifndef CLASSIFY_FOREST_H
#define CLASSIFY_FOREST_H

#include "classify/forest_trees.h"

typedef struct visml_forest_rules {
    visml_cart_rules cart;
    int64_t trees;
    int32_t bootstrap; /* each tree from as many rows as there are, drawn with putting back */
    int32_t out_of_bag; /* also "oob_score" (VISML_F64 [1]) of the rows that trees have not seen */
} visml_forest_rules;

/* All trees of a forest, and its arrays. Trees are grown side by side, each by its own random numbers. */
visml_status visml_forest_fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                              const visml_forest_rules *rules, visml_error *err);
/* The arrays of visml_tree_arrays_new, and "distribution" [leaves, K] for classification, where row l belongs to leaf l, counted over all
 * nodes. Trees are freed on the way. Errors: VISML_ENOMEM, VISML_ELIMIT, VISML_ECANCELLED. */
visml_status visml_forest_keep(visml_forest_tree *trees, int64_t count, visml_classifier *c, const visml_fit_run *run, visml_error *err);

/* c->ready, and what a class needs to run by it. Sums over all trees, divided by `divisor`. */
visml_status visml_forest_prepare(visml_classifier *c, const visml_compute *k, visml_error *err);
size_t visml_forest_scratch(const visml_classifier *c, const visml_compute *k, int64_t n);
void visml_forest_sum(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, float divisor, void *scratch);
/* For restore. */
visml_status visml_forest_check(const visml_classifier *c, visml_error *err);

#endif
