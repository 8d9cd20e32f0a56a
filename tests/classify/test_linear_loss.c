/* The loss of a linear map and its gradient beside sums in double, in the search's own variables. */
#include "classify/linear_loss.h"

#include "classify/solver_insides.h"

/* So many rows and so few columns that the variables are those of about round second derivatives where that is asked for. */
enum { N = 700, D = 12, O = 3, LENGTH = O * (D + 1) };
static made_rows rows;
static float weights[N];

static int set_up(void **state) {
    uint64_t seed = 3;
    (void)state;
    rows = made_rows_new(N, D, 41);
    for (int i = 0; i < N; i++)
        weights[i] = (float)(test_random(&seed) % 4) / 2;
    rows.by_rows.weights = rows.by_columns.weights = weights;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_rows_free(&rows);
    return 0;
}

static float wanted(int64_t i, int64_t o) {
    return (float)((i * 7 + o * 3) % 11) / 4 - 1;
}

/* Half the squares of what each output is off by. */
static void squares(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    (void)alone;
    for (int64_t i = 0; i < n; i++) {
        float w = l->samples->weights[begin + i];
        loss[i] = 0;
        for (int64_t o = 0; o < O; o++) {
            float *e = &z[i * O + o];
            *e -= wanted(begin + i, o);
            loss[i] += w * *e * *e / 2;
            *e *= w;
        }
    }
}

static visml_linear_loss loss_of(const visml_samples *s, double curvature, double intercept, const visml_fit_run *run) {
    return (visml_linear_loss){.samples = s, .run = run, .rows = squares, .outputs = O, .scale = 0.01, .l2 = 0.3, .intercept = intercept,
                               .curvature = curvature, .total = 9};
}

/* Value and gradient at x, and the coefficients that x stands for. */
typedef struct found {
    double value, gradient[LENGTH], map[LENGTH], back[LENGTH];
} found;

static visml_status find(visml_context *ctx, visml_linear_loss *l, const double *x, found *f) {
    visml_compute compute = visml_context_compute(ctx);
    l->compute = &compute;
    visml_status status = visml_linear_loss_begin(l, &ctx->memory, &err);
    if (status == VISML_OK)
        status = visml_linear_loss_evaluate(l, x, &f->value, f->gradient, &err);
    if (status == VISML_OK) {
        memcpy(f->map, x, sizeof f->map);
        visml_linear_loss_to_map(l, f->map);
        memcpy(f->back, f->map, sizeof f->back);
        visml_linear_loss_from_map(l, f->back);
    }
    visml_linear_loss_end(l, &ctx->memory);
    return status;
}

static double naive(const visml_linear_loss *l, const double *map) {
    double sum = 0, penalty = 0;
    for (int i = 0; i < N; i++)
        for (int o = 0; o < O; o++) {
            double e = l->intercept * map[O * D + o] - (double)wanted(i, o);
            for (int j = 0; j < D; j++)
                e += map[o * D + j] * (double)rows.x[i * (D + 3) + j];
            sum += (double)weights[i] * e * e / 2;
        }
    for (int k = 0; k < O * D; k++)
        penalty += map[k] * map[k];
    return l->scale * sum + l->l2 / 2 * penalty;
}

static void some_place(double *x) {
    uint64_t seed = 17;
    for (int k = 0; k < LENGTH; k++)
        x[k] = (double)test_random_float(&seed);
}

/* The function is quadratic, so that a difference of values is the derivative whatever the step. Values are sums of floats' products, off
 * by some 1e-6 of a value near 10; the step is 1. */
static void values_and_gradients_are_those_of_the_sums(void **state) {
    static const double intercepts[] = {0, 1, 5};
    visml_context *ctx = test_context(1);
    (void)state;
    for (int c = 0; c < 2; c++)
        for (int b = 0; b < 3; b++) {
            counted_fit fit;
            visml_linear_loss l = loss_of(&rows.by_rows, c, intercepts[b], counted(&fit, 0));
            double x[LENGTH];
            found f, up, down;
            some_place(x);
            assert_ok(find(ctx, &l, x, &f), &err);
            assert_true(fabs(f.value - naive(&l, f.map)) <= 2e-5 * (1 + f.value));
            for (int k = 0; k < LENGTH; k++) {
                assert_true(fabs(f.back[k] - x[k]) <= 1e-4);
                double before = x[k];
                x[k] = before + 1;
                assert_ok(find(ctx, &l, x, &up), &err);
                x[k] = before - 1;
                assert_ok(find(ctx, &l, x, &down), &err);
                x[k] = before;
                assert_true(fabs((naive(&l, up.map) - naive(&l, down.map)) / 2 - f.gradient[k]) <= 1e-4 * (1 + f.value));
            }
        }
    visml_context_free(ctx);
}

/* Other variables are others only where they are asked for. */
static void variables_are_as_they_are_without_intercept_and_curvature(void **state) {
    visml_context *ctx = test_context(1);
    counted_fit fit;
    double x[LENGTH];
    found f, round;
    visml_linear_loss plain = loss_of(&rows.by_rows, 0, 0, counted(&fit, 0)), other = loss_of(&rows.by_rows, 1, 0, &fit.run);
    (void)state;
    some_place(x);
    assert_ok(find(ctx, &plain, x, &f), &err);
    assert_memory_equal(f.map, x, sizeof x);
    assert_ok(find(ctx, &other, x, &round), &err);
    assert_memory_not_equal(round.map, x, sizeof x);
    visml_context_free(ctx);
}

static void layout_and_threads_are_of_no_account(void **state) {
    static const int32_t threads[] = {1, 2, 5};
    double x[LENGTH];
    found first = {0}, f;
    (void)state;
    some_place(x);
    for (int k = 0; k < 3; k++)
        for (int turned = 0; turned < 2; turned++) {
            visml_context *ctx = test_context(threads[k]);
            counted_fit fit;
            visml_linear_loss l = loss_of(turned ? &rows.by_columns : &rows.by_rows, 1, 1, counted(&fit, 0));
            assert_ok(find(ctx, &l, x, &f), &err);
            first = k + turned ? first : f;
            assert_memory_equal(&first, &f, sizeof f);
            visml_context_free(ctx);
        }
}

static void it_can_be_stopped_at_any_look(void **state) {
    visml_context *ctx = test_context(1);
    uint64_t used = ctx->memory.used;
    counted_fit fit;
    double x[LENGTH];
    found f;
    (void)state;
    some_place(x);
    visml_linear_loss l = loss_of(&rows.by_columns, 1, 1, counted(&fit, 0));
    assert_ok(find(ctx, &l, x, &f), &err);
    int all = fit.looks;
    assert_true(all >= 4); /* means, products of the columns, their inverse, the value */
    for (int at = 1; at <= all; at++) {
        l = loss_of(&rows.by_columns, 1, 1, counted(&fit, at));
        assert_status(find(ctx, &l, x, &f), VISML_ECANCELLED, &err);
        assert_int_equal(fit.looks, at);
        assert_int_equal(ctx->memory.used, used);
    }
    visml_context_free(ctx);
}

static visml_status use(visml_context *ctx, const void *what, visml_error *e) {
    counted_fit fit;
    double x[LENGTH];
    found f;
    visml_linear_loss l = loss_of(what, 1, 1, counted(&fit, 0));
    some_place(x);
    visml_status status = find(ctx, &l, x, &f);
    *e = err;
    return status;
}

static void memory_may_run_out(void **state) {
    (void)state;
    test_failing_allocations("linear loss", 60, use, &rows.by_columns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_the_sums),
        cmocka_unit_test(variables_are_as_they_are_without_intercept_and_curvature),
        cmocka_unit_test(layout_and_threads_are_of_no_account),
        cmocka_unit_test(it_can_be_stopped_at_any_look),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
