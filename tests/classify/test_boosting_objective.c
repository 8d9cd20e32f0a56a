/* Losses of boosting: derivatives beside differences of the loss, and where they begin beside the best constant. */
#include <math.h>
#include <string.h>

#include "classify/boosting_objective.h"
#include "context/context.h"
#include "support/support.h"

enum { N = 40, MOST = 3 };
static visml_context *ctx;
static visml_compute compute;
static int32_t places[N];
static float targets[N], weights[N], sums[N * MOST], p[N * MOST], first[N], second[N];
static double all_weights;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(1);
    compute = visml_context_compute(ctx);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_release(ctx);
    return 0;
}

/* Row 5 counts nothing. */
static visml_samples samples(int64_t classes) {
    uint64_t seed = 9;
    all_weights = 0;
    for (int i = 0; i < N; i++) {
        places[i] = (int32_t)(test_random(&seed) % (uint32_t)(classes ? classes : 1));
        targets[i] = 3 * test_random_float(&seed);
        weights[i] = i == 5 ? 0 : (float)(1 + test_random(&seed) % 4) / 2;
        all_weights += (double)weights[i];
        for (int k = 0; k < MOST; k++)
            sums[i * MOST + k] = 2 * test_random_float(&seed);
    }
    visml_samples s = {.n = N, .d = 1, .weights = weights, .class_count = classes};
    s.places = classes ? places : NULL, s.targets = classes ? NULL : targets;
    return s;
}

static double loss_at(const visml_objective *o, const visml_samples *s) {
    visml_objective_predict(o, &compute, N, sums, p);
    double loss = visml_objective_loss(o, s, p);
    return o->classes ? loss : loss * loss / 2; /* half the mean square: what derivatives are those of */
}

/* The weight of row i times the derivative, from losses a little to either side: floats give some 2^-24 / h of error, times the rows. */
static double slope(const visml_objective *o, const visml_samples *s, int i, int64_t k) {
    const float h = 0x1p-5F;
    float *x = &sums[i * o->outputs + k], before = *x;
    *x = before + h;
    double above = loss_at(o, s);
    *x = before - h;
    double below = loss_at(o, s);
    *x = before;
    return (above - below) / (2 * (double)h) * all_weights;
}

static void derivatives_are_those_of_the_loss(void **state) {
    static const int64_t classes[] = {0, 2, 3};
    (void)state;
    for (int c = 0; c < 3; c++) {
        visml_objective o = visml_objective_of(classes[c]);
        visml_samples s = samples(classes[c]);
        for (int64_t k = 0; k < o.outputs; k++) {
            visml_objective_predict(&o, &compute, N, sums, p);
            visml_objective_gradients(&o, &compute, &s, p, k, first, second);
            for (int i = 0; i < N; i++) {
                double w = (double)weights[i], q = (double)p[i * visml_objective_columns(&o) + (classes[c] == 2 ? 1 : k)];
                double curve = classes[c] ? (classes[c] == 2 ? 1 : 2) * q * (1 - q) : 1;
                assert_true(fabs((double)first[i] - slope(&o, &s, i, k)) <= 1e-3);
                assert_true(fabs((double)second[i] - w * curve) <= 1e-6);
                visml_objective_predict(&o, &compute, N, sums, p);
            }
        }
    }
}

/* All sums equal to the base: derivatives add up to 0. */
static void the_base_is_the_best_constant(void **state) {
    static const int64_t classes[] = {0, 2, 3};
    (void)state;
    for (int c = 0; c < 3; c++) {
        visml_objective o = visml_objective_of(classes[c]);
        visml_samples s = samples(classes[c]);
        float base[MOST];
        double mean = 0;
        visml_objective_base(&o, &s, base);
        for (int i = 0; i < N; i++)
            memcpy(sums + i * o.outputs, base, (size_t)o.outputs * sizeof *base);
        visml_objective_predict(&o, &compute, N, sums, p);
        for (int64_t k = 0; k < o.outputs; k++) {
            double sum = 0;
            visml_objective_gradients(&o, &compute, &s, p, k, first, second);
            for (int i = 0; i < N; i++)
                sum += (double)first[i];
            assert_true(fabs(sum) <= N * 1e-5);
            mean += (double)base[k];
        }
        assert_true(classes[c] != 3 || fabs(mean) <= 1e-6);
    }
}

/* A class that no row has, and rows that are as certain as floats can be. */
static void certainty_stays_finite(void **state) {
    visml_objective o = visml_objective_of(2);
    visml_samples s = samples(2);
    float base[MOST];
    (void)state;
    memset(places, 0, sizeof places);
    visml_objective_base(&o, &s, base);
    assert_true(isfinite(base[0]) && base[0] < -30);
    for (int i = 0; i < N; i++)
        p[2 * i] = (float)(i % 2), p[2 * i + 1] = (float)(1 - i % 2);
    visml_objective_gradients(&o, &compute, &s, p, 0, first, second);
    for (int i = 0; i < N; i++) {
        assert_true(first[i] == (float)(1 - i % 2) * weights[i]);
        assert_true(second[i] == 1e-16F * weights[i]);
    }
    assert_true(isfinite(visml_objective_loss(&o, &s, p)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_are_those_of_the_loss),
        cmocka_unit_test(the_base_is_the_best_constant),
        cmocka_unit_test(certainty_stays_finite),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
