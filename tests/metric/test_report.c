#include "support/support.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "golden/report_goldens.h"
#include "visml/metric.h"

static visml_context *ctx;

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

static visml_tensor *wrap(visml_dtype dtype, const visml_shape *shape, const void *data) {
    visml_error err = {0};
    return assert_made(visml_tensor_wrap(ctx, dtype, shape, NULL, (void *)(uintptr_t)data, NULL, NULL, &err), &err);
}

static visml_status add(visml_report *r, int64_t n, int64_t columns, const int32_t *labels, const float *scores, const float *weights,
                        visml_error *err) {
    visml_tensor *y = wrap(VISML_I32, VISML_SHAPE(n), labels), *p = wrap(VISML_F32, VISML_SHAPE(n, columns), scores),
                 *w = weights ? wrap(VISML_F32, VISML_SHAPE(n), weights) : NULL;
    visml_status status = visml_report_add(r, y, p, w, err);
    visml_tensor_release(y);
    visml_tensor_release(p);
    visml_tensor_release(w);
    return status;
}

static visml_report *report(size_t classes) {
    visml_error err = {0};
    return assert_made(visml_report_new(ctx, classes, &err), &err);
}

static void assert_near(double got, double want) {
    if (!(fabs(got - want) <= 1e-12 * (1 + fabs(want))))
        fail_msg("%.17g, must be %.17g", got, want);
}

/* ---- against scikit-learn ---- */

typedef struct golden {
    int64_t rows;
    size_t classes;
    const int32_t *labels;
    const float *scores, *weights;
    const double *confusion, *precision, *recall, *f1, *support, *top, *overall;
    const char *const *names;
    const char *text;
} golden;

#define GOLDEN(name, weights, top)                                                                                               \
    {sizeof name##_labels / 4, sizeof name##_names / sizeof *name##_names, name##_labels, name##_scores, weights, name##_confusion, \
     name##_precision, name##_recall, name##_f1, name##_support, top, name##_overall, name##_names, name##_text}

static const golden goldens[] = {
    GOLDEN(plain, NULL, plain_top),     GOLDEN(weighted, weighted_weights, weighted_top),
    GOLDEN(lacking, NULL, lacking_top), GOLDEN(wide, NULL, wide_top),
    GOLDEN(ties, NULL, NULL),
};

static void check_golden(const golden *g, visml_report *r) {
    size_t n = g->classes;
    assert_int_equal(visml_report_count(r), g->rows);
    assert_near(visml_report_accuracy(r), g->overall[0]);
    assert_near(visml_report_macro_f1(r), g->overall[1]);
    for (size_t a = 0; a < n; a++) {
        assert_near(visml_report_precision(r, a), g->precision[a]);
        assert_near(visml_report_recall(r, a), g->recall[a]);
        assert_near(visml_report_f1(r, a), g->f1[a]);
        assert_near(visml_report_support(r, a), g->support[a]);
        for (size_t p = 0; p < n; p++)
            assert_near(visml_report_confusion(r, a, p), g->confusion[a * n + p]);
    }
    for (size_t k = 1; g->top && k <= 10; k++)
        assert_near(visml_report_top_k(r, k), g->top[k - 1]);
    char text[8192];
    size_t length = visml_report_text(r, g->names, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(text, g->text, strlen(g->text));
    assert_memory_equal(text + strlen(g->text), "\nconfusion matrix (rows: actual", 31);
}

static void agrees_with_scikit_learn(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof goldens / sizeof *goldens; k++) {
        const golden *g = &goldens[k];
        for (int64_t step = 7; step <= g->rows; step += g->rows - 7) { /* in pieces, and at once */
            visml_report *r = report(g->classes);
            visml_error err = {0};
            for (int64_t i = 0; i < g->rows; i += step) {
                int64_t n = g->rows - i < step ? g->rows - i : step;
                assert_ok(add(r, n, (int64_t)g->classes, g->labels + i, g->scores + i * (int64_t)g->classes,
                              g->weights ? g->weights + i : NULL, &err),
                          &err);
            }
            check_golden(g, r);
            visml_report_free(r);
        }
    }
}

/* ---- cases of their own ---- */

static void writes_the_confusion_matrix(void **state) {
    (void)state;
    const int32_t labels[] = {0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float scores[26];
    for (int i = 0; i < 13; i++) {
        scores[2 * i] = i == 0 || i == 5 ? 1 : 0;
        scores[2 * i + 1] = 0.5f;
    }
    const char *const names[] = {"h\xC3\xA4t", "cap"};
    visml_error err = {0};
    visml_report *r = report(2);
    assert_ok(add(r, 13, 2, labels, scores, NULL, &err), &err);
    char text[1024], part[20];
    size_t n = visml_report_text(r, names, text, sizeof text);
    assert_string_equal(strstr(text, "\nconfusion"), "\nconfusion matrix (rows: actual, columns: predicted, in the same order)\n\n"
                                                     "h\xC3\xA4t   1   1\n"
                                                     "cap   1  10\n");
    assert_int_equal(visml_report_text(r, names, part, sizeof part), n); /* what fits */
    assert_memory_equal(part, text, 19);
    assert_int_equal(part[19], 0);
    assert_int_equal(visml_report_text(r, names, NULL, 0), n);
    visml_report_text(r, NULL, text, sizeof text);
    assert_non_null(strstr(text, "\n           0       0.50      0.50      0.50         2\n"));
    visml_report_free(r);
}

static void one_score_tells_two_classes_apart(void **state) {
    (void)state;
    const int32_t labels[] = {0, 1, 1, 0, 1};
    const float scores[] = {0.5f, 0.50001f, 0.1f, 0.9f, NAN};
    visml_error err = {0};
    for (size_t classes = 1; classes <= 2; classes++) {
        visml_report *r = report(classes);
        assert_int_equal(visml_report_classes(r), 2);
        assert_ok(add(r, 5, 1, labels, scores, NULL, &err), &err);
        assert_near(visml_report_confusion(r, 0, 0), 1);
        assert_near(visml_report_confusion(r, 0, 1), 1);
        assert_near(visml_report_confusion(r, 1, 0), 1);
        assert_near(visml_report_confusion(r, 1, 1), 1);
        assert_near(visml_report_accuracy(r), 0.4);
        assert_near(visml_report_top_k(r, 1), 0.4);
        assert_near(visml_report_top_k(r, 2), 0.8);
        visml_report_free(r);
    }
}

static void nan_is_wrong_and_infinity_is_a_number(void **state) {
    (void)state;
    const int32_t labels[] = {0, 0, 1, 2};
    const float scores[] = {1, NAN, 0, INFINITY, 5, 6, -INFINITY, 0, -1, -INFINITY, -INFINITY, -INFINITY};
    visml_error err = {0};
    visml_report *r = report(3);
    assert_ok(add(r, 4, 3, labels, scores, NULL, &err), &err);
    assert_near(visml_report_accuracy(r), 0.5);
    assert_near(visml_report_support(r, 0), 2);
    assert_near(visml_report_confusion(r, 0, 0) + visml_report_confusion(r, 0, 1) + visml_report_confusion(r, 0, 2), 1);
    assert_near(visml_report_recall(r, 0), 0.5);
    assert_near(visml_report_confusion(r, 2, 0), 1); /* the first of equals */
    assert_near(visml_report_top_k(r, 2), 0.5);
    assert_near(visml_report_top_k(r, 3), 0.75);
    visml_report_free(r);
}

static void an_empty_report_has_no_accuracy(void **state) {
    (void)state;
    const int32_t label = 1;
    const float scores[] = {0, 1}, nothing = 0;
    visml_error err = {0};
    visml_report *r = report(2);
    for (int k = 0; k < 2; k++) { /* empty; then one row of no weight */
        assert_true(isnan(visml_report_accuracy(r)));
        assert_true(isnan(visml_report_top_k(r, 1)));
        assert_near(visml_report_precision(r, 0), 0);
        assert_near(visml_report_recall(r, 1), 0);
        assert_near(visml_report_macro_f1(r), 0);
        assert_true(visml_report_text(r, NULL, NULL, 0) > 100);
        assert_ok(add(r, 0, 2, &label, scores, NULL, &err), &err); /* no rows */
        assert_ok(add(r, 1, 2, &label, scores, &nothing, &err), &err);
    }
    assert_int_equal(visml_report_count(r), 2);
    visml_report_free(r);
}

static void refuse(visml_report *r, visml_tensor *y, visml_tensor *p, visml_tensor *w, const char *word) {
    visml_error err = {0};
    assert_status(visml_report_add(r, y, p, w, &err), VISML_EINVAL, &err);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, word);
    if (r)
        assert_int_equal(visml_report_count(r), 0);
}

static void says_what_is_wrong_and_adds_nothing(void **state) {
    (void)state;
    static const int32_t good[] = {0, 1, 2}, high[] = {0, 1, 3}, low[] = {0, -1, 2};
    static const float scores[12] = {1}, weights[] = {1, 2, 3}, negative[] = {1, -2, 3}, none[] = {1, 2, NAN}, endless[] = {INFINITY, 1, 1};
    visml_report *r = report(3);
    visml_tensor *y = wrap(VISML_I32, VISML_SHAPE(3), good), *p = wrap(VISML_F32, VISML_SHAPE(3, 3), scores),
                 *w = wrap(VISML_F32, VISML_SHAPE(3), weights), *bad;
    refuse(NULL, y, p, w, "report is NULL");
    refuse(r, NULL, p, w, "labels is NULL");
    refuse(r, y, NULL, w, "scores is NULL");
    refuse(r, p, p, w, "labels is float32");
    refuse(r, y, y, w, "scores is int32");
    refuse(r, y, p, y, "weights is int32");
    refuse(r, y, w, w, "scores has the shape [3], must be [3, 3]");
    refuse(r, y, p, p, "weights has the shape [3, 3], must be [3]");
    const struct {
        visml_dtype dtype;
        const void *data;
        int64_t rows, columns;
        const char *word;
    } cases[] = {
        {VISML_I32, high, 3, 0, "row 2 is 3, must be 0 to 2"},
        {VISML_I32, low, 3, 0, "row 1 is -1"},
        {VISML_F32, scores, 3, 4, "[3, 4], must be [3, 3]"},
        {VISML_F32, scores, 3, 1, "[3, 1], must be [3, 3]"},
        {VISML_F32, scores, 4, 3, "[4, 3], must be [3, 3]"},
        {VISML_F32, negative, 3, 0, "row 1 is negative"},
        {VISML_F32, none, 3, 0, "row 2 is NaN"},
        {VISML_F32, endless, 3, 0, "row 0 is infinite"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bad = wrap(cases[i].dtype, cases[i].columns ? VISML_SHAPE(cases[i].rows, cases[i].columns) : VISML_SHAPE(cases[i].rows),
                   cases[i].data);
        int labels = cases[i].dtype == VISML_I32;
        refuse(r, labels ? bad : y, cases[i].columns ? bad : p, labels || cases[i].columns ? w : bad, cases[i].word);
        visml_tensor_release(bad);
    }
    visml_error err = {0};
    assert_ok(visml_report_add(r, y, p, w, &err), &err);
    visml_report_free(r);
    visml_tensor_release(y);
    visml_tensor_release(p);
    visml_tensor_release(w);
}

static void bears_null_and_numbers_out_of_range(void **state) {
    (void)state;
    visml_error err = {0};
    char text[4] = "abc";
    assert_null(visml_report_new(NULL, 3, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_report_new(ctx, 0, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_report_new(ctx, SIZE_MAX, &err));
    assert_true(err.code < 0);
    assert_null(visml_report_new(ctx, SIZE_MAX, NULL));
    visml_report_free(NULL);
    assert_int_equal(visml_report_classes(NULL), 0);
    assert_int_equal(visml_report_count(NULL), 0);
    assert_true(isnan(visml_report_accuracy(NULL)));
    assert_true(isnan(visml_report_macro_f1(NULL)));
    assert_int_equal(visml_report_text(NULL, NULL, text, sizeof text), 0);
    assert_string_equal(text, "");
    visml_report *r = report(2);
    assert_true(isnan(visml_report_top_k(r, 0)));
    assert_true(isnan(visml_report_top_k(r, 11)));
    assert_near(visml_report_confusion(r, 2, 0) + visml_report_confusion(r, 0, 2) + visml_report_confusion(NULL, 0, 0), 0);
    assert_near(visml_report_precision(r, 2) + visml_report_recall(r, 2) + visml_report_f1(r, 2) + visml_report_support(r, 2), 0);
    visml_report_free(r);
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    int64_t before = atomic_load(&a.live);
    for (int64_t n = 1, done = 0; !done; n++) {
        visml_error err = {0};
        char text[4000] = "x";
        atomic_store(&a.countdown, n);
        visml_report *r = visml_report_new(c, 30, &err);
        size_t length = visml_report_text(r, NULL, text, sizeof text);
        done = atomic_load(&a.countdown) > 0;
        atomic_store(&a.countdown, -1);
        assert_int_equal(length > 0, done);
        assert_true(length > 0 || text[0] == '\0');
        visml_report_free(r);
        assert_int_equal(atomic_load(&a.live), before);
    }
    visml_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_scikit_learn),
        cmocka_unit_test(writes_the_confusion_matrix),
        cmocka_unit_test(one_score_tells_two_classes_apart),
        cmocka_unit_test(nan_is_wrong_and_infinity_is_a_number),
        cmocka_unit_test(an_empty_report_has_no_accuracy),
        cmocka_unit_test(says_what_is_wrong_and_adds_nothing),
        cmocka_unit_test(bears_null_and_numbers_out_of_range),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
