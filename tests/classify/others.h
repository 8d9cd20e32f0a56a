/* Rows and answers of scikit-learn, and what the tests of neighbours, clusters and wrappers do with them. */
#ifndef CLASSIFY_OTHERS_H
#define CLASSIFY_OTHERS_H

#include <math.h>
#include <string.h>

#include "classify/classifier.h"
#include "golden/classifier_others_goldens.h"
#include "support/support.h"

typedef enum answer { DECISION, PROBABILITIES, PREDICTION } answer;

static visml_context *ctx;
static visml_error err;
static visml_tensor *x, *y, *two, *t, *q; /* rows, their 3 classes, 2 classes (of which the first), numbers; rows to be asked about */

static visml_tensor *table(visml_dtype dtype, const visml_shape *shape, const void *from) {
    visml_tensor *made = assert_made(visml_tensor_new(ctx, dtype, shape, &err), &err);
    memcpy(made->data, from, (size_t)made->count * 4);
    return made;
}

static int set_up(void **state) {
    int32_t halves[GOLDEN_N];
    (void)state;
    for (int i = 0; i < GOLDEN_N; i++)
        halves[i] = golden_y[i] > 0;
    ctx = test_context(2);
    x = table(VISML_F32, VISML_SHAPE(GOLDEN_N, GOLDEN_D), golden_x);
    q = table(VISML_F32, VISML_SHAPE(GOLDEN_M, GOLDEN_D), golden_q);
    y = table(VISML_I32, VISML_SHAPE(GOLDEN_N), golden_y);
    two = table(VISML_I32, VISML_SHAPE(GOLDEN_N), halves);
    t = table(VISML_F32, VISML_SHAPE(GOLDEN_N), golden_t);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_tensor_release(x), visml_tensor_release(y), visml_tensor_release(two), visml_tensor_release(t), visml_tensor_release(q);
    visml_context_release(ctx);
    return 0;
}

static visml_classifier *from_json(const char *json) {
    return assert_made(visml_classifier_from_json(ctx, json, strlen(json), &err), &err);
}

/* Learns from the rows and `targets` (NULL: none). */
static visml_classifier *learned(const char *json, const visml_tensor *targets) {
    visml_classifier *c = from_json(json);
    assert_ok(visml_classifier_fit(c, x, targets, VISML_OPTS(visml_classifier_fit_opts, .seed = 3), &err), &err);
    return c;
}

static visml_tensor *ask(const visml_classifier *c, answer what) {
    return assert_made(what == DECISION        ? visml_classifier_decision(c, q, &err)
                       : what == PROBABILITIES ? visml_classifier_predict_proba(c, q, &err)
                                               : visml_classifier_predict(c, q, &err),
                       &err);
}

static void assert_near(const visml_tensor *found, int64_t n, const float *wanted, double tolerance) {
    assert_int_equal(found->count, n);
    for (int64_t i = 0; i < n; i++) {
        double v = (double)((const float *)(const void *)found->data)[i];
        if (!(fabs(v - (double)wanted[i]) <= tolerance))
            fail_msg("number %lld is %.9g, must be %.9g", (long long)i, v, (double)wanted[i]);
    }
}

/* What a classifier that has learned from targets says of q. */
static inline void assert_says(const char *json, const visml_tensor *targets, answer what, int64_t n, const float *wanted,
                               double tolerance) {
    visml_classifier *c = learned(json, targets);
    visml_tensor *found = ask(c, what);
    assert_near(found, n, wanted, tolerance);
    visml_tensor_release(found);
    visml_classifier_free(c);
}

static inline void assert_refused(const char *json, const visml_tensor *targets, const char *message) {
    visml_classifier *c = visml_classifier_from_json(ctx, json, strlen(json), &err);
    if (c)
        assert_int_equal(visml_classifier_fit(c, x, targets, NULL, &err), VISML_EINVAL);
    assert_string_equal(err.message, message);
    visml_classifier_free(c);
}

#endif
