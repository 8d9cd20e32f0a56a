/* Adding, naming, building; every refusal with its message. */
#include "model/graph.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    memset(&err, 0, sizeof err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

static void says(visml_status got, visml_status code, const char *message) {
    assert_int_equal(got, code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    memset(&err, 0, sizeof err);
}

static visml_layer *dense(int32_t units, const char *name) {
    return visml_dense(ctx, OPTS(visml_dense_opts, .units = units, .name = name), &err);
}

static visml_model *vector_model(void) {
    return assert_made(visml_model_new(ctx, VISML_SHAPE(4), &err), &err);
}

static void input_shapes_are_checked(void **state) {
    (void)state;
    assert_null(visml_model_new(NULL, VISML_SHAPE(1), &err));
    says(err.code, VISML_EINVAL, "model: ctx is NULL, must be a context");
    assert_null(visml_model_new(ctx, NULL, &err));
    says(err.code, VISML_EINVAL, "model: input is NULL, must be a shape (VISML_SHAPE(...))");
    assert_null(visml_model_new(ctx, VISML_SHAPE(3, 0), &err));
    says(err.code, VISML_EINVAL, "model: input: dimension 1 of [3, 0] must be at least 1");
    assert_null(visml_model_new(ctx, VISML_SHAPE(1, 1, 1, 1, 1, 1, 1, 1), &err));
    says(err.code, VISML_EINVAL, "model: input [1, 1, 1, 1, 1, 1, 1, 1] has 8 dimensions, must have 1 to 7 (the batch is left out)");
    assert_null(visml_model_new(ctx, &(visml_shape){0}, &err));
    says(err.code, VISML_EINVAL, "model: input [] has 0 dimensions, must have 1 to 7 (the batch is left out)");
    visml_model_free(NULL);
}

static void layers_are_named_as_in_keras(void **state) {
    (void)state;
    visml_model *m = assert_made(visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err), &err);
    const char *const want[] = {"input_layer", "conv2d", "mine", "conv2d_1", "conv2d_3", "conv2d_2", "flatten"};
    for (int i = 1; i < 6; i++)
        assert_ok(visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {1},
                                                            .name = i == 2 || i == 4 ? want[i] : NULL), &err), &err), &err);
    assert_ok(visml_model_add(m, visml_flatten(ctx, NULL, &err), &err), &err);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(visml_node_name(m, i), want[i]);
        assert_int_equal(visml_model_find(m, want[i]), i);
    }
    assert_int_equal(visml_model_find(m, "nothing"), -1);
    visml_model_free(m);
}

static void names_are_unique(void **state) {
    (void)state;
    visml_model *m = vector_model();
    assert_ok(visml_model_add(m, dense(3, "a"), &err), &err);
    says(visml_model_add(m, dense(3, "a"), &err), VISML_EINVAL,
         "layer 2 (dense \"a\"): the name is taken by layer 1; names must be unique in a model");
    visml_model_free(m);
    m = vector_model();
    says(visml_model_add(m, dense(3, "input_layer"), &err), VISML_EINVAL,
         "layer 1 (dense \"input_layer\"): the name is that of the model's input; choose another one");
    visml_model_free(m);
}

static void the_first_failure_stays(void **state) {
    (void)state;
    visml_model *m = vector_model();
    const char *first = "layer 2 (conv2d \"conv2d\"): ";
    assert_ok(visml_model_add(m, dense(3, NULL), &err), &err);
    visml_layer *wrong = visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {3}), &err);
    assert_int_equal(visml_model_add(m, wrong, &err), VISML_EINVAL);
    assert_memory_equal(err.message, first, strlen(first));
    visml_error kept = err, other = {0};
    assert_int_equal(visml_model_add(m, dense(0, NULL), &err), VISML_EINVAL); /* the constructor has overwritten err */
    assert_string_equal(err.message, kept.message);
    assert_int_equal(visml_model_apply(m, dense(1, NULL), AFTER(0), &other), VISML_EINVAL);
    assert_string_equal(other.message, kept.message);
    assert_int_equal(visml_model_add(m, dense(1, NULL), NULL), VISML_EINVAL);
    assert_int_equal(visml_model_build(m, 0, &other), VISML_EINVAL);
    assert_string_equal(other.message, kept.message);
    assert_null(visml_model_input_shape(m));
    visml_model_free(m);
}

static void a_layer_that_was_not_made_is_a_failure(void **state) {
    (void)state;
    visml_model *m = vector_model();
    visml_model_add(m, dense(-1, NULL), &err);
    says(visml_model_build(m, 0, &err), VISML_EINVAL, "layer 1: dense: units is -1, must be at least 1");
    visml_model_free(m);
    m = vector_model();
    says(visml_model_add(m, NULL, &err), VISML_EINVAL, "layer 1: layer is NULL, must be a layer (its constructor failed?)");
    visml_model_free(m);
    m = vector_model();
    assert_int_equal(visml_model_add(m, NULL, NULL), VISML_EINVAL);
    says(visml_model_build(m, 0, &err), VISML_EINVAL, "layer 1: layer is NULL, must be a layer (its constructor failed?)");
    visml_model_free(m);
    says(visml_model_add(NULL, dense(1, NULL), &err), VISML_EINVAL, "model is NULL, must be a model");
    says(visml_model_apply(NULL, dense(1, NULL), AFTER(0), &err), VISML_EINVAL, "model is NULL, must be a model");
    says(visml_model_build(NULL, 0, &err), VISML_EINVAL, "model is NULL, must be a model");
}

static void refuse_inputs(const int32_t *inputs, size_t n, const char *message) {
    visml_model *m = vector_model();
    assert_ok(visml_model_add(m, dense(3, NULL), &err), &err);
    says(visml_model_apply(m, visml_add(ctx, NULL, &err), inputs, n, &err), VISML_EINVAL, message);
    visml_model_free(m);
}

static void inputs_are_earlier_nodes(void **state) {
    (void)state;
    const int32_t many[65] = {0};
    refuse_inputs(AFTER(0, 2), "layer 2 (add): inputs[1] is 2, must be the number of an earlier node, 0 to 1");
    refuse_inputs(AFTER(-1, 0), "layer 2 (add): inputs[0] is -1, must be the number of an earlier node, 0 to 1");
    refuse_inputs(NULL, 2, "layer 2 (add): inputs is NULL with n = 2, must name 1 to 64 earlier nodes");
    refuse_inputs(many, 0, "layer 2 (add): inputs is an array with n = 0, must name 1 to 64 earlier nodes");
    refuse_inputs(many, 65, "layer 2 (add): inputs is an array with n = 65, must name 1 to 64 earlier nodes");
    refuse_inputs(AFTER(0), "layer 2 (add \"add\"): has 1 inputs, must have 2 to 64");
    refuse_inputs(AFTER(0, 1), "layer 2 (add \"add\"): input 2 is [3], must be [4] as the first");
}

static void building_wants_a_whole_graph(void **state) {
    (void)state;
    visml_model *m = vector_model();
    says(visml_model_build(m, 0, &err), VISML_ESTATE, "the model has no layer: add one before building");
    int32_t a = visml_model_apply(m, dense(3, "a"), AFTER(0), &err), b = visml_model_apply(m, dense(3, "b"), AFTER(0), &err);
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
    says(visml_model_build(m, 0, &err), VISML_EINVAL,
         "layer 1 (dense \"a\") leads nowhere: every node must lead to the output, which is layer 2 (dense \"b\")");
    assert_int_equal(visml_model_param_count(m), 0);
    assert_int_equal(visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(a, b), &err), 3); /* still open */
    assert_ok(visml_model_build(m, 0, &err), &err);
    says(visml_model_build(m, 0, &err), VISML_ESTATE, "the model is built already");
    says(visml_model_add(m, dense(1, NULL), &err), VISML_ESTATE, "the model is built: no more layers can be added");
    assert_string_equal(visml_shape_format(visml_model_input_shape(m)).s, "[4]");
    assert_string_equal(visml_shape_format(visml_model_output_shape(m)).s, "[3]");
    visml_model_free(m);
    assert_null(visml_model_input_shape(NULL));
    assert_null(visml_model_output_shape(NULL));
}

static void there_is_a_limit_of_layers(void **state) {
    (void)state;
    visml_model *m = vector_model();
    for (int i = 0; i < VISML_MAX_LAYERS; i++)
        assert_ok(visml_model_add(m, visml_flatten(ctx, NULL, &err), &err), &err);
    assert_string_equal(visml_node_name(m, VISML_MAX_LAYERS), "flatten_4095");
    says(visml_model_add(m, visml_flatten(ctx, NULL, &err), &err), VISML_ELIMIT, "layer 4097 (flatten): a model can have 4096 layers");
    visml_model_free(m);
}

static void shapes_of_the_networks(void **state) {
    (void)state;
    visml_model *m = built(residual(ctx, 0.5, &err), &err);
    const char *const want[] = {"[8, 8, 3]", "[8, 8, 3]", "[8, 8, 4]", "[8, 8, 4]", "[8, 8, 4]", "[8, 8, 4]", "[8, 8, 4]",
                                "[4, 4, 4]", "[4, 4, 4]", "[4, 4, 8]", "[2, 2, 6]", "[6]",       "[24]",      "[24]",
                                "[5]",       "[3, 8]",    "[3, 2]",    "[6]",       "[17]",      "[3]"};
    assert_int_equal(m->node_count, sizeof want / sizeof *want);
    for (size_t i = 0; i < m->node_count; i++)
        assert_string_equal(visml_shape_format(&m->nodes[i].shape).s, want[i]);
    visml_model_free(m);
}

/* Makes the n-th allocation fail while a whole model is made. 1 when it was made all the same. */
static int make_with_failure(test_allocator *a, visml_context *c, int64_t n) {
    visml_error e = {0};
    int64_t live = a->live;
    a->countdown = n;
    visml_model *m = residual(c, 0.5, &e);
    visml_status status = visml_model_build(m, 1, &e);
    a->countdown = -1;
    if (status < 0) {
        assert_int_equal(m ? status : e.code, m ? VISML_ENOMEM : e.code);
        assert_int_equal(visml_model_param_count(m), 0);
    }
    visml_model_free(m);
    assert_int_equal(a->live, live);
    return status == VISML_OK;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    int64_t n = 1;
    while (!make_with_failure(&a, c, n))
        assert_true(++n < 1000);
    assert_true(n > 50);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(input_shapes_are_checked), TEST(layers_are_named_as_in_keras), TEST(names_are_unique), TEST(the_first_failure_stays),
        TEST(a_layer_that_was_not_made_is_a_failure), TEST(inputs_are_earlier_nodes), TEST(building_wants_a_whole_graph),
        TEST(there_is_a_limit_of_layers), TEST(shapes_of_the_networks), TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
