#include "train/toy.h"

static visml_error err;

/* Softmax over one dense layer without bias, weights 1 and -1: the logits of x are (x, -x). */
static visml_model *sign_model(visml_context *ctx) {
    visml_model *m = toy_dense(ctx, 1, 2, VISML_SOFTMAX);
    real *w = m->values + m->params[0].offset;
    w[0] = 1;
    w[1] = -1;
    return m;
}

/* -log softmax = log(1 + exp(-2 |x|)) for a right answer, that plus 2 |x| for a wrong one. */
static double loss_of(double x, int right) {
    return log1p(exp(-2 * fabs(x))) + (right ? 0 : 2 * fabs(x));
}

static void losses_and_reports_are_those_worked_out_by_hand(void **state) {
    (void)state;
    static const float x[] = {2, -1, 0.5f, -3, 1};
    static const int32_t y[] = {0, 1, 1, 1, 0}; /* the third is taken for class 0 */
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_rows(ctx, 5, 1, x, 0, y);
    visml_model *m = sign_model(ctx);
    const double want = (loss_of(2, 1) + loss_of(1, 1) + loss_of(0.5, 0) + loss_of(3, 1) + loss_of(1, 1)) / 5;
    for (int32_t batch = 1; batch <= 6; batch++) {
        double loss = 0;
        visml_report *r = NULL;
        assert_ok(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = batch), &loss, &r, &err), &err);
        assert_true(fabs(loss - want) < 1e-6);
        assert_int_equal(visml_report_count(r), 5);
        assert_true(fabs(visml_report_accuracy(r) - 0.8) < 1e-12);
        assert_true(visml_report_confusion(r, 1, 0) == 1 && visml_report_confusion(r, 0, 0) == 2 && visml_report_confusion(r, 1, 1) == 2);
        visml_report_free(r);
    }
    assert_ok(visml_evaluate(m, ds, NULL, NULL, NULL, &err), &err);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void the_loss_is_the_callers(void **state) {
    (void)state;
    static const float x[] = {2, -1};
    visml_context *ctx = test_context(1);
    visml_dataset *classes = toy_rows(ctx, 2, 1, x, 0, (int32_t[]){0, 1}), *arrays = toy_rows(ctx, 2, 1, x, 1, (float[]){1, 1});
    visml_model *m = toy_dense(ctx, 1, 2, VISML_LINEAR), *line = toy_dense(ctx, 1, 1, VISML_LINEAR);
    visml_loss *mse = visml_mean_squared_error(ctx, NULL, &err), *logits = visml_sparse_categorical_crossentropy(
                   ctx, VISML_OPTS(visml_crossentropy_opts, .from_logits = 1), &err);
    double loss;
    m->values[m->params[0].offset] = 1;
    m->values[m->params[0].offset + 1] = -1;
    assert_ok(visml_evaluate(m, classes, VISML_OPTS(visml_evaluate_opts, .loss = logits), &loss, NULL, &err), &err);
    assert_true(fabs(loss - (loss_of(2, 1) + loss_of(1, 1)) / 2) < 1e-6);
    assert_ok(visml_evaluate(m, classes, VISML_OPTS(visml_evaluate_opts, .loss = mse), &loss, NULL, &err), &err);
    assert_true(loss == ((1 + 4) / 2.0 + (1 + 0) / 2.0) / 2); /* (2, -2) against (1, 0); (-1, 1) against (0, 1) */
    line->values[line->params[0].offset] = 3;
    assert_ok(visml_evaluate(line, arrays, NULL, &loss, NULL, &err), &err);
    assert_true(loss == (25 + 16) / 2.0);
    visml_loss_free(mse);
    visml_loss_free(logits);
    visml_model_free(m);
    visml_model_free(line);
    visml_dataset_free(classes);
    visml_dataset_free(arrays);
    visml_context_free(ctx);
}

/* The validation of fit and evaluate are the same thing. */
static void evaluating_after_training_gives_the_validation_again(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = toy_lines(ctx, 60, 1), *val = toy_lines(ctx, 45, 2);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    visml_report *r = NULL;
    double loss;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .validation = val), &h, &err), &err);
    uint32_t before = toy_hash(m);
    assert_ok(visml_evaluate(m, val, NULL, &loss, &r, &err), &err);
    assert_true(loss == visml_history_get(h, "val_loss", 2));
    assert_true(visml_report_accuracy(r) == visml_history_get(h, "val_accuracy", 2));
    assert_int_equal(toy_hash(m), before);
    visml_report_free(r);
    visml_history_free(h);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
}

typedef struct calls {
    int64_t count, stop_at;
    visml_progress last;
} calls;

static int32_t on_batch(void *user, visml_model *m, const visml_progress *p) {
    calls *c = user;
    assert_non_null(m);
    c->last = *p;
    return ++c->count == c->stop_at;
}

static void the_callback_hears_and_stops(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 70, 1);
    visml_model *m = toy_cnn(ctx);
    calls c = {0};
    const visml_callback callback = {.size = sizeof callback, .user = &c, .batch_end = on_batch};
    const visml_evaluate_opts opts = {.size = sizeof opts, .callback = &callback};
    double loss = -1;
    visml_report *r = NULL;
    assert_ok(visml_evaluate(m, ds, &opts, &loss, NULL, &err), &err);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.last.step, 3);
    assert_int_equal(c.last.steps, 3);
    assert_true(c.last.loss == loss && c.last.accuracy >= 0 && c.last.seconds >= 0);
    assert_true(isnan(c.last.val_loss) && isnan(c.last.learning_rate));
    c = (calls){.stop_at = 2};
    loss = -1;
    assert_status(visml_evaluate(m, ds, &opts, &loss, &r, &err), VISML_ECANCELLED, &err);
    assert_string_equal(err.message, "evaluate: the callback asked to stop after step 2/3");
    assert_int_equal(c.count, 2);
    assert_true(loss == -1);
    assert_null(r);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static int32_t every_third_is_invalid(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    (void)user, (void)reason;
    *(float *)pixels = 1;
    *label = 0;
    return index % 3 == 2;
}

static void invalid_images_are_left_out(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *m = sign_model(ctx);
    for (visml_on_invalid what = VISML_INVALID_DROP; what <= VISML_INVALID_KEEP; what += VISML_INVALID_KEEP) {
        visml_dataset *ds = visml_dataset_from_callback(ctx, 10, VISML_F32, VISML_SHAPE(1), NULL, 2, every_third_is_invalid, NULL,
                                                        VISML_OPTS(visml_source_opts, .on_invalid = what), &err);
        double loss;
        visml_report *r = NULL;
        assert_ok(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 4), &loss, &r, &err), &err);
        assert_int_equal(visml_report_count(r), 7);
        assert_true(visml_report_accuracy(r) == 1);
        assert_true(fabs(loss - loss_of(1, 1)) < 1e-6);
        assert_int_equal(visml_dataset_dropped_count(ds), 3);
        visml_report_free(r);
        visml_dataset_free(ds);
    }
    visml_model_free(m);
    visml_context_free(ctx);
}

static void failing_allocations_do_no_harm(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err);
    visml_dataset *ds = toy_lines(ctx, 20, 1);
    visml_model *m = toy_cnn(ctx);
    visml_status status = VISML_ENOMEM;
    int64_t live = a.live, n = 1;
    for (; status != VISML_OK; n++) {
        double loss = -1;
        visml_report *r = NULL;
        assert_true(n < 1000);
        a.countdown = n;
        status = visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 8), &loss, &r, &err);
        a.countdown = -1;
        if (status != VISML_OK) {
            assert_status(status, VISML_ENOMEM, &err);
            assert_null(r);
            assert_true(loss == -1);
        }
        visml_report_free(r);
        assert_int_equal(a.live, live);
    }
    assert_true(n > 10);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_and_reports_are_those_worked_out_by_hand),
        cmocka_unit_test(the_loss_is_the_callers),
        cmocka_unit_test(evaluating_after_training_gives_the_validation_again),
        cmocka_unit_test(the_callback_hears_and_stops),
        cmocka_unit_test(invalid_images_are_left_out),
        cmocka_unit_test(failing_allocations_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
