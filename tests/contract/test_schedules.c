/* What every row of schedules.def promises; the values are in tests/nn/test_schedule.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contract/option_contract.h"
#include "nn/schedule.h"

static visml_context *ctx;
static visml_error err;

/* Options that are accepted, for each class; others of the same class set what they leave out. */
static const struct {
    const visml_schedule_class *cls;
    const void *opts;
} cases[] = {
    {&visml_exponential_decay_class,
     VISML_OPTS(visml_decay_opts, .initial_learning_rate = 0.1, .decay_steps = 7, .decay_rate = 0.9, .staircase = 1)},
    {&visml_inverse_time_decay_class,
     VISML_OPTS(visml_decay_opts, .initial_learning_rate = 0.1, .decay_steps = 7, .decay_rate = 0.9, .staircase = 1)},
    {&visml_piecewise_constant_decay_class, VISML_OPTS(visml_piecewise_constant_decay_opts, .boundaries = {5}, .values = {0.1, 0.05})},
    {&visml_polynomial_decay_class, VISML_OPTS(visml_polynomial_decay_opts, .initial_learning_rate = 0.1, .decay_steps = 7, .cycle = 1,
                                               .end_learning_rate = 0.01, .power = 2)},
    {&visml_cosine_decay_class, VISML_OPTS(visml_cosine_decay_opts, .initial_learning_rate = 0.1, .decay_steps = 7, .alpha = 0.1,
                                           .warmup_target = 0.2, .warmup_steps = 3)},
    {&visml_cosine_decay_restarts_class, VISML_OPTS(visml_cosine_decay_restarts_opts, .initial_learning_rate = 0.1,
                                                    .first_decay_steps = 7, .t_mul = 1.5, .m_mul = 0.5, .alpha = 0.1)},
    {&visml_warmup_class, VISML_OPTS(visml_warmup_opts, .initial_learning_rate = 0.01, .target_learning_rate = 0.1, .warmup_steps = 5)},
    {&visml_one_cycle_class, VISML_OPTS(visml_one_cycle_opts, .three_phase = 1, .anneal_strategy = VISML_ANNEAL_LINEAR,
                                        .max_learning_rate = 0.1, .total_steps = 20, .pct_start = 0.2, .div_factor = 5,
                                        .final_div_factor = 50)},
};
#define CASES (sizeof cases / sizeof *cases)

static void every_schedule_has_a_case(void **state) {
    (void)state;
    for (size_t i = 0; visml_schedule_classes[i]; i++) {
        int found = 0;
        for (size_t c = 0; c < CASES; c++)
            found |= cases[c].cls == visml_schedule_classes[i];
        if (!found)
            fail_msg("no case for %s", visml_schedule_classes[i]->name);
        assert_ptr_equal(visml_schedule_class_find(visml_schedule_classes[i]->name), visml_schedule_classes[i]);
    }
    assert_null(visml_schedule_class_find("adam"));
    assert_null(visml_schedule_class_find(NULL));
}

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_schedule_make(c, t->cls, opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_schedule *)object)->opts;
}

static void free_schedule(void *object) {
    visml_schedule_free(object);
}

static void options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const visml_schedule_class *c = cases[i].cls;
        test_options t = {c->name, c->fields, c->opts_size, cases[i].opts, make, options_of, free_schedule, c, ctx};
        test_options_sizes(&t);
        test_options_ranges(&t);
        test_options_allocations(&t);
    }
}

static json_t *to_json(const void *object) {
    return visml_schedule_describe(object);
}

static void json_goes_round(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        visml_schedule *s = assert_made(visml_schedule_make(ctx, cases[i].cls, cases[i].opts, &err), &err);
        json_t *object = visml_schedule_describe(s);
        visml_schedule *again = assert_made(visml_schedule_from_description(ctx, object, &err), &err);
        assert_ptr_equal(again->cls, s->cls);
        assert_memory_equal(again->opts, s->opts, s->cls->opts_size);
        json_decref(object);
        test_json_allocations(to_json, s);
        visml_schedule_free(again);
        visml_schedule_free(s);
    }
}

/* A rate is a finite number that is not negative, at every step, however far. */
static void rates_are_rates(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        visml_schedule *s = assert_made(visml_schedule_make(ctx, cases[i].cls, cases[i].opts, &err), &err);
        for (int64_t step = 0; step < INT64_MAX / 4; step = step < 100 ? step + 1 : step * 3 - 1) {
            double rate = visml_schedule_learning_rate(s, step);
            if (!(rate >= 0 && rate < 1))
                fail_msg("%s: the rate of step %lld is %g", cases[i].cls->name, (long long)step, rate);
        }
        assert_true(visml_schedule_learning_rate(s, INT64_MIN) == visml_schedule_learning_rate(s, 0));
        visml_schedule_free(s);
    }
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_has_a_case),
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(rates_are_rates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
