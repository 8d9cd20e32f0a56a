/* Rows through trees. Large trees, 16 rows at a time: every lane stands at a node of its own, and all go down together until all are at
 * leaves. Lanes are plain numbers: a gather of 16 takes longer than 16 loads that do not wait for each other. */
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

/* ---- small trees ---- */

static int32_t end_of(const visml_trees *f, int64_t tree) {
    return tree + 1 < f->trees ? f->roots[tree + 1] : (int32_t)f->count;
}

/* A small tree, the rows column by column, and what they get at its inner nodes: [nodes, VISML_TREE_LANES] each. */
typedef struct small {
    const visml_tree_node *nodes;
    int32_t root;
    const float *x;
    float *known;
} small;

static inline float *known_at(const small *s, int32_t node) {
    return s->known + (int64_t)(node - s->root) * VISML_TREE_LANES;
}

/* What rows get at a node: what they get at the child that they go to, a number where it is a leaf. */
#define CHOOSE(LEFT, RIGHT)                             \
    for (int l = 0; l < VISML_TREE_LANES; l += LANES) { \
        v16 v = v_load(x + l);                          \
        m16 goes = v_gt(threshold, v);                  \
        if (missing_left)                               \
            goes = m_or(goes, v_unordered(v, v));       \
        v_store(to + l, v_select(goes, LEFT, RIGHT));   \
    }

static inline void choose(const small *s, const visml_tree_node *n, float *to) {
    const float *x = s->x + (int64_t)(n->feature & VISML_TREE_FEATURES) * VISML_TREE_LANES;
    const visml_tree_node *a = s->nodes + n->left, *b = s->nodes + n->right;
    const float *left = known_at(s, n->left), *right = known_at(s, n->right);
    v16 threshold = v_set1(n->number), left_leaf = v_set1(a->number), right_leaf = v_set1(b->number);
    int missing_left = n->feature > VISML_TREE_FEATURES;
    if (a->feature < 0 && b->feature < 0)
        CHOOSE(left_leaf, right_leaf)
    else if (a->feature < 0)
        CHOOSE(left_leaf, v_load(right + l))
    else if (b->feature < 0)
        CHOOSE(v_load(left + l), right_leaf)
    else
        CHOOSE(v_load(left + l), v_load(right + l))
}

/* A tree from its last node to its root, for all rows and without asking where they are: a comparison at each node takes less than to
 * look for each row's next node. (As QuickScorer of Lucchese et al. 2015 visits nodes out of order, here without its bit vectors.) */
static inline void fold(const small *s, int32_t end) {
    for (int32_t i = end - 1; i >= s->root; i--)
        if (s->nodes[i].feature >= 0)
            choose(s, s->nodes + i, known_at(s, i));
}

/* ---- all trees ---- */

/* The leaves of up to 16 rows from `first` on; how many. */
static inline int64_t leaves_of(const visml_tree_rows *r, const visml_trees *f, int64_t tree, int64_t first, int32_t *at) {
    lanes in = stand(r, first);
    walk(f->nodes, f->roots[tree], &in, at);
    return r->rows - first < LANES ? r->rows - first : LANES;
}

static void add_walked(const visml_tree_rows *r, const visml_trees *f, int64_t tree, float *to) {
    int32_t at[LANES];
    for (int64_t i = 0; i < r->rows; i += LANES) {
        int64_t n = leaves_of(r, f, tree, i, at);
        for (int64_t l = 0; l < n; l++)
            to[(i + l) * f->groups] += f->nodes[at[l]].number;
    }
}

static void add_folded(const visml_tree_rows *r, const visml_trees *f, int64_t tree, int32_t end, float *to) {
    small s = {f->nodes, f->roots[tree], r->turned, r->turned + f->features * VISML_TREE_LANES};
    const visml_tree_node *root = f->nodes + s.root;
    fold(&s, end);
    for (int64_t l = 0; l < VISML_TREE_LANES; l++)
        to[l * f->groups] += root->feature < 0 ? root->number : s.known[l];
}

/* A tree stays in the cache while all rows go through it. */
void LEAF(tree_sums)(const visml_tree_rows *r, const visml_trees *f, float *out) {
    for (int64_t t = 0; t < f->trees; t++) {
        float *to = out + t % f->groups;
        int32_t end = end_of(f, t);
        if (r->turned && end - f->roots[t] <= VISML_TREE_SMALL)
            add_folded(r, f, t, end, to);
        else
            add_walked(r, f, t, to);
    }
}

/* ---- leaves ---- */

#define STEPS 4 /* between two looks who has arrived */

/* A row on its way through a tree, and where its leaf goes. */
typedef struct way {
    const float *x;
    int32_t *to;
    int32_t at;
} way;

/* All rows through the first tree, then through the next one. */
typedef struct ways {
    const visml_tree_rows *r;
    const visml_trees *f;
    int64_t tree, row; /* next */
    int32_t *out;
} ways;

static inline int begin_way(ways *next, way *w) {
    if (next->row == next->r->rows) {
        next->row = 0;
        next->tree++;
    }
    if (next->tree == next->f->trees)
        return 0;
    *w = (way){next->r->x + next->row * next->r->ld, next->out + next->row * next->f->trees + next->tree, next->f->roots[next->tree]};
    next->row++;
    return 1;
}

/* Whoever arrives makes room for the next one: ways differ in length. */
void LEAF(tree_leaves)(const visml_tree_rows *r, const visml_trees *f, int32_t *out) {
    ways next = {r, f, 0, 0, out};
    way w[LANES];
    int n = 0;
    while (r->rows && n < LANES && begin_way(&next, &w[n]))
        n++;
    while (n) {
        for (int i = 0; i < STEPS; i++)
            for (int l = 0; l < n; l++)
                step(f->nodes, w[l].x, &w[l].at);
        for (int l = 0; l < n; l++) {
            const visml_tree_node *leaf = f->nodes + w[l].at;
            if (leaf->feature >= 0)
                continue;
            *w[l].to = f->answers ? leaf->right : w[l].at;
            if (!begin_way(&next, &w[l]))
                w[l--] = w[--n];
        }
    }
}

#endif
