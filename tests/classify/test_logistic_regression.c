#include "classify/linear_cases.h"
#include "tensor/tensor.h"

/* ---- the objective, in double ---- */

/* A map [O, D], [O] under the data, and how large it may be. */
typedef struct objective {
    const int32_t *y;
    const float *w;
    double C, l1_ratio;
    int64_t outputs;
    double total;
} objective;

static double loss_of(const objective *f, const double *map, int64_t i) {
    double z[GOLDEN_K] = {0}, sum = 0;
    for (int64_t o = 0; o < f->outputs; o++) {
        z[o] = map[f->outputs * GOLDEN_D + o];
        for (int j = 0; j < GOLDEN_D; j++)
            z[o] += map[o * GOLDEN_D + j] * (double)golden_rows[i * GOLDEN_D + j];
    }
    if (f->outputs == 1)
        return log1p(exp(f->y[i] ? -z[0] : z[0]));
    for (int64_t o = 0; o < f->outputs; o++)
        sum += exp(z[o]);
    return log(sum) - z[f->y[i]];
}

/* The mean loss and its penalty. */
static double value_of(objective *f, const double *map) {
    double losses = 0, penalty = 0;
    f->total = 0;
    for (int64_t i = 0; i < GOLDEN_N; i++) {
        double weight = f->w ? (double)f->w[i] : 1;
        f->total += weight;
        losses += weight * loss_of(f, map, i);
    }
    for (int64_t i = 0; i < f->outputs * GOLDEN_D; i++)
        penalty += (1 - f->l1_ratio) / 2 * map[i] * map[i] + f->l1_ratio * fabs(map[i]);
    return (losses + penalty / f->C) / f->total;
}

/* Softmax takes no notice of what all intercepts have in common. */
static double common(const double *intercepts, int64_t outputs) {
    double sum = 0;
    for (int64_t o = 0; outputs > 1 && o < outputs; o++)
        sum += intercepts[o] / (double)outputs;
    return sum;
}

/* By convexity f(x) - f(golden) <= g (x - golden), with every part of g at most tol, g being the derivative with centred columns, whose
 * means are at most 3; and coefficients are floats. */
static void assert_least(const char *json, const visml_tensor *y, const visml_tensor *w, objective f, const double *golden) {
    visml_classifier *c = fitted(json, y, w);
    int64_t size = (f.outputs = visml_classifier_outputs(c)) * GOLDEN_D;
    double map[GOLDEN_K * (GOLDEN_D + 1)] = {0}, apart = 0;
    f.y = (const int32_t *)(const void *)y->data;
    f.w = w ? golden_weights : NULL;
    for (int64_t i = 0; i < size + f.outputs; i++) {
        map[i] = (double)(i < size ? coefficients_of(c)[i] : intercepts_of(c)[i - size]);
        apart += i < size ? 4 * fabs(map[i] - golden[i]) : 0;
    }
    double shift = common(map + size, f.outputs) - common(golden + size, f.outputs);
    for (int64_t i = size; i < size + f.outputs; i++)
        apart += fabs(map[i] - shift - golden[i]);
    double more = value_of(&f, map) - value_of(&f, golden);
    if (!(more <= 1e-5 * apart + 1e-7) || !(apart < 0.05))
        fail_msg("%s: the objective is %g too large, coefficients are %g apart", json, more, apart);
    visml_classifier_free(c);
}

static void it_learns_what_is_least(void **state) {
    (void)state;
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"max_iter\": 1000}", labels, NULL, (objective){.C = 1},
                 golden_logistic);
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"C\": 0.3}", two, NULL, (objective){.C = 0.3}, golden_logistic_two);
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"C\": 2}", labels, weights, (objective){.C = 2},
                 golden_logistic_weights);
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"no_intercept\": true}", labels, NULL, (objective){.C = 1},
                 golden_logistic_no_intercept);
}

static void magnitudes_are_penalized(void **state) {
    (void)state;
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"penalty\": \"l1\", \"C\": 0.2}", labels, NULL,
                 (objective){.C = 0.2, .l1_ratio = 1}, golden_logistic_l1);
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"penalty\": \"l1\", \"C\": 0.2}", two, NULL,
                 (objective){.C = 0.2, .l1_ratio = 1}, golden_logistic_l1_two);
    assert_least("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"penalty\": \"elastic_net\", \"l1_ratio\": 0.3, \"C\": 0.2}", labels,
                 weights, (objective){.C = 0.2, .l1_ratio = 0.3}, golden_logistic_elastic);
}

/* The same coefficients are 0 as scikit-learn's saga leaves 0 (to 1e-6). */
static void zeros_are_where_they_belong(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"logistic_regression\", \"tol\": 1e-5, \"penalty\": \"l1\", \"C\": 0.2}", labels, NULL);
    int zeros = 0;
    for (int i = 0; i < GOLDEN_K * GOLDEN_D; i++) {
        assert_int_equal(coefficients_of(c)[i] == 0, fabs(golden_logistic_l1[i]) < 1e-6);
        zeros += coefficients_of(c)[i] == 0;
    }
    assert_true(zeros > 2);
    visml_classifier_free(c);
}

static void probabilities_are_softmax(void **state) {
    (void)state;
    for (int k = 2; k <= GOLDEN_K; k++) {
        visml_classifier *c = fitted("logistic_regression", k == 2 ? two : labels, NULL);
        visml_tensor *p = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
        visml_tensor *z = assert_made(visml_classifier_decision(c, x, &err), &err);
        const float *pv = (const float *)(const void *)p->data, *zv = (const float *)(const void *)z->data;
        int outputs = k == 2 ? 1 : k;
        for (int i = 0; i < GOLDEN_N; i++) {
            double e[GOLDEN_K] = {1, 1, 1}, sum = 0;
            for (int o = 0; o < outputs; o++)
                e[k == 2 ? 1 : o] = exp((double)zv[i * outputs + o]);
            for (int o = 0; o < k; o++)
                sum += e[o];
            for (int o = 0; o < k; o++)
                assert_true(fabs((double)pv[i * k + o] - e[o] / sum) < 1e-6);
        }
        visml_tensor_release(p), visml_tensor_release(z);
        visml_classifier_free(c);
    }
}

/* From where it was, one step is as good as many from the beginning. */
static void warm_starts_go_on(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"logistic_regression\", \"max_iter\": 5}", labels, NULL);
    objective f = {.y = golden_labels, .C = 1, .outputs = GOLDEN_K};
    double before = INFINITY;
    for (int i = 0; i < 6; i++) {
        double map[GOLDEN_K * (GOLDEN_D + 1)] = {0};
        for (int j = 0; j < GOLDEN_K * (GOLDEN_D + 1); j++)
            map[j] = (double)(j < GOLDEN_K * GOLDEN_D ? coefficients_of(c)[j] : intercepts_of(c)[j - GOLDEN_K * GOLDEN_D]);
        double value = value_of(&f, map);
        assert_true(value < before + 1e-7);
        before = value;
        assert_ok(visml_classifier_fit(c, x, labels, VISML_OPTS(visml_classifier_fit_opts, .warm_start = 1), &err), &err);
    }
    assert_true(before < value_of(&f, golden_logistic) + 1e-5);
    visml_classifier_free(c);
}

static int32_t lines;
static char line[200];

static void take_line(void *user, int32_t level, const char *text) {
    (void)user, (void)level;
    lines++;
    strncpy(line, text, sizeof line - 1);
}

static void it_says_when_it_is_not_done(void **state) {
    (void)state;
    visml_context *both = ctx;
    ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .log = take_line), &err), &err);
    visml_classifier_free(fitted("{\"class\": \"logistic_regression\", \"max_iter\": 2}", labels, NULL));
    assert_int_equal(lines, 1);
    assert_string_equal(line, "logistic_regression: not converged after 2 iterations");
    visml_classifier_free(fitted("{\"class\": \"logistic_regression\", \"max_iter\": 200}", labels, NULL));
    assert_int_equal(lines, 1);
    visml_context_release(ctx);
    ctx = both;
}

/* 600 rows of 40 columns: several blocks and tasks, rows and columns side by side, eleven classes (products) and two (dots). */
static void rows_lie_as_they_like(void **state) {
    enum { N = 600, D = 40 };
    static float rows[N * D], turned[D * N];
    static int32_t y[N];
    uint64_t seed = 4;
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            turned[j * N + i] = rows[i * D + j] = test_random_float(&seed);
    visml_tensor *a = wrapped(VISML_F32, VISML_SHAPE(N, D), rows), *before = x;
    visml_tensor *b = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(N, D), (int64_t[]){1, N}, turned, NULL, NULL, &err), &err);
    for (int k = 2; k < 12; k += 9) {
        for (int i = 0; i < N; i++)
            y[i] = i % k;
        visml_tensor *t = wrapped(VISML_I32, VISML_SHAPE(N), y);
        x = a;
        assert_same_on_one_thread("{\"class\": \"logistic_regression\", \"max_iter\": 5}", t);
        visml_classifier *c = fitted("{\"class\": \"logistic_regression\", \"max_iter\": 5}", t, NULL);
        x = b;
        visml_classifier *d = fitted("{\"class\": \"logistic_regression\", \"max_iter\": 5}", t, NULL);
        visml_tensor *p = assert_made(visml_classifier_predict_proba(c, a, &err), &err);
        visml_tensor *q = assert_made(visml_classifier_predict_proba(d, b, &err), &err);
        assert_memory_equal(p->data, q->data, (size_t)p->count * sizeof(float));
        visml_tensor_release(p), visml_tensor_release(q), visml_tensor_release(t);
        visml_classifier_free(c), visml_classifier_free(d);
    }
    x = before;
    visml_tensor_release(a), visml_tensor_release(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_what_is_least),      cmocka_unit_test(magnitudes_are_penalized),
        cmocka_unit_test(zeros_are_where_they_belong),  cmocka_unit_test(probabilities_are_softmax),
        cmocka_unit_test(warm_starts_go_on),            cmocka_unit_test(it_says_when_it_is_not_done),
        cmocka_unit_test(rows_lie_as_they_like),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
