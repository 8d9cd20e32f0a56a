/* Linear machines by their dual: what they end with makes the primal least. */
#include "classify/dual_descent.h"

#include "classify/solver_insides.h"

enum { N = 120, D = 4, K = 3, LENGTH = K * (D + 1) };
#define TOLERANCE 1e-5
static made_rows rows;
static int32_t places[N];
static float targets[N], weights[N];

static int set_up(void **state) {
    uint64_t seed = 31;
    (void)state;
    rows = made_rows_new(N, D, 21);
    for (int i = 0; i < N; i++) {
        const float *x = rows.x + i * (D + 3);
        places[i] = x[0] + 0.3F * test_random_float(&seed) > 0.6F ? 2 : x[1] > 0.5F;
        targets[i] = 2 * x[0] - x[2] + 0.2F * test_random_float(&seed);
        weights[i] = (float)(test_random(&seed) % 3); /* a third of them 0 */
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_rows_free(&rows);
    return 0;
}

static visml_dual_descent machine(const visml_samples *s, int regression, int squared) {
    visml_samples *own = (visml_samples *)(uintptr_t)s;
    own->places = regression ? NULL : places, own->targets = regression ? targets : NULL;
    own->class_count = regression ? 0 : K, own->weights = weights;
    return (visml_dual_descent){.samples = s, .outputs = regression ? 1 : K, .C = 0.7, .epsilon = regression ? 0.05 : 0, .bias = 1.5,
                                .tol = TOLERANCE, .squared = squared, .max_iter = 20000};
}

static visml_status run(visml_context *ctx, visml_dual_descent *d, const visml_fit_run *fit, double *w, int *converged) {
    visml_compute compute = visml_context_compute(ctx);
    d->compute = &compute, d->run = fit;
    return visml_dual_descent_run(d, &ctx->memory, w, converged, &err);
}

/* Of one output: |w|^2 / 2 and the losses; the intercept is the coefficient of a column of `bias`. */
static double primal(const visml_dual_descent *d, int64_t output, const double *w, double intercept) {
    double sum = intercept * intercept / (d->bias * d->bias) / 2;
    for (int j = 0; j < D; j++)
        sum += w[j] * w[j] / 2;
    for (int i = 0; i < N; i++) {
        double p = intercept, loss;
        for (int j = 0; j < D; j++)
            p += w[j] * (double)rows.x[i * (D + 3) + j];
        if (d->samples->targets)
            loss = fabs(p - (double)targets[i]) - d->epsilon;
        else
            loss = 1 - (places[i] == output ? p : -p);
        loss = loss > 0 ? loss : 0;
        sum += d->C * (double)weights[i] * (d->squared ? loss * loss : loss);
    }
    return sum;
}

/* The function is convex: where no way down is found nearby, there is none. What the dual leaves to be gained is at most the tolerance for
 * each row times C times its weight, for regression (where it is that of the sum of violations, at first some 100) twice that: 2e-3. */
static void assert_least(const visml_dual_descent *d, const double *w) {
    uint64_t seed = 5;
    for (int64_t o = 0; o < d->outputs; o++) {
        double here = primal(d, o, w + o * D, w[d->outputs * D + o]);
        for (int way = 0; way < 300; way++) {
            double other[D], size = pow(0.2, 1 + way % 4), intercept = w[d->outputs * D + o] + size * (double)test_random_float(&seed);
            for (int j = 0; j < D; j++)
                other[j] = w[o * D + j] + size * (double)test_random_float(&seed);
            assert_true(primal(d, o, other, intercept) >= here - 200 * TOLERANCE);
        }
    }
}

static void nothing_near_it_is_less(void **state) {
    (void)state;
    for (int regression = 0; regression < 2; regression++)
        for (int squared = 0; squared < 2; squared++) {
            visml_context *ctx = test_context(1);
            double w[LENGTH];
            int converged;
            counted_fit f;
            visml_dual_descent d = machine(&rows.by_rows, regression, squared);
            assert_ok(run(ctx, &d, counted(&f, 0), w, &converged), &err);
            assert_true(converged);
            assert_least(&d, w);
            visml_context_free(ctx);
        }
}

/* Neither the layout nor the threads tell; rows without weight may hold anything. */
static void the_same_bits_however_they_lie(void **state) {
    visml_context *ctx = test_context(1), *five = test_context(5);
    double whole[LENGTH], w[LENGTH];
    int converged;
    counted_fit f;
    visml_dual_descent d = machine(&rows.by_rows, 0, 0), other = machine(&rows.by_columns, 0, 0);
    (void)state;
    assert_ok(run(ctx, &d, counted(&f, 0), whole, &converged), &err);
    assert_ok(run(five, &other, counted(&f, 0), w, &converged), &err);
    assert_memory_equal(w, whole, sizeof w);
    for (int i = 0; i < N; i++)
        if (weights[i] <= 0)
            places[i] = (places[i] + 1) % K;
    assert_ok(run(ctx, &d, counted(&f, 0), w, &converged), &err);
    assert_memory_equal(w, whole, sizeof w);
    visml_context_free(ctx), visml_context_free(five);
}

/* w = y x a with a at most C, and 1 / |x|^2 where the margin is met; x and the column of the bias. */
static void one_row_by_hand(void **state) {
    static const double limits[] = {1000, 0.25};
    float x[2] = {0.6F, -0.8F};
    int32_t place = 1;
    visml_samples s = {.n = 1, .d = 2, .x = x, .row_stride = 2, .column_stride = 1, .places = &place, .class_count = 2};
    visml_context *ctx = test_context(1);
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_dual_descent d = {.samples = &s, .outputs = 1, .C = limits[i], .bias = 1, .tol = 1e-9, .max_iter = 100};
        double w[3], a = limits[i] < 0.5 ? limits[i] : 0.5;
        int converged;
        counted_fit f;
        assert_ok(run(ctx, &d, counted(&f, 0), w, &converged), &err);
        assert_true(fabs(w[0] - 0.6 * a) < 1e-6 && fabs(w[1] + 0.8 * a) < 1e-6 && fabs(w[2] - a) < 1e-6);
    }
    visml_context_free(ctx);
}

/* At any of its looks, with nothing left behind. */
static void it_can_be_stopped_at_any_look(void **state) {
    visml_context *ctx = test_context(1);
    uint64_t used = ctx->memory.used;
    visml_dual_descent d = machine(&rows.by_rows, 0, 0);
    double w[LENGTH];
    int converged;
    counted_fit f;
    (void)state;
    d.max_iter = 3;
    assert_ok(run(ctx, &d, counted(&f, 0), w, &converged), &err);
    assert_false(converged);
    int all = f.looks;
    assert_true(all >= 2 + 2 * 3);
    for (int at = 1; at <= all; at++) {
        assert_status(run(ctx, &d, counted(&f, at), w, &converged), VISML_ECANCELLED, &err);
        assert_int_equal(f.looks, at);
        assert_int_equal(ctx->memory.used, used);
    }
    visml_context_free(ctx);
}

static visml_status use(visml_context *ctx, const void *what, visml_error *e) {
    visml_dual_descent d = *(const visml_dual_descent *)what;
    double w[LENGTH];
    int converged;
    counted_fit f;
    visml_status status = run(ctx, &d, counted(&f, 0), w, &converged);
    *e = err;
    return status;
}

static void memory_may_run_out(void **state) {
    (void)state;
    visml_dual_descent d = machine(&rows.by_columns, 0, 0);
    d.max_iter = 2;
    test_failing_allocations("dual descent", 40, use, &d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_near_it_is_less),       cmocka_unit_test(the_same_bits_however_they_lie),
        cmocka_unit_test(one_row_by_hand),               cmocka_unit_test(it_can_be_stopped_at_any_look),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
