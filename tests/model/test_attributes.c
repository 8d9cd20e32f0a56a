#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static void says(visml_status got, const char *message) {
    assert_int_equal(got, VISML_EINVAL);
    assert_string_equal(err.message, message);
}

static void classes_are_copied(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(2), &err);
    char cat[] = "cat";
    const char *const names[] = {cat, "dög"}, *const holes[] = {"a", NULL}, *const bytes[] = {"\xff"};
    assert_int_equal(visml_model_class_count(m), 0);
    assert_ok(visml_model_set_classes(m, names, 2, &err), &err);
    cat[0] = 'X';
    says(visml_model_set_classes(m, holes, 2, &err), "set_classes: names[1] is NULL, must be a string");
    says(visml_model_set_classes(m, bytes, 1, &err), "set_classes: names[0] is not valid UTF-8");
    says(visml_model_set_classes(m, NULL, 1, &err), "set_classes: names is NULL, must hold 1 names");
    says(visml_model_set_classes(NULL, names, 1, &err), "model is NULL, must be a model");
    assert_int_equal(visml_model_class_count(m), 2); /* failures have changed nothing */
    assert_string_equal(visml_model_class_name(m, 0), "cat");
    assert_string_equal(visml_model_class_name(m, 1), "dög");
    assert_null(visml_model_class_name(m, 2));
    assert_ok(visml_model_set_classes(m, NULL, 0, &err), &err);
    assert_int_equal(visml_model_class_count(m), 0);
    assert_int_equal(visml_model_class_count(NULL), 0);
    assert_null(visml_model_class_name(NULL, 0));
    visml_model_free(m);
}

static void attributes_come_and_go(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(2), &err);
    assert_null(visml_model_attribute(m, "resize"));
    assert_ok(visml_model_set_attribute(m, "resize", "32x32", &err), &err);
    assert_ok(visml_model_set_attribute(m, "resize", "64x64", &err), &err);
    assert_ok(visml_model_set_attribute(m, "color", "", &err), &err);
    assert_string_equal(visml_model_attribute(m, "resize"), "64x64");
    assert_string_equal(visml_model_attribute(m, "color"), "");
    says(visml_model_set_attribute(m, NULL, "x", &err), "set_attribute: key is NULL, must be a string");
    says(visml_model_set_attribute(m, "", "x", &err), "set_attribute: key is empty, must be a string");
    says(visml_model_set_attribute(m, "visml.x", "x", &err),
         "set_attribute: key is \"visml.x\"; keys that start with \"visml.\" are the library's");
    says(visml_model_set_attribute(m, "\xc0\x80", "x", &err), "set_attribute: key is not valid UTF-8");
    says(visml_model_set_attribute(m, "k", "\xed\xa0\x80", &err), "set_attribute: the value of \"k\" is not valid UTF-8");
    says(visml_model_set_attribute(NULL, "k", "x", &err), "model is NULL, must be a model");
    assert_ok(visml_model_set_attribute(m, "resize", NULL, &err), &err);
    assert_ok(visml_model_set_attribute(m, "never", NULL, &err), &err);
    assert_null(visml_model_attribute(m, "resize"));
    assert_null(visml_model_attribute(m, NULL));
    assert_null(visml_model_attribute(NULL, "k"));
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes_are_copied), cmocka_unit_test(attributes_come_and_go)};
    ctx = test_context(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
