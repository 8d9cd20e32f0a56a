#include "classify/tree_arrays.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* ---- growing ---- */

static visml_status add_leaves(visml_grown *g, size_t n, visml_error *err) {
    static const visml_grown_node leaf = {.column = VISML_TREE_LEAF, .left = -1, .right = -1, .bin = -1};
    if (g->count + n > (size_t)VISML_MOST_TREE_NODES)
        return visml_fail(err, VISML_ELIMIT, "classifier: trees of more than %lld nodes", (long long)VISML_MOST_TREE_NODES);
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->nodes, &g->capacity, g->count + n, sizeof *g->nodes, err));
    for (size_t i = 0; i < n; i++)
        g->nodes[g->count++] = leaf;
    return VISML_OK;
}

visml_status visml_grown_begin(visml_grown *g, visml_error *err) {
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->roots, &g->root_capacity, g->trees + 1, sizeof *g->roots, err));
    VISML_TRY(add_leaves(g, 1, err));
    g->roots[g->trees++] = (int32_t)(g->count - 1);
    return VISML_OK;
}

visml_status visml_grown_split(visml_grown *g, int32_t node, visml_error *err) {
    VISML_TRY(add_leaves(g, 2, err));
    g->nodes[node].left = (int32_t)g->count - 2;
    g->nodes[node].right = (int32_t)g->count - 1;
    return VISML_OK;
}

void visml_grown_cut(visml_grown *g, size_t trees) {
    if (trees >= g->trees)
        return;
    g->count = (size_t)g->roots[trees];
    g->trees = trees;
}

void visml_grown_clear(visml_grown *g) {
    visml_mem_free(g->memory, g->nodes);
    visml_mem_free(g->memory, g->roots);
    *g = (visml_grown){.memory = g->memory};
}

/* ---- arrays ---- */

static void *numbers(visml_classifier *c, const char *name, visml_dtype dtype, size_t n, visml_status *status, visml_error *err) {
    void *data = *status == VISML_OK ? visml_object_array_new(&c->object, name, dtype, VISML_SHAPE((int64_t)n), err) : NULL;
    if (!data)
        *status = VISML_ENOMEM;
    return data;
}

visml_status visml_tree_arrays_new(visml_classifier *c, size_t trees, size_t nodes, visml_tree_arrays *a, visml_error *err) {
    visml_status status = VISML_OK;
    a->roots = numbers(c, "roots", VISML_I32, trees, &status, err);
    a->feature = numbers(c, "feature", VISML_I32, nodes, &status, err);
    a->left = numbers(c, "left", VISML_I32, nodes, &status, err);
    a->right = numbers(c, "right", VISML_I32, nodes, &status, err);
    a->threshold = numbers(c, "threshold", VISML_F32, nodes, &status, err);
    a->value = numbers(c, "value", VISML_F32, nodes, &status, err);
    a->gain = numbers(c, "gain", VISML_F32, nodes, &status, err);
    a->cover = numbers(c, "cover", VISML_F32, nodes, &status, err);
    a->missing_left = numbers(c, "missing_left", VISML_U8, nodes, &status, err);
    return status;
}

visml_status visml_grown_keep(const visml_grown *g, visml_classifier *c, visml_error *err) {
    visml_tree_arrays a;
    VISML_TRY(visml_tree_arrays_new(c, g->trees, g->count, &a, err));
    memcpy(a.roots, g->roots, g->trees * sizeof *a.roots);
    for (size_t i = 0; i < g->count; i++) {
        const visml_grown_node *n = g->nodes + i;
        a.feature[i] = n->column, a.left[i] = n->left, a.right[i] = n->right;
        a.threshold[i] = n->threshold, a.value[i] = n->value, a.gain[i] = n->gain, a.cover[i] = n->cover;
        a.missing_left[i] = (uint8_t)n->missing_left;
    }
    return VISML_OK;
}

static void *data_of(const visml_classifier *c, const char *name) {
    return visml_object_array_get(&c->object, name)->data;
}

static visml_tree_arrays arrays_of(const visml_classifier *c) {
    return (visml_tree_arrays){.roots = data_of(c, "roots"), .feature = data_of(c, "feature"), .left = data_of(c, "left"),
                               .right = data_of(c, "right"), .threshold = data_of(c, "threshold"), .value = data_of(c, "value"),
                               .gain = data_of(c, "gain"), .cover = data_of(c, "cover"), .missing_left = data_of(c, "missing_left")};
}

int64_t visml_tree_arrays_nodes(const visml_classifier *c) {
    return visml_object_array_get(&c->object, "feature")->count;
}

static size_t tree_count(const visml_classifier *c) {
    return (size_t)visml_object_array_get(&c->object, "roots")->count;
}

visml_status visml_grown_take(visml_grown *g, const visml_classifier *c, visml_error *err) {
    visml_tree_arrays a = arrays_of(c);
    size_t nodes = (size_t)visml_tree_arrays_nodes(c), base = g->count, trees = tree_count(c);
    VISML_TRY(visml_mem_grow(g->memory, (void **)&g->roots, &g->root_capacity, g->trees + trees, sizeof *g->roots, err));
    VISML_TRY(add_leaves(g, nodes, err));
    for (size_t i = 0; i < nodes; i++) {
        int32_t shift = a.feature[i] >= 0 ? (int32_t)base : 0;
        g->nodes[base + i] = (visml_grown_node){.column = a.feature[i], .left = a.left[i] + shift, .right = a.right[i] + shift, .bin = -1,
                                                .missing_left = a.missing_left[i], .threshold = a.threshold[i], .value = a.value[i],
                                                .gain = a.gain[i], .cover = a.cover[i]};
    }
    for (size_t t = 0; t < trees; t++)
        g->roots[g->trees++] = a.roots[t] + (int32_t)base;
    return VISML_OK;
}

/* ---- files ---- */

static visml_status expect_arrays(const visml_classifier *c, visml_error *err) {
    static const char *const names[] = {"feature", "left", "right", "threshold", "value", "gain", "cover", "missing_left"};
    int64_t trees = -1, nodes = -1;
    VISML_TRY(visml_object_array_expect(&c->object, "roots", VISML_I32, 1, &trees, err));
    for (int i = 0; i < 8; i++)
        VISML_TRY(visml_object_array_expect(&c->object, names[i], i < 3 ? VISML_I32 : i < 7 ? VISML_F32 : VISML_U8, 1, &nodes, err));
    if (trees < 1 || nodes < trees || nodes > VISML_MOST_TREE_NODES)
        return visml_fail(err, VISML_EFORMAT, "%s: %lld trees of %lld nodes", visml_classifier_what(c), (long long)trees, (long long)nodes);
    return VISML_OK;
}

/* Node i of a tree that ends before `end`. */
static int is_sound(const visml_tree_arrays *a, int64_t i, int64_t end, int64_t d) {
    if (isnan(a->threshold[i]) || !isfinite(a->value[i]) || !isfinite(a->gain[i]) || !isfinite(a->cover[i]) || a->missing_left[i] > 1)
        return 0;
    if (a->feature[i] < 0)
        return a->feature[i] == VISML_TREE_LEAF && a->left[i] == -1 && a->right[i] == -1;
    return a->feature[i] < d && a->left[i] > i && a->right[i] > i && a->left[i] < end && a->right[i] < end;
}

/* Parents stand before children: one by one, each node but the root has been some other's child, once. */
static int has_place(const visml_tree_arrays *a, int64_t i, int64_t root, uint8_t *is_child) {
    if (!is_child[i] != (i == root))
        return 0;
    return a->feature[i] < 0 || (!is_child[a->left[i]]++ && !is_child[a->right[i]]++);
}

static visml_status check_nodes(const visml_classifier *c, uint8_t *is_child, visml_error *err) {
    visml_tree_arrays a = arrays_of(c);
    int64_t trees = (int64_t)tree_count(c), nodes = visml_tree_arrays_nodes(c);
    for (int64_t t = 0; t < trees; t++) {
        int64_t begin = a.roots[t], end = t + 1 < trees ? a.roots[t + 1] : nodes;
        if (begin < 0 || begin >= end || end > nodes || (t == 0 && begin != 0))
            return visml_fail(err, VISML_EFORMAT, "%s: roots[%lld] is %lld of %lld nodes", visml_classifier_what(c), (long long)t,
                              (long long)begin, (long long)nodes);
        for (int64_t i = begin; i < end; i++)
            if (!is_sound(&a, i, end, c->dims) || !has_place(&a, i, begin, is_child))
                return visml_fail(err, VISML_EFORMAT, "%s: node %lld is damaged", visml_classifier_what(c), (long long)i);
    }
    return VISML_OK;
}

visml_status visml_tree_arrays_check(const visml_classifier *c, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    VISML_TRY(expect_arrays(c, err));
    uint8_t *is_child = visml_mem_zalloc(m, (size_t)visml_tree_arrays_nodes(c), 1, err);
    visml_status status = is_child ? check_nodes(c, is_child, err) : VISML_ENOMEM;
    visml_mem_free(m, is_child);
    return status;
}

/* ---- running ---- */

static int64_t features_of(const visml_trees *f) {
    int64_t most = 0;
    for (int64_t i = 0; i < f->count; i++) {
        int64_t feature = f->nodes[i].feature < 0 ? -1 : f->nodes[i].feature & VISML_TREE_FEATURES;
        most = feature >= most ? feature + 1 : most;
    }
    return most;
}

static visml_tree_run *run_new(visml_memory *m, size_t nodes, size_t trees, int64_t groups, visml_tree_node **to, int32_t **roots,
                               visml_error *err) {
    size_t head = (sizeof(visml_tree_run) + 63) / 64 * 64;
    visml_tree_run *t = visml_mem_alloc(m, head + nodes * sizeof(visml_tree_node) + trees * sizeof(int32_t), err);
    if (!t)
        return NULL;
    *to = (visml_tree_node *)(void *)((char *)t + head);
    *roots = (int32_t *)(void *)(*to + nodes);
    t->trees = (visml_trees){.nodes = *to, .roots = *roots, .trees = (int64_t)trees, .groups = groups, .count = (int64_t)nodes};
    return t;
}

static int32_t flagged(int32_t column, int missing_left) {
    return column >= 0 && missing_left ? column | VISML_TREE_DEFAULT_LEFT : column;
}

/* For the nodes of one tree. */
typedef struct layout {
    visml_tree_node *old;
    int32_t *place, *waiting; /* where each one goes; those whose turn comes later */
} layout;

static size_t largest(const int32_t *roots, size_t trees, size_t nodes) {
    size_t most = 0;
    for (size_t t = 0; t < trees; t++) {
        size_t n = (t + 1 < trees ? (size_t)roots[t + 1] : nodes) - (size_t)roots[t];
        most = n > most ? n : most;
    }
    return most;
}

/* Behind each node the child that more rows come to, with all that is below it: of the places in memory that a row's way touches, most are
 * next to each other. cover: [n] of the nodes as they are; first: the number of the root. */
static void lay_out(const layout *l, visml_tree_node *tree, size_t n, int32_t first, const float *cover) {
    int32_t count = 0;
    size_t waiting = 1;
    memcpy(l->old, tree, n * sizeof *tree);
    l->waiting[0] = 0;
    while (waiting)
        for (int32_t i = l->waiting[--waiting], left, right;;) {
            l->place[i] = count;
            tree[count++] = l->old[i];
            if (l->old[i].feature < 0)
                break;
            left = l->old[i].left - first;
            right = l->old[i].right - first;
            l->waiting[waiting++] = cover[left] < cover[right] ? left : right;
            i = cover[left] < cover[right] ? right : left;
        }
    for (int32_t i = 0; i < count; i++)
        if (tree[i].feature >= 0) {
            tree[i].left = first + l->place[tree[i].left - first];
            tree[i].right = first + l->place[tree[i].right - first];
        }
}

static visml_status lay_out_all(visml_memory *m, visml_tree_node *nodes, const visml_trees *f, const float *cover, visml_error *err) {
    size_t count = (size_t)f->count, trees = (size_t)f->trees, most = largest(f->roots, trees, count);
    layout l = {.old = visml_mem_alloc(m, most * (sizeof *l.old + 2 * sizeof *l.place), err)};
    if (!l.old)
        return VISML_ENOMEM;
    l.place = (int32_t *)(void *)(l.old + most);
    l.waiting = l.place + most;
    for (size_t t = 0; t < trees; t++) {
        size_t first = (size_t)f->roots[t], end = t + 1 < trees ? (size_t)f->roots[t + 1] : count;
        lay_out(&l, nodes + first, end - first, (int32_t)first, cover + first);
    }
    visml_mem_free(m, l.old);
    return VISML_OK;
}

visml_tree_run *visml_tree_run_new(const visml_classifier *c, int64_t groups, visml_error *err) {
    visml_tree_arrays a = arrays_of(c);
    visml_memory *m = visml_classifier_memory(c);
    size_t n = (size_t)visml_tree_arrays_nodes(c), trees = tree_count(c);
    visml_tree_node *to;
    int32_t *roots;
    visml_tree_run *t = run_new(m, n, trees, groups, &to, &roots, err);
    if (!t)
        return NULL;
    int32_t leaves = 0;
    for (size_t i = 0; i < n; i++)
        if (a.feature[i] < 0)
            to[i] = (visml_tree_node){VISML_TREE_LEAF, a.value[i], (int32_t)i, leaves++};
        else
            to[i] = (visml_tree_node){flagged(a.feature[i], a.missing_left[i]), a.threshold[i], a.left[i], a.right[i]};
    memcpy(roots, a.roots, trees * sizeof *roots);
    t->trees.features = features_of(&t->trees);
    if (lay_out_all(m, to, &t->trees, a.cover, err) == VISML_OK)
        return t;
    visml_mem_free(m, t);
    return NULL;
}

visml_tree_run *visml_tree_run_of(const visml_grown *g, size_t begin, size_t end, int64_t groups, float factor, visml_error *err) {
    int32_t first = g->roots[begin], last = end < g->trees ? g->roots[end] : (int32_t)g->count;
    visml_tree_node *to;
    int32_t *roots;
    visml_tree_run *t = run_new(g->memory, (size_t)(last - first), end - begin, groups, &to, &roots, err);
    if (!t)
        return NULL;
    for (int32_t i = first; i < last; i++) {
        const visml_grown_node *n = g->nodes + i;
        to[i - first] = (visml_tree_node){flagged(n->column, n->missing_left), n->column < 0 ? n->value * factor : n->threshold,
                                          n->left - first, n->right - first};
    }
    for (size_t i = begin; i < end; i++)
        roots[i - begin] = g->roots[i] - first;
    t->trees.features = features_of(&t->trees);
    return t;
}

#define TURNED_ROWS 2048 /* at a time */

static size_t turned_bytes(int64_t n, int64_t d) {
    return (size_t)(n < TURNED_ROWS ? n : TURNED_ROWS) * (size_t)d * sizeof(float);
}

/* What the kernel needs stands first: it is to be aligned. */
size_t visml_tree_run_scratch(const visml_compute *k, int64_t n, int64_t d) {
    return visml_trees_sum_scratch(k, d) + turned_bytes(n, d);
}

void visml_tree_run_sum(const visml_tree_run *t, const visml_compute *k, const visml_samples *s, const float *start, float *out,
                        void *scratch) {
    int64_t rows = s->column_stride == 1 ? s->n : TURNED_ROWS, ld;
    float *turned = (float *)(void *)((char *)scratch + visml_trees_sum_scratch(k, s->d));
    for (int64_t i = 0; i < s->n; i += rows) {
        int64_t n = s->n - i < rows ? s->n - i : rows;
        const float *x = visml_samples_rows(s, i, n, turned, &ld);
        visml_trees_sum(k, &t->trees, n, x, ld, start, out + i * t->trees.groups, scratch);
    }
}
