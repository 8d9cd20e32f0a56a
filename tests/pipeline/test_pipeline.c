/* What a pipeline is made of. */
#include "pipeline/fixture.h"

static void json_there_and_back(void **state) {
    char text[1024];
    (void)state;
    visml_pipeline *p = lines_pipeline(ctx);
    size_t n = visml_pipeline_to_json(p, text, sizeof text);
    assert_string_equal(text, "{\"features\":{\"extract\":[{\"class\":\"pixels\"},{\"class\":\"average\",\"over\":\"grid\"}],\"then\":"
                              "[{\"class\":\"standardization\"}]},\"classifier\":{\"class\":\"k_neighbors\",\"n_neighbors\":3}}");
    assert_int_equal(n, strlen(text));
    visml_pipeline *again = assert_made(visml_pipeline_from_json(ctx, text, n, &err), &err);
    assert_int_equal(visml_pipeline_is_fitted(again), 0);
    assert_non_null(visml_pipeline_features(again));
    assert_null(visml_pipeline_network(again));
    assert_string_equal(visml_classifier_name(visml_pipeline_classifier(again)), "k_neighbors");
    assert_null(visml_pipeline_input_shape(again));
    visml_pipeline_free(again);
    visml_pipeline_free(p);
    assert_int_equal(visml_pipeline_to_json(NULL, text, sizeof text), 0);
}

static void assert_no_json(const char *text, visml_status code, const char *message) {
    assert_null(visml_pipeline_from_json(ctx, text, strlen(text), &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void mistakes_in_json_are_named(void **state) {
    (void)state;
    assert_no_json("[]", VISML_EFORMAT, "pipeline: must be an object {\"features\": ..., \"classifier\": ...}");
    assert_no_json("{\"feature\": []}", VISML_EFORMAT, "pipeline: there is no key \"feature\"; there are \"features\" and \"classifier\"");
    assert_no_json("{\"network\": {}}", VISML_EUNSUPPORTED,
                   "pipeline: the parameters of a network are no JSON; call visml_pipeline_from_network, or load a file");
    assert_no_json("{\"classifier\": \"k_neighbors\"}", VISML_EFORMAT,
                   "features: must be a list of extractors, [\"hog\", ...], or an object {\"extract\": [...]}");
    assert_no_json("{\"features\": [\"pixels\"], \"classifier\": {\"class\": \"k_neighbors\", \"task\": \"regression\"}}", VISML_EINVAL,
                   "pipeline: the task of k_neighbors must be classification");
}

/* What is given is taken over also on failure; the sanitizers and the counting context see what is left. */
static void parts_are_consumed(void **state) {
    (void)state;
    uint64_t before = visml_context_memory_used(ctx);
    visml_features *f = assert_made(visml_features_from_json(ctx, LINES_FEATURES, sizeof LINES_FEATURES - 1, &err), &err);
    assert_null(visml_pipeline_new(ctx, f, NULL, &err));
    assert_string_equal(err.message, "pipeline: classifier is NULL; making it failed?");
    assert_null(visml_pipeline_new(ctx, NULL, lines_classifier(ctx), &err));
    assert_string_equal(err.message, "pipeline: features is NULL; making them failed?");
    assert_null(visml_pipeline_new(ctx, visml_features_new(ctx, NULL, &err), lines_classifier(ctx), &err));
    assert_string_equal(err.message, "features: nothing is looked at; call visml_features_add first");
    assert_null(visml_pipeline_from_network(NULL, NULL, lines_classifier(ctx), &err));
    assert_string_equal(err.message, "pipeline: model is NULL, must be a model");
    assert_int_equal(visml_context_memory_used(ctx), before);
}

/* ---- networks ---- */

static int64_t vector_length(const visml_model *m, const visml_pipeline_network_opts *opts) {
    visml_pipeline *p = assert_made(visml_pipeline_from_network(m, opts, lines_classifier(ctx), &err), &err);
    int64_t n = visml_model_output_shape(visml_pipeline_network(p))->dims[0];
    visml_pipeline_free(p);
    return n;
}

static void layers_give_vectors(void **state) {
    (void)state;
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    assert_int_equal(vector_length(m, NULL), 3 * 3 * 8); /* what the dense layer reads */
    assert_int_equal(vector_length(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "conv2d")), 8);
    assert_int_equal(vector_length(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "conv2d", .pooling = VISML_LAYER_POOLING_FLATTEN)),
                     6 * 6 * 8);
    assert_int_equal(vector_length(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "dense")), 3);
    assert_null(visml_pipeline_from_network(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "conv"), lines_classifier(ctx), &err));
    assert_string_equal(err.message, "cut: last is \"conv\", must be the name of a layer, \"dense\" say");
    visml_model_free(m);
}

/* Averages and maxima of each channel, as they are computed by hand from the layer's own output. */
static void poolings_are_those_of_channels(void **state) {
    (void)state;
    enum { PLACES = 6 * 6, CHANNELS = 8 };
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_dataset *ds = toy_lines(ctx, 1, 3);
    visml_tensor *x = pictures_of(ds);
    visml_session *s = assert_made(visml_session_new(m, VISML_OPTS(visml_session_opts, .output = "conv2d"), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, 6, 6, CHANNELS), &err), &err);
    assert_ok(visml_session_run(s, x, y, &err), &err);
    const float *v = visml_tensor_data(y);
    for (visml_layer_pooling pooling = 0; pooling < 2; pooling++) {
        visml_pipeline *p = assert_made(visml_pipeline_from_network(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "conv2d",
                                                                                  .pooling = pooling), lines_classifier(ctx), &err), &err);
        visml_tensor *got = assert_made(visml_pipeline_transform(p, x, &err), &err);
        for (int c = 0; c < CHANNELS; c++) {
            double sum = 0, most = 0;
            for (int i = 0; i < PLACES; i++) {
                sum += (double)v[i * CHANNELS + c] / PLACES;
                most = fmax(most, (double)v[i * CHANNELS + c]);
            }
            assert_true(fabs((double)((const float *)visml_tensor_data(got))[c] - (pooling ? most : sum)) <= PLACES * 1.2e-7 * most);
        }
        visml_tensor_release(got);
        visml_pipeline_free(p);
    }
    visml_tensor_release(x), visml_tensor_release(y);
    visml_session_free(s);
    visml_dataset_free(ds);
    visml_model_free(m);
}

static void models_that_do_not_fit_are_named(void **state) {
    (void)state;
    visml_model *open = assert_made(visml_model_new(ctx, VISML_SHAPE(4), &err), &err);
    assert_null(visml_pipeline_from_model(open, &err));
    assert_string_equal(err.message, "pipeline: the model is not built; call visml_model_build first");
    visml_model_add(open, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 2), &err), &err);
    assert_ok(visml_model_build(open, 0, &err), &err);
    assert_null(visml_pipeline_from_model(open, &err));
    assert_string_equal(err.message, "pipeline: the model's input is [4], must be a picture [H, W, C]");
    visml_model_free(open);
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_model *part = assert_made(visml_model_cut(m, "conv2d", &err), &err);
    assert_ok(visml_model_build(part, 0, &err), &err);
    assert_null(visml_pipeline_from_model(part, &err));
    assert_string_equal(err.message, "pipeline: the model's output is [6, 6, 8], must be a number for each class");
    visml_model_free(part);
    visml_model_free(m);
}

/* ---- names ---- */

static void classes_have_the_names_of_the_dataset(void **state) {
    (void)state;
    visml_pipeline *p = fitted_lines(ctx);
    assert_int_equal(visml_pipeline_class_count(p), 3);
    assert_string_equal(visml_pipeline_class_name(p, 2), "diagonal");
    assert_null(visml_pipeline_class_name(p, 3));
    assert_int_equal(visml_pipeline_input_shape(p)->dims[1], TOY_SIZE);
    assert_status(visml_pipeline_set_classes(p, (const char *const[]){"a", "b"}, 2, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: n is 2, must be the number of classes, 3");
    assert_status(visml_pipeline_set_classes(p, (const char *const[]){"a", NULL, "c"}, 3, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: names[1] is NULL");
    assert_string_equal(visml_pipeline_class_name(p, 0), "row");
    assert_ok(visml_pipeline_set_classes(p, (const char *const[]){"a", "b", "c"}, 3, &err), &err);
    assert_string_equal(visml_pipeline_class_name(p, 2), "c");
    assert_ok(visml_pipeline_set_classes(p, NULL, 0, &err), &err);
    assert_null(visml_pipeline_class_name(p, 0));
    visml_pipeline_free(p);
}

/* Parts that have learned by themselves are ready together. */
static void fitted_parts_are_ready(void **state) {
    (void)state;
    visml_dataset *ds = toy_lines(ctx, 60, 1);
    visml_features *f = assert_made(visml_features_from_json(ctx, LINES_FEATURES, sizeof LINES_FEATURES - 1, &err), &err);
    visml_classifier *c = lines_classifier(ctx);
    assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
    visml_table *t = assert_made(visml_features_extract(f, ds, NULL, &err), &err);
    assert_ok(visml_classifier_fit(c, visml_table_values(t), visml_table_labels(t), NULL, &err), &err);
    visml_tensor *want = assert_made(visml_classifier_predict(c, visml_table_values(t), &err), &err), *x = pictures_of(ds);
    visml_pipeline *p = assert_made(visml_pipeline_new(ctx, f, c, &err), &err);
    assert_int_equal(visml_pipeline_is_fitted(p), 1);
    assert_int_equal(visml_pipeline_class_count(p), 3);
    assert_same_tensors(visml_pipeline_predict(p, x, &err), want);
    visml_tensor_release(x);
    visml_pipeline_free(p);
    visml_table_free(t);
    visml_dataset_free(ds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_in_json_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_are_consumed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(layers_give_vectors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(poolings_are_those_of_channels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models_that_do_not_fit_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_have_the_names_of_the_dataset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fitted_parts_are_ready, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
