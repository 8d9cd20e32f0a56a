/* Rows through trees, 16 at a time: every lane stands at a node of its own, and all go down together until all are at leaves. Lanes are
 * plain numbers: a gather of 16 takes longer than 16 loads that do not wait for each other. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

typedef struct lanes {
    const float *x[LANES]; /* where each lane's row starts */
} lanes;

/* One step of one lane; 0 when it was at a leaf, where it stays. Without branches: they would be mispredicted half of the time. */
static inline int32_t step(const visml_tree_node *nodes, const float *x, int32_t *at) {
    const visml_tree_node *n = nodes + *at;
    int32_t feature = n->feature, inner = feature >= 0;
    float v = x[inner ? feature & VISML_TREE_FEATURES : 0];
    int32_t left = (v < n->number) | ((v != v) & (feature > VISML_TREE_FEATURES)), child = (&n->left)[1 - left];
    *at = inner ? child : *at;
    return inner;
}

/* The leaf of each lane. */
static inline void walk(const visml_tree_node *nodes, int32_t root, const lanes *in, int32_t *at) {
    int32_t some = 1;
    for (int l = 0; l < LANES; l++)
        at[l] = root;
    while (some) {
        some = 0;
        for (int l = 0; l < LANES; l++)
            some |= step(nodes, in->x[l], &at[l]);
    }
}

/* The rows from `first` on; lanes behind the last stand on the last. */
static inline lanes stand(const visml_tree_rows *r, int64_t first) {
    lanes in;
    for (int64_t l = 0; l < LANES; l++)
        in.x[l] = r->x + (first + l < r->rows ? first + l : r->rows - 1) * r->ld;
    return in;
}

/* A tree stays in the cache while all rows go through it. */
#define EACH_TREE                                  \
    for (int64_t t = 0; t < f->trees; t++)         \
        for (int64_t i = 0; i < r->rows; i += LANES)
#define LEAF_OF_LANES                                             \
    int64_t n = r->rows - i < LANES ? r->rows - i : LANES;        \
    int32_t at[LANES];                                            \
    lanes in = stand(r, i);                                       \
    walk(f->nodes, f->roots[t], &in, at)

void LEAF(tree_sums)(const visml_tree_rows *r, const visml_trees *f, float *out) {
    EACH_TREE {
        LEAF_OF_LANES;
        float *to = out + i * f->groups + t % f->groups;
        for (int64_t l = 0; l < n; l++)
            to[l * f->groups] += f->nodes[at[l]].number;
    }
}

void LEAF(tree_leaves)(const visml_tree_rows *r, const visml_trees *f, int32_t *out) {
    EACH_TREE {
        LEAF_OF_LANES;
        for (int64_t l = 0; l < n; l++)
            out[(i + l) * f->trees + t] = at[l];
    }
}

#endif
