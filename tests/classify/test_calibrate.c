#include <math.h>
#include <string.h>

#include "classify/calibrate.h"
#include "support/support.h"

enum { N = 200 };

static int64_t rows_of(uint64_t seed, visml_scored *rows) {
    for (int i = 0; i < N; i++) {
        double score = 3 * (double)test_random_float(&seed);
        rows[i] = (visml_scored){score, 1 + i % 3, (double)test_random_float(&seed) < score};
    }
    return N;
}

/* Where the likelihood is largest its derivatives by slope and intercept are 0: sums of what the targets of Platt (1999) are off by. */
static void a_sigmoid_has_no_slope_left(void **state) {
    visml_scored rows[N];
    double a, b, right = 0, all = 0, by_score = 0, by_one = 0;
    (void)state;
    visml_calibrate_sigmoid(rows_of(3, rows), rows, &a, &b);
    for (int i = 0; i < N; i++) {
        all += rows[i].weight;
        right += rows[i].right ? rows[i].weight : 0;
    }
    for (int i = 0; i < N; i++) {
        double target = rows[i].right ? (right + 1) / (right + 2) : 1 / (all - right + 2);
        double off = rows[i].weight * (target - visml_sigmoid_at(a, b, rows[i].score));
        by_score += off * rows[i].score, by_one += off;
    }
    assert_true(a < 0);
    assert_true(fabs(by_score) < 1e-6 && fabs(by_one) < 1e-6);
}

/* Scores that are all the same tell nothing: the share of right ones (with Platt's targets) is all there is. */
static void a_sigmoid_of_one_score_is_a_share(void **state) {
    visml_scored rows[4] = {{5, 1, 1}, {5, 1, 0}, {5, 1, 1}, {5, 1, 1}};
    double a, b, wanted = (3 * 4. / 5 + 1. / 3) / 4;
    (void)state;
    visml_calibrate_sigmoid(4, rows, &a, &b);
    assert_true(fabs(visml_sigmoid_at(a, b, 5) - wanted) < 1e-9);
}

static void sigmoids_are_within_0_and_1_anywhere(void **state) {
    (void)state;
    assert_true(visml_sigmoid_at(-1, 0, 1e300) == 1 && visml_sigmoid_at(-1, 0, -1e300) == 0);
    assert_true(visml_sigmoid_at(0, 0, 7) == 0.5);
    assert_true(fabs(visml_sigmoid_at(-2, 1, 3) + visml_sigmoid_at(2, -1, 3) - 1) < 1e-15);
}

/* By hand: answers 0 1 0 | 1 1 fall once; 1 and 0 are pooled to a half. */
static void violators_are_pooled(void **state) {
    visml_scored rows[] = {{4, 1, 1}, {1, 1, 0}, {3, 1, 0}, {2, 1, 1}, {5, 1, 1}};
    double points[5], values[5];
    static const double at[] = {1, 2, 3, 4, 5}, wanted[] = {0, 0.5, 0.5, 1, 1};
    (void)state;
    assert_int_equal(visml_calibrate_isotonic(5, rows, points, values), 5);
    assert_memory_equal(points, at, sizeof at);
    assert_memory_equal(values, wanted, sizeof wanted);
    assert_true(visml_isotonic_at(5, points, values, 1.5) == 0.25);
    assert_true(visml_isotonic_at(5, points, values, -9) == 0 && visml_isotonic_at(5, points, values, 9) == 1);
}

/* Equal scores are one point with the mean of their answers; a weight counts as that many rows, and 0 as none. */
static void weights_are_rows(void **state) {
    visml_scored weighed[] = {{1, 3, 0}, {1, 1, 1}, {2, 2, 1}, {3, 0, 0}}, plain[] = {{1, 1, 0}, {1, 1, 0}, {1, 1, 0}, {1, 1, 1}, {2, 1, 1},
                                                                                     {2, 1, 1}};
    double points[6], values[6], plain_points[6], plain_values[6];
    (void)state;
    assert_int_equal(visml_calibrate_isotonic(4, weighed, points, values), 2);
    assert_int_equal(visml_calibrate_isotonic(6, plain, plain_points, plain_values), 2);
    assert_memory_equal(points, plain_points, 2 * sizeof *points);
    assert_memory_equal(values, plain_values, 2 * sizeof *values);
    assert_true(values[0] == 0.25 && values[1] == 1);
}

/* Of all rising steps those nearest in squares: pooling keeps the weighted sum, and moving any point up or down with the others' order kept
 * gains nothing; here that no step falls and that the mean is the answers' mean. */
static void steps_rise_and_keep_the_mean(void **state) {
    visml_scored rows[N];
    double points[N], values[N], answers = 0, said = 0;
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        int64_t m = visml_calibrate_isotonic(rows_of(seed, rows), rows, points, values);
        for (int64_t i = 1; i < m; i++)
            assert_true(points[i - 1] < points[i] && values[i - 1] <= values[i]);
        rows_of(seed, rows);
        answers = said = 0;
        for (int i = 0; i < N; i++) {
            answers += rows[i].right ? rows[i].weight : 0;
            said += rows[i].weight * visml_isotonic_at(m, points, values, rows[i].score);
        }
        assert_true(fabs(answers - said) < 1e-9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sigmoid_has_no_slope_left),
        cmocka_unit_test(a_sigmoid_of_one_score_is_a_share),
        cmocka_unit_test(sigmoids_are_within_0_and_1_anywhere),
        cmocka_unit_test(violators_are_pooled),
        cmocka_unit_test(weights_are_rows),
        cmocka_unit_test(steps_rise_and_keep_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
