/* What the tests of linear classifiers share: the rows of the goldens as tensors, and what is learned from them. */
#ifndef CLASSIFY_LINEAR_CASES_H
#define CLASSIFY_LINEAR_CASES_H

#include <math.h>
#include <string.h>

#include "classify/classifier.h"
#include "golden/classifier_linear_goldens.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static visml_tensor *x, *labels, *two, *weights, *targets;

static inline visml_tensor *wrapped(visml_dtype dtype, const visml_shape *shape, const void *values) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, dtype, shape, &err), &err);
    memcpy(t->data, values, (size_t)t->count * 4);
    return t;
}

static inline int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    x = wrapped(VISML_F32, VISML_SHAPE(GOLDEN_N, GOLDEN_D), golden_rows);
    labels = wrapped(VISML_I32, VISML_SHAPE(GOLDEN_N), golden_labels);
    two = wrapped(VISML_I32, VISML_SHAPE(GOLDEN_N), golden_two);
    weights = wrapped(VISML_F32, VISML_SHAPE(GOLDEN_N), golden_weights);
    targets = wrapped(VISML_F32, VISML_SHAPE(GOLDEN_N), golden_targets);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    visml_tensor_release(x), visml_tensor_release(labels), visml_tensor_release(two);
    visml_tensor_release(weights), visml_tensor_release(targets);
    visml_context_release(ctx);
    return 0;
}

static inline visml_classifier *made(const char *json) {
    return assert_made(visml_classifier_from_json(ctx, json, strlen(json), &err), &err);
}

static inline visml_classifier *fitted(const char *json, const visml_tensor *y, const visml_tensor *w) {
    visml_classifier *c = made(json);
    assert_ok(visml_classifier_fit(c, x, y, VISML_OPTS(visml_classifier_fit_opts, .weights = w), &err), &err);
    return c;
}

static inline const float *coefficients_of(const visml_classifier *c) {
    return visml_object_array_data(&c->object, "coefficients");
}

static inline const float *intercepts_of(const visml_classifier *c) {
    return visml_object_array_data(&c->object, "intercepts");
}

/* Coefficients [O, D], then intercepts [O], no number further from the golden one than that. Frees c. */
static inline void assert_learned(visml_classifier *c, const double *golden, double bound) {
    int64_t outputs = visml_classifier_outputs(c), size = outputs * c->dims;
    for (int64_t i = 0; i < size + outputs; i++) {
        double v = (double)(i < size ? coefficients_of(c)[i] : intercepts_of(c)[i - size]);
        if (!(fabs(v - golden[i]) <= bound))
            fail_msg("number %d is %.9g, golden %.9g: further apart than %g", (int)i, v, golden[i], bound);
    }
    visml_classifier_free(c);
}

/* A copy of it learned with one thread is the same, bit for bit. */
static inline void assert_same_on_one_thread(const char *json, const visml_tensor *y) {
    visml_context *alone = test_context(1), *both = ctx;
    visml_classifier *a = fitted(json, y, NULL);
    ctx = alone;
    visml_classifier *b = fitted(json, y, NULL);
    ctx = both;
    int64_t outputs = visml_classifier_outputs(a);
    assert_memory_equal(coefficients_of(a), coefficients_of(b), (size_t)(outputs * a->dims) * sizeof(float));
    assert_memory_equal(intercepts_of(a), intercepts_of(b), (size_t)outputs * sizeof(float));
    visml_classifier_free(a), visml_classifier_free(b);
    visml_context_release(alone);
}

#endif
