/* The best split of a node beside trying all thresholds: of few numbers and of many, whose codes are kept or not. */
#include <stdlib.h>

#include "classify/cart_nodes.h"

static double best_fall(const node_rows *r, int64_t column) {
    double best = -1;
    for (int64_t p = 0; p < r->node.n; p++)
        best = fmax(best, fall_of(r, column, node_x[r->rows[p] * NODE_D + column]));
    return best;
}

static void assert_split(const node_rows *r, int64_t column, const visml_cart_split *s, int varies) {
    double best = best_fall(r, column), bound = 1e-9 * (1 + fabs(r->node.score));
    assert_int_equal(varies, !same_everywhere(r, column));
    if (best < 0) {
        assert_int_equal(s->column, -1);
        return;
    }
    assert_int_equal(s->column, column);
    assert_true(fabs(s->score - r->node.score - best) <= bound);
    assert_true(fabs(fall_of(r, column, s->threshold) - best) <= bound);
}

static void assert_splits(const visml_code_columns *c, const node_rows *r) {
    static const int64_t numbers[NODE_D] = {3, 0, 6, 1, 2, 5, 4};
    visml_cart_split found[NODE_D];
    uint8_t varies[NODE_D];
    void *scratch = malloc(visml_cart_scratch(NODE_N, CLASSES));
    for (int j = 0; j < NODE_D; j++)
        found[j] = (visml_cart_split){.column = -1};
    visml_cart_find(&r->node, c, NODE_D, numbers, scratch, found, varies);
    for (int j = 0; j < NODE_D; j++)
        assert_split(r, numbers[j], &found[j], varies[j]);
    free(scratch);
}

/* Sizes around the numbers of columns: with more rows than numbers these are added up, else rows are sorted. */
static void no_threshold_is_better(void **state) {
    static const int64_t sizes[] = {2, 3, 5, 8, 60, 99, 100, 101, NODE_N};
    static node_rows r;
    uint64_t seed = 6;
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        visml_code_columns c;
        assert_ok(visml_code_columns_new(&c, &memory, &compute, &node_samples, keep, &quiet, 1, &err), &err);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            for (int i = 0; i < 6; i++) {
                make_node(&r, (visml_impurity)(i % 3), sizes[k], i / 3, i == 0 ? sizes[k] / 3 : 1, &seed);
                assert_splits(&c, &r);
            }
        visml_code_columns_clear(&c);
    }
}

/* Halfway between the two numbers, where floats have one there: scikit-learn's x <= middle. */
static void thresholds_are_halfway(void **state) {
    static node_rows r;
    float x[] = {1, 4, 1, 4, 2, 4}, odd[] = {1, nextafterf(1, 2)};
    (void)state;
    for (int k = 0; k < 2; k++) {
        visml_samples s = samples_of(k ? odd : x, k ? 2 : 6, 1);
        visml_code_columns c;
        visml_cart_split found = {.column = -1};
        uint8_t varies;
        void *scratch = malloc(visml_cart_scratch(s.n, CLASSES));
        uint64_t seed = 1;
        assert_ok(visml_code_columns_new(&c, &memory, &compute, &s, 0, &quiet, 1, &err), &err);
        make_node(&r, VISML_IMPURITY_GINI, s.n, 1, 1, &seed);
        for (int32_t p = 0; p < (int32_t)s.n; p++)
            r.rows[p] = p, r.places[p] = (k ? odd[p] : x[p]) > 1.5F || (k && p);
        memset(r.totals, 0, sizeof r.totals);
        for (int32_t p = 0; p < (int32_t)s.n; p++)
            r.totals[r.places[p]]++;
        r.node.samples = &s;
        visml_cart_find(&r.node, &c, 1, (const int64_t[]){0}, scratch, &found, &varies);
        assert_true(found.threshold == (k ? odd[1] : nextafterf(1.5F, 2)));
        visml_code_columns_clear(&c);
        free(scratch);
    }
}

static void scores_are_impurities(void **state) {
    static node_rows r;
    uint64_t seed = 12;
    uint8_t all[NODE_N];
    (void)state;
    memset(all, 1, sizeof all);
    for (int i = 0; i < 2; i++) {
        make_node(&r, (visml_impurity)i, 50, 0, 1, &seed);
        double want = (i == 0 ? r.node.weight : 0) - impurity_of(&r, all);
        assert_true(fabs(r.node.score - want) < 1e-11 * r.node.weight);
    }
    assert_true(visml_cart_score(VISML_IMPURITY_ERROR, 0, (const double[]){4, 6}) == 9);
    assert_true(visml_cart_score(VISML_IMPURITY_ENTROPY, 2, (const double[]){0, 0}) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_threshold_is_better), cmocka_unit_test(thresholds_are_halfway),
                                       cmocka_unit_test(scores_are_impurities)};
    return cmocka_run_group_tests(tests, set_up_nodes, check_memory);
}
