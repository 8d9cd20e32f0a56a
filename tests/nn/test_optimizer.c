#include "nn/follow.h"

#define SGD(...) visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, __VA_ARGS__), &err)
#define ADAM(...) visml_adam(ctx, VISML_OPTS(visml_adam_opts, __VA_ARGS__), &err)

static void sgd_follows_keras(void **state) {
    (void)state;
    follow("sgd/plain", visml_sgd(ctx, NULL, &err));
    follow("sgd/momentum", SGD(.learning_rate = 0.05, .momentum = 0.9));
    follow("sgd/nesterov", SGD(.learning_rate = 0.02, .momentum = 0.8, .nesterov = 1));
}

static void adam_follows_keras(void **state) {
    (void)state;
    follow("adam/plain", visml_adam(ctx, NULL, &err));
    follow("adam/set", ADAM(.learning_rate = 0.01, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3));
    follow("adam/amsgrad", ADAM(.learning_rate = 0.01, .amsgrad = 1));
}

#define COMMON(...) VISML_OPTS(visml_optimizer_opts, __VA_ARGS__)

static void adamw_follows_keras(void **state) {
    (void)state;
    follow("adamw/plain", visml_adamw(ctx, NULL, &err));
    follow("adamw/set", visml_adamw(ctx, VISML_OPTS(visml_adam_opts, .learning_rate = 0.01, .amsgrad = 1,
                                                    .common = COMMON(.weight_decay = 0.1)), &err));
}

#define MOMENTS(...) VISML_OPTS(visml_moments_opts, __VA_ARGS__)

static void nadam_follows_keras(void **state) {
    (void)state;
    follow("nadam/plain", visml_nadam(ctx, NULL, &err));
    /* The step is the sum of two that are rounded, and is larger than some of the weights. */
    follow_within("nadam/set", visml_nadam(ctx, MOMENTS(.learning_rate = 0.02, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3), &err), 2,
                  0);
}

static void adamax_follows_keras(void **state) {
    (void)state;
    follow("adamax/plain", visml_adamax(ctx, NULL, &err));
    follow("adamax/set", visml_adamax(ctx, MOMENTS(.learning_rate = 0.02, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3), &err));
}

#define RMSPROP(...) visml_rmsprop(ctx, VISML_OPTS(visml_rmsprop_opts, __VA_ARGS__), &err)

static void rmsprop_follows_keras(void **state) {
    (void)state;
    follow("rmsprop/plain", visml_rmsprop(ctx, NULL, &err));
    follow("rmsprop/momentum", RMSPROP(.learning_rate = 0.005, .rho = 0.8, .momentum = 0.7, .epsilon = 1e-3));
    follow("rmsprop/centered", RMSPROP(.learning_rate = 0.01, .centered = 1, .epsilon = 1e-3));
    follow("rmsprop/both", RMSPROP(.learning_rate = 0.01, .centered = 1, .momentum = 0.5, .epsilon = 1e-3));
}

static void adagrad_follows_keras(void **state) {
    (void)state;
    follow("adagrad/plain", visml_adagrad(ctx, NULL, &err));
    follow("adagrad/set", visml_adagrad(ctx, VISML_OPTS(visml_adagrad_opts, .learning_rate = 0.1, .initial_accumulator_value = 0.5,
                                                        .epsilon = 1e-3), &err));
}

static void adadelta_follows_keras(void **state) {
    (void)state;
    follow("adadelta/plain", visml_adadelta(ctx, NULL, &err));
    follow("adadelta/set", visml_adadelta(ctx, VISML_OPTS(visml_adadelta_opts, .learning_rate = 1, .rho = 0.8, .epsilon = 1e-4), &err));
}

static void lion_follows_keras(void **state) {
    (void)state;
    follow("lion/plain", visml_lion(ctx, NULL, &err));
    follow("lion/set", visml_lion(ctx, VISML_OPTS(visml_lion_opts, .learning_rate = 0.01, .beta_1 = 0.7, .beta_2 = 0.9), &err));
}

/* The first step of Adam is lr * g / (|g| + epsilon'), whatever the gradient's size. */
static void values_by_hand(void **state) {
    (void)state;
    float w[] = {1, 1}, m[2] = {0}, v[2] = {0};
    visml_compute c = visml_context_compute(ctx);
    visml_optimizer *o = assert_made(ADAM(.learning_rate = 0.5), &err);
    o->cls->step(o, &c, 2, w, (float[]){100, -0.01f}, (float *const[]){m, v}, 1, 0.5);
    test_assert_close("w", w, (float[]){0.5f, 1.5f}, 2, 1e-3);
    visml_optimizer_free(o);
    o = assert_made(SGD(.momentum = 0.5, .nesterov = 1), &err);
    memset(m, 0, sizeof m);
    w[0] = 1;
    o->cls->step(o, &c, 1, w, (float[]){2}, (float *const[]){m}, 1, 0.1);
    test_assert_close("w", w, (float[]){1 - 0.2f * 1.5f}, 1, 1e-6); /* v = -0.2; w += 0.5 v - 0.2 */
    visml_optimizer_free(o);
}

static void slots_follow_the_options(void **state) {
    (void)state;
    const char *names[VISML_MAX_SLOTS];
    visml_optimizer *plain = assert_made(visml_sgd(ctx, NULL, &err), &err), *moving = assert_made(SGD(.momentum = 0.1), &err);
    assert_int_equal(visml_optimizer_slots(plain, names), 0);
    assert_int_equal(visml_optimizer_slots(moving, names), 1);
    visml_optimizer *centered = assert_made(RMSPROP(.centered = 1), &err);
    assert_int_equal(visml_optimizer_slots(centered, names), 2);
    assert_string_equal(names[1], "average_gradient");
    visml_optimizer_free(centered);
    visml_optimizer_free(plain);
    visml_optimizer_free(moving);
}

static void a_learning_rate_of_zero_can_be_meant(void **state) {
    (void)state;
    visml_optimizer *o = assert_made(SGD(.learning_rate = VISML_ZERO), &err);
    assert_true(visml_optimizer_learning_rate(o, 0) == 0);
    visml_optimizer_free(o);
    assert_null(SGD(.learning_rate = -1));
    assert_string_equal(err.message, "sgd: learning_rate is -1, must be at least 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_follows_keras),
        cmocka_unit_test(adam_follows_keras),
        cmocka_unit_test(adamw_follows_keras),
        cmocka_unit_test(nadam_follows_keras),
        cmocka_unit_test(adamax_follows_keras),
        cmocka_unit_test(rmsprop_follows_keras),
        cmocka_unit_test(adagrad_follows_keras),
        cmocka_unit_test(adadelta_follows_keras),
        cmocka_unit_test(lion_follows_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(slots_follow_the_options),
        cmocka_unit_test(a_learning_rate_of_zero_can_be_meant),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
