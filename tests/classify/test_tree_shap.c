/* Shapley values beside their definition: all subsets of columns, each with what the tree says where only these are known. */
#include <math.h>
#include <string.h>

#include "classify/tree_shap.h"
#include "support/support.h"

/* Column 0 is asked twice on one way; column 3 never; the covers of the children of node 4 do not add up to its own, as with subsampling
 * they need not. */
enum { NODES = 9, D = 4, OUTPUTS = 2 };
static const int32_t feature[NODES] = {0, 1, 2, -1, 0, -1, -1, -1, -1}, left[NODES] = {1, 3, 5, 0, 7, 0, 0, 0, 0},
                     right[NODES] = {2, 4, 6, 0, 8, 0, 0, 0, 0}, leaf_rows[NODES] = {0, 0, 0, 0, 0, 1, 2, 3, 4};
static const float threshold[NODES] = {5, 2, 1, 0, 3, 0, 0, 0, 0}, cover[NODES] = {20, 12, 8, 5, 7, 8, 0, 3, 3};
static const uint8_t missing_left[NODES] = {1, 0, 0, 0, 0, 0, 0, 0, 0};
static const float values[NODES] = {0, 0, 0, 1, 0, -2, 4, 0.5F, 8};
static const float shares[5 * OUTPUTS] = {1, 0, 0.25F, 0.75F, 0.5F, 0.5F, 0, 1, 0.125F, 0.875F};
static const float rows[][D] = {{0, 0, 0, 0}, {4, 3, 0, 1}, {2, 3, 7, 1}, {9, 0, 5, 2}, {NAN, NAN, NAN, NAN}, {7, 7, 0, 7}};

static const visml_shap_trees by_values = {.feature = feature, .left = left, .right = right, .threshold = threshold, .cover = cover,
                                           .missing_left = missing_left, .values = values, .outputs = OUTPUTS, .d = D};
static const visml_shap_trees by_shares = {.feature = feature, .left = left, .right = right, .threshold = threshold, .cover = cover,
                                           .missing_left = missing_left, .shares = shares, .leaf_rows = leaf_rows, .outputs = OUTPUTS,
                                           .d = D, .divisor = 4};

static double leaf(const visml_shap_trees *t, int32_t node, int output) {
    return t->shares ? (double)shares[leaf_rows[node] * OUTPUTS + output] / (double)t->divisor : (double)values[node];
}

/* Where a column is not known, both children by their covers. */
static double said(const visml_shap_trees *t, int32_t node, const float *x, unsigned known, int output) {
    if (feature[node] < 0)
        return leaf(t, node, output);
    float v = x[feature[node]];
    int goes = isnan(v) ? missing_left[node] : v < threshold[node];
    if (known >> feature[node] & 1)
        return said(t, goes ? left[node] : right[node], x, known, output);
    double of_left = (double)(cover[left[node]] / cover[node]), of_right = (double)(cover[right[node]] / cover[node]);
    return of_left * said(t, left[node], x, known, output) + of_right * said(t, right[node], x, known, output);
}

/* |S|! (D - |S| - 1)! / D! */
static double weight_of(unsigned subset) {
    static const double factorial[] = {1, 1, 2, 6, 24};
    int size = 0;
    for (int j = 0; j < D; j++)
        size += subset >> j & 1;
    return factorial[size] * factorial[D - size - 1] / factorial[D];
}

static double shapley(const visml_shap_trees *t, const float *x, unsigned column, int output) {
    double sum = 0;
    for (unsigned subset = 0; subset < 1U << D; subset++)
        if (!(subset >> column & 1))
            sum += weight_of(subset) * (said(t, 0, x, subset | 1U << column, output) - said(t, 0, x, subset, output));
    return sum;
}

/* x: every second number. Sums of at most 16 parts below 10, in double; shares of covers are floats' here. */
static void assert_values(const visml_shap_trees *t, const float *row, int64_t which, int output) {
    double scratch[64 * 4], to[OUTPUTS * (D + 1)] = {0}, mean[OUTPUTS * (D + 1)] = {0};
    float x[2 * D] = {0};
    assert_true(visml_shap_scratch(3) <= sizeof scratch);
    for (int j = 0; j < D; j++)
        x[2 * j] = row[j];
    visml_shap_add(t, 0, x, 2, which, to, scratch);
    visml_shap_add_mean(t, 0, which, mean);
    for (unsigned j = 0; j < D; j++) {
        assert_true(fabs(to[output * (D + 1) + (int)j] - shapley(t, row, j, output)) <= 1e-5);
        assert_true(mean[output * (D + 1) + (int)j] == 0);
    }
    assert_true(to[output * (D + 1) + 3] == 0); /* what is never asked does nothing */
    assert_true(to[output * (D + 1) + D] == 0);
    assert_true(fabs(mean[output * (D + 1) + D] - said(t, 0, row, 0, output)) <= 1e-5);
}

static void values_are_those_of_all_subsets(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int output = 0; output < OUTPUTS; output++) {
            assert_values(&by_values, rows[i], output, output);
            assert_values(&by_shares, rows[i], 0, output); /* all outputs at once */
        }
}

/* Other outputs of values keep what they had, and values are added to what was there. */
static void what_was_there_stays(void **state) {
    double scratch[64 * 4], once[OUTPUTS * (D + 1)] = {0}, twice[OUTPUTS * (D + 1)] = {0};
    (void)state;
    visml_shap_add(&by_values, 0, rows[2], 1, 1, once, scratch);
    visml_shap_add(&by_values, 0, rows[2], 1, 1, twice, scratch);
    visml_shap_add(&by_values, 0, rows[2], 1, 1, twice, scratch);
    for (int i = 0; i < OUTPUTS * (D + 1); i++) {
        assert_true(fabs(twice[i] - 2 * once[i]) <= 1e-12); /* sums in another order */
        assert_true(i > D || once[i] == 0);
    }
}

/* A root that is a leaf. */
static void a_leaf_alone_is_its_mean(void **state) {
    double scratch[64], to[OUTPUTS * (D + 1)] = {0};
    (void)state;
    visml_shap_add(&by_values, 3, rows[0], 1, 0, to, scratch);
    visml_shap_add_mean(&by_values, 3, 0, to);
    for (int i = 0; i < OUTPUTS * (D + 1); i++)
        assert_true(to[i] == (i == D ? 1 : 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_all_subsets),
        cmocka_unit_test(what_was_there_stays),
        cmocka_unit_test(a_leaf_alone_is_its_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
