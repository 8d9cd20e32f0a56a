/* 100 steps of an optimizer beside Keras' (optimizers.bin). */
#ifndef NN_TEST_FOLLOW_H
#define NN_TEST_FOLLOW_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/optimizer.h"
#include "support/golden.h"

#define LONGEST 64

static visml_context *ctx;
static visml_error err;

/* Each step rounds a weight to half a unit of its size: where it started or where it is, whatever is larger; `units` of them a step. */
static void compare(const test_golden *g, const char *name, int64_t t, const float *w, const float *start, int64_t n, double units) {
    test_array a = test_golden_find(g, "%s/w%lld", name, (long long)t);
    assert_int_equal(a.count, n);
    for (int64_t i = 0; i < n; i++) {
        double largest = fmax(fabs((double)start[i]), fabs((double)a.values[i])), error = fabs((double)w[i] - (double)a.values[i]);
        if (error > units * (double)(t + 1) * 0x1p-24 * largest)
            fail_msg("%s after %lld steps: weight %lld is %.9g, must be %.9g", name, (long long)t, (long long)i, (double)w[i],
                     (double)a.values[i]);
    }
    free(a.values);
}

/* The three variables of make_optimizer_goldens.py. */
static const visml_variable variables[] = {{"conv2d/kernel", 0, 7}, {"batchnorm/gamma", 7, 11}, {"conv2d/bias", 18, 1}};

static void follow_within(const char *name, visml_optimizer *o, double units, int finish) {
    test_golden g = test_golden_open("optimizers.bin");
    test_array w = test_golden_find(&g, "w0"), start = test_golden_find(&g, "w0"), gradients = test_golden_find(&g, "gradients");
    float slots[VISML_MAX_SLOTS][LONGEST], *pointers[VISML_MAX_SLOTS];
    visml_compute c = visml_context_compute(ctx);
    assert_made(o, &err);
    assert_true(w.count == 19 && gradients.count == 100 * w.count);
    for (int i = 0; i < VISML_MAX_SLOTS; i++)
        pointers[i] = slots[i];
    visml_optimizer_start(o, (size_t)w.count, pointers);
    for (int64_t t = 1; t <= 100; t++) {
        visml_update u = {.n = (size_t)w.count, .variables = variables, .count = 3, .w = w.values,
                          .g = gradients.values + (t - 1) * w.count, .slots = pointers, .step = t - 1,
                          .learning_rate = visml_optimizer_learning_rate(o, t - 1)};
        visml_optimizer_step(o, &c, &u);
        u.step++;
        if (t == 100 && finish)
            visml_optimizer_finish(o, &u);
        if (t == 1 || t == 10 || t == 100)
            compare(&g, name, t, w.values, start.values, w.count, units);
    }
    free(w.values);
    free(start.values);
    free(gradients.values);
    visml_optimizer_free(o);
    test_golden_close(&g);
}

/* Within one rounding a step. */
static void follow(const char *name, visml_optimizer *o) {
    follow_within(name, o, 1, 0);
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

#endif
