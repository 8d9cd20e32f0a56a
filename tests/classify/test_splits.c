/* The best split of a column beside trying all of them, with every option of the rules. */
#include "classify/histogram_sums.h"
#include "classify/splits.h"
#include "classify/tree_insides.h"

enum { BINS = 12 };
#define UNIT (1.0 / 1024)

/* A column, its sums, and the node that they are of. The last bin is what is missing. */
typedef struct made {
    visml_bin_column column;
    int64_t h[BINS + 1];
    visml_node_sums node;
} made;

static made make(uint64_t *seed, int missing) {
    made m = {.column = {.count = BINS, .missing = missing}, .node = {.lower = -HUGE_VAL, .upper = HUGE_VAL}};
    for (int b = 0; b < BINS + missing; b++) {
        int empty = test_random(seed) % 4 == 0;
        int32_t first = (int32_t)(test_random(seed) % 4001) - 2000, second = (int32_t)(test_random(seed) % 2000);
        m.h[b] = empty ? 0 : visml_gradient_pack(first, second);
        m.node.sum += m.h[b];
    }
    return m;
}

/* ---- all splits, by the formulas of Chen and Guestrin (2016), with XGBoost's rules for alpha and bounds ---- */

typedef struct side {
    double g, h;
} side;

static side side_of(int64_t sum) {
    return (side){visml_gradient_first(sum) * UNIT, visml_gradient_second(sum) * UNIT};
}

static double value_of(const visml_split_rules *r, const visml_node_sums *node, side s) {
    double g = s.g > r->alpha ? s.g - r->alpha : s.g < -r->alpha ? s.g + r->alpha : 0, v = s.h > 0 ? -g / (s.h + r->lambda) : 0;
    v = s.h < r->min_child_weight ? 0 : v;
    if (r->max_delta_step > 0)
        v = fmax(fmin(v, r->max_delta_step), -r->max_delta_step);
    return fmax(fmin(v, node->upper), node->lower);
}

/* What a side's best value takes off the loss, twice. */
static double worth(const visml_split_rules *r, const visml_node_sums *node, side s) {
    double v = value_of(r, node, s), g = s.g > r->alpha ? s.g - r->alpha : s.g < -r->alpha ? s.g + r->alpha : 0;
    if (!(s.h > 0))
        return 0;
    return r->max_delta_step > 0 || r->monotone ? -(2 * s.g * v + (s.h + r->lambda) * v * v) : g * g / (s.h + r->lambda);
}

static double gain(const visml_split_rules *r, const made *m, int bin, int missing_left) {
    int64_t sum = m->column.missing && missing_left ? m->h[BINS] : 0;
    for (int b = 0; b <= bin; b++)
        sum += m->h[b];
    side left = side_of(sum), right = side_of(m->node.sum - sum);
    double least = r->min_child_weight, lv = value_of(r, &m->node, left), rv = value_of(r, &m->node, right);
    if (!(left.h > 0) || !(right.h > 0) || left.h < least || right.h < least)
        return -HUGE_VAL;
    if (r->monotone && ((r->monotone[0] > 0 && lv > rv) || (r->monotone[0] < 0 && lv < rv)))
        return -HUGE_VAL;
    return worth(r, &m->node, left) + worth(r, &m->node, right) - worth(r, &m->node, side_of(m->node.sum));
}

static double best_gain(const visml_split_rules *r, const made *m) {
    double best = 0;
    for (int b = 0; b < BINS; b++)
        for (int left = 0; left < 2; left++)
            best = fmax(best, gain(r, m, b, left));
    return best;
}

static visml_split find(const visml_split_rules *r, const made *m) {
    visml_split best = {.column = -1};
    visml_split_find(r, &m->column, 0, m->h, &m->node, visml_node_gain(r, &m->node), &best);
    return best;
}

/* ---- tests ---- */

static const int8_t up[] = {1}, down[] = {-1};
static const visml_split_rules all_rules[] = {
    {.lambda = 1, .min_child_weight = 1},
    {.lambda = 0, .min_child_weight = 0},
    {.lambda = 2, .min_child_weight = 3},
    {.lambda = 1, .alpha = 0.5, .min_child_weight = 1},
    {.lambda = 1, .min_child_weight = 1, .max_delta_step = 0.3},
    {.lambda = 1, .min_child_weight = 1, .monotone = up},
    {.lambda = 1, .alpha = 0.2, .min_child_weight = 0.5, .max_delta_step = 0.7, .monotone = down},
};

/* Gains of some units, of sums of 2^-10: the two formulas differ by rounding. */
static void nothing_gains_more(void **state) {
    uint64_t seed = 21;
    (void)state;
    for (size_t k = 0; k < sizeof all_rules / sizeof all_rules[0]; k++)
        for (int round = 0; round < 200; round++) {
            made m = make(&seed, round % 2);
            visml_split_rules r = all_rules[k];
            r.first_unit = r.second_unit = UNIT;
            visml_split s = find(&r, &m);
            double best = best_gain(&r, &m);
            assert_true(fabs(s.gain - best) <= 1e-12 * (1 + fabs(visml_node_gain(&r, &m.node)) + best));
            if (s.column < 0)
                continue;
            assert_true(fabs(gain(&r, &m, s.bin, s.missing_left) - s.gain) <= 1e-12 * (1 + fabs(visml_node_gain(&r, &m.node)) + best));
            int64_t left = s.missing_left ? m.h[BINS] : 0;
            for (int b = 0; b <= s.bin; b++)
                left += m.h[b];
            assert_true(s.left == left);
        }
}

static void bounds_of_the_node_hold(void **state) {
    uint64_t seed = 4;
    (void)state;
    for (int round = 0; round < 100; round++) {
        made m = make(&seed, 1);
        m.node.lower = -0.1, m.node.upper = 0.2;
        visml_split_rules r = {.lambda = 1, .min_child_weight = 0.5, .monotone = up, .first_unit = UNIT, .second_unit = UNIT};
        assert_true(fabs(find(&r, &m).gain - best_gain(&r, &m)) < 1e-9);
        double value = visml_leaf_value_of(&r, &m.node);
        assert_true(value >= -0.1 && value <= 0.2);
    }
}

/* Bins without rows between two numbers: the cut is as far as it can be from what is missing. */
static void of_equals_the_farthest_from_the_missing(void **state) {
    visml_split_rules r = {.lambda = 1, .min_child_weight = 0.1, .first_unit = UNIT, .second_unit = UNIT};
    made m = {.column = {.count = BINS}, .node = {.lower = -HUGE_VAL, .upper = HUGE_VAL}};
    (void)state;
    m.h[2] = visml_gradient_pack(900, 500), m.h[7] = visml_gradient_pack(-900, 500);
    m.node.sum = m.h[2] + m.h[7];
    assert_int_equal(find(&r, &m).bin, 2);
    m.column.missing = 1;
    m.h[BINS] = visml_gradient_pack(800, 400);
    m.node.sum += m.h[BINS];
    visml_split s = find(&r, &m); /* they are like the left ones */
    assert_int_equal(s.missing_left, 1);
    assert_int_equal(s.bin, 6);
}

static void only_what_gains_more_takes_its_place(void **state) {
    uint64_t seed = 8;
    (void)state;
    made m = make(&seed, 0);
    visml_split_rules r = {.lambda = 1, .min_child_weight = 0.1, .first_unit = UNIT, .second_unit = UNIT};
    visml_split first = find(&r, &m), again = first;
    assert_true(first.gain > 0);
    visml_split_find(&r, &m.column, 5, m.h, &m.node, visml_node_gain(&r, &m.node), &again);
    assert_int_equal(again.column, 0);
    again.gain /= 2;
    visml_split_find(&r, &m.column, 5, m.h, &m.node, visml_node_gain(&r, &m.node), &again);
    assert_int_equal(again.column, 5);
}

/* One bin and nothing missing: there is nothing to tell apart. What is missing alone can be told from all numbers. */
static void one_bin_is_split_from_the_missing_alone(void **state) {
    made m = {.column = {.count = 1}, .node = {.lower = -HUGE_VAL, .upper = HUGE_VAL}};
    visml_split_rules r = {.lambda = 1, .min_child_weight = 0.1, .first_unit = UNIT, .second_unit = UNIT};
    (void)state;
    m.h[0] = m.node.sum = visml_gradient_pack(700, 600);
    assert_int_equal(find(&r, &m).column, -1);
    m.column.missing = 1;
    m.h[1] = visml_gradient_pack(-700, 600);
    m.node.sum += m.h[1];
    visml_split s = find(&r, &m);
    assert_int_equal(s.column, 0);
    assert_int_equal(s.bin, 0);
    assert_int_equal(s.missing_left, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gains_more),
        cmocka_unit_test(bounds_of_the_node_hold),
        cmocka_unit_test(of_equals_the_farthest_from_the_missing),
        cmocka_unit_test(only_what_gains_more_takes_its_place),
        cmocka_unit_test(one_bin_is_split_from_the_missing_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
