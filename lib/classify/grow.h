/* Grows one boosted tree on binned rows, level by level or always the leaf that gains most. */
#ifndef CLASSIFY_GROW_H
#define CLASSIFY_GROW_H

#include "classify/splits.h"
#include "classify/tree_arrays.h"

typedef struct visml_grow_rules {
    visml_split_rules split;
    double gamma;         /* a split must gain so much */
    double learning_rate; /* values of leaves are multiplied by it */
    double columns_by_tree, columns_by_level, columns_by_node; /* shares, of what the one before left */
    int64_t max_depth, max_leaves;                             /* 0: no limit */
    int32_t best_first, reserved;
} visml_grow_rules;

typedef struct visml_grower visml_grower;

/* Errors: VISML_ENOMEM. The bins, with their codes, must outlive it. */
visml_grower *visml_grower_new(const visml_bins *b, const visml_compute *k, const visml_grow_rules *rules, visml_error *err);
void visml_grower_free(visml_grower *g);

/* Adds a tree to the list. first, second [n]: derivatives of the loss, times weights; rows where `used` is 0 (NULL: none) only get values.
 * key: of the columns that are drawn. values[n], at a distance of value_stride: the tree's are added. tick is called now and then: what it
 * returns but VISML_OK ends growing. */
typedef struct visml_grow_job {
    const float *first, *second;
    const uint8_t *used;
    uint64_t key;
    float *values;
    int64_t value_stride;
    visml_status (*tick)(void *user, visml_error *err);
    void *user;
} visml_grow_job;
visml_status visml_grower_grow(visml_grower *g, const visml_grow_job *job, visml_grown *trees, visml_error *err);
/* factor times the values of a tree that these bins have grown. */
void visml_grower_add(visml_grower *g, const visml_grown *trees, size_t tree, float factor, float *values, int64_t value_stride);

#endif
