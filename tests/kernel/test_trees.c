#include "levels.h"

#include "kernel/trees.h"
#include "support/golden.h"

enum { FEATURES = 12 };

typedef struct forest {
    visml_tree_node *nodes;
    int32_t *roots;
    visml_trees trees;
} forest;

static forest forest_of(const test_array *nodes, const test_array *roots, int64_t groups) {
    size_t n = (size_t)nodes->count / 4;
    forest f = {malloc(n * sizeof *f.nodes), malloc((size_t)roots->count * sizeof *f.roots), {0}};
    for (size_t i = 0; i < n; i++) {
        const float *p = nodes->values + 4 * i;
        int32_t feature = p[0] < 0 ? VISML_TREE_LEAF : p[0] >= 1000 ? (int32_t)p[0] - 1000 + VISML_TREE_DEFAULT_LEFT : (int32_t)p[0];
        f.nodes[i] = (visml_tree_node){feature, p[1], (int32_t)p[2], feature < 0 ? 1000 - (int32_t)i : (int32_t)p[3]};
    }
    for (int64_t i = 0; i < roots->count; i++)
        f.roots[i] = (int32_t)roots->values[i];
    f.trees = (visml_trees){f.nodes, f.roots, roots->count, groups, (int64_t)n, FEATURES, 0};
    return f;
}

static int32_t leaf_by_hand(const forest *f, int64_t tree, const float *x) {
    int32_t at = f->roots[tree];
    while (f->nodes[at].feature >= 0) {
        const visml_tree_node *p = &f->nodes[at];
        float v = x[p->feature % VISML_TREE_DEFAULT_LEFT];
        int left = isnan(v) ? p->feature >= VISML_TREE_DEFAULT_LEFT : v < p->number;
        at = left ? p->left : p->right;
    }
    return at;
}

/* Margins of XGBoost; leaves and sums by plain loops, the same bits. One row in seven is missing something. */
static void as_xgboost(void **state) {
    (void)state;
    enum { ROWS = 403 };
    test_golden g = test_golden_open("kernels.bin");
    test_array x = test_golden_find(&g, "trees-x");
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    assert_int_equal(x.count, ROWS * FEATURES);
    for (int64_t groups = 1; groups <= 3; groups += 2) {
        const char *name = groups == 1 ? "one" : "three";
        static const float start[3] = {0.5f, 0.5f, 0.5f};
        test_array nodes = test_golden_find(&g, "trees-%s-nodes", name), roots = test_golden_find(&g, "trees-%s-roots", name);
        test_array margin = test_golden_find(&g, "trees-%s-margin", name);
        forest f = forest_of(&nodes, &roots, groups);
        float *out = filled_array((size_t)(ROWS * groups), NAN);
        int32_t *leaves = malloc((size_t)(ROWS * roots.count) * sizeof *leaves);
        assert_true(roots.count == 9 * groups && margin.count == ROWS * groups);
        for (size_t l = 0; l < n; l++) {
            visml_parallel p = workers(2);
            visml_compute c = {&levels[l].kernels, &p};
            void *scratch = malloc(visml_trees_sum_scratch(&c, FEATURES));
            visml_trees_sum(&c, &f.trees, ROWS, x.values, FEATURES, start, out, scratch);
            free(scratch);
            int answers = f.trees.answers = (int32_t)(l & 1);
            visml_trees_leaves(&c, &f.trees, ROWS, x.values, FEATURES, leaves);
            for (int64_t i = 0; i < ROWS; i++) {
                float sum[3] = {0.5f, 0.5f, 0.5f};
                for (int64_t t = 0; t < roots.count; t++) {
                    int32_t leaf = leaf_by_hand(&f, t, x.values + i * FEATURES);
                    assert_int_equal(leaves[i * roots.count + t], answers ? f.nodes[leaf].right : leaf);
                    sum[t % groups] += f.nodes[leaf].number;
                }
                assert_same(out + i * groups, sum, (size_t)groups, "sum", levels[l].name);
                for (int64_t k = 0; k < groups; k++)
                    assert_true(fabsf(out[i * groups + k] - margin.values[i * groups + k]) <= 1e-6f);
            }
        }
        free(out);
        free(leaves);
        free(f.nodes);
        free(f.roots);
        free(nodes.values);
        free(roots.values);
        free(margin.values);
    }
    free(x.values);
    test_golden_close(&g);
}

/* A number equal to the threshold goes right; infinities; what is missing; no rows, no trees. */
static void at_the_threshold(void **state) {
    (void)state;
    static const visml_tree_node nodes[] = {{0, 1.0f, 1, 2}, {VISML_TREE_LEAF, 10, -1, -1}, {1 + VISML_TREE_DEFAULT_LEFT, 0.0f, 3, 4},
                                            {VISML_TREE_LEAF, 20, -1, -1}, {VISML_TREE_LEAF, 30, -1, -1}};
    static const int32_t roots[] = {0};
    static const float x[] = {0, 9, 1, -1, 1, 0, 1, -0.0f, NAN, NAN, -INFINITY, NAN, INFINITY, -INFINITY, NAN, 5};
    static const float want[] = {10, 20, 30, 30, 20, 10, 20, 30};
    visml_trees f = {nodes, roots, 1, 1, 5, 2, 0};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(1);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        float out[8];
        visml_trees_sum(&c, &f, 8, x, 2, NULL, out, NULL);
        assert_same(out, want, 8, "threshold", levels[l].name);
        visml_trees_sum(&c, &f, 0, NULL, 2, NULL, out, NULL);
        f.trees = 0;
        visml_trees_sum(&c, &f, 8, x, 2, NULL, out, NULL);
        for (size_t i = 0; i < 8; i++)
            assert_true(out[i] == 0);
        f.trees = 1;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_xgboost),
        cmocka_unit_test(at_the_threshold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
