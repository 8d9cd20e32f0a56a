#include <math.h>

#include "base/error.h"
#include "classify/lbfgs.h"
#include "support/support.h"

static visml_error err;

static visml_memory memory(void) {
    visml_memory m;
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    return m;
}

typedef struct counted {
    int calls, fail_at;
} counted;

static visml_status count(counted *c, visml_error *e) {
    return ++c->calls == c->fail_at ? visml_fail(e, VISML_ECANCELLED, "call %d", c->calls) : VISML_OK;
}

/* The valley of Rosenbrock (1960), in pairs of variables; least, 0, where all are 1. */
static visml_status valley(void *user, const double *x, double *value, double *g, visml_error *e) {
    *value = 0;
    for (int i = 0; i < 6; i += 2) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        *value += 100 * a * a + b * b;
        g[i] = -400 * a * x[i] - 2 * b;
        g[i + 1] = 200 * a;
    }
    return count(user, e);
}

static void it_goes_down_the_valley(void **state) {
    (void)state;
    visml_memory m = memory();
    counted user = {0};
    double x[6] = {-1.2, 1, 0, 0, 3, -2};
    int converged;
    visml_lbfgs l = {.what = "valley", .n = 6, .evaluate = valley, .user = &user, .tol = 1e-8, .max_iter = 200};
    assert_ok(visml_lbfgs_run(&m, &l, x, &converged, &err), &err);
    assert_true(converged);
    for (int i = 0; i < 6; i++) /* the smallest second derivative at the end is 0.4: |x - 1| <= |g| / 0.4, and g has two parts */
        assert_true(fabs(x[i] - 1) <= 2 * 1e-8 / 0.39);
    assert_true(user.calls < 150);
}

/* sum k (x - c)^2 / 2 + l1 |x|: the least is c moved towards 0 by l1 / k. The fifth variable has no magnitude. */
static const double curvature[] = {1, 2, 40, 0.5, 3}, middle[] = {1, -2, 0.01, 0.9, 0.2};

static visml_status bowl(void *user, const double *x, double *value, double *g, visml_error *e) {
    *value = 0;
    for (int i = 0; i < 5; i++) {
        *value += curvature[i] * (x[i] - middle[i]) * (x[i] - middle[i]) / 2;
        g[i] = curvature[i] * (x[i] - middle[i]);
    }
    return count(user, e);
}

static void magnitudes_make_zeros(void **state) {
    (void)state;
    visml_memory m = memory();
    counted user = {0};
    double x[5] = {0, 0, 5, -3, 9};
    int converged;
    visml_lbfgs l = {.what = "bowl", .n = 5, .evaluate = bowl, .user = &user, .l1 = 0.6, .l1_count = 4, .tol = 1e-9, .max_iter = 100};
    assert_ok(visml_lbfgs_run(&m, &l, x, &converged, &err), &err);
    assert_true(converged);
    for (int i = 0; i < 5; i++) {
        double by = i < 4 ? 0.6 / curvature[i] : 0, want = fmax(fabs(middle[i]) - by, 0) * (middle[i] < 0 ? -1 : 1);
        assert_true(fabs(x[i] - want) <= 1e-9 / curvature[i] + 1e-15);
    }
    assert_true(x[2] == 0 && x[3] == 0);
}

static void tolerance_and_iterations_end_it(void **state) {
    (void)state;
    visml_memory m = memory();
    counted user = {0};
    double x[6] = {-1.2, 1, 0, 0, 3, -2};
    int converged;
    visml_lbfgs l = {.what = "valley", .n = 6, .evaluate = valley, .user = &user, .tol = 1e9, .max_iter = 3};
    assert_ok(visml_lbfgs_run(&m, &l, x, &converged, &err), &err);
    assert_true(converged && user.calls == 1 && x[0] == -1.2);
    l.tol = 0;
    assert_ok(visml_lbfgs_run(&m, &l, x, &converged, &err), &err);
    assert_false(converged);
}

/* With tol 0 it ends by itself where no step makes the value smaller. */
static void rounding_ends_it(void **state) {
    (void)state;
    visml_memory m = memory();
    counted user = {0};
    double x[5] = {7, 7, 7, 7, 7};
    int converged;
    visml_lbfgs l = {.what = "bowl", .n = 5, .evaluate = bowl, .user = &user, .noise = 1e-16, .max_iter = 1000};
    assert_ok(visml_lbfgs_run(&m, &l, x, &converged, &err), &err);
    assert_true(user.calls < 500);
    for (int i = 0; i < 5; i++)
        assert_true(fabs(x[i] - middle[i]) < 1e-7);
}

static visml_status nowhere(void *user, const double *x, double *value, double *g, visml_error *e) {
    (void)x;
    *value = NAN, g[0] = 1;
    return count(user, e);
}

static void what_goes_wrong_is_handed_through(void **state) {
    (void)state;
    visml_memory m = memory();
    for (int at = 1; at < 4; at++) {
        counted user = {.fail_at = at};
        double x[6] = {-1.2, 1, 0, 0, 3, -2};
        int converged;
        visml_lbfgs l = {.what = "valley", .n = 6, .evaluate = valley, .user = &user, .max_iter = 20};
        assert_status(visml_lbfgs_run(&m, &l, x, &converged, &err), VISML_ECANCELLED, &err);
        assert_int_equal(user.calls, at);
    }
    counted user = {0};
    double x = 0;
    int converged;
    visml_lbfgs l = {.what = "nowhere", .n = 1, .evaluate = nowhere, .user = &user, .max_iter = 20};
    assert_status(visml_lbfgs_run(&m, &l, &x, &converged, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "nowhere: the loss is nan before the first step");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_down_the_valley), cmocka_unit_test(magnitudes_make_zeros),
        cmocka_unit_test(tolerance_and_iterations_end_it), cmocka_unit_test(rounding_ends_it),
        cmocka_unit_test(what_goes_wrong_is_handed_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
