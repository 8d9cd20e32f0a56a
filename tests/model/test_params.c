/* The flat array: order, alignment, views, replacing values, initial values. */
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

static void order_and_alignment(void **state) {
    (void)state;
    visml_model *m = built(residual(ctx, 0.5, &err), &err);
    const char *const want[] = {"a/kernel", "a/bias", "n/gamma", "n/beta", "n/moving_mean", "n/moving_variance", "b/kernel", "c/kernel",
                                "c/bias", "d/kernel", "d/bias", "e/kernel", "e/bias", "out/kernel", "out/bias"};
    size_t count = sizeof want / sizeof *want;
    unsigned char *taken = calloc(m->value_count, 1);
    assert_int_equal(visml_model_param_count(m), count);
    for (size_t i = 0; i < count; i++) {
        const visml_param *p = &m->params[i];
        int moving = strstr(want[i], "moving") != NULL;
        assert_string_equal(visml_model_param_name(m, i), want[i]);
        assert_int_equal(visml_model_param_trainable(m, i), !moving);
        assert_int_equal(p->offset % 16, 0);
        assert_true(moving ? p->offset >= m->trainable_count : p->offset + p->count <= m->trainable_count);
        for (size_t k = 0; k < p->count; k++)
            assert_int_equal(taken[p->offset + k]++, 0);
    }
    for (size_t k = 0; k < m->value_count; k++)
        assert_true(taken[k] || m->values[k] == 0);
    free(taken);
    assert_int_equal((uintptr_t)m->values % 64, 0);
    assert_null(visml_model_param_name(m, count));
    assert_int_equal(visml_model_param_trainable(m, count), 0);
    visml_model_free(m);
}

static void views_keep_the_model(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table), &err), &err);
    visml_model *m = built(small_cnn(c, &err), &err);
    visml_tensor *t = assert_made(visml_model_param(m, 0, &err), &err);
    visml_context_free(c);
    assert_string_equal(visml_shape_format(visml_tensor_shape(t)).s, "[3, 3, 1, 32]");
    assert_ptr_equal(visml_tensor_data(t), m->values);
    visml_model_free(m);
    real first = *(real *)visml_tensor_data(t);
    assert_true(first != 0 && first > -1 && first < 1);
    visml_tensor_release(t);
    assert_int_equal(a.live, 0);
}

static void values_are_replaced_whatever_their_strides(void **state) {
    (void)state;
    visml_model *m = assert_made(visml_model_new(ctx, VISML_SHAPE(3), &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 2), &err), &err);
    built(m, &err);
    float data[] = {1, 2, 3, 4, 5, 6};
    visml_tensor *t = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(3, 2), (const int64_t[]){1, 3}, data, NULL, NULL, &err);
    assert_ok(visml_model_set_param(m, "dense/kernel", t, &err), &err);
    const float want[] = {1, 4, 2, 5, 3, 6};
    assert_memory_equal(m->values, want, sizeof want);
    visml_tensor *own = assert_made(visml_model_param(m, 0, &err), &err);
    assert_ok(visml_model_set_param(m, "dense/kernel", own, &err), &err); /* onto itself */
    assert_memory_equal(m->values, want, sizeof want);
    visml_tensor_release(own);
    visml_tensor_release(t);
    visml_model_free(m);
}

static void says(visml_status code, const char *message) {
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    memset(&err, 0, sizeof err);
}

static void bad_arguments_are_named(void **state) {
    (void)state;
    visml_model *open = small_cnn(ctx, &err), *m = built(small_cnn(ctx, &err), &err);
    visml_tensor *t = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(10, 128), &err);
    visml_tensor *bytes = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(128, 10), &err);
    assert_int_equal(visml_model_param_count(open), 0);
    assert_null(visml_model_param_name(open, 0));
    assert_null(visml_model_param(open, 0, &err));
    says(VISML_ESTATE, "the model is not built: it has no parameters yet (visml_model_build)");
    assert_null(visml_model_param(NULL, 0, &err));
    says(VISML_EINVAL, "model is NULL, must be a model");
    assert_null(visml_model_param(m, 8, &err));
    says(VISML_EINVAL, "param: i is 8, must be less than 8");
    visml_model_set_param(open, "dense/kernel", t, &err);
    says(VISML_ESTATE, "the model is not built: it has no parameters yet (visml_model_build)");
    visml_model_set_param(m, NULL, t, &err);
    says(VISML_EINVAL, "set_param: name is NULL, must be the name of a parameter, \"conv2d/kernel\" say");
    visml_model_set_param(m, "dense/weights", t, &err);
    says(VISML_EINVAL, "set_param: name is \"dense/weights\", must be the name of a parameter, \"conv2d/kernel\" say");
    visml_model_set_param(m, "dense_1/kernel", NULL, &err);
    says(VISML_EINVAL, "set_param: value is NULL, must be a tensor");
    visml_model_set_param(m, "dense_1/kernel", t, &err);
    says(VISML_EINVAL, "set_param: value for \"dense_1/kernel\" is [10, 128], must be [128, 10]");
    visml_model_set_param(m, "dense_1/kernel", bytes, &err);
    says(VISML_EINVAL, "set_param: value for \"dense_1/kernel\" is uint8, must be float32");
    visml_tensor_release(t);
    visml_tensor_release(bytes);
    visml_model_free(open);
    visml_model_free(m);
}

static void the_seed_decides_the_values(void **state) {
    (void)state;
    visml_context *seeded = assert_made(visml_context_new(OPTS(visml_context_opts, .seed = 5), &err), &err);
    visml_model *m[] = {small_cnn(ctx, &err), small_cnn(ctx, &err), small_cnn(ctx, &err), small_cnn(seeded, &err)};
    const uint64_t seeds[] = {5, 5, 6, 0};
    for (int i = 0; i < 4; i++)
        assert_ok(visml_model_build(m[i], seeds[i], &err), &err);
    size_t bytes = m[0]->value_count * sizeof(real);
    assert_memory_equal(m[0]->values, m[1]->values, bytes);
    assert_memory_not_equal(m[0]->values, m[2]->values, bytes);
    assert_memory_equal(m[0]->values, m[3]->values, bytes); /* 0 takes the context's */
    assert_memory_not_equal(m[0]->values + m[0]->params[4].offset, m[0]->values + m[0]->params[6].offset, 64);
    for (int i = 0; i < 4; i++)
        visml_model_free(m[i]);
    visml_context_free(seeded);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(order_and_alignment), TEST(views_keep_the_model), TEST(values_are_replaced_whatever_their_strides),
        TEST(bad_arguments_are_named), TEST(the_seed_decides_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
