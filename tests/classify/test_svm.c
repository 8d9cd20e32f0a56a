/* Support vector machines against LIBSVM, what their options change, and what is refused. */
#include <math.h>
#include <string.h>

#include "classify/classifier.h"
#include "classify/svm_probability.h"
#include "golden/classifier_svm_goldens.h"
#include "support/support.h"

enum { N = GOLDEN_N, D = GOLDEN_D, K = GOLDEN_K, SHOWN = GOLDEN_SHOWN };

static visml_context *ctx;
static visml_error err;
static visml_tensor *x, *targets, *weights;

static visml_tensor *floats(const visml_shape *shape, const double *from) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, shape, &err), &err);
    for (int64_t i = 0; i < t->count; i++)
        ((float *)(void *)t->data)[i] = (float)from[i];
    return t;
}

/* 0, 1, 2, 0, ...; of `classes` 2: whether that is above 0. */
static visml_tensor *labels(int classes) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(N), &err), &err);
    for (int i = 0; i < N; i++)
        ((int32_t *)(void *)t->data)[i] = classes == 2 ? i % 3 > 0 : i % 3;
    return t;
}

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    x = floats(VISML_SHAPE(N, D), golden_x);
    targets = floats(VISML_SHAPE(N), golden_targets);
    weights = floats(VISML_SHAPE(N), golden_weights);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_tensor_release(x), visml_tensor_release(targets), visml_tensor_release(weights);
    visml_context_release(ctx);
    return 0;
}

static visml_classifier *made(const char *json) {
    return assert_made(visml_classifier_from_json(ctx, json, strlen(json), &err), &err);
}

static visml_classifier *fitted(const char *json, const visml_tensor *rows, int classes, visml_tensor *w) {
    visml_classifier *c = made(json);
    visml_task task = visml_classifier_task(c);
    visml_tensor *y = task == VISML_TASK_REGRESSION ? visml_tensor_retain(targets) : NULL;
    if (task == VISML_TASK_CLASSIFICATION)
        y = labels(classes);
    assert_ok(visml_classifier_fit(c, rows, y, VISML_OPTS(visml_classifier_fit_opts, .weights = w, .seed = 3), &err), &err);
    visml_tensor_release(y);
    return c;
}

static void assert_near(const char *what, int64_t n, const float *got, const double *wanted, double tolerance) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance))
            fail_msg("%s: number %d is %.9g, wanted %.9g", what, (int)i, (double)got[i], wanted[i]);
}

static const void *array(const visml_classifier *c, const char *name) {
    return visml_object_array_data(&c->object, name);
}

/* ---- LIBSVM ---- */

/* Both solve to 1e-6. What is left is that kernel values are floats, wrong by up to 2^-22 each where they are about 1 (some roundings of
 * 2^-24 before and in exp), times the sum of dual coefficients, which is at most N C; the solution moves by as much once more. Votes are
 * exact. */
#define BOUND(most_c) (2 * N * (most_c) / 4194304.0)

typedef struct classification {
    const char *json;
    int classes, weighs;
    int64_t outputs;
    double bound;
    const double *decisions;
    const int32_t *found, *support;
    int64_t support_count;
} classification;

#define OF(name) golden_##name, golden_##name##_labels, golden_##name##_support, sizeof golden_##name##_support / sizeof(int32_t)

static void check_classification(const classification *k) {
    visml_classifier *c = fitted(k->json, x, k->classes, k->weighs ? weights : NULL);
    visml_tensor *y = assert_made(visml_classifier_decision(c, x, &err), &err);
    visml_tensor *l = assert_made(visml_classifier_predict(c, x, &err), &err);
    assert_int_equal(y->shape.dims[1], k->outputs);
    assert_near(k->json, SHOWN * k->outputs, (const float *)(const void *)y->data, k->decisions, k->bound);
    assert_memory_equal(l->data, k->found, N * sizeof(int32_t));
    assert_int_equal(visml_classifier_array(c, "support")->count, k->support_count);
    assert_memory_equal(array(c, "support"), k->support, (size_t)k->support_count * sizeof(int32_t));
    visml_tensor_release(y), visml_tensor_release(l);
    visml_classifier_free(c);
}

static void classification_is_libsvms(void **state) {
    static const classification cases[] = {
        {"{\"class\": \"svm\", \"tol\": 1e-6}", 3, 0, 3, BOUND(1), OF(rbf)},
        {"{\"class\": \"svm\", \"tol\": 1e-6, \"C\": 2, \"kernel\": \"polynomial\", \"degree\": 2, \"coef0\": 1, \"gamma\": 0.1, "
         "\"decision_function_shape\": \"ovo\"}", 3, 1, 3, BOUND(4 * 25), OF(weighted)}, /* values are up to 25, weights up to 2 */
        {"{\"class\": \"svm\", \"tol\": 1e-6, \"kernel\": \"sigmoid\", \"gamma\": 0.02, \"coef0\": -1}", 3, 0, 3, BOUND(1), OF(sigmoid)},
        {"{\"class\": \"svm\", \"tol\": 1e-6, \"kernel\": \"chi2\"}", 3, 0, 3, BOUND(1), OF(chi2)},
        {"{\"class\": \"svm\", \"tol\": 1e-6, \"nu\": 0.4, \"C\": 7}", 3, 0, 3, BOUND(4), OF(nu)}, /* margins of about 1 / 4 become 1 */
        {"{\"class\": \"svm\", \"tol\": 1e-6}", 2, 0, 1, BOUND(1), OF(two)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_classification(&cases[i]);
}

static void arrays_are_laid_out_as_libsvms(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"svm\", \"tol\": 1e-6}", x, 3, NULL);
    const visml_tensor *dual = visml_classifier_array(c, "dual_coefficients"), *vectors = visml_classifier_array(c, "support_vectors");
    const double *rho = array(c, "rho"), *coefficients = (const double *)(const void *)dual->data;
    const int32_t *support = array(c, "support");
    assert_int_equal(dual->shape.dims[0], K - 1);
    assert_int_equal(dual->count, sizeof golden_dual / sizeof *golden_dual);
    for (int64_t i = 0; i < dual->count; i++) /* which of rows that are nearly alike carries how much is known less well */
        assert_true(fabs(coefficients[i] - golden_dual[i]) < 20 * BOUND(1));
    for (int i = 0; i < 3; i++)
        assert_true(fabs(rho[i] - golden_rho[i]) < BOUND(1));
    for (int64_t i = 0; i < vectors->shape.dims[0]; i++)
        assert_memory_equal(vectors->data + i * D * 4, x->data + support[i] * D * 4, D * 4);
    visml_classifier_free(c);
}

static void regression_and_outliers_are_libsvms(void **state) {
    static const struct { const char *json; const double *wanted; double bound; } cases[] = {
        {"{\"class\": \"svr\", \"tol\": 1e-6}", golden_svr, BOUND(2)},
        {"{\"class\": \"svr\", \"tol\": 1e-6, \"nu\": 0.3, \"C\": 2}", golden_svr_nu, BOUND(4)},
        {"{\"class\": \"svr\", \"tol\": 1e-6, \"kernel\": \"linear\", \"epsilon\": 0}", golden_svr_linear, BOUND(2 * 40)}, /* up to 40 */
        {"{\"class\": \"one_class_svm\", \"tol\": 1e-6, \"nu\": 0.3}", golden_one_class, BOUND(2)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        visml_classifier *c = fitted(cases[i].json, x, 0, weights);
        visml_tensor *y = assert_made(visml_classifier_decision(c, x, &err), &err);
        assert_near(cases[i].json, SHOWN, (const float *)(const void *)y->data, cases[i].wanted, cases[i].bound);
        visml_tensor_release(y);
        visml_classifier_free(c);
    }
}

/* ---- what changes nothing ---- */

enum { MANY = 900 };

/* Clouds that overlap, for thousands of iterations; a third of the rows twice. */
static visml_tensor *many_rows(void) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(MANY, 6), &err), &err);
    float *v = (float *)(void *)t->data;
    uint64_t seed = 5;
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < 6; j++)
            v[i * 6 + j] = i % 3 == 2 ? v[(i - 2) * 6 + j] : test_random_float(&seed) + (i % 2 && j < 2 ? 0.3f : 0);
    return t;
}

static visml_tensor *decided(const char *json, const visml_tensor *rows, visml_classifier **c) {
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(MANY), &err), &err);
    for (int i = 0; i < MANY; i++)
        ((int32_t *)(void *)y->data)[i] = i % 2;
    *c = made(json);
    assert_ok(visml_classifier_fit(*c, rows, y, NULL, &err), &err);
    visml_tensor_release(y);
    return assert_made(visml_classifier_decision(*c, rows, &err), &err);
}

/* A cache that holds 34 rows has to make most of them anew. */
static void the_cache_changes_no_bit(void **state) {
    visml_classifier *a, *b;
    visml_tensor *rows = many_rows();
    (void)state;
    visml_tensor *large = decided("{\"class\": \"svm\", \"C\": 50}", rows, &a);
    visml_tensor *small = decided("{\"class\": \"svm\", \"C\": 50, \"cache_size\": 0.01}", rows, &b);
    assert_memory_equal(large->data, small->data, MANY * sizeof(float));
    visml_tensor_release(large), visml_tensor_release(small), visml_tensor_release(rows);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* Both are within tol of optimal, and so within some tol of each other; the conditions of optimality hold for all rows, also those that
 * were left out for a while: y f >= 1 - tol where alpha is 0, <= 1 + tol where it is C. */
static void shrinking_ends_at_the_same_optimum(void **state) {
    visml_classifier *a, *b;
    visml_tensor *rows = many_rows();
    (void)state;
    visml_tensor *with = decided("{\"class\": \"svm\", \"C\": 50}", rows, &a);
    visml_tensor *without = decided("{\"class\": \"svm\", \"C\": 50, \"no_shrinking\": true}", rows, &b);
    const float *p = (const float *)(const void *)with->data, *q = (const float *)(const void *)without->data;
    double alpha[MANY] = {0};
    const visml_tensor *dual = visml_classifier_array(a, "dual_coefficients");
    for (int64_t i = 0; i < dual->count; i++)
        alpha[((const int32_t *)array(a, "support"))[i]] = fabs(((const double *)(const void *)dual->data)[i]);
    for (int i = 0; i < MANY; i++) {
        double margin = (i % 2 ? 1 : -1) * (double)p[i];
        assert_true(fabs((double)p[i] - (double)q[i]) < 5e-3);
        assert_true(alpha[i] > 0 || margin > 1 - 2e-3);
        assert_true(alpha[i] < 50 || margin < 1 + 2e-3);
    }
    visml_tensor_release(with), visml_tensor_release(without), visml_tensor_release(rows);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* Values of the same kernel, looked up instead of computed. */
static void a_precomputed_kernel_is_the_same(void **state) {
    static const char json[] = "{\"class\": \"svm\", \"gamma\": 0.25, \"tol\": 1e-6}";
    static double values[N * N];
    (void)state;
    for (int i = 0; i < N * N; i++) {
        double sum = 0;
        for (int j = 0; j < D; j++)
            sum += (golden_x[i / N * D + j] - golden_x[i % N * D + j]) * (golden_x[i / N * D + j] - golden_x[i % N * D + j]);
        values[i] = exp(-0.25 * sum);
    }
    visml_tensor *kernel = floats(VISML_SHAPE(N, N), values);
    visml_classifier *a = fitted(json, x, 3, NULL);
    visml_classifier *b = fitted("{\"class\": \"svm\", \"kernel\": \"precomputed\", \"tol\": 1e-6}", kernel, 3, NULL);
    assert_null(visml_classifier_array(b, "support_vectors"));
    visml_tensor *p = assert_made(visml_classifier_decision(a, x, &err), &err);
    visml_tensor *q = assert_made(visml_classifier_decision(b, kernel, &err), &err);
    for (int64_t i = 0; i < p->count; i++)
        assert_true(fabs((double)((float *)(void *)p->data)[i] - (double)((float *)(void *)q->data)[i]) < BOUND(1));
    visml_tensor_release(p), visml_tensor_release(q), visml_tensor_release(kernel);
    visml_classifier_free(a), visml_classifier_free(b);
}

/* ---- probabilities ---- */

static void sigmoids_and_couplings_are_the_best(void **state) {
    uint8_t first[40];
    double a, b, p[4], room[4 * 5];
    (void)state;
    for (int i = 0; i < 40; i++)
        first[i] = (uint8_t)(i % 2);
    visml_sigmoid_fit(40, golden_platt_decisions, first, &a, &b);
    assert_true(fabs(a - golden_platt[0]) < 1e-5); /* as far as the gradient is brought down */
    assert_true(fabs(b - golden_platt[1]) < 1e-5);
    visml_couple_pairs(4, golden_pairs, p, room);
    for (int i = 0; i < 4; i++) /* it ends at 0.005 / 4 from the equations */
        assert_true(fabs(p[i] - golden_coupled[i]) < 0.005);
}

/* Likelier classes have larger decisions, and the seed alone decides. */
static void probabilities_follow_decisions(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"svm\", \"probability\": true}", x, 2, NULL);
    visml_classifier *again = fitted("{\"class\": \"svm\", \"probability\": true}", x, 2, NULL);
    visml_tensor *y = assert_made(visml_classifier_decision(c, x, &err), &err);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
    const float *f = (const float *)(const void *)y->data, *q = (const float *)(const void *)p->data;
    const double a = *(const double *)array(c, "prob_a"), b = *(const double *)array(c, "prob_b");
    assert_memory_equal(array(c, "prob_a"), array(again, "prob_a"), sizeof a);
    assert_true(a < 0);
    for (int i = 0; i < N; i++)
        assert_true(fabs((double)q[2 * i] - 1 / (1 + exp(b - a * (double)f[i]))) < 1e-6);
    visml_tensor_release(y), visml_tensor_release(p);
    visml_classifier_free(c), visml_classifier_free(again);
}

/* Of noise nothing can be learned: rows that were learned from are told apart by margins of 1, those that were left out are not, and it is
 * they that say how sure decisions are. */
static void what_was_left_out_says_how_sure_it_is(void **state) {
    visml_classifier *c;
    visml_tensor *rows = many_rows();
    (void)state;
    for (int i = 0; i < MANY * 6; i++)
        ((float *)(void *)rows->data)[i] = (float)((i * 7919LL * (i % 97 + 1)) % 1009) / 1009;
    visml_tensor *y = decided("{\"class\": \"svm\", \"C\": 100, \"gamma\": 50, \"probability\": true}", rows, &c);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, rows, &err), &err);
    for (int i = 0; i < MANY; i++)
        assert_true(fabs((double)((float *)(void *)p->data)[2 * i] - 0.5) < 0.25);
    visml_tensor_release(y), visml_tensor_release(p), visml_tensor_release(rows);
    visml_classifier_free(c);
}

/* ---- what there is nothing to decide by ---- */

static void targets_within_epsilon_need_no_vectors(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"svr\", \"epsilon\": 100}", x, 0, NULL);
    assert_int_equal(visml_classifier_array(c, "support")->count, 0);
    visml_tensor *y = assert_made(visml_classifier_predict(c, x, &err), &err);
    for (int i = 1; i < N; i++)
        assert_true(((float *)(void *)y->data)[i] == ((float *)(void *)y->data)[0]);
    visml_tensor_release(y);
    visml_classifier_free(c);
}

/* ---- what is refused ---- */

static void assert_refused(const char *json, const visml_tensor *rows, visml_status code, const char *message) {
    visml_classifier *c = made(json);
    visml_tensor *y = labels(3);
    assert_status(visml_classifier_fit(c, rows, y, NULL, &err), code, &err);
    assert_string_equal(err.message, message);
    visml_tensor_release(y);
    visml_classifier_free(c);
}

static void what_cannot_be_learned_is_named(void **state) {
    (void)state;
    float *v = (float *)(void *)x->data, old = v[2 * D + 1];
    assert_refused("{\"class\": \"svm\", \"kernel\": \"precomputed\"}", x, VISML_EINVAL,
                   "svm: x is [90, 4], must be square with kernel precomputed: each row with each row");
    v[2 * D + 1] = -0.5f;
    assert_refused("{\"class\": \"svm\", \"kernel\": \"chi2\"}", x, VISML_EINVAL,
                   "svm: x[2, 1] is -0.5, must not be negative with kernel chi2");
    v[2 * D + 1] = 1e30f;
    assert_refused("{\"class\": \"svm\", \"kernel\": \"linear\"}", x, VISML_ENONFINITE,
                   "svm: a kernel value is not finite; scale the columns, or choose a smaller gamma or degree");
    v[2 * D + 1] = old;
}

static void a_share_that_cannot_be_is_named(void **state) {
    (void)state;
    visml_classifier *c = made("{\"class\": \"svm\", \"nu\": 0.9}");
    visml_tensor *y = labels(2);
    assert_status(visml_classifier_fit(c, x, y, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "svm: nu is 0.9, must be at most 0.667: classes 0 and 1 weigh 30 and 60");
    visml_tensor_release(y);
    visml_classifier_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classification_is_libsvms),           cmocka_unit_test(arrays_are_laid_out_as_libsvms),
        cmocka_unit_test(regression_and_outliers_are_libsvms), cmocka_unit_test(the_cache_changes_no_bit),
        cmocka_unit_test(shrinking_ends_at_the_same_optimum),  cmocka_unit_test(a_precomputed_kernel_is_the_same),
        cmocka_unit_test(sigmoids_and_couplings_are_the_best), cmocka_unit_test(probabilities_follow_decisions),
        cmocka_unit_test(what_was_left_out_says_how_sure_it_is),
        cmocka_unit_test(targets_within_epsilon_need_no_vectors), cmocka_unit_test(what_cannot_be_learned_is_named),
        cmocka_unit_test(a_share_that_cannot_be_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
