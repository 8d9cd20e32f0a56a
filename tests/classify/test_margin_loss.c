#include <math.h>

#include "classify/margin_loss.h"
#include "support/support.h"

static const visml_sgd_loss all[] = {VISML_SGD_HINGE, VISML_SGD_LOG, VISML_SGD_MODIFIED_HUBER, VISML_SGD_SQUARED_HINGE,
                                     VISML_SGD_PERCEPTRON, VISML_SGD_SQUARED_ERROR, VISML_SGD_HUBER, VISML_SGD_EPSILON_INSENSITIVE,
                                     VISML_SGD_SQUARED_EPSILON_INSENSITIVE};
enum { LOSSES = sizeof all / sizeof *all, OF_CLASSES = 5 };

/* Numbers that are not where a loss has a corner (-1, 0, 1 and epsilon = 0.1 about these). */
static double number(int i) {
    return -2.953 + 0.037 * i;
}

/* A slope is the difference of losses a little to either side: errors of second order in h and of rounding, 1e-16 / h. */
static void slopes_are_those_of_the_losses(void **state) {
    const double h = 1e-5;
    (void)state;
    for (int l = 0; l < LOSSES; l++)
        for (int i = 0; i < 160; i++)
            for (double y = -1; y <= 1; y += 2) {
                double p = number(i);
                double slope = (visml_margin_loss(all[l], 0.1, p + h, y) - visml_margin_loss(all[l], 0.1, p - h, y)) / (2 * h);
                assert_true(fabs(visml_margin_slope(all[l], 0.1, p, y) - slope) < 1e-9);
            }
}

static void losses_are_convex_and_not_negative(void **state) {
    (void)state;
    for (int l = 0; l < LOSSES; l++)
        for (int i = 1; i < 160; i++) {
            assert_true(visml_margin_loss(all[l], 0.1, number(i), 1) >= 0);
            assert_true(visml_margin_slope(all[l], 0.1, number(i - 1), 1) <= visml_margin_slope(all[l], 0.1, number(i), 1) + 1e-15);
        }
}

/* Those of classes ask for the sign alone: what is right by far costs nothing, or ever less. */
static void the_other_side_costs_the_same(void **state) {
    (void)state;
    for (int l = 0; l < OF_CLASSES; l++) {
        for (int i = 0; i < 160; i++)
            assert_true(visml_margin_loss(all[l], 0.1, number(i), 1) == visml_margin_loss(all[l], 0.1, -number(i), -1));
        assert_true(visml_margin_loss(all[l], 0.1, 800, 1) == 0 && isfinite(visml_margin_loss(all[l], 0.1, -800, 1)));
    }
}

/* Of a hinge just at its corner, as in scikit-learn: a margin of 1 is still moved, one of the perceptron at 0, too. */
static void corners_are_scikit_learns(void **state) {
    (void)state;
    assert_true(visml_margin_slope(VISML_SGD_HINGE, 0, 1, 1) == -1 && visml_margin_slope(VISML_SGD_HINGE, 0, 1.0001, 1) == 0);
    assert_true(visml_margin_slope(VISML_SGD_PERCEPTRON, 0, 0, -1) == 1 && visml_margin_slope(VISML_SGD_PERCEPTRON, 0, -1, -1) == 0);
    assert_true(visml_margin_slope(VISML_SGD_EPSILON_INSENSITIVE, 0.5, 1.5, 1) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_those_of_the_losses),
        cmocka_unit_test(losses_are_convex_and_not_negative),
        cmocka_unit_test(the_other_side_costs_the_same),
        cmocka_unit_test(corners_are_scikit_learns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
