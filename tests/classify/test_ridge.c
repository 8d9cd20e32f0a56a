#include "classify/linear_cases.h"
#include "tensor/tensor.h"

/* Products of 90 floats: 90 2^-24 of the norms of two columns at most, times the condition of the centred columns, which is below 10. */
#define BOUND (90 * 0x1p-24 * 10)

static void it_solves_the_normal_equations(void **state) {
    (void)state;
    assert_learned(fitted("{\"class\": \"ridge\", \"task\": \"regression\", \"alpha\": 2}", targets, NULL), golden_ridge, BOUND);
    assert_learned(fitted("{\"class\": \"ridge\", \"task\": \"regression\"}", targets, weights), golden_ridge_weights, BOUND);
    assert_learned(fitted("{\"class\": \"ridge\", \"task\": \"regression\", \"no_intercept\": true}", targets, NULL),
                   golden_ridge_no_intercept, BOUND);
}

static void classes_are_one_and_minus_one(void **state) {
    (void)state;
    assert_learned(fitted("ridge", labels, NULL), golden_ridge_classes, BOUND);
    assert_learned(fitted("ridge", two, NULL), golden_ridge_two, BOUND);
}

/* A column twice: each gets half. */
static void least_squares_of_dependent_columns_have_the_least_norm(void **state) {
    float rows[GOLDEN_N * (GOLDEN_D + 1)];
    (void)state;
    for (int i = 0; i < GOLDEN_N; i++)
        for (int j = 0; j <= GOLDEN_D; j++)
            rows[i * (GOLDEN_D + 1) + j] = golden_rows[i * GOLDEN_D + j % GOLDEN_D];
    visml_tensor *before = x;
    x = wrapped(VISML_F32, VISML_SHAPE(GOLDEN_N, GOLDEN_D + 1), rows);
    visml_classifier *c = assert_made(visml_classifier_ridge(ctx, VISML_OPTS(visml_ridge_opts, .task = VISML_TASK_REGRESSION,
                                                                             .alpha = VISML_ZERO), &err), &err);
    assert_ok(visml_classifier_fit(c, x, targets, NULL, &err), &err);
    assert_learned(c, golden_ridge_least_squares, BOUND);
    visml_tensor_release(x);
    x = before;
}

/* ---- rows from a source ---- */

typedef struct source {
    visml_tensor *x, *y;
    int64_t at, step;
} source;

static int32_t next_rows(void *user, const visml_tensor **xs, const visml_tensor **ys, const visml_tensor **w) {
    source *s = user;
    (void)w;
    visml_tensor_release(s->x), visml_tensor_release(s->y);
    s->x = s->y = NULL;
    if (s->at >= GOLDEN_N) {
        s->at = 0;
        return 0;
    }
    int64_t end = s->at + s->step < GOLDEN_N ? s->at + s->step : GOLDEN_N;
    *xs = s->x = visml_tensor_slice(x, s->at, end, NULL);
    *ys = s->y = visml_tensor_slice(targets, s->at, end, NULL);
    s->at = end;
    return 0;
}

static void blocks_of_rows_add_up(void **state) {
    (void)state;
    for (int64_t step = 1; step < 200; step += 37) {
        source s = {.step = step};
        visml_classifier *c = made("{\"class\": \"ridge\", \"task\": \"regression\", \"alpha\": 2}");
        assert_ok(visml_classifier_fit_rows(c, VISML_OPTS(visml_row_source, .next = next_rows, .user = &s), NULL, &err), &err);
        assert_learned(c, golden_ridge, BOUND);
    }
}

/* More columns than rows: least squares hit every target, to the rounding of the coefficients' products. */
static void there_may_be_more_columns_than_rows(void **state) {
    enum { N = 20, D = 60 };
    float rows[N * D], values[N];
    uint64_t seed = 9;
    (void)state;
    for (int i = 0; i < N * D; i++)
        rows[i] = test_random_float(&seed);
    for (int i = 0; i < N; i++)
        values[i] = test_random_float(&seed);
    visml_tensor *many = wrapped(VISML_F32, VISML_SHAPE(N, D), rows), *y = wrapped(VISML_F32, VISML_SHAPE(N), values);
    visml_classifier *c = assert_made(visml_classifier_ridge(ctx, VISML_OPTS(visml_ridge_opts, .task = VISML_TASK_REGRESSION,
                                                                             .alpha = VISML_ZERO), &err), &err);
    assert_ok(visml_classifier_fit(c, many, y, NULL, &err), &err);
    visml_tensor *found = assert_made(visml_classifier_predict(c, many, &err), &err);
    for (int i = 0; i < N; i++)
        assert_true(fabsf(((const float *)(const void *)found->data)[i] - values[i]) < 1e-4F);
    visml_tensor_release(many), visml_tensor_release(y), visml_tensor_release(found);
    visml_classifier_free(c);
}

static void threads_make_no_difference(void **state) {
    (void)state;
    assert_same_on_one_thread("ridge", labels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_solves_the_normal_equations),
        cmocka_unit_test(classes_are_one_and_minus_one),
        cmocka_unit_test(least_squares_of_dependent_columns_have_the_least_norm),
        cmocka_unit_test(blocks_of_rows_add_up),
        cmocka_unit_test(there_may_be_more_columns_than_rows),
        cmocka_unit_test(threads_make_no_difference),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
