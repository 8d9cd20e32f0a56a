/* Random splits: within the numbers of a node, evenly, and scored as they divide its rows. */
#include <stdlib.h>

#include "classify/cart_random.h"
#include "classify/cart_nodes.h"

static const int64_t numbers[NODE_D] = {4, 0, 6, 1, 2, 5, 3};

static void find(const node_rows *r, int64_t count, const int64_t *columns, uint64_t key, visml_cart_split *found, uint8_t *varies) {
    void *scratch = malloc(visml_cart_random_scratch(NODE_N, CLASSES));
    for (int64_t j = 0; j < count; j++)
        found[j] = (visml_cart_split){.column = -1};
    visml_cart_find_random(&r->node, count, columns, key, scratch, found, varies);
    free(scratch);
}

static void range_of(const node_rows *r, int64_t column, float *least, float *most) {
    *least = INFINITY, *most = -INFINITY;
    for (int64_t p = 0; p < r->node.n; p++) {
        float v = node_x[r->rows[p] * NODE_D + column];
        *least = fminf(*least, v), *most = fmaxf(*most, v);
    }
}

static void assert_split(const node_rows *r, int64_t column, const visml_cart_split *s, int varies) {
    float least, most;
    range_of(r, column, &least, &most);
    assert_int_equal(varies, least < most);
    if (s->column < 0) /* with one number in all rows, or children that are too small: of two rows they never are */
        assert_true(!varies || r->node.least > 1);
    else {
        assert_int_equal(s->column, column);
        assert_true(s->threshold > least && s->threshold <= most);
        double fall = fall_of(r, column, s->threshold);
        assert_true(fall >= 0 || fall > -1e-9);
        assert_true(fabs(s->score - r->node.score - fall) <= 1e-9 * (1 + fabs(r->node.score)));
    }
}

static void splits_are_scored_as_they_divide(void **state) {
    static const int64_t sizes[] = {2, 3, 7, 8, 9, 33, NODE_N};
    static node_rows r;
    uint64_t seed = 31;
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        for (int i = 0; i < 12; i++) {
            visml_cart_split found[NODE_D];
            uint8_t varies[NODE_D];
            make_node(&r, (visml_impurity)(i % 3), sizes[k], i / 3 % 2, i / 6 ? sizes[k] / 3 + 1 : 1, &seed);
            find(&r, NODE_D, numbers, (uint64_t)i, found, varies);
            for (int j = 0; j < NODE_D; j++)
                assert_split(&r, numbers[j], &found[j], varies[j]);
        }
}

/* Whatever columns are looked at together. */
static void thresholds_are_functions_of_key_and_column(void **state) {
    static node_rows r;
    uint64_t seed = 3;
    visml_cart_split all[NODE_D], one;
    uint8_t varies[NODE_D];
    (void)state;
    make_node(&r, VISML_IMPURITY_GINI, 100, 1, 1, &seed);
    find(&r, NODE_D, numbers, 77, all, varies);
    for (int j = 0; j < NODE_D; j++) {
        find(&r, 1, numbers + j, 77, &one, varies);
        assert_memory_equal(&one, &all[j], sizeof one);
        find(&r, 1, numbers + j, 78, &one, varies);
        assert_true(numbers[j] < 4 || one.threshold != all[j].threshold);
    }
}

/* Shares of the range: their mean is 1/2 within four deviations of a mean of 4000, their square's 1/3 too. */
static void thresholds_are_even(void **state) {
    static node_rows r;
    uint64_t seed = 5;
    float least, most;
    double sum = 0, squares = 0;
    enum { DRAWS = 4000 };
    (void)state;
    make_node(&r, VISML_IMPURITY_GINI, 200, 1, 1, &seed);
    range_of(&r, 5, &least, &most);
    for (uint64_t key = 0; key < DRAWS; key++) {
        visml_cart_split s;
        uint8_t varies;
        find(&r, 1, (const int64_t[]){5}, key, &s, &varies);
        double share = ((double)s.threshold - (double)least) / ((double)most - (double)least);
        sum += share, squares += share * share;
    }
    assert_true(fabs(sum / DRAWS - 0.5) < 4 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(squares / DRAWS - 1.0 / 3) < 4 * sqrt(4.0 / 45 / DRAWS));
}

/* Two floats side by side: there is one threshold, whatever is drawn. */
static void neighbours_are_told_apart(void **state) {
    static node_rows r;
    float x[] = {1, nextafterf(1, 2)};
    visml_samples s = samples_of(x, 2, 1);
    uint64_t seed = 9;
    (void)state;
    make_node(&r, VISML_IMPURITY_GINI, 2, 1, 1, &seed);
    r.rows[0] = 1, r.rows[1] = 0, r.node.samples = &s;
    for (uint64_t key = 0; key < 50; key++) {
        visml_cart_split found;
        uint8_t varies;
        find(&r, 1, (const int64_t[]){0}, key, &found, &varies);
        assert_true(found.threshold == x[1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_are_scored_as_they_divide), cmocka_unit_test(thresholds_are_functions_of_key_and_column),
        cmocka_unit_test(thresholds_are_even),              cmocka_unit_test(neighbours_are_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up_nodes, check_memory);
}
