/* The best split of a node on one column (Breiman et al. 1984). */
#ifndef CLASSIFY_CART_SPLIT_H
#define CLASSIFY_CART_SPLIT_H

#include "classify/cart_columns.h"

typedef enum visml_impurity {
    VISML_IMPURITY_GINI,
    VISML_IMPURITY_ENTROPY,
    VISML_IMPURITY_ERROR, /* squared, of numbers */
} visml_impurity;

/* The rows of a node, each with its weight and its class or number. */
typedef struct visml_cart_node {
    visml_impurity impurity;
    int64_t classes; /* 0: numbers */
    int64_t n, least; /* of which a child must have `least` */
    const visml_samples *samples;
    const int32_t *rows;   /* [n]: which of the samples */
    const int32_t *places; /* [n] */
    const float *targets;  /* [n] */
    const float *weights;  /* [n] */
    const int64_t *ends;   /* [classes]: behind the last row of a class, where rows are in the order of their classes */
    int equal;             /* all weights are the same */
    const double *totals;  /* [classes] weights, or {weight, weight times number} */
    double weight, score;  /* of all: what a split is to make more */
} visml_cart_node;

typedef struct visml_cart_split {
    double score;     /* of both children; greater is better */
    int64_t column;   /* -1: none */
    float threshold;  /* x < threshold goes left */
    int32_t reserved;
} visml_cart_split;

/* Scratch for nodes of at most n rows. */
size_t visml_cart_scratch(int64_t n, int64_t classes);
/* The score of weights by class, or of {weight, weight times number}: a weight less weight times impurity, but for what is the same before
 * and after a split. */
double visml_cart_score(visml_impurity impurity, int64_t classes, const double *totals);
/* The best split of each of the columns numbers[count], and whether the column is not the same in all rows. `found` stays as it is where
 * there is none. */
void visml_cart_find(const visml_cart_node *node, const visml_code_columns *all, int64_t count, const int64_t *numbers, void *scratch,
                     visml_cart_split *found, uint8_t *varies);

#endif
