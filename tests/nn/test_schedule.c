#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/schedule.h"
#include "support/golden.h"

static visml_context *ctx;
static visml_error err;

/* Rates of another library, which computed them in double and rounded them to float. */
static void agrees(const char *name, visml_schedule *s) {
    test_golden g = test_golden_open("schedules.bin");
    test_array a = test_golden_find(&g, "%s", name);
    assert_made(s, &err);
    assert_true(a.count > 20);
    for (int64_t i = 0; i < a.count / 2; i++) {
        int64_t step = (int64_t)a.values[2 * i];
        double want = (double)a.values[2 * i + 1], got = visml_schedule_learning_rate(s, step);
        if (!(fabs(got - want) <= 1e-7 * fabs(want) + 1e-17))
            fail_msg("%s at step %lld: %.9g, must be %.9g", name, (long long)step, got, want);
    }
    free(a.values);
    visml_schedule_free(s);
    test_golden_close(&g);
}

#define MAKE(name, type, ...) visml_##name(ctx, VISML_OPTS(visml_##type##_opts, __VA_ARGS__), &err)

static void decays_agree_with_keras(void **state) {
    (void)state;
    agrees("exponential_decay/plain",
           MAKE(exponential_decay, decay, .initial_learning_rate = 0.1, .decay_steps = 20, .decay_rate = 0.9));
    agrees("exponential_decay/staircase",
           MAKE(exponential_decay, decay, .initial_learning_rate = 0.1, .decay_steps = 20, .decay_rate = 0.9, .staircase = 1));
    agrees("inverse_time_decay/plain",
           MAKE(inverse_time_decay, decay, .initial_learning_rate = 0.1, .decay_steps = 20, .decay_rate = 0.5));
    agrees("inverse_time_decay/staircase",
           MAKE(inverse_time_decay, decay, .initial_learning_rate = 0.1, .decay_steps = 20, .decay_rate = 0.5, .staircase = 1));
    agrees("piecewise_constant_decay/plain",
           MAKE(piecewise_constant_decay, piecewise_constant_decay, .boundaries = {10, 30, 100}, .values = {1, 0.5, 0.25, 0.1}));
    agrees("polynomial_decay/plain", MAKE(polynomial_decay, polynomial_decay, .initial_learning_rate = 0.1, .decay_steps = 50));
    agrees("polynomial_decay/power", MAKE(polynomial_decay, polynomial_decay, .initial_learning_rate = 0.1, .decay_steps = 50,
                                          .end_learning_rate = 0.01, .power = 2.5));
    agrees("polynomial_decay/cycle", MAKE(polynomial_decay, polynomial_decay, .initial_learning_rate = 0.1, .decay_steps = 50,
                                          .end_learning_rate = 0.01, .power = 0.5, .cycle = 1));
}

static void cosines_agree_with_keras(void **state) {
    (void)state;
    agrees("cosine_decay/plain", MAKE(cosine_decay, cosine_decay, .initial_learning_rate = 0.1, .decay_steps = 100));
    agrees("cosine_decay/alpha", MAKE(cosine_decay, cosine_decay, .initial_learning_rate = 0.1, .decay_steps = 100, .alpha = 0.2));
    agrees("cosine_decay/warmup", MAKE(cosine_decay, cosine_decay, .initial_learning_rate = VISML_ZERO, .decay_steps = 100, .alpha = 0.1,
                                       .warmup_target = 0.2, .warmup_steps = 50));
    agrees("cosine_decay_restarts/plain",
           MAKE(cosine_decay_restarts, cosine_decay_restarts, .initial_learning_rate = 0.1, .first_decay_steps = 10));
    agrees("cosine_decay_restarts/set", MAKE(cosine_decay_restarts, cosine_decay_restarts, .initial_learning_rate = 0.1,
                                             .first_decay_steps = 10, .t_mul = 1.5, .m_mul = 0.8, .alpha = 0.1));
    agrees("cosine_decay_restarts/even", MAKE(cosine_decay_restarts, cosine_decay_restarts, .initial_learning_rate = 0.1,
                                              .first_decay_steps = 10, .t_mul = 1, .m_mul = 0.9));
}

/* A line, then the cosine from its beginning: what Keras' CosineDecay does with warmup_steps. */
static void a_warmup_goes_on_with_another(void **state) {
    (void)state;
    visml_schedule *cosine = assert_made(MAKE(cosine_decay, cosine_decay, .initial_learning_rate = 0.2, .decay_steps = 100,
                                              .alpha = 0.1), &err);
    visml_schedule *s = MAKE(warmup, warmup, .warmup_steps = 50, .then = cosine);
    visml_schedule_free(cosine); /* s keeps it */
    agrees("cosine_decay/warmup", s);
    s = assert_made(MAKE(warmup, warmup, .initial_learning_rate = 1, .target_learning_rate = 3, .warmup_steps = 4), &err);
    for (int64_t i = 0; i < 8; i++)
        assert_true(visml_schedule_learning_rate(s, i) == (i < 4 ? 1 + 0.5 * (double)i : 3));
    assert_true(visml_schedule_learning_rate(s, -5) == 1 && isnan(visml_schedule_learning_rate(NULL, 0)));
    visml_schedule_free(s);
}

static void one_cycle_agrees_with_pytorch(void **state) {
    (void)state;
    agrees("one_cycle/plain", MAKE(one_cycle, one_cycle, .max_learning_rate = 0.1, .total_steps = 40));
    agrees("one_cycle/linear", MAKE(one_cycle, one_cycle, .max_learning_rate = 0.1, .total_steps = 37, .pct_start = 0.4,
                                    .anneal_strategy = VISML_ANNEAL_LINEAR, .div_factor = 10, .final_div_factor = 100));
    agrees("one_cycle/three_phase", MAKE(one_cycle, one_cycle, .max_learning_rate = 0.1, .total_steps = 50, .three_phase = 1,
                                         .pct_start = 0.25));
    agrees("one_cycle/no_rise", MAKE(one_cycle, one_cycle, .max_learning_rate = 0.1, .total_steps = 20, .pct_start = VISML_ZERO));
    visml_schedule *s = assert_made(MAKE(one_cycle, one_cycle, .max_learning_rate = 0.1, .total_steps = 10), &err);
    assert_true(visml_schedule_learning_rate(s, 1000) == visml_schedule_learning_rate(s, 9));
    visml_schedule_free(s);
}

/* Each run of the cosine begins exactly where the one before ends, for thousands of them. */
static void restarts_are_exact(void **state) {
    (void)state;
    static const double factors[] = {1, 1.5, 2, 3};
    for (size_t k = 0; k < 4; k++) {
        visml_schedule *s = assert_made(MAKE(cosine_decay_restarts, cosine_decay_restarts, .initial_learning_rate = 1,
                                             .first_decay_steps = 1024, .t_mul = factors[k]), &err);
        double start = 0, length = 1024;
        for (int i = 0; i < 10; i++, start += length, length *= factors[k]) {
            if (start != floor(start))
                continue;
            assert_true(visml_schedule_learning_rate(s, (int64_t)start) > 0.999999);
            assert_true(i == 0 || visml_schedule_learning_rate(s, (int64_t)start - 1) < 0.001);
        }
        visml_schedule_free(s);
    }
}

static void refused(visml_schedule *s, const char *message) {
    assert_null(s);
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, message);
}

static void rules_across_options_are_kept(void **state) {
    (void)state;
    refused(MAKE(piecewise_constant_decay, piecewise_constant_decay, .boundaries = {10, 20}, .values = {1, 2}),
            "piecewise_constant_decay: boundaries has 2 numbers and values has 2, must have one more");
    refused(MAKE(piecewise_constant_decay, piecewise_constant_decay, .boundaries = {10, 10}, .values = {1, 2, 3}),
            "piecewise_constant_decay: boundaries[1] is 10, must be above boundaries[0], 10");
    refused(MAKE(cosine_decay, cosine_decay, .initial_learning_rate = 1, .decay_steps = 5, .warmup_steps = 3),
            "cosine_decay: warmup_steps is 3, but warmup_target is not set");
    refused(MAKE(warmup, warmup, .warmup_steps = 3),
            "warmup: target_learning_rate is not set; it is required where no other schedule comes then");
    refused(MAKE(cosine_decay, cosine_decay, .decay_steps = 5),
            "cosine_decay: initial_learning_rate is not set; it is required, at least 0");
}

static void a_chain_has_an_end(void **state) {
    (void)state;
    visml_schedule *s = assert_made(MAKE(warmup, warmup, .target_learning_rate = 1, .warmup_steps = 1), &err);
    for (int i = 1; i < VISML_MAX_NESTING; i++) {
        visml_schedule *longer = assert_made(MAKE(warmup, warmup, .target_learning_rate = 1, .warmup_steps = 1, .then = s), &err);
        visml_schedule_free(s);
        s = longer;
    }
    refused(MAKE(warmup, warmup, .warmup_steps = 1, .then = s),
            "warmup: then is the first of 8 schedules one after the other, must be of at most 7");
    char text[2048];
    size_t n = visml_schedule_to_json(s, text, sizeof text);
    visml_schedule *again = assert_made(visml_schedule_from_json(ctx, text, n, &err), &err);
    visml_schedule_free(again);
    char deeper[4096];
    snprintf(deeper, sizeof deeper, "{\"class\": \"warmup\", \"warmup_steps\": 1, \"then\": %s}", text);
    assert_null(visml_schedule_from_json(ctx, deeper, strlen(deeper), &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    visml_schedule_free(s);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_schedule_free(NULL);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decays_agree_with_keras),
        cmocka_unit_test(cosines_agree_with_keras),
        cmocka_unit_test(a_warmup_goes_on_with_another),
        cmocka_unit_test(one_cycle_agrees_with_pytorch),
        cmocka_unit_test(restarts_are_exact),
        cmocka_unit_test(rules_across_options_are_kept),
        cmocka_unit_test(a_chain_has_an_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
