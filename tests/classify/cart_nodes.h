/* Nodes of made-up rows, and splits of them by trying all. */
#ifndef CLASSIFY_CART_NODES_H
#define CLASSIFY_CART_NODES_H

#include "classify/cart_split.h"
#include "classify/tree_insides.h"

enum { NODE_N = 400, NODE_D = 7, CLASSES = 4 };
static float node_x[NODE_N * NODE_D];
static visml_samples node_samples;

/* Rows of a node, in the order of their classes. */
typedef struct node_rows {
    visml_cart_node node;
    int32_t rows[NODE_N], places[NODE_N];
    float targets[NODE_N], weights[NODE_N];
    int64_t ends[CLASSES];
    double totals[CLASSES];
} node_rows;

/* Column 0: a constant; 1: two numbers; 2: seven; 3: 100; others: all different. */
static inline void fill_nodes(void) {
    uint64_t seed = 17;
    for (int i = 0; i < NODE_N; i++)
        for (int j = 0; j < NODE_D; j++) {
            float v = test_random_float(&seed);
            node_x[i * NODE_D + j] = j == 0 ? 5 : j == 1 ? (float)(v > 0.5F) : j == 2 ? floorf(3.5F * v) : j == 3 ? floorf(50 * v) : v;
        }
    node_samples = samples_of(node_x, NODE_N, NODE_D);
}

/* Weights are quarters: their sums are exact. */
static inline void make_node(node_rows *r, visml_impurity impurity, int64_t n, int equal, int64_t least, uint64_t *seed) {
    int regresses = impurity == VISML_IMPURITY_ERROR;
    memset(r, 0, sizeof *r);
    for (int64_t p = 0; p < n; p++) {
        r->rows[p] = (int32_t)(test_random(seed) % NODE_N);
        r->places[p] = (int32_t)(p * CLASSES / n);
        r->weights[p] = equal ? 1 : (float)(1 + test_random(seed) % 8) / 4;
        r->targets[p] = node_x[r->rows[p] * NODE_D + 4] + (float)(test_random(seed) % 5);
        r->totals[regresses ? 0 : r->places[p]] += (double)r->weights[p];
        r->totals[regresses ? 1 : 0] += regresses ? (double)r->weights[p] * (double)r->targets[p] : 0;
        r->node.weight += (double)r->weights[p];
        for (int k = r->places[p]; k < CLASSES; k++)
            r->ends[k] = p + 1;
    }
    visml_cart_node *o = &r->node;
    o->impurity = impurity, o->classes = regresses ? 0 : CLASSES, o->n = n, o->least = least, o->equal = equal;
    o->samples = &node_samples, o->rows = r->rows, o->places = r->places, o->targets = r->targets, o->weights = r->weights;
    o->ends = r->ends, o->totals = r->totals;
    o->score = visml_cart_score(impurity, o->classes, r->totals);
}

/* The weight of some rows times their impurity, by its definition. */
static inline double impurity_of(const node_rows *r, const uint8_t *in) {
    double counts[CLASSES] = {0}, weight = 0, mean = 0, sum = 0;
    for (int64_t p = 0; p < r->node.n; p++)
        if (in[p]) {
            weight += (double)r->weights[p], mean += (double)r->weights[p] * (double)r->targets[p];
            counts[r->places[p]] += (double)r->weights[p];
        }
    mean /= weight > 0 ? weight : 1;
    for (int64_t p = 0; p < r->node.n && r->node.impurity == VISML_IMPURITY_ERROR; p++)
        sum += in[p] ? (double)r->weights[p] * ((double)r->targets[p] - mean) * ((double)r->targets[p] - mean) : 0;
    for (int k = 0; k < CLASSES && weight > 0 && r->node.impurity != VISML_IMPURITY_ERROR; k++) {
        double share = counts[k] / weight;
        sum += weight * (r->node.impurity == VISML_IMPURITY_GINI ? share * (1 - share) : share > 0 ? -share * log2(share) : 0);
    }
    return sum;
}

/* What impurity falls by when rows below a threshold go left; -1: a child is too small. */
static inline double fall_of(const node_rows *r, int64_t column, float threshold) {
    uint8_t left[NODE_N], right[NODE_N], all[NODE_N];
    int64_t lefts = 0;
    for (int64_t p = 0; p < r->node.n; p++) {
        left[p] = node_x[r->rows[p] * NODE_D + column] < threshold;
        right[p] = !left[p], all[p] = 1;
        lefts += left[p];
    }
    if (lefts < r->node.least || r->node.n - lefts < r->node.least || lefts == 0 || lefts == r->node.n)
        return -1;
    return impurity_of(r, all) - impurity_of(r, left) - impurity_of(r, right);
}

static inline int same_everywhere(const node_rows *r, int64_t column) {
    for (int64_t p = 1; p < r->node.n; p++)
        if (node_x[r->rows[p] * NODE_D + column] != node_x[r->rows[0] * NODE_D + column])
            return 0;
    return 1;
}

static inline int set_up_nodes(void **state) {
    fill_nodes();
    return set_up_memory(state);
}

#endif
