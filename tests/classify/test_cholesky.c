#include <math.h>
#include <string.h>

#include "classify/cholesky.h"
#include "base/parallel.h"
#include "support/support.h"

enum { N = 150, RANK = 100 };
static const visml_parallel alone = {.run = visml_run_alone, .workers = 1};
static const visml_compute compute = {.parallel = &alone};
static double a[N * N], l[N * N], rows[N * N];

/* rows rows' of so many columns, and so much on the diagonal. */
static void make(int columns, double more) {
    uint64_t seed = 7;
    for (int i = 0; i < N * columns; i++)
        rows[i] = (double)test_random_float(&seed);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i * N + j] = i == j ? more : 0;
            for (int k = 0; k < columns; k++)
                a[i * N + j] += rows[i * columns + k] * rows[j * columns + k];
        }
    memcpy(l, a, sizeof a);
}

static int factored(int64_t n, double least) {
    visml_error err;
    int positive;
    assert_ok(visml_cholesky(&compute, NULL, n, l, least, &positive, &err), &err);
    return positive;
}

/* Sums of 150 terms in double, of numbers below 100: 1e-11. */
static void the_factor_times_itself_is_what_it_was(void **state) {
    (void)state;
    make(N, 1);
    assert_true(factored(N, 0));
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = 0; k <= j; k++)
                sum += l[i * N + k] * l[j * N + k];
            assert_true(fabs(sum - a[i * N + j]) < 1e-11);
        }
}

/* The residual of numbers of size 1 times a matrix of size 100. */
static void systems_are_solved(void **state) {
    double x[N], b[N];
    (void)state;
    make(N, 1);
    for (int i = 0; i < N; i++)
        x[i] = b[i] = sin(i);
    assert_true(factored(N, 0));
    visml_cholesky_solve(N, l, x);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += a[i * N + j] * x[j];
        assert_true(fabs(sum - b[i]) < 1e-10);
    }
}

/* L' is undone by its inverse: numbers of size 10 in 150 sums. */
static void the_factor_is_applied(void **state) {
    double x[N];
    (void)state;
    make(N, 1);
    assert_true(factored(N, 0));
    for (int i = 0; i < N; i++)
        x[i] = sin(i);
    visml_cholesky_apply(N, l, x);
    visml_cholesky_backward(N, l, x);
    for (int i = 0; i < N; i++)
        assert_true(fabs(x[i] - sin(i)) < 1e-11);
}

static void columns_that_depend_on_others_are_noticed(void **state) {
    (void)state;
    make(RANK, 0);
    assert_false(factored(N, 1e-9));
    make(RANK, 1e-3);
    assert_true(factored(N, 0));
    make(N, 1);
    l[3 * N + 3] = NAN;
    assert_false(factored(N, 0));
    assert_true(factored(0, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_factor_times_itself_is_what_it_was), cmocka_unit_test(systems_are_solved),
        cmocka_unit_test(the_factor_is_applied),
        cmocka_unit_test(columns_that_depend_on_others_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
