/* Pipelines in files: the same again, and what is damaged is an error that says so. */
#include <stdio.h>

#include "pipeline/pipelines.h"

static visml_context *ctx;
static visml_error err;
static char *folder, *path;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    folder = test_folder();
    path = test_path(folder, "p.visml");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
    return 0;
}

/* Of each kind; NULL behind the last. */
static visml_pipeline *fitted(int kind) {
    visml_dataset *ds = toy_lines(ctx, 30, 1);
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_pipeline *p = NULL;
    if (kind == 0)
        p = fitted_lines(ctx);
    else if (kind == 1)
        p = assert_made(visml_pipeline_from_model(m, &err), &err);
    else if (kind == 2)
        p = assert_made(visml_pipeline_from_network(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "conv2d"), lines_classifier(ctx),
                                                    &err), &err);
    if (kind == 2)
        assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
    visml_model_free(m);
    visml_dataset_free(ds);
    return p;
}

static void the_same_again(void **state) {
    char kind[16];
    visml_pipeline *p;
    visml_dataset *ds = toy_lines(ctx, 20, 3);
    visml_tensor *x = pictures_of(ds);
    (void)state;
    for (int k = 0; (p = fitted(k)) != NULL; k++) {
        assert_ok(visml_pipeline_save(p, path, &err), &err);
        assert_int_equal(visml_file_kind(ctx, path, kind, sizeof kind), 8);
        assert_string_equal(kind, "pipeline");
        visml_pipeline *q = assert_made(visml_pipeline_load(ctx, path, &err), &err);
        assert_int_equal(visml_pipeline_class_count(q), 3);
        assert_true(k == 1 ? !visml_pipeline_class_name(q, 0) : !strcmp(visml_pipeline_class_name(q, 1), "column"));
        assert_int_equal(visml_pipeline_input_shape(q)->dims[0], TOY_SIZE);
        assert_same_tensors(visml_pipeline_scores(p, x, &err), visml_pipeline_scores(q, x, &err));
        if (k != 1) { /* and it learns as the first one did */
            assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
            assert_ok(visml_pipeline_fit(q, ds, NULL, &err), &err);
            assert_same_tensors(visml_pipeline_scores(p, x, &err), visml_pipeline_scores(q, x, &err));
        }
        visml_pipeline_free(p), visml_pipeline_free(q);
    }
    visml_tensor_release(x);
    visml_dataset_free(ds);
}

static void kinds_of_files(void **state) {
    char kind[4];
    (void)state;
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    assert_ok(visml_model_save(m, path, &err), &err);
    assert_int_equal(visml_file_kind(ctx, path, kind, sizeof kind), 5);
    assert_string_equal(kind, "mod");
    assert_int_equal(visml_file_kind(ctx, path, NULL, 0), 5);
    assert_null(visml_pipeline_load(ctx, path, &err));
    assert_non_null(strstr(err.message, "p.visml: holds a model, must hold a pipeline"));
    assert_int_equal(visml_file_kind(ctx, "nowhere", kind, sizeof kind), 0);
    assert_string_equal(kind, "");
    visml_model_free(m);
}

static void what_is_not_fitted_is_not_saved(void **state) {
    (void)state;
    visml_pipeline *p = lines_pipeline(ctx);
    assert_status(visml_pipeline_save(p, path, &err), VISML_ESTATE, &err);
    assert_string_equal(err.message, "pipeline: not fitted yet; call visml_pipeline_fit first");
    visml_pipeline_free(p);
}

/* Each byte of the header changed, lengths cut: an error, or (in the blanks of the header) the same pipeline. */
static void damage_is_told(void **state) {
    char text[2][2048];
    char *broken = test_path(folder, "broken.visml");
    visml_pipeline *p;
    (void)state;
    for (int k = 0; (p = fitted(k)) != NULL; k++) {
        size_t n;
        assert_ok(visml_pipeline_save(p, path, &err), &err);
        visml_pipeline_to_json(p, text[0], sizeof text[0]);
        unsigned char *bytes = test_read_file(path, &n);
        for (size_t i = 0; i < 2 * n; i += i < 8192 ? 15 : 977) {
            bytes[i / 2] ^= i & 1 ? 0x20 : 0x01;
            test_write_file(broken, bytes, i & 1 ? n : i / 2);
            visml_pipeline *q = visml_pipeline_load(ctx, broken, &err);
            if (q) {
                visml_pipeline_to_json(q, text[1], sizeof text[1]);
                assert_string_equal(text[0], text[1]);
            } else {
                assert_true(err.code == VISML_EFORMAT || err.code == VISML_EUNSUPPORTED || err.code == VISML_ELIMIT);
                assert_non_null(strstr(err.message, "broken.visml"));
            }
            visml_pipeline_free(q);
            bytes[i / 2] ^= i & 1 ? 0x20 : 0x01;
        }
        free(bytes);
        visml_pipeline_free(p);
    }
    free(broken);
}

/* A whole file whose parts do not belong together: the description changed by `change`, with or without its tensors. */
static void load_of(const char *key, json_t *value, size_t drop, const char *says) {
    visml_bundle b;
    visml_pipeline *p = fitted(0);
    char *made = test_path(folder, "made.visml");
    assert_ok(visml_pipeline_save(p, path, &err), &err);
    visml_pipeline_free(p);
    assert_ok(visml_bundle_read(ctx, path, "pipeline", &b, &err), &err);
    if (value)
        json_object_set_new(b.description, key, value);
    else if (key)
        json_object_del(b.description, key);
    assert_ok(visml_bundle_write(ctx, made, "pipeline", b.description, b.tensors, b.count - drop, &err), &err);
    visml_bundle_clear(&b);
    assert_null(visml_pipeline_load(ctx, made, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_string_equal(err.message + strlen(made) + 2, says);
    free(made);
}

static void parts_must_belong_together(void **state) {
    static const char lonely[] = "a pipeline has features or a network, and a classifier behind features";
    (void)state;
    load_of("classes", NULL, 0, "\"classes\" must be a list of names, or their number");
    load_of("classes", json_integer(2), 0, "\"classes\" has 2 of them, the classifier knows 3");
    load_of("classes", json_pack("[s, s, i]", "a", "b", 3), 0, "\"classes\"[2] must be a string");
    load_of("classes", json_integer(-1), 0, "\"classes\" must be a list of names, or their number");
    load_of("input", json_pack("[i, i]", 8, 8), 0, "\"input\" must be the height, width and channels of a picture");
    load_of("input", json_pack("[i, i, i]", 8, 9, 1), 0,
            "features: vectors have 88 numbers, those that standardization learned from 80; pictures must have the size of those that were "
            "learned from, or a size be given (height, width)");
    load_of("classifier", NULL, 0, lonely);
    load_of("features", NULL, 0, lonely);
    load_of(NULL, NULL, 1, "k_neighbors: array \"labels\" is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kinds_of_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_fitted_is_not_saved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_must_belong_together, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
