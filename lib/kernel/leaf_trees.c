/* Rows through trees, 16 at a time: every lane stands at a node of its own, and all go down together until all are at leaves. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

_Static_assert(sizeof(visml_tree_node) == 16, "four numbers of 4 bytes each: nodes are gathered");

typedef struct lanes {
    const float *x;
    i16 row; /* where each lane's row starts, from x on */
} lanes;

VEC i16 i_select(m16 m, i16 a, i16 b) {
    return v_bits(v_select(m, i_float_bits(a), i_float_bits(b)));
}

/* The leaf of each lane. */
VEC i16 walk(const visml_tree_node *nodes, i16 at, lanes in) {
    const int32_t *whole = (const int32_t *)(const void *)nodes;
    const float *numbers = (const float *)(const void *)nodes;
    const i16 mask = i_set1(VISML_TREE_FEATURES), none = i_set1(-1);
    for (;;) {
        i16 word = i_shl(at, 2), feature = i_gather(whole, word);
        m16 inner = i_gt(feature, none);
        if (!m_any(inner))
            return at;
        feature = i_select(inner, feature, i_set1(0));
        v16 x = v_gather(in.x, i_add(in.row, i_and(feature, mask)));
        v16 threshold = v_gather(numbers, i_add(word, i_set1(1)));
        m16 missing = v_unordered(x, x), by_default = i_gt(feature, mask);
        m16 left = m_or(m_and(missing, by_default), v_gt(threshold, x));
        i16 child = i_gather(whole, i_add(word, i_select(left, i_set1(2), i_set1(3))));
        at = i_select(inner, child, at);
    }
}

/* The rows from `first` on; lanes behind the last stand on the last. */
VEC lanes stand(const visml_tree_rows *r, int64_t first) {
    int32_t start[LANES];
    for (int64_t l = 0; l < LANES; l++)
        start[l] = (int32_t)((first + l < r->rows ? l : r->rows - 1 - first) * r->ld);
    return (lanes){r->x + first * r->ld, i_load(start)};
}

/* A tree stays in the cache while all rows go through it. */
#define EACH_TREE                                                 \
    lanes last = stand(r, (r->rows - 1) / LANES * LANES);         \
    lanes full = r->rows >= LANES ? stand(r, 0) : last;           \
    for (int64_t t = 0; t < f->trees; t++)                        \
        for (int64_t i = 0; i < r->rows; i += LANES)
#define LEAF_OF_LANES                                             \
    int64_t n = r->rows - i < LANES ? r->rows - i : LANES;        \
    i16 leaf = walk(f->nodes, i_set1(f->roots[t]), n < LANES ? last : (lanes){r->x + i * r->ld, full.row})

void LEAF(tree_sums)(const visml_tree_rows *r, const visml_trees *f, float *out) {
    const float *numbers = (const float *)(const void *)f->nodes;
    if (!r->rows)
        return;
    EACH_TREE {
        LEAF_OF_LANES;
        float value[LANES], *to = out + i * f->groups + t % f->groups;
        v16 v = v_gather(numbers, i_add(i_shl(leaf, 2), i_set1(1)));
        if (f->groups == 1) {
            v_put(to, (int)n, v_add(v_get(to, (int)n), v));
            continue;
        }
        v_store(value, v);
        for (int64_t l = 0; l < n; l++)
            to[l * f->groups] += value[l];
    }
}

void LEAF(tree_leaves)(const visml_tree_rows *r, const visml_trees *f, int32_t *out) {
    if (!r->rows)
        return;
    EACH_TREE {
        LEAF_OF_LANES;
        int32_t at[LANES];
        i_store(at, leaf);
        for (int64_t l = 0; l < n; l++)
            out[(i + l) * f->trees + t] = at[l];
    }
}

#endif
