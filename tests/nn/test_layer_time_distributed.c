#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(inner) visml_time_distributed(ctx, inner, NULL, &err)
#define DENSE(...) visml_dense(ctx, VISML_OPTS(visml_dense_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("time_distributed/dense", LAYER(DENSE(.units = 5, .activation = VISML_SOFTMAX)), &err);
    test_layer_golden("time_distributed/conv2d", LAYER(visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 3, .kernel_size = {3},
                      .activation = VISML_TANH), &err)), &err);
    test_layer_golden("time_distributed/lstm", LAYER(visml_lstm(ctx, VISML_OPTS(visml_lstm_opts, .units = 3), &err)), &err);
    test_layer_golden("time_distributed/flatten", LAYER(visml_flatten(ctx, NULL, &err)), &err);
    test_layer_golden("time_distributed/relu", LAYER(visml_activation(ctx, VISML_OPTS(visml_activation_opts, .activation = VISML_RELU),
                      &err)), &err);
    test_layer_golden("time_distributed/maxpool2d", LAYER(visml_maxpool2d(ctx, NULL, &err)), &err);
}

/* A layer in a layer in a layer, in JSON and back. */
static void layers_nest(void **state) {
    (void)state;
    visml_layer *l = LAYER(LAYER(DENSE(.units = 5)));
    json_t *object = visml_layer_to_json(assert_made(l, &err));
    visml_layer *again = assert_made(visml_layer_from_json(ctx, object, NULL, &err), &err);
    visml_shape out;
    assert_ok(visml_layer_build(again, VISML_SHAPE(2, 3, 4), 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(2, 3, 5)));
    assert_string_equal(again->params[0].name, "kernel");
    json_decref(object);
    visml_layer_free(again);
    visml_layer_free(l);
}

static void mistakes_are_named(void **state) {
    (void)state;
    visml_layer *l = assert_made(DENSE(.units = 5), &err);
    for (int i = 0; i < 7; i++)
        l = assert_made(LAYER(l), &err);
    assert_null(LAYER(l));
    assert_string_equal(err.message, "time_distributed: more than 7 layers in each other");
    assert_null(LAYER(visml_add(ctx, NULL, &err)));
    assert_string_equal(err.message, "time_distributed: the inner layer is add, must be one with one input");
    err.code = 0;
    assert_null(LAYER(NULL));
    assert_string_equal(err.message, "time_distributed: inner is NULL, must be a layer");
    test_layer_refuses(LAYER(DENSE(.units = 5)), VISML_SHAPE(3), 1,
                       "input [3] must have two dimensions or more, the first of them time steps");
}

static void descriptions_have_an_end(void **state) {
    (void)state;
    json_t *object = json_pack("{s:s, s:i}", "class", "dense", "units", 3);
    for (int i = 0; i < 9; i++)
        object = json_pack("{s:s, s:o}", "class", "time_distributed", "layer", object);
    assert_null(visml_layer_from_json(ctx, object, NULL, &err));
    assert_string_equal(err.message, "layer: more than 7 layers in each other");
    json_decref(object);
    object = json_pack("{s:s}", "class", "time_distributed");
    assert_null(visml_layer_from_json(ctx, object, NULL, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    json_decref(object);
}

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


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(layers_nest),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(descriptions_have_an_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
