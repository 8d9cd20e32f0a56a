#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/optimizer.h"
#include "support/golden.h"

#define LONGEST 64

static visml_context *ctx;
static visml_error err;

/* Each step rounds a weight to half a unit of its size: where it started or where it is, whatever is larger. */
static void compare(const test_golden *g, const char *name, int64_t t, const float *w, const float *start, int64_t n) {
    test_array a = test_golden_find(g, "%s/w%lld", name, (long long)t);
    assert_int_equal(a.count, n);
    for (int64_t i = 0; i < n; i++) {
        double largest = fmax(fabs((double)start[i]), fabs((double)a.values[i])), error = fabs((double)w[i] - (double)a.values[i]);
        if (error > (double)(t + 1) * 0x1p-24 * largest)
            fail_msg("%s after %lld steps: weight %lld is %.9g, must be %.9g", name, (long long)t, (long long)i, (double)w[i],
                     (double)a.values[i]);
    }
    free(a.values);
}

/* 100 steps beside Keras (float32). */
static void agrees(const char *name, visml_optimizer *o) {
    test_golden g = test_golden_open("optimizers.bin");
    test_array w = test_golden_find(&g, "w0"), start = test_golden_find(&g, "w0"), gradients = test_golden_find(&g, "gradients");
    float slots[VISML_MAX_SLOTS][LONGEST] = {{0}};
    visml_compute c = visml_context_compute(ctx);
    assert_made(o, &err);
    assert_true(w.count > 0 && w.count <= LONGEST && gradients.count == 100 * w.count);
    for (int64_t t = 1; t <= 100; t++) {
        o->cls->step(o, &c, (size_t)w.count, w.values, gradients.values + (t - 1) * w.count,
                     (float *const[]){slots[0], slots[1], slots[2], slots[3]}, t, o->cls->learning_rate(o));
        if (t == 1 || t == 10 || t == 100)
            compare(&g, name, t, w.values, start.values, w.count);
    }
    free(w.values);
    free(start.values);
    free(gradients.values);
    visml_optimizer_free(o);
    test_golden_close(&g);
}

#define SGD(...) visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, __VA_ARGS__), &err)
#define ADAM(...) visml_adam(ctx, VISML_OPTS(visml_adam_opts, __VA_ARGS__), &err)

static void sgd_follows_keras(void **state) {
    (void)state;
    agrees("sgd/plain", visml_sgd(ctx, NULL, &err));
    agrees("sgd/momentum", SGD(.learning_rate = 0.05, .momentum = 0.9));
    agrees("sgd/nesterov", SGD(.learning_rate = 0.02, .momentum = 0.8, .nesterov = 1));
}

static void adam_follows_keras(void **state) {
    (void)state;
    agrees("adam/plain", visml_adam(ctx, NULL, &err));
    agrees("adam/set", ADAM(.learning_rate = 0.01, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3));
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
    visml_optimizer *plain = assert_made(visml_sgd(ctx, NULL, &err), &err), *moving = assert_made(SGD(.momentum = 0.1), &err);
    assert_int_equal(plain->cls->slots(plain), 0);
    assert_int_equal(moving->cls->slots(moving), 1);
    visml_optimizer_free(plain);
    visml_optimizer_free(moving);
}

static void a_learning_rate_of_zero_can_be_meant(void **state) {
    (void)state;
    visml_optimizer *o = assert_made(SGD(.learning_rate = VISML_ZERO), &err);
    assert_true(o->cls->learning_rate(o) == 0);
    visml_optimizer_free(o);
    assert_null(SGD(.learning_rate = -1));
    assert_string_equal(err.message, "sgd: learning_rate is -1, must be at least 0");
}

static void refused_json(const char *text, visml_status code, const char *message) {
    json_t *object = json_loads(text, 0, NULL);
    assert_null(visml_optimizer_from_json(ctx, object, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    json_decref(object);
}

static void json_mistakes_are_named(void **state) {
    (void)state;
    refused_json("{\"class\": \"adamw\"}", VISML_EFORMAT, "optimizer: \"class\" is \"adamw\", must be one of sgd, adam");
    refused_json("{\"class\": \"adam\", \"beta_1\": 1}", VISML_EINVAL, "adam: beta_1 is 1, must be 0 to below 1");
    refused_json("{\"class\": \"adam\", \"beta\": 1}", VISML_EFORMAT,
                 "adam: unknown key \"beta\"; the options are learning_rate, beta_1, beta_2, epsilon");
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_optimizer_free(NULL);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_follows_keras),
        cmocka_unit_test(adam_follows_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(slots_follow_the_options),
        cmocka_unit_test(a_learning_rate_of_zero_can_be_meant),
        cmocka_unit_test(json_mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
