/* Grown trees by what they promise: pure leaves, limits, rows wherever they lie, stops. */
#include <stdlib.h>

#include "classify/cart_grow.h"
#include "classify/tree_insides.h"

enum { N = 900, D = 40, CLASSES = 3 };
static float x[N * D], turned[N * D], targets[N], ones[N];
static int32_t places[N];

static void fill(void) {
    uint64_t seed = 41;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            float v = test_random_float(&seed);
            x[i * D + j] = turned[j * N + i] = j % 2 ? floorf(20 * v) : v;
        }
        places[i] = x[i * D + 1] + x[i * D + 3] > 3 ? 2 : x[i * D] > 0;
        targets[i] = x[i * D + 2] + (float)places[i];
        ones[i] = 1;
    }
}

static visml_samples rows(int by_columns, int regresses) {
    visml_samples s = samples_of(x, N, D);
    if (by_columns)
        s.x = turned, s.row_stride = 1, s.column_stride = N;
    if (regresses)
        s.targets = targets;
    else
        s.places = places, s.class_count = CLASSES;
    return s;
}

static const visml_cart_rules plain = {.min_samples_split = 2, .min_samples_leaf = 1, .max_features = D};

typedef struct asking {
    int calls, stop_at;
} asking;

static int ask(void *user) {
    asking *a = user;
    return ++a->calls != a->stop_at;
}

/* One tree of some rules. The columns' codes are kept where all columns are looked at, as forests have it. */
static visml_status grow(const visml_samples *s, const visml_cart_rules *rules, const float *weights, asking *a, visml_cart_tree *t) {
    visml_code_columns c;
    *t = (visml_cart_tree){.grown = {.memory = &memory}};
    if (!rules->random_thresholds)
        assert_ok(visml_code_columns_new(&c, &memory, &compute, s, rules->max_features == D, &quiet, 1, &err), &err);
    visml_cart *g = assert_made(visml_cart_new(&memory, rules->random_thresholds ? NULL : &c, &compute, s, rules, &err), &err);
    visml_status status = visml_cart_grow(g, weights, 5, ask, a, t, &err);
    visml_cart_free(g);
    if (!rules->random_thresholds)
        visml_code_columns_clear(&c);
    return status;
}

static visml_cart_tree grown(const visml_samples *s, const visml_cart_rules *rules, const float *weights) {
    visml_cart_tree t;
    asking a = {0};
    assert_ok(grow(s, rules, weights, &a, &t), &err);
    return t;
}

static const visml_grown_node *leaf_of(const visml_cart_tree *t, int row) {
    const visml_grown_node *n = t->grown.nodes;
    while (n->column >= 0)
        n = t->grown.nodes + (x[row * D + n->column] < n->threshold ? n->left : n->right);
    return n;
}

static void depths_of(const visml_cart_tree *t, int *depths) {
    depths[0] = 0;
    for (size_t i = 0; i < t->grown.count; i++)
        if (t->grown.nodes[i].column >= 0)
            depths[t->grown.nodes[i].left] = depths[t->grown.nodes[i].right] = depths[i] + 1;
}

/* All rows are different: without limits each gets its own class or number. */
static void leaves_are_pure(void **state) {
    (void)state;
    for (int k = 0; k < 8; k++) {
        visml_cart_rules r = plain;
        r.random_thresholds = k % 2, r.max_features = k / 2 % 2 ? 5 : D, r.impurity = k / 4 ? VISML_IMPURITY_ERROR : VISML_IMPURITY_GINI;
        visml_samples s = rows(0, k / 4);
        visml_cart_tree t = grown(&s, &r, ones);
        for (int i = 0; i < N; i++) {
            const visml_grown_node *leaf = leaf_of(&t, i);
            assert_true(leaf->value == (k / 4 ? targets[i] : (float)places[i]));
            if (k / 4 == 0)
                assert_true(t.shares[leaf->bin * CLASSES + places[i]] == 1);
        }
        assert_int_equal(t.grown.count, 2 * t.leaves - 1);
        visml_cart_tree_clear(&t);
    }
}

static void assert_same_tree(const visml_cart_tree *a, const visml_cart_tree *b) {
    assert_int_equal(a->grown.count, b->grown.count);
    assert_memory_equal(a->grown.nodes, b->grown.nodes, a->grown.count * sizeof *a->grown.nodes);
    if (a->shares)
        assert_memory_equal(a->shares, b->shares, a->leaves * CLASSES * sizeof *a->shares);
}

/* Rows side by side are copied near each other, columns side by side are not: the same tree. */
static void it_does_not_matter_how_rows_lie(void **state) {
    (void)state;
    for (int k = 0; k < 8; k++) {
        visml_cart_rules r = plain;
        r.random_thresholds = k % 2, r.max_features = k / 2 % 2 ? 5 : D, r.impurity = k / 4 ? VISML_IMPURITY_ERROR : VISML_IMPURITY_ENTROPY;
        visml_samples s = rows(0, k / 4), t = rows(1, k / 4);
        visml_cart_tree a = grown(&s, &r, ones), b = grown(&t, &r, ones);
        assert_same_tree(&a, &b);
        visml_cart_tree_clear(&a);
        visml_cart_tree_clear(&b);
    }
}

static void limits_hold(void **state) {
    (void)state;
    int depths[2 * N], deepest = 0;
    visml_samples s = rows(0, 0);
    visml_cart_rules r = plain;
    r.max_depth = 3;
    visml_cart_tree t = grown(&s, &r, ones);
    depths_of(&t, depths);
    for (size_t i = 0; i < t.grown.count; i++)
        deepest = depths[i] > deepest ? depths[i] : deepest;
    assert_int_equal(deepest, 3);
    visml_cart_tree_clear(&t);
    r = plain, r.max_leaf_nodes = 6;
    t = grown(&s, &r, ones);
    assert_int_equal(t.leaves, 6);
    visml_cart_tree_clear(&t);
    r = plain, r.min_samples_leaf = 30, r.min_samples_split = 100;
    t = grown(&s, &r, ones);
    for (size_t i = 0; i < t.grown.count; i++) /* weights are 1: cover counts rows */
        assert_true(t.grown.nodes[i].cover >= (t.grown.nodes[i].column < 0 ? 30 : 100));
    visml_cart_tree_clear(&t);
    r = plain, r.min_impurity_decrease = 0.02;
    t = grown(&s, &r, ones);
    for (size_t i = 0; i < t.grown.count; i++)
        assert_true(t.grown.nodes[i].column < 0 || t.grown.nodes[i].gain / N >= 0.02F);
    visml_cart_tree_clear(&t);
}

/* Of the split that gains most, gain is what impurity falls by: 900 rows of three classes. */
static void gains_add_up_to_the_impurity(void **state) {
    double counts[CLASSES] = {0}, gini = N, sum = 0;
    (void)state;
    visml_samples s = rows(0, 0);
    visml_cart_tree t = grown(&s, &plain, ones);
    for (int i = 0; i < N; i++)
        counts[places[i]]++;
    for (int k = 0; k < CLASSES; k++)
        gini -= counts[k] * counts[k] / N;
    for (size_t i = 0; i < t.grown.count; i++)
        sum += (double)t.grown.nodes[i].gain;
    assert_true(fabs(sum - gini) < 1e-3 * gini); /* all leaves are pure; gains are floats */
    visml_cart_tree_clear(&t);
}

/* A row of weight 0 is not there. */
static void rows_without_weight_are_left_out(void **state) {
    float weights[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        weights[i] = i % 3 ? 1.5F : 0;
        if (i % 3 == 0)
            places[i] = 0;
    }
    visml_samples s = rows(0, 0);
    visml_cart_tree t = grown(&s, &plain, weights);
    assert_true(t.grown.nodes[0].cover == 1.5F * N * 2 / 3);
    for (int i = 0; i < N; i++)
        if (i % 3)
            assert_true(leaf_of(&t, i)->value == (float)places[i]);
    visml_cart_tree_clear(&t);
    fill();
}

static void it_ends_when_it_is_told_to(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        visml_cart_rules r = plain;
        visml_samples s = rows(0, 0);
        visml_cart_tree t;
        asking all = {0}, stop = {.stop_at = 4};
        r.random_thresholds = k;
        assert_ok(grow(&s, &r, ones, &all, &t), &err);
        assert_true(all.calls >= (int)t.leaves - 1); /* at every node that is split */
        visml_cart_tree_clear(&t);
        assert_int_equal(grow(&s, &r, ones, &stop, &t), VISML_ECANCELLED);
        assert_int_equal(stop.calls, 4);
        visml_cart_tree_clear(&t);
    }
}

static int set_up(void **state) {
    fill();
    return set_up_memory(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_are_pure),              cmocka_unit_test(it_does_not_matter_how_rows_lie),
        cmocka_unit_test(limits_hold),                  cmocka_unit_test(gains_add_up_to_the_impurity),
        cmocka_unit_test(rows_without_weight_are_left_out), cmocka_unit_test(it_ends_when_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, set_up, check_memory);
}
