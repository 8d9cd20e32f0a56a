/* What all optimizers can be asked for. */
#include "nn/follow.h"

#define COMMON(...) VISML_OPTS(visml_optimizer_opts, __VA_ARGS__)
#define SGD(...) visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, __VA_ARGS__), &err)
#define ADAM(...) visml_adam(ctx, VISML_OPTS(visml_adam_opts, __VA_ARGS__), &err)

static void decay_follows_keras(void **state) {
    (void)state;
    follow("common/weight_decay", SGD(.learning_rate = 0.1, .momentum = 0.5, .common = COMMON(.weight_decay = 0.05)));
    follow("common/excluded", SGD(.learning_rate = 0.1,
                                  .common = COMMON(.weight_decay = 0.05, .exclude_from_weight_decay = "bias,,gamma")));
}

/* The norm is rounded too. */
static void clipping_follows_keras(void **state) {
    (void)state;
    follow_within("common/clipnorm", SGD(.learning_rate = 0.1, .common = COMMON(.clipnorm = 1)), 2, 0);
    follow_within("common/global_clipnorm", SGD(.learning_rate = 0.1, .momentum = 0.9, .common = COMMON(.global_clipnorm = 2)), 2, 0);
    follow("common/clipvalue", ADAM(.learning_rate = 0.01, .common = COMMON(.clipvalue = 0.5)));
}

static void the_average_follows_keras(void **state) {
    (void)state;
    follow_within("common/ema", SGD(.learning_rate = 0.1, .common = COMMON(.use_ema = 1, .ema_momentum = 0.9)), 1, 1);
    follow("common/ema_overwrite", ADAM(.learning_rate = 0.01, .common = COMMON(.use_ema = 1, .ema_momentum = 0.95,
                                                                                .ema_overwrite_frequency = 7)));
}

static void accumulation_follows_keras(void **state) {
    (void)state;
    follow("common/accumulation", ADAM(.learning_rate = 0.02, .common = COMMON(.gradient_accumulation_steps = 4)));
    follow("common/all", ADAM(.learning_rate = 0.02, .common = COMMON(.gradient_accumulation_steps = 3, .weight_decay = 0.01,
                              .global_clipnorm = 1, .use_ema = 1, .ema_momentum = 0.9, .ema_overwrite_frequency = 2)));
}

static void schedules_follow_keras(void **state) {
    (void)state;
    visml_schedule *cosine = visml_cosine_decay(ctx, VISML_OPTS(visml_cosine_decay_opts, .initial_learning_rate = 0.2, .decay_steps = 60,
                                                                .alpha = 0.1), &err);
    follow("common/schedule", SGD(.momentum = 0.9, .common = COMMON(.schedule = assert_made(cosine, &err))));
    visml_schedule *falling = visml_exponential_decay(ctx, VISML_OPTS(visml_decay_opts, .initial_learning_rate = 0.2, .decay_steps = 10,
                                                                      .decay_rate = 0.9), &err);
    visml_optimizer *o = SGD(.common = COMMON(.schedule = falling, .weight_decay = 0.1, .gradient_accumulation_steps = 2));
    visml_schedule_free(falling); /* the optimizer keeps it */
    follow("common/schedule_accumulation", o);
    visml_schedule_free(cosine);
}

static void slots_are_named_in_order(void **state) {
    (void)state;
    const char *names[VISML_MAX_SLOTS];
    visml_optimizer *o = assert_made(ADAM(.amsgrad = 1, .common = COMMON(.use_ema = 1, .gradient_accumulation_steps = 2)), &err);
    assert_int_equal(visml_optimizer_slots(o, names), 5);
    assert_string_equal(names[2], "velocity_hat");
    assert_string_equal(names[3], "average");
    assert_string_equal(names[4], "gradient_accumulator");
    visml_optimizer_free(o);
}

/* Also without a step made: nothing has been averaged yet. */
static void without_a_step_the_weights_stay(void **state) {
    (void)state;
    float w[2] = {3, 4}, mean[2] = {0, 0};
    visml_optimizer *o = assert_made(SGD(.common = COMMON(.use_ema = 1)), &err);
    visml_optimizer_finish(o, &(visml_update){.n = 2, .w = w, .slots = (float *const[]){mean}});
    assert_true(w[0] == 3 && w[1] == 4);
    visml_optimizer_free(o);
}

static void refused(visml_optimizer *o, const char *message) {
    assert_null(o);
    assert_string_equal(err.message, message);
}

static void options_are_checked(void **state) {
    (void)state;
    refused(SGD(.common = COMMON(.clipnorm = 1, .clipvalue = 1)), "sgd: more than one of clipnorm, clipvalue and global_clipnorm is set");
    refused(SGD(.common = COMMON(.gradient_accumulation_steps = 1)), "sgd: gradient_accumulation_steps is 1, must be at least 2");
    refused(ADAM(.common = COMMON(.ema_momentum = 1.5)), "adam: ema_momentum is 1.5, must be 0 to 1");
    refused(ADAM(.common = COMMON(.weight_decay = -1)), "adam: weight_decay is -1, must be at least 0");
    refused(SGD(.common = &(visml_optimizer_opts){.size = 0}),
            "sgd: size of the options is 0, must be sizeof the struct (use VISML_OPTS)");
    visml_optimizer *o = assert_made(visml_adamw(ctx, VISML_OPTS(visml_adam_opts, .common = COMMON(.weight_decay = VISML_ZERO)), &err),
                                     &err);
    assert_true(o->common.weight_decay == 0);
    visml_optimizer_free(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decay_follows_keras),
        cmocka_unit_test(clipping_follows_keras),
        cmocka_unit_test(the_average_follows_keras),
        cmocka_unit_test(accumulation_follows_keras),
        cmocka_unit_test(schedules_follow_keras),
        cmocka_unit_test(slots_are_named_in_order),
        cmocka_unit_test(without_a_step_the_weights_stay),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
