/* Against scikit-learn's, in the same order of rows. A step in float moves coefficients, some units large, by 2^-23 of themselves more or
 * less; 270 steps by 270 times as much if all errors went one way. */
#include "classify/linear_cases.h"
#include "classify/margin_loss.h"

#define BOUND (4 * 270 * 0x1p-23)

#define THREE "\"no_shuffle\": true, \"max_iter\": 3, \"alpha\": 0.01"

#define AVERAGED "{\"class\": \"sgd\", \"average\": 1, \"schedule\": \"invscaling\", \"eta0\": 0.1, \"power_t\": 0.3, " THREE "}"

static void losses_of_classes(void **state) {
    (void)state;
    static const char *const names[] = {"hinge", "log", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber",
                                        "epsilon_insensitive"};
    static const double *const goldens[] = {golden_sgd_hinge, golden_sgd_log_loss, golden_sgd_modified_huber, golden_sgd_squared_hinge,
                                            golden_sgd_perceptron, golden_sgd_squared_error, golden_sgd_huber,
                                            golden_sgd_epsilon_insensitive};
    for (int i = 0; i < 8; i++) {
        char json[300];
        int scaled = i == 2 || i == 3 || i == 5 || i == 6; /* optimal steps are too long for these */
        snprintf(json, sizeof json, "{\"class\": \"sgd\", \"loss\": \"%s\", \"epsilon\": 0.3, " THREE "%s}", names[i],
                 scaled ? ", \"schedule\": \"invscaling\", \"eta0\": 0.01" : "");
        assert_learned(fitted(json, labels, weights), goldens[i], BOUND);
    }
}

static void losses_of_targets(void **state) {
    (void)state;
    static const char *const names[] = {"squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"};
    static const double *const goldens[] = {golden_sgd_of_squared_error, golden_sgd_of_huber, golden_sgd_of_epsilon_insensitive,
                                            golden_sgd_of_squared_epsilon_insensitive};
    for (int i = 0; i < 4; i++) {
        char json[300];
        snprintf(json, sizeof json, "{\"class\": \"sgd\", \"task\": \"regression\", \"loss\": \"%s\", \"epsilon\": 0.2, " THREE "}",
                 names[i]);
        assert_learned(fitted(json, targets, weights), goldens[i], BOUND);
    }
}

static void penalties_and_schedules(void **state) {
    (void)state;
    assert_learned(fitted("{\"class\": \"sgd\", \"penalty\": \"l1\", \"schedule\": \"constant\", \"eta0\": 0.05, " THREE "}", two, NULL),
                   golden_sgd_l1, BOUND);
    assert_learned(fitted("{\"class\": \"sgd\", \"penalty\": \"elastic_net\", \"l1_ratio\": 0.4, " THREE "}", labels, NULL),
                   golden_sgd_elastic, BOUND);
    assert_learned(fitted(AVERAGED, labels, NULL), golden_sgd_averaged, BOUND);
}

static void it_ends_where_nothing_gets_better(void **state) {
    (void)state;
    /* some 20 passes, the first steps being long */
    assert_learned(fitted("{\"class\": \"sgd\", \"loss\": \"log\", \"no_shuffle\": true, \"n_iter_no_change\": 2, \"tol\": 0.01}", two,
                          NULL), golden_sgd_stopped, 7 * BOUND);
    assert_learned(fitted("{\"class\": \"sgd\", \"schedule\": \"adaptive\", \"eta0\": 0.1, \"no_shuffle\": true, \"n_iter_no_change\": 2, "
                          "\"tol\": 0.01}", two, NULL), golden_sgd_adaptive, BOUND);
}

static void perceptrons(void **state) {
    (void)state;
    assert_learned(fitted("{\"class\": \"perceptron\", \"no_shuffle\": true, \"max_iter\": 4}", labels, NULL), golden_perceptron, BOUND);
    assert_learned(fitted("{\"class\": \"perceptron\", \"no_shuffle\": true, \"max_iter\": 4, \"alpha\": 0.01, \"eta0\": 0.5}", two, NULL),
                   golden_perceptron_penalized, BOUND);
}

static void passive_aggressive_steps(void **state) {
    (void)state;
#define PASSIVE "{\"class\": \"passive_aggressive\", \"C\": 0.3, \"no_shuffle\": true, \"max_iter\": 3"
    assert_learned(fitted(PASSIVE "}", labels, NULL), golden_passive_hinge, BOUND);
    assert_learned(fitted(PASSIVE ", \"variant\": \"second\"}", labels, NULL), golden_passive_squared_hinge, BOUND);
    assert_learned(fitted(PASSIVE ", \"task\": \"regression\"}", targets, NULL), golden_passive_of_hinge, BOUND);
    assert_learned(fitted(PASSIVE ", \"task\": \"regression\", \"variant\": \"second\"}", targets, NULL), golden_passive_of_squared_hinge,
                   BOUND);
}

/* ---- going on ---- */

/* Partial fits in the order of rows are the passes of one fit: the same but for what float makes of coefficients between them. */
static void partial_fits_go_on(void **state) {
    (void)state;
    static const char *const jsons[] = {
        AVERAGED,
        PASSIVE "}",
    };
    static const double *const goldens[] = {golden_sgd_averaged, golden_passive_hinge};
    for (int i = 0; i < 2; i++) {
        visml_classifier *c = made(jsons[i]);
        for (int pass = 0; pass < 3; pass++)
            assert_ok(visml_classifier_partial_fit(c, x, labels, NULL, &err), &err);
        assert_true(*(const double *)visml_object_array_data(&c->object, "steps") == 3 * GOLDEN_N + 1);
        assert_learned(c, goldens[i], 4 * BOUND);
    }
}

static void warm_starts_begin_where_it_was(void **state) {
    (void)state;
    visml_classifier *c = fitted("{\"class\": \"perceptron\", \"max_iter\": 1, \"no_shuffle\": true}", labels, NULL);
    for (int i = 0; i < 3; i++)
        assert_ok(visml_classifier_fit(c, x, labels, VISML_OPTS(visml_classifier_fit_opts, .warm_start = 1), &err), &err);
    assert_learned(c, golden_perceptron, BOUND);
}

static int32_t count_passes(void *user, const visml_classifier_progress *p) {
    int64_t *last = user;
    *last = p->done;
    return 0;
}

/* Validation rows whose labels are wrong: their loss only grows, and it ends after n_iter_no_change passes more than one. */
static void validation_rows_end_it(void **state) {
    int32_t wrong[GOLDEN_N];
    int64_t passes = 0;
    (void)state;
    for (int i = 0; i < GOLDEN_N; i++)
        wrong[i] = !golden_two[i];
    visml_tensor *y = wrapped(VISML_I32, VISML_SHAPE(GOLDEN_N), wrong);
    visml_classifier *c = made("{\"class\": \"sgd\", \"loss\": \"log\", \"n_iter_no_change\": 4, \"schedule\": \"constant\", "
                               "\"eta0\": 1e-4}");
    visml_classifier_fit_opts opts = {.size = sizeof opts, .validation_x = x, .validation_y = y, .progress = count_passes, .user = &passes};
    assert_ok(visml_classifier_fit(c, x, two, &opts, &err), &err);
    assert_int_equal(passes, 5);
    visml_tensor_release(y);
    visml_classifier_free(c);
}

/* ---- probabilities ---- */

static void probabilities_are_squashed_decisions(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        visml_classifier *c = fitted(i & 1 ? "{\"class\": \"sgd\", \"loss\": \"log\"}" :
                                             "{\"class\": \"sgd\", \"loss\": \"modified_huber\"}",
                                     i & 2 ? labels : two, NULL);
        visml_tensor *p = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
        visml_tensor *z = assert_made(visml_classifier_decision(c, x, &err), &err);
        const float *pv = (const float *)(const void *)p->data, *zv = (const float *)(const void *)z->data;
        int k = i & 2 ? GOLDEN_K : 2, outputs = k == 2 ? 1 : k;
        for (int r = 0; r < GOLDEN_N; r++) {
            double q[GOLDEN_K] = {0}, sum = 0;
            for (int o = 0; o < k; o++) {
                double d = k == 2 ? (o ? 1 : -1) * (double)zv[r] : (double)zv[r * outputs + o];
                sum += q[o] = i & 1 ? 1 / (1 + exp(-d)) : fmin(fmax((1 + d) / 2, 0), 1);
            }
            for (int o = 0; o < k; o++)
                assert_true(fabs((double)pv[r * k + o] - (sum > 0 ? q[o] / sum : 1.0 / k)) < 1e-6);
        }
        visml_tensor_release(p), visml_tensor_release(z);
        visml_classifier_free(c);
    }
    visml_classifier *c = fitted("sgd", two, NULL);
    assert_null(visml_classifier_predict_proba(c, x, &err));
    assert_string_equal(err.message, "sgd: it has no probabilities with these options");
    visml_classifier_free(c);
}

/* ---- losses ---- */

/* Slopes are the differences of losses, but at corners. */
static void slopes_are_derivatives(void **state) {
    (void)state;
    for (visml_sgd_loss loss = VISML_SGD_HINGE; loss <= VISML_SGD_SQUARED_EPSILON_INSENSITIVE; loss++)
        for (double p = -3.03; p < 3; p += 0.1)
            for (int y = -1; y < 2; y += 2) {
                double h = 1e-6;
                double change = visml_margin_loss(loss, 0.3, p + h, y) - visml_margin_loss(loss, 0.3, p - h, y);
                assert_true(fabs(change / (2 * h) - visml_margin_slope(loss, 0.3, p, y)) < 1e-5);
            }
    assert_true(visml_margin_slope(VISML_SGD_HINGE, 0, 1, 1) == -1 && visml_margin_slope(VISML_SGD_PERCEPTRON, 0, 0, -1) == 1);
    assert_true(visml_margin_loss(VISML_SGD_LOG, 0, -1e4, 1) == 1e4 && visml_margin_loss(VISML_SGD_LOG, 0, 1e4, 1) == 0);
}

static void what_goes_wrong_is_named(void **state) {
    (void)state;
    visml_classifier *c = made("{\"class\": \"sgd\", \"task\": \"regression\", \"loss\": \"log\"}");
    assert_status(visml_classifier_fit(c, x, targets, NULL, &err), VISML_EINVAL, &err);
    visml_classifier_free(c);
    assert_string_equal(err.message, "sgd: loss is log, which is for classes; for regression it must be squared_error, huber, "
                                     "epsilon_insensitive or squared_epsilon_insensitive");
    c = made("{\"class\": \"sgd\", \"task\": \"regression\", \"schedule\": \"constant\", \"eta0\": 1e30}");
    assert_status(visml_classifier_fit(c, x, targets, NULL, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "sgd: coefficients are not finite; scale the columns of x, or take shorter steps");
    visml_classifier_free(c);
}

static void threads_make_no_difference(void **state) {
    (void)state;
    assert_same_on_one_thread("sgd", labels);
    assert_same_on_one_thread("{\"class\": \"perceptron\", \"average\": 3}", labels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_of_classes),        cmocka_unit_test(losses_of_targets),
        cmocka_unit_test(penalties_and_schedules),  cmocka_unit_test(it_ends_where_nothing_gets_better),
        cmocka_unit_test(perceptrons),              cmocka_unit_test(passive_aggressive_steps),
        cmocka_unit_test(partial_fits_go_on),       cmocka_unit_test(warm_starts_begin_where_it_was),
        cmocka_unit_test(validation_rows_end_it),   cmocka_unit_test(probabilities_are_squashed_decisions),
        cmocka_unit_test(slopes_are_derivatives),   cmocka_unit_test(what_goes_wrong_is_named),
        cmocka_unit_test(threads_make_no_difference),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
