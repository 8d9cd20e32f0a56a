/* Learning as one, or not at all. */
#include "pipeline/fixture.h"

static double accuracy_of(const visml_pipeline *p, uint64_t seed) {
    visml_dataset *ds = toy_lines(ctx, 60, seed);
    visml_report *report = NULL;
    assert_ok(visml_pipeline_evaluate(p, ds, NULL, &report, &err), &err);
    assert_int_equal(visml_report_count(report), 60);
    double accuracy = visml_report_accuracy(report);
    visml_report_free(report);
    visml_dataset_free(ds);
    return accuracy;
}

/* 18 different lines, 90 pictures: nearly each line has been seen. */
static void lines_are_learned(void **state) {
    (void)state;
    visml_pipeline *p = fitted_lines(ctx);
    assert_true(accuracy_of(p, 5) >= 0.95);
    visml_pipeline_free(p);
}

static void layers_of_a_network_serve_as_well(void **state) {
    (void)state;
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_dataset *ds = toy_lines(ctx, 90, 1);
    visml_pipeline *p = assert_made(visml_pipeline_from_network(m, NULL, lines_classifier(ctx), &err), &err);
    visml_model_free(m);
    assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
    assert_string_equal(visml_pipeline_class_name(p, 1), "column");
    assert_true(accuracy_of(p, 5) >= 0.95);
    visml_pipeline_free(p);
    visml_dataset_free(ds);
}

/* The same as the parts one after the other. */
static void it_is_what_the_parts_are(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 60, 1), *test = toy_lines(ctx, 30, 2);
    visml_features *f = assert_made(visml_features_from_json(ctx, LINES_FEATURES, sizeof LINES_FEATURES - 1, &err), &err);
    visml_classifier *c = lines_classifier(ctx);
    visml_pipeline *p = lines_pipeline(ctx);
    visml_tensor *x = pictures_of(test);
    assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
    visml_table *t = assert_made(visml_features_extract(f, ds, NULL, &err), &err);
    assert_ok(visml_classifier_fit(c, visml_table_values(t), visml_table_labels(t), NULL, &err), &err);
    assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
    visml_tensor *v = assert_made(visml_features_transform(f, x, &err), &err);
    assert_same_tensors(visml_classifier_predict_proba(c, v, &err), visml_pipeline_predict_proba(p, x, &err));
    assert_same_tensors(v, visml_pipeline_transform(p, x, &err));
    visml_tensor_release(x);
    visml_table_free(t);
    visml_features_free(f), visml_classifier_free(c), visml_pipeline_free(p);
    visml_dataset_free(ds), visml_dataset_free(test);
}

/* ---- on failure nothing has changed ---- */

typedef struct stop {
    visml_pipeline_stage stage;
    int calls;
} stop;

static int32_t at_stage(void *user, const visml_pipeline_progress *progress) {
    stop *s = user;
    s->calls++;
    return progress->stage == s->stage;
}

static void cancelled_at_any_stage(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 90, 1), *other = toy_lines(ctx, 30, 77);
    visml_pipeline *p = lines_pipeline(ctx);
    visml_tensor *x = pictures_of(other);
    for (int fitted = 0; fitted < 2; fitted++) {
        visml_tensor *before = fitted ? assert_made(visml_pipeline_scores(p, x, &err), &err) : NULL;
        for (visml_pipeline_stage stage = VISML_PIPELINE_FEATURES; stage <= VISML_PIPELINE_VECTORS; stage++) {
            stop s = {.stage = stage};
            assert_status(visml_pipeline_fit(p, other, VISML_OPTS(visml_pipeline_fit_opts, .progress = at_stage, .user = &s), &err),
                          VISML_ECANCELLED, &err);
            assert_int_equal(s.calls, stage); /* one block of pictures a stage */
            assert_int_equal(visml_pipeline_is_fitted(p), fitted);
        }
        if (fitted)
            assert_same_tensors(before, visml_pipeline_scores(p, x, &err));
        assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
    }
    visml_tensor_release(x);
    visml_pipeline_free(p);
    visml_dataset_free(ds), visml_dataset_free(other);
}

/* A second fit forgets the first; features that had learned before they came stay as they were. */
static void fitted_anew(void **state) {
    (void)state;
    visml_dataset *a = toy_lines(ctx, 60, 1), *b = toy_lines(ctx, 60, 2);
    visml_features *f = assert_made(visml_features_from_json(ctx, LINES_FEATURES, sizeof LINES_FEATURES - 1, &err), &err);
    visml_pipeline *p = lines_pipeline(ctx), *q = lines_pipeline(ctx);
    visml_tensor *x = pictures_of(b);
    assert_ok(visml_pipeline_fit(p, a, NULL, &err), &err);
    assert_ok(visml_pipeline_fit(p, b, NULL, &err), &err);
    assert_ok(visml_pipeline_fit(q, b, NULL, &err), &err);
    assert_same_tensors(visml_pipeline_transform(p, x, &err), visml_pipeline_transform(q, x, &err));
    assert_ok(visml_features_fit(f, a, NULL, &err), &err);
    visml_tensor *kept = assert_made(visml_features_transform(f, x, &err), &err);
    visml_pipeline *r = assert_made(visml_pipeline_new(ctx, f, lines_classifier(ctx), &err), &err);
    assert_ok(visml_pipeline_fit(r, b, NULL, &err), &err);
    assert_same_tensors(kept, visml_pipeline_transform(r, x, &err));
    visml_tensor_release(x);
    visml_pipeline_free(p), visml_pipeline_free(q), visml_pipeline_free(r);
    visml_dataset_free(a), visml_dataset_free(b);
}

static void any_number_of_threads(void **state) {
    visml_tensor *scores[2];
    visml_dataset *test = toy_lines(ctx, 30, 2);
    visml_tensor *x = pictures_of(test);
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_context *own = test_context(i ? 4 : 1);
        visml_pipeline *p = fitted_lines(own);
        scores[i] = visml_pipeline_scores(p, x, &err);
        visml_pipeline_free(p);
        visml_context_free(own);
    }
    assert_same_tensors(scores[0], scores[1]);
    visml_tensor_release(x);
    visml_dataset_free(test);
}

/* Every allocation fails once: an error, and the pipeline tells what it told before. */
static void without_memory(void **state) {
    test_allocator a;
    (void)state;
    test_allocator_init(&a);
    visml_context *own = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .allocator = &a.table), &err), &err);
    visml_pipeline *p = fitted_lines(own);
    visml_dataset *ds = toy_lines(own, 12, 3);
    visml_tensor *x = pictures_of(ds), *before = assert_made(visml_pipeline_scores(p, x, &err), &err);
    visml_status status = VISML_ENOMEM;
    for (int64_t n = 1; status == VISML_ENOMEM; n++) {
        a.countdown = n;
        status = visml_pipeline_fit(p, ds, NULL, &err);
        a.countdown = -1;
        if (status == VISML_ENOMEM && n % 16 == 0) {
            visml_tensor *now = assert_made(visml_pipeline_scores(p, x, &err), &err);
            assert_memory_equal(now->data, before->data, (size_t)now->count * sizeof(float));
            visml_tensor_release(now);
        }
    }
    assert_ok(status, &err);
    visml_tensor_release(x), visml_tensor_release(before);
    visml_pipeline_free(p);
    visml_dataset_free(ds);
    visml_context_free(own);
    assert_int_equal(a.live, 0);
}

static void mistakes_are_named(void **state) {
    (void)state;
    visml_pipeline *p = lines_pipeline(ctx);
    visml_dataset *ds = toy_lines(ctx, 30, 1), *none = assert_made(visml_dataset_subset(ds, NULL, 0, &err), &err);
    assert_status(visml_pipeline_fit(p, none, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: the dataset has no samples");
    assert_status(visml_pipeline_fit(p, NULL, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: dataset is NULL");
    assert_status(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .class_weighting = 2), &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: class_weighting is 2, must be one of the named constants, 0 to 1");
    assert_null(visml_pipeline_predict(p, NULL, &err));
    assert_string_equal(err.message, "pipeline: not fitted yet; call visml_pipeline_fit first");
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_pipeline *network = assert_made(visml_pipeline_from_model(m, &err), &err);
    assert_status(visml_pipeline_fit(network, ds, NULL, &err), VISML_EUNSUPPORTED, &err);
    assert_string_equal(err.message, "pipeline: a network decides, which visml_fit trains");
    visml_model_free(m);
    visml_pipeline_free(p), visml_pipeline_free(network);
    visml_dataset_free(ds), visml_dataset_free(none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_learned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(layers_of_a_network_serve_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_what_the_parts_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelled_at_any_stage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fitted_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_number_of_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
