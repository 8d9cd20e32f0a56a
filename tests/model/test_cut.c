/* Parts of models: what is carried over, and inner layers as features. */
#include <math.h>

#include "model/graph.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static const visml_param *find(const visml_model *m, const char *name) {
    for (size_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].name, name) == 0)
            return &m->params[i];
    fail_msg("no %s", name);
    return NULL;
}

static void expect_same(const visml_model *a, const visml_model *b, const char *name, int same) {
    const visml_param *p = find(a, name), *q = find(b, name);
    assert_int_equal(p->count, q->count);
    assert_int_equal(memcmp(a->values + p->offset, b->values + q->offset, p->count * sizeof(float)) == 0, same);
}

static void a_new_head(void **state) {
    (void)state;
    visml_model *m = built(small_cnn(ctx, &err), &err);
    assert_ok(visml_model_set_attribute(m, "color", "gray", &err), &err);
    visml_model *part = assert_made(visml_model_cut(m, "flatten", &err), &err);
    assert_int_equal(visml_model_layer_count(part), 4);
    assert_string_equal(visml_model_layer_name(part, 3), "flatten");
    assert_null(visml_model_layer_name(part, 4));
    /* one more of a name, and of a shape, that the old head had */
    visml_model_add(part, visml_dense(ctx, OPTS(visml_dense_opts, .units = 128, .activation = VISML_RELU), &err), &err);
    visml_model_add(part, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(part, 77, &err), &err);
    expect_same(m, part, "conv2d/kernel", 1);
    expect_same(m, part, "conv2d_1/kernel", 1);
    expect_same(m, part, "dense/kernel", 0);
    assert_string_equal(visml_model_attribute(part, "color"), "gray");
    assert_ok(visml_model_set_attribute(part, "color", "rgb", &err), &err);
    assert_string_equal(visml_model_attribute(m, "color"), "gray");
    visml_model_free(m); /* the part does not need it */
    assert_int_equal(visml_model_output_shape(part)->dims[0], 3);
    visml_model_free(part);
}

/* A branch alone: layers that do not lead to it are gone, the others take the same inputs as before. */
static void a_branch_of_a_graph(void **state) {
    (void)state;
    visml_model *m = built(residual(ctx, 0, &err), &err);
    visml_model *part = assert_made(visml_model_cut(m, "q", &err), &err);
    assert_ok(visml_model_build(part, 5, &err), &err);
    assert_int_equal(visml_model_find(part, "p"), -1);
    int32_t add = visml_model_find(part, "add");
    assert_int_equal(part->nodes[add].input_count, 3);
    assert_string_equal(visml_node_name(part, (size_t)part->nodes[add].inputs[1]), "b");
    expect_same(m, part, "n/moving_mean", 1);
    visml_model_free(part);
    visml_model_free(m);
}

static void inner_layers_are_features(void **state) {
    (void)state;
    visml_model *m = built(residual(ctx, 0, &err), &err);
    visml_session *whole = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_session *inner = assert_made(visml_session_new(m, OPTS(visml_session_opts, .output = "join"), &err), &err);
    const visml_shape *shape = visml_session_output_shape(inner);
    assert_int_equal(visml_session_output_shape(whole)->dims[0], 3);
    assert_int_equal(shape->rank, 1);
    visml_tensor *x = random_input(ctx, VISML_SHAPE(8, 8, 3), 5, VISML_F32, 8);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(5, 3), &err), &err);
    visml_tensor *z = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(5, shape->dims[0]), &err), &err);
    assert_ok(visml_session_run(whole, x, y, &err), &err);
    assert_ok(visml_session_run(inner, x, z, &err), &err);
    /* The output layer by hand on what the inner one gave. */
    const visml_param *k = find(m, "out/kernel"), *b = find(m, "out/bias");
    const float *in = visml_tensor_data(z), *got = visml_tensor_data(y);
    for (int64_t r = 0; r < 5; r++) {
        double e[3], sum = 0;
        for (int64_t j = 0; j < 3; j++) {
            double v = (double)m->values[b->offset + (size_t)j];
            for (int64_t i = 0; i < shape->dims[0]; i++)
                v += (double)in[r * shape->dims[0] + i] * (double)m->values[k->offset + (size_t)(i * 3 + j)];
            sum += e[j] = exp(v);
        }
        for (int64_t j = 0; j < 3; j++)
            assert_true(fabs(e[j] / sum - (double)got[r * 3 + j]) < 1e-6);
    }
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(z);
    visml_session_free(inner);
    visml_session_free(whole);
    visml_model_free(m);
}

static void wrong_calls(void **state) {
    (void)state;
    visml_model *m = small_cnn(ctx, &err);
    assert_null(visml_model_cut(m, "flatten", &err));
    assert_status(err.code, VISML_ESTATE, &err);
    m = built(m, &err);
    assert_null(visml_model_cut(m, "input_layer", &err));
    assert_status(err.code, VISML_EINVAL, &err);
    assert_null(visml_session_new(m, OPTS(visml_session_opts, .output = "nope"), &err));
    assert_non_null(strstr(err.message, "nope"));
    visml_model_free(m);
}

static void memory_may_run_out(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .threads = 1, .allocator = &a.table), &err), &err);
    visml_model *m = built(residual(c, 0, &err), &err);
    int64_t live = a.live;
    for (int64_t n = 1;; n++) {
        a.countdown = n;
        visml_session *s = visml_session_new(m, OPTS(visml_session_opts, .output = "join"), &err);
        a.countdown = -1;
        if (s) {
            visml_session_free(s);
            break;
        }
        assert_status(err.code, VISML_ENOMEM, &err);
        assert_int_equal(a.live, live);
    }
    assert_int_equal(a.live, live);
    visml_model_free(m);
    visml_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_head),  cmocka_unit_test(a_branch_of_a_graph), cmocka_unit_test(inner_layers_are_features),
        cmocka_unit_test(wrong_calls), cmocka_unit_test(memory_may_run_out),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
