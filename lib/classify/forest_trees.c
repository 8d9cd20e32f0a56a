#include "classify/forest_trees.h"

#include <string.h>

#include "base/error.h"

void visml_forest_tree_clear(visml_forest_tree *t, visml_memory *m) {
    visml_mem_free(m, t->nodes);
    visml_mem_free(m, t->shares);
    *t = (visml_forest_tree){0};
}

static visml_status make_room(visml_forest_tree *t, visml_memory *m, const visml_cart_tree *grown, int64_t classes, visml_error *err) {
    *t = (visml_forest_tree){.count = grown->grown.count, .leaves = grown->leaves};
    t->nodes = visml_mem_alloc(m, t->count * sizeof *t->nodes, err);
    if (t->nodes && classes)
        t->shares = visml_mem_alloc(m, t->leaves * (size_t)classes * sizeof *t->shares, err);
    if (t->nodes && (t->shares || !classes))
        return VISML_OK;
    visml_forest_tree_clear(t, m);
    return VISML_ENOMEM;
}

visml_status visml_forest_tree_pack(visml_forest_tree *t, visml_memory *m, const visml_cart_tree *grown, int64_t classes,
                                    visml_error *err) {
    int32_t leaf = 0;
    VISML_TRY(make_room(t, m, grown, classes, err));
    for (size_t i = 0; i < t->count; i++) {
        const visml_grown_node *n = grown->grown.nodes + i;
        int is_leaf = n->column < 0;
        t->nodes[i] = (visml_forest_node){.column = n->column, .left = is_leaf ? leaf : n->left,
                                          .number = is_leaf ? n->value : n->threshold, .gain = n->gain, .cover = n->cover};
        if (is_leaf && classes)
            memcpy(t->shares + leaf * classes, grown->shares + n->bin * classes, (size_t)classes * sizeof *t->shares);
        leaf += is_leaf;
    }
    return VISML_OK;
}

void visml_forest_tree_put(const visml_forest_tree *t, const visml_tree_arrays *a, size_t first) {
    for (size_t i = 0; i < t->count; i++) {
        const visml_forest_node *n = t->nodes + i;
        int is_leaf = n->column < 0;
        a->feature[first + i] = n->column;
        a->left[first + i] = is_leaf ? -1 : n->left + (int32_t)first;
        a->right[first + i] = is_leaf ? -1 : n->left + 1 + (int32_t)first;
        *(is_leaf ? a->value + first + i : a->threshold + first + i) = n->number;
        a->gain[first + i] = n->gain, a->cover[first + i] = n->cover;
    }
}

const visml_forest_node *visml_forest_tree_leaf(const visml_forest_tree *t, const visml_samples *s, int64_t row) {
    const visml_forest_node *n = t->nodes;
    while (n->column >= 0)
        n = t->nodes + n->left + !(visml_samples_at(s, row, n->column) < n->number);
    return n;
}
