#include <stdlib.h>
#include <string.h>

#include "support/layer_run.h"

static visml_context *ctx;
static visml_error err;

static void classes_are_found_by_name(void **state) {
    (void)state;
    assert_ptr_equal(visml_layer_class_find("conv2d"), &visml_conv2d_class);
    assert_ptr_equal(visml_layer_class_find("max_pooling2d"), &visml_maxpool2d_class);
    assert_null(visml_layer_class_find("conv3d"));
    assert_null(visml_layer_class_find(""));
    assert_null(visml_layer_class_find(NULL));
    for (size_t i = 0; visml_layer_classes[i]; i++)
        assert_ptr_equal(visml_layer_class_find(visml_layer_classes[i]->name), visml_layer_classes[i]);
}

static void refused_name(const char *name, const char *message) {
    assert_null(visml_flatten(ctx, VISML_OPTS(visml_plain_opts, .name = name), &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, message);
}

static void names_are_copied_and_checked(void **state) {
    (void)state;
    char name[129];
    memset(name, 'n', sizeof name);
    name[127] = '\0';
    visml_layer *l = assert_made(visml_flatten(ctx, VISML_OPTS(visml_plain_opts, .name = name), &err), &err);
    name[0] = 'x';
    assert_int_equal(l->name[0], 'n');
    visml_layer_free(l);
    name[127] = 'n';
    name[128] = '\0';
    refused_name(name, "flatten: name is too long, must be 1 to 127 bytes");
    refused_name("", "flatten: name is empty, must be 1 to 127 bytes");
    refused_name("a/b", "flatten: name is \"a/b\", must not hold '/'");
    refused_name("\xC3(", "flatten: name is not valid UTF-8");
    l = assert_made(visml_flatten(ctx, NULL, &err), &err);
    assert_null(l->name);
    visml_layer_free(l);
}

static void json_holds_what_differs_from_the_default(void **state) {
    (void)state;
    visml_layer *l = assert_made(visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 8, .kernel_size = {3}, .padding = VISML_SAME,
                                                              .activation = VISML_RELU, .name = "c1"), &err), &err);
    json_t *object = visml_layer_to_json(l);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, "{\"class\":\"conv2d\",\"name\":\"c1\",\"filters\":8,\"kernel_size\":[3,3],\"padding\":\"same\","
                              "\"activation\":\"relu\"}");
    free(text);
    json_decref(object);
    visml_layer_free(l);
}

static void refused_json(const char *text, visml_status code, const char *message) {
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    assert_null(visml_layer_from_json(ctx, object, (const char *const[]){"inputs", NULL}, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    json_decref(object);
}

static void json_mistakes_are_named(void **state) {
    (void)state;
    refused_json("{}", VISML_EFORMAT, "layer: \"class\" is missing");
    refused_json("{\"class\": 3}", VISML_EFORMAT, "layer: \"class\" must be a string");
    refused_json("{\"class\": \"dense\", \"unit\": 3}", VISML_EFORMAT,
                 "dense: unknown key \"unit\"; the options are units, activation, no_bias, kernel_initializer, bias_initializer, name");
    refused_json("{\"class\": \"dense\", \"units\": -3}", VISML_EINVAL, "dense: units is -3, must be at least 1");
    refused_json("{\"class\": \"dense\", \"units\": 3, \"name\": \"a/b\"}", VISML_EINVAL, "dense: name is \"a/b\", must not hold '/'");
    refused_json("[]", VISML_EFORMAT, "layer: must be a JSON object with the key \"class\"");
}

static void an_unknown_class_is_told_what_there_is(void **state) {
    (void)state;
    json_t *object = json_loads("{\"class\": \"dens\"}", 0, NULL);
    assert_null(visml_layer_from_json(ctx, object, NULL, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_non_null(strstr(err.message, "layer: \"class\" is \"dens\", must be one of conv2d, max_pooling2d, "));
    for (size_t i = 0; visml_layer_classes[i]; i++)
        assert_non_null(strstr(err.message, visml_layer_classes[i]->name));
    json_decref(object);
}

static void known_keys_pass(void **state) {
    (void)state;
    json_t *object = json_loads("{\"class\": \"dense\", \"units\": 3, \"inputs\": [\"a\"]}", 0, NULL);
    visml_layer *l = assert_made(visml_layer_from_json(ctx, object, (const char *const[]){"inputs", NULL}, &err), &err);
    assert_int_equal(((visml_dense_opts *)l->opts)->units, 3);
    visml_layer_free(l);
    json_decref(object);
}

static void building_is_checked(void **state) {
    (void)state;
    visml_shape out = {.rank = 5}, in = *VISML_SHAPE(1LL << 40, 4);
    visml_layer *l = assert_made(visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 1 << 30), &err), &err);
    assert_status(visml_layer_build(l, &in, 1, &out, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "output: [1099511627776, 1073741824] has more elements than can be addressed");
    assert_status(visml_layer_build(l, &in, 0, &out, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "has 0 inputs, must have 1");
    assert_int_equal(out.rank, 5);
    visml_layer_free(l);
}

/* A class that would need more room than there is says so instead of writing past its end. */
static void parameters_are_counted(void **state) {
    (void)state;
    visml_layer *l = assert_made(visml_flatten(ctx, NULL, &err), &err);
    for (int i = 0; i < VISML_MAX_PARAMS; i++)
        assert_ok(visml_layer_param(l, "p", VISML_SHAPE(2), VISML_INIT_ZEROS, 1, 2, 2, &err), &err);
    assert_status(visml_layer_param(l, "p", VISML_SHAPE(2), VISML_INIT_ZEROS, 1, 2, 2, &err), VISML_EINTERNAL, &err);
    visml_layer_free(l);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_layer_free(NULL);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_found_by_name),
        cmocka_unit_test(names_are_copied_and_checked),
        cmocka_unit_test(json_holds_what_differs_from_the_default),
        cmocka_unit_test(json_mistakes_are_named),
        cmocka_unit_test(an_unknown_class_is_told_what_there_is),
        cmocka_unit_test(known_keys_pass),
        cmocka_unit_test(building_is_checked),
        cmocka_unit_test(parameters_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
