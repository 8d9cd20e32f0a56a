/* What all classifiers share, shown with naive Bayes; that every class keeps to it is in tests/contract/test_classifiers.c. */
#include <math.h>
#include <string.h>

#include "classify/classifier.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;

/* Two clouds in three columns, labels -7 and 40. */
enum { N = 40, D = 3 };
static visml_tensor *x, *y;

static float cell(int i, int j) {
    return (float)((i * 37 + j * 101) % 17) / 17 + (float)(i % 2 * (j + 1));
}

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    x = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(N, D), &err);
    y = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(N), &err);
    for (int i = 0; i < N; i++) {
        ((int32_t *)(void *)y->data)[i] = i % 2 ? 40 : -7;
        for (int j = 0; j < D; j++)
            ((float *)(void *)x->data)[i * D + j] = cell(i, j);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_context_release(ctx);
    return 0;
}

static visml_classifier *naive_bayes(void) {
    return assert_made(visml_classifier_gaussian_naive_bayes(ctx, NULL, &err), &err);
}

static void labels_come_back_as_they_were_given(void **state) {
    (void)state;
    visml_classifier *c = naive_bayes();
    assert_ok(visml_classifier_fit(c, x, y, NULL, &err), &err);
    visml_tensor *found = assert_made(visml_classifier_predict(c, x, &err), &err);
    assert_memory_equal(found->data, y->data, N * sizeof(int32_t));
    double score = 0;
    assert_ok(visml_classifier_score(c, x, y, NULL, &score, &err), &err);
    assert_true(score == 1);
    visml_tensor_release(found);
    visml_classifier_free(c);
}

/* Columns side by side: the same numbers, the same bits. */
static void rows_are_used_as_they_lie(void **state) {
    float turned[D * N];
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            turned[j * N + i] = cell(i, j);
    visml_tensor *t = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(N, D), (int64_t[]){1, N}, turned, NULL, NULL, &err), &err);
    visml_classifier *a = naive_bayes(), *b = naive_bayes();
    assert_ok(visml_classifier_fit(a, x, y, NULL, &err), &err);
    assert_ok(visml_classifier_fit(b, t, y, NULL, &err), &err);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(a, x, &err), &err);
    visml_tensor *q = assert_made(visml_classifier_predict_proba(b, t, &err), &err);
    assert_memory_equal(p->data, q->data, (size_t)p->count * sizeof(float));
    visml_tensor_release(p), visml_tensor_release(q), visml_tensor_release(t);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* Twice as much weight is the row twice. */
static void weights_are_repetitions(void **state) {
    float w[N], xs[2 * N * D];
    int32_t ys[2 * N];
    int n = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        w[i] = (float)(i % 3);
        for (int r = 0; r < i % 3; r++, n++) {
            memcpy(xs + n * D, (float *)(void *)x->data + i * D, D * sizeof(float));
            ys[n] = ((int32_t *)(void *)y->data)[i];
        }
    }
    visml_tensor *wt = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(N), NULL, w, NULL, NULL, &err), &err);
    visml_tensor *xt = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(n, D), NULL, xs, NULL, NULL, &err), &err);
    visml_tensor *yt = assert_made(visml_tensor_wrap(ctx, VISML_I32, VISML_SHAPE(n), NULL, ys, NULL, NULL, &err), &err);
    visml_classifier *a = naive_bayes(), *b = naive_bayes();
    assert_ok(visml_classifier_fit(a, x, y, VISML_OPTS(visml_classifier_fit_opts, .weights = wt), &err), &err);
    assert_ok(visml_classifier_fit(b, xt, yt, NULL, &err), &err);
    const double *va = visml_object_array_data(&a->object, "variances"), *vb = visml_object_array_data(&b->object, "variances");
    for (int i = 0; i < 2 * D; i++)
        assert_true(fabs(va[i] - vb[i]) <= 1e-14 * vb[i] * N);
    visml_tensor_release(wt), visml_tensor_release(xt), visml_tensor_release(yt);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* ---- what is wrong is named ---- */

static void assert_fit_fails(const visml_tensor *rows, const visml_tensor *labels, const visml_classifier_fit_opts *opts,
                             const char *message) {
    visml_classifier *c = naive_bayes();
    assert_status(visml_classifier_fit(c, rows, labels, opts, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
    assert_int_equal(visml_classifier_is_fitted(c), 0);
    visml_classifier_free(c);
}

static void bad_rows_are_named(void **state) {
    (void)state;
    float *v = (float *)(void *)x->data, old = v[4 * D + 2];
    v[4 * D + 2] = NAN;
    assert_fit_fails(x, y, NULL, "gaussian_naive_bayes: x[4, 2] is NaN, must be finite");
    v[4 * D + 2] = -INFINITY;
    assert_fit_fails(x, y, NULL, "gaussian_naive_bayes: x[4, 2] is -infinite, must be finite");
    v[4 * D + 2] = old;
    assert_fit_fails(x, x, NULL, "gaussian_naive_bayes: y is float32 [40, 3], must be int32 [40], one for each row of x");
    assert_fit_fails(y, y, NULL, "gaussian_naive_bayes: x is int32, must be float32");
    assert_fit_fails(x, NULL, NULL, "gaussian_naive_bayes: y is NULL, must be int32 [40]");
}

static void other_numbers_of_columns_are_named(void **state) {
    (void)state;
    visml_classifier *c = naive_bayes();
    visml_tensor *narrow = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 2), &err), &err);
    assert_null(visml_classifier_predict(c, narrow, &err));
    assert_string_equal(err.message, "gaussian_naive_bayes: not fitted yet; call visml_classifier_fit first");
    assert_ok(visml_classifier_fit(c, x, y, NULL, &err), &err);
    assert_null(visml_classifier_predict(c, narrow, &err));
    assert_string_equal(err.message, "gaussian_naive_bayes: x has 2 columns, what it learned from had 3");
    visml_tensor_release(narrow);
    visml_classifier_free(c);
}

/* ---- rows from a source ---- */

typedef struct source {
    visml_tensor *x, *y;
    int64_t at, step, walks;
} source;

static int32_t next_rows(void *user, const visml_tensor **xs, const visml_tensor **ys, const visml_tensor **weights) {
    source *s = user;
    (void)weights;
    visml_tensor_release(s->x), visml_tensor_release(s->y);
    s->x = s->y = NULL;
    if (s->at >= N) {
        s->at = 0, s->walks++;
        return 0;
    }
    int64_t end = s->at + s->step < N ? s->at + s->step : N;
    *xs = s->x = visml_tensor_slice(x, s->at, end, NULL);
    *ys = s->y = visml_tensor_slice(y, s->at, end, NULL);
    s->at = end;
    return 0;
}

/* The first block has a single class of the two. */
static void blocks_of_rows_learn_the_same(void **state) {
    (void)state;
    source s = {.step = 1};
    visml_classifier *a = naive_bayes(), *b = naive_bayes();
    assert_ok(visml_classifier_fit(a, x, y, NULL, &err), &err);
    assert_ok(visml_classifier_fit_rows(b, VISML_OPTS(visml_row_source, .next = next_rows, .user = &s), NULL, &err), &err);
    assert_int_equal(s.walks, 2);
    const double *va = visml_object_array_data(&a->object, "variances"), *vb = visml_object_array_data(&b->object, "variances");
    assert_memory_equal(va, vb, 2 * D * sizeof(double));
    visml_classifier_free(a), visml_classifier_free(b);
}

static void what_it_is_survives_json(void **state) {
    static const char json[] = "{\"class\": \"gaussian_naive_bayes\", \"equal_priors\": true, \"variance_smoothing\": 0.5}";
    char text[200];
    (void)state;
    visml_classifier *c = assert_made(visml_classifier_from_json(ctx, json, sizeof json - 1, &err), &err);
    size_t length = visml_classifier_to_json(c, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_non_null(strstr(text, "\"variance_smoothing\":0.5"));
    assert_null(visml_classifier_from_json(ctx, "bayes", 5, &err));
    assert_non_null(strstr(err.message, "gaussian_naive_bayes"));
    visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_come_back_as_they_were_given), cmocka_unit_test(rows_are_used_as_they_lie),
        cmocka_unit_test(weights_are_repetitions),             cmocka_unit_test(bad_rows_are_named),
        cmocka_unit_test(other_numbers_of_columns_are_named),  cmocka_unit_test(blocks_of_rows_learn_the_same),
        cmocka_unit_test(what_it_is_survives_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
