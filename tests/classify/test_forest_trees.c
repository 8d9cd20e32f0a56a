/* Packed trees say what grown ones say, alone and in the arrays of a classifier. */
#include "classify/forest_trees.h"
#include "classify/tree_insides.h"

enum { CLASSES = 3, FIRST = 4, NODES = 7, LEAVES = 4 };

/*        0: x0 < 2
 *      1: x1 < 5         2: leaf (row 2)
 *  3: leaf (row 1)  4: x0 < -1
 *                5: leaf (row 3)  6: leaf (row 0) */
static void grow(visml_cart_tree *t) {
    static const int32_t columns[] = {0, 1, -1, -1, 0, -1, -1}, children[] = {1, 3, -1, -1, 5, -1, -1}, rows[] = {-1, -1, 2, 1, -1, 3, 0};
    *t = (visml_cart_tree){.grown = {.memory = &memory}};
    assert_ok(visml_grown_begin(&t->grown, &err), &err);
    assert_ok(visml_grown_split(&t->grown, 0, &err), &err);
    assert_ok(visml_grown_split(&t->grown, 1, &err), &err);
    assert_ok(visml_grown_split(&t->grown, 4, &err), &err);
    for (int i = 0; i < NODES; i++) {
        visml_grown_node *n = t->grown.nodes + i;
        assert_int_equal(n->left, children[i]);
        n->column = columns[i], n->bin = rows[i], n->gain = (float)i / 4, n->cover = (float)(100 - i);
        n->threshold = i == 0 ? 2 : i == 1 ? 5 : i == 4 ? -1 : 0, n->value = n->column < 0 ? (float)i * 10 : 0;
    }
    t->leaves = LEAVES;
    t->shares = visml_mem_alloc(&memory, LEAVES * CLASSES * sizeof *t->shares, &err);
    t->capacity = LEAVES * CLASSES;
    for (int i = 0; i < LEAVES * CLASSES; i++)
        t->shares[i] = (float)i;
}

static void rows_come_to_the_same_leaves(void **state) {
    static const float x[][2] = {{3, 0}, {1, 4}, {1, 5}, {-2, 6}, {2, 0}, {-1, 9}};
    static const int leaves[] = {2, 3, 6, 5, 2, 6}, rows[] = {2, 1, 0, 3, 2, 0};
    visml_cart_tree grown;
    visml_forest_tree t;
    (void)state;
    grow(&grown);
    assert_ok(visml_forest_tree_pack(&t, &memory, &grown, CLASSES, &err), &err);
    visml_samples s = samples_of(x[0], 6, 2);
    for (int i = 0; i < 6; i++) {
        const visml_forest_node *n = visml_forest_tree_leaf(&t, &s, i);
        assert_int_equal(n - t.nodes, leaves[i]);
        assert_true(n->number == (float)leaves[i] * 10);
        for (int k = 0; k < CLASSES; k++)
            assert_true(t.shares[n->left * CLASSES + k] == (float)(rows[i] * CLASSES + k));
    }
    visml_forest_tree_clear(&t, &memory);
    visml_cart_tree_clear(&grown);
}

/* Shares are in the order of leaves, which is that of nodes. */
static void arrays_have_all_of_it(void **state) {
    int32_t feature[FIRST + NODES], left[FIRST + NODES], right[FIRST + NODES];
    float threshold[FIRST + NODES] = {0}, value[FIRST + NODES] = {0}, gain[FIRST + NODES], cover[FIRST + NODES];
    visml_tree_arrays a = {.feature = feature, .left = left, .right = right, .threshold = threshold, .value = value, .gain = gain,
                           .cover = cover};
    visml_cart_tree grown;
    visml_forest_tree t;
    (void)state;
    grow(&grown);
    assert_ok(visml_forest_tree_pack(&t, &memory, &grown, CLASSES, &err), &err);
    assert_int_equal(t.count, NODES);
    assert_int_equal(t.leaves, LEAVES);
    visml_forest_tree_put(&t, &a, FIRST);
    for (int i = 0, leaf = 0; i < NODES; i++) {
        const visml_grown_node *n = grown.grown.nodes + i;
        int at = FIRST + i;
        assert_int_equal(feature[at], n->column);
        assert_int_equal(left[at], n->column < 0 ? -1 : n->left + FIRST);
        assert_int_equal(right[at], n->column < 0 ? -1 : n->right + FIRST);
        assert_true(threshold[at] == n->threshold && value[at] == n->value && gain[at] == n->gain && cover[at] == n->cover);
        if (n->column < 0)
            assert_memory_equal(t.shares + leaf++ * CLASSES, grown.shares + n->bin * CLASSES, CLASSES * sizeof(float));
    }
    visml_forest_tree_clear(&t, &memory);
    visml_cart_tree_clear(&grown);
}

static void regression_has_no_shares(void **state) {
    visml_cart_tree grown;
    visml_forest_tree t;
    (void)state;
    grow(&grown);
    assert_ok(visml_forest_tree_pack(&t, &memory, &grown, 0, &err), &err);
    assert_null(t.shares);
    visml_forest_tree_clear(&t, &memory);
    assert_null(t.nodes);
    visml_cart_tree_clear(&grown);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_come_to_the_same_leaves), cmocka_unit_test(arrays_have_all_of_it),
                                       cmocka_unit_test(regression_has_no_shares)};
    return cmocka_run_group_tests(tests, set_up_memory, check_memory);
}
