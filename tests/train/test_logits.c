/* from_logits and what the model ends in: where classes are told apart, and what the loss is of. */
#include "train/toy.h"

static visml_error err;

static visml_model *ending_in(visml_context *ctx, int32_t units, visml_act activation, int with_reshape) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(2), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = units, .activation = activation), &err), &err);
    if (with_reshape)
        visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    assert_ok(visml_model_build(m, 7, &err), &err);
    return m;
}

typedef struct result {
    double loss, accuracy, fit_loss, fit_accuracy;
} result;

static result measure(visml_context *ctx, visml_model *m, visml_loss *loss) {
    visml_dataset *ds = toy_blobs(ctx, 40, 3);
    visml_report *report = NULL;
    visml_history *h = NULL;
    result r;
    assert_made(loss, &err);
    assert_ok(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .loss = loss), &r.loss, &report, &err), &err);
    r.accuracy = visml_report_accuracy(report);
    visml_optimizer *still = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = VISML_ZERO), &err);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .loss = loss, .optimizer = still), &h, &err), &err);
    r.fit_loss = visml_history_get(h, "loss", 0);
    r.fit_accuracy = visml_history_get(h, "accuracy", 0);
    visml_history_free(h);
    visml_optimizer_free(still);
    visml_report_free(report);
    visml_dataset_free(ds);
    visml_loss_free(loss);
    visml_model_free(m);
    return r;
}

static void assert_alike(result a, result b) {
    assert_true(fabs(a.loss - b.loss) < 1e-5 && fabs(a.fit_loss - b.fit_loss) < 1e-5);
    assert_true(fabs(a.accuracy - b.accuracy) < 1e-12 && fabs(a.fit_accuracy - b.fit_accuracy) < 1e-12);
    assert_true(fabs(a.loss - a.fit_loss) < 1e-5 && fabs(a.accuracy - a.fit_accuracy) < 1e-12);
}

#define LOSS(kind, logits) visml_##kind(ctx, VISML_OPTS(visml_crossentropy_opts, .from_logits = logits), &err)
#define FOCAL(kind, logits) visml_##kind(ctx, VISML_OPTS(visml_focal_opts, .from_logits = logits), &err)

/* One network said in several ways: its probability is above 1/2 where its logit is above 0. */
static void the_end_of_the_model_decides(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    result want = measure(ctx, ending_in(ctx, 1, VISML_LINEAR, 0), LOSS(binary_crossentropy, 1));
    assert_true(want.accuracy > 0.55 || want.accuracy < 0.45); /* all of one class would be one half */
    for (int logits = 0; logits < 2; logits++)
        for (int reshape = 0; reshape < 2; reshape++)
            assert_alike(measure(ctx, ending_in(ctx, 1, VISML_SIGMOID, reshape), LOSS(binary_crossentropy, logits)), want);
    want = measure(ctx, ending_in(ctx, 1, VISML_LINEAR, 0), FOCAL(binary_focal_crossentropy, 1));
    for (int logits = 0; logits < 2; logits++)
        assert_alike(measure(ctx, ending_in(ctx, 1, VISML_SIGMOID, 0), FOCAL(binary_focal_crossentropy, logits)), want);
    want = measure(ctx, ending_in(ctx, 2, VISML_LINEAR, 0), LOSS(sparse_categorical_crossentropy, 1));
    for (int reshape = 0; reshape < 2; reshape++)
        assert_alike(measure(ctx, ending_in(ctx, 2, VISML_SOFTMAX, reshape), LOSS(sparse_categorical_crossentropy, 1)), want);
    want = measure(ctx, ending_in(ctx, 2, VISML_LINEAR, 0), FOCAL(categorical_focal_crossentropy, 1));
    assert_alike(measure(ctx, ending_in(ctx, 2, VISML_SOFTMAX, 0), FOCAL(categorical_focal_crossentropy, 1)), want);
    visml_context_free(ctx);
}

static void refuses(visml_context *ctx, visml_model *m, visml_loss *loss, const char *message) {
    visml_dataset *ds = toy_blobs(ctx, 8, 3);
    assert_made(loss, &err);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .loss = loss), NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
    visml_dataset_free(ds);
    visml_loss_free(loss);
    visml_model_free(m);
}

static void other_ends_are_no_logits(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    refuses(ctx, ending_in(ctx, 2, VISML_SOFTMAX, 1), LOSS(binary_crossentropy, 1),
            "fit: from_logits of binary_crossentropy is set, but the model ends in softmax: its outputs are no logits");
    refuses(ctx, ending_in(ctx, 2, VISML_SIGMOID, 0), FOCAL(categorical_focal_crossentropy, 1),
            "fit: from_logits of categorical_focal_crossentropy is set, but the model ends in sigmoid: its outputs are no logits");
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_the_model_decides),
        cmocka_unit_test(other_ends_are_no_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
