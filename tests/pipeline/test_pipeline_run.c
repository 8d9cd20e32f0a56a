/* What pipelines say of pictures. */
#include "pipeline/fixture.h"

static const float *floats(const visml_tensor *t) {
    return (const float *)(const void *)t->data;
}
static const int32_t *numbers(const visml_tensor *t) {
    return (const int32_t *)(const void *)t->data;
}

static void the_best_score_is_the_prediction(const visml_pipeline *p, const visml_tensor *x) {
    visml_tensor *scores = assert_made(visml_pipeline_scores(p, x, &err), &err);
    visml_tensor *labels = assert_made(visml_pipeline_predict(p, x, &err), &err);
    int64_t k = scores->shape.dims[1];
    for (int64_t i = 0; i < labels->count; i++)
        for (int64_t j = 0; j < k; j++) {
            float best = floats(scores)[i * k + numbers(labels)[i]], other = floats(scores)[i * k + j];
            assert_true(j < numbers(labels)[i] ? other < best : other <= best);
        }
    visml_tensor_release(scores);
    visml_tensor_release(labels);
}

static void scores_of_each_kind(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 30, 9);
    visml_tensor *x = pictures_of(ds);
    visml_pipeline *p = fitted_lines(ctx);
    the_best_score_is_the_prediction(p, x);
    visml_pipeline_free(p);
    const int32_t units[] = {3, 1, 1, 2};
    const visml_act ends[] = {VISML_SOFTMAX, VISML_SIGMOID, VISML_LINEAR, VISML_LINEAR};
    for (int i = 0; i < 4; i++) {
        visml_model *m = lines_network(ctx, units[i], ends[i]);
        p = assert_made(visml_pipeline_from_model(m, &err), &err);
        assert_int_equal(visml_pipeline_class_count(p), units[i] == 1 ? 2 : units[i]);
        assert_int_equal(visml_pipeline_has_probabilities(p), i < 2);
        the_best_score_is_the_prediction(p, x);
        visml_pipeline_free(p);
        visml_model_free(m);
    }
    visml_tensor_release(x);
    visml_dataset_free(ds);
}

/* One output p: 1 - p and p; the logits of a network without an activation are no probabilities. */
static void a_network_alone(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 7, 9);
    visml_tensor *x = pictures_of(ds);
    visml_model *m = lines_network(ctx, 1, VISML_SIGMOID);
    visml_pipeline *p = assert_made(visml_pipeline_from_model(m, &err), &err);
    visml_tensor *outputs = assert_made(visml_predict(m, ds, NULL, &err), &err);
    visml_tensor *probabilities = assert_made(visml_pipeline_predict_proba(p, x, &err), &err);
    for (int i = 0; i < 7; i++) {
        assert_true(floats(probabilities)[2 * i + 1] == floats(outputs)[i]);
        assert_true(floats(probabilities)[2 * i] == 1 - floats(outputs)[i]);
    }
    assert_null(visml_pipeline_transform(p, x, &err));
    assert_string_equal(err.message, "pipeline: a network decides by itself: there are no vectors");
    visml_tensor_release(outputs), visml_tensor_release(probabilities);
    visml_pipeline_free(p);
    visml_model_free(m);
    m = lines_network(ctx, 3, VISML_LINEAR);
    p = assert_made(visml_pipeline_from_model(m, &err), &err);
    assert_null(visml_pipeline_predict_proba(p, x, &err));
    assert_int_equal(err.code, VISML_EUNSUPPORTED);
    assert_string_equal(err.message, "pipeline: the network ends in no softmax: its outputs are no probabilities");
    visml_pipeline_free(p);
    visml_model_free(m);
    visml_tensor_release(x);
    visml_dataset_free(ds);
}

/* Labels 0 and 2 of three classes: nobody has seen the one in the middle. */
static void classes_that_were_not_seen(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 60, 1);
    int64_t seen[40];
    for (int64_t i = 0, n = 0; i < 60; i++)
        if (i % 3 != 1)
            seen[n++] = i;
    visml_dataset *part = assert_made(visml_dataset_subset(ds, seen, 40, &err), &err);
    visml_pipeline *p = lines_pipeline(ctx);
    visml_tensor *x = pictures_of(ds);
    assert_ok(visml_pipeline_fit(p, part, NULL, &err), &err);
    assert_int_equal(visml_pipeline_class_count(p), 3);
    visml_tensor *scores = assert_made(visml_pipeline_predict_proba(p, x, &err), &err);
    assert_int_equal(scores->shape.dims[1], 3);
    for (int i = 0; i < 60; i++) {
        assert_true(floats(scores)[3 * i + 1] == 0);
        assert_true(fabsf(floats(scores)[3 * i] + floats(scores)[3 * i + 2] - 1) < 1e-6f);
    }
    the_best_score_is_the_prediction(p, x);
    visml_tensor_release(scores), visml_tensor_release(x);
    visml_pipeline_free(p);
    visml_dataset_free(part), visml_dataset_free(ds);
}

static void one_picture_is_a_batch_of_one(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 4, 9);
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_pipeline *both[] = {fitted_lines(ctx), assert_made(visml_pipeline_from_model(m, &err), &err)};
    visml_tensor *one = assert_made(visml_dataset_read(ds, 2, &err), &err), *all = pictures_of(ds);
    visml_tensor *third = assert_made(visml_tensor_slice(all, 2, 3, &err), &err);
    for (int i = 0; i < 2; i++) {
        assert_same_tensors(visml_pipeline_scores(both[i], one, &err), visml_pipeline_scores(both[i], third, &err));
        visml_pipeline_free(both[i]);
    }
    visml_tensor_release(one), visml_tensor_release(all), visml_tensor_release(third);
    visml_model_free(m);
    visml_dataset_free(ds);
}

/* ---- datasets ---- */

/* Every third picture cannot be read. */
static int32_t some_pictures(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    const visml_tensor *x = user;
    *label = (int32_t)(index % TOY_CLASSES);
    memcpy(pixels, x->data + index * TOY_SIZE * TOY_SIZE, TOY_SIZE * TOY_SIZE);
    snprintf(reason, 256, "torn");
    return index % 3 == 2;
}

static void rows_of_invalid_pictures_are_nan(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 12, 9);
    visml_tensor *x = pictures_of(ds);
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_pipeline *both[] = {fitted_lines(ctx), assert_made(visml_pipeline_from_model(m, &err), &err)};
    for (int k = 0; k < 2; k++) {
        visml_dataset *torn = assert_made(visml_dataset_from_callback(ctx, 12, VISML_U8, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), NULL, 3,
                                                                      some_pictures, x, NULL, &err), &err);
        visml_tensor *rows = assert_made(visml_pipeline_score_dataset(both[k], torn, NULL, &err), &err);
        visml_tensor *want = assert_made(visml_pipeline_scores(both[k], x, &err), &err);
        assert_int_equal(visml_dataset_dropped_count(torn), 4);
        for (int i = 0; i < 12; i++)
            if (i % 3 == 2)
                assert_true(isnan(floats(rows)[3 * i]) && isnan(floats(rows)[3 * i + 2]));
            else
                assert_memory_equal(floats(rows) + 3 * i, floats(want) + 3 * i, 3 * sizeof(float));
        visml_tensor_release(rows), visml_tensor_release(want);
        visml_dataset_free(torn);
        visml_pipeline_free(both[k]);
    }
    visml_tensor_release(x);
    visml_model_free(m);
    visml_dataset_free(ds);
}

static void classes_are_matched_by_name(void **state) {
    (void)state;
    visml_pipeline *p = fitted_lines(ctx);
    visml_dataset *ds = toy_lines(ctx, 30, 9);
    visml_dataset *turned = assert_made(visml_dataset_with_classes(ds, (const char *const[]){"diagonal", "column", "row"}, 3, &err), &err);
    visml_report *report = NULL;
    assert_status(visml_pipeline_evaluate(p, turned, NULL, &report, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: class 0 is \"diagonal\" in the data, \"row\" in the pipeline: give the data the pipeline's "
                                     "order with visml_dataset_with_classes");
    assert_null(report);
    visml_dataset_free(turned), visml_dataset_free(ds);
    visml_pipeline_free(p);
}

static void the_report_is_that_of_the_network(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 60, 9);
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_pipeline *p = assert_made(visml_pipeline_from_model(m, &err), &err);
    visml_report *a = NULL, *b = NULL;
    assert_ok(visml_evaluate(m, ds, NULL, NULL, &a, &err), &err);
    assert_ok(visml_pipeline_evaluate(p, ds, NULL, &b, &err), &err);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            assert_true(visml_report_confusion(a, i, j) == visml_report_confusion(b, i, j));
    visml_report_free(a), visml_report_free(b);
    visml_pipeline_free(p);
    visml_model_free(m);
    visml_dataset_free(ds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scores_of_each_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_network_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_that_were_not_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_picture_is_a_batch_of_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_invalid_pictures_are_nan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_are_matched_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_report_is_that_of_the_network, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
