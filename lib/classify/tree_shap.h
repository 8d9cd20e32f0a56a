/* Shapley values of one row in one tree (Lundberg, Erion and Lee 2018, algorithm 2). */
#ifndef CLASSIFY_TREE_SHAP_H
#define CLASSIFY_TREE_SHAP_H

#include <stddef.h>
#include <stdint.h>

#define VISML_MOST_SHAP_DEPTH 512

typedef struct visml_shap_trees {
    const int32_t *feature, *left, *right;
    const float *threshold, *cover;
    const uint8_t *missing_left;
    const float *values;      /* [nodes]: of leaves */
    const float *shares;      /* [leaves, outputs]; NULL: values count */
    const int32_t *leaf_rows; /* [nodes]: which row of shares */
    int64_t outputs, d;
    float divisor; /* of shares */
} visml_shap_trees;

/* Scratch for trees of that depth. */
size_t visml_shap_scratch(int64_t depth);
/* to[outputs, d + 1] += the values of a row x, its elements at a distance of stride. output: which one counts (shares: all do). */
void visml_shap_add(const visml_shap_trees *t, int32_t root, const float *x, int64_t stride, int64_t output, double *to, void *scratch);
/* The means of the leaves, to the last column: the same for all rows. */
void visml_shap_add_mean(const visml_shap_trees *t, int32_t root, int64_t output, double *to);

#endif
