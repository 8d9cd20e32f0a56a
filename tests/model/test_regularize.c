/* Penalties, bounds of norms and frozen layers, against Keras; what they mean in files and messages. */
#include <math.h>

#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

#define WITH(...) VISML_OPTS(visml_layer_opts, __VA_ARGS__)

static void add(visml_model *m, visml_layer *layer, const visml_layer_opts *with) {
    visml_model_add(m, visml_layer_with(layer, with, &err), &err);
}

/* The network of the same name in tests/golden/make_model_goldens.py. */
static visml_model *penalised(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(4, 6), &err);
    add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 5, .name = "lstm"), &err),
        WITH(.kernel_l1 = 0.01, .kernel_l2 = 0.02, .recurrent_l1 = 0.03, .bias_l2 = 0.04, .recurrent_max_norm = 0.6));
    add(m, visml_batchnorm(ctx, OPTS(visml_batchnorm_opts, .name = "frozen"), &err), WITH(.frozen = 1));
    add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4, .activation = VISML_RELU, .name = "dense"), &err),
        WITH(.activity_l1 = 0.05, .activity_l2 = 0.06, .kernel_max_norm = 0.7, .bias_max_norm = 0.1));
    add(m, visml_batchnorm(ctx, OPTS(visml_batchnorm_opts, .name = "norm"), &err), WITH(.kernel_l2 = 0.07, .bias_l1 = 0.08));
    add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX, .name = "out"), &err), WITH(.kernel_l2 = 0.09));
    return built(m, &err);
}

static void step(visml_model *m, const float *grads, double lr) {
    for (size_t i = 0; i < m->trainable_count; i++)
        m->values[i] -= (float)lr * grads[i];
    visml_model_constrain(m);
    visml_model_changed(m);
}

static void params_from(visml_model *m, const float **next) {
    for (size_t i = 0; i < m->param_count; *next += m->params[i++].count)
        memcpy(m->values + m->params[i].offset, *next, m->params[i].count * sizeof(float));
}

static void agrees_with_keras(void **state) {
    (void)state;
    size_t bytes;
    char *path = test_source("tests/golden/model/penalised.f32");
    const float *golden = test_read_file(path, &bytes), *next = golden;
    visml_model *m = penalised();
    int32_t labels[5];
    params_from(m, &next);
    visml_loss *loss = visml_sparse_categorical_crossentropy(ctx, NULL, &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 8, 1, &err), &err);
    visml_train_batch batch = {.rows = 5, .x = next, .x_dtype = VISML_F32, .labels = labels, .divisor = 5};
    next += 5 * 4 * 6;
    for (int i = 0; i < 5; i++)
        labels[i] = (int32_t)*next++;
    for (int i = 0; i < 5; i++, next++) {
        double mean = visml_trainer_gradients(t, &batch) / 5;
        if (fabs(mean - (double)*next) > 3e-6 * fabs((double)*next))
            fail_msg("loss %d is %.8g, must be %.8g", i, mean, (double)*next);
        step(m, visml_trainer_grads(t), 0.3);
    }
    for (size_t i = 0; i < m->param_count; i++)
        for (size_t k = 0; k < m->params[i].count; k++, next++)
            if (fabsf(m->values[m->params[i].offset + k] - *next) > 1e-5f * fmaxf(1, fabsf(*next)))
                fail_msg("%s[%zu] is %.8g, must be %.8g", m->params[i].name, k, (double)m->values[m->params[i].offset + k], (double)*next);
    assert_int_equal((const char *)next - (const char *)golden, bytes);
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
    free((void *)(uintptr_t)golden);
    free(path);
}

static void files_keep_them(void **state) {
    (void)state;
    visml_model *m = penalised();
    size_t n = visml_model_to_json(m, NULL, 0);
    char *text = malloc(n + 1), *again = malloc(n + 1);
    visml_model_to_json(m, text, n + 1);
    visml_model *copy = assert_made(visml_model_from_json(ctx, text, n, NULL, 0, &err), &err);
    assert_ok(visml_model_build(copy, 1, &err), &err);
    assert_int_equal(visml_model_to_json(copy, again, n + 1), n);
    assert_string_equal(text, again);
    assert_true(copy->nodes[3].layer->with.kernel_max_norm == 0.7 && copy->nodes[2].layer->with.frozen);
    assert_false(visml_model_param_trainable(copy, 3)); /* frozen/gamma */
    assert_true(visml_model_param_trainable(copy, 0));
    visml_model_free(copy);
    visml_model_free(m);
    free(text);
    free(again);
}

static void wrong_ones_are_refused(void **state) {
    (void)state;
    assert_null(visml_layer_with(visml_dense(ctx, OPTS(visml_dense_opts, .units = 3), &err), WITH(.kernel_l2 = -1), &err));
    assert_status(err.code, VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "dense: kernel_l2 is -1"));
    assert_null(visml_layer_with(visml_flatten(ctx, NULL, &err), WITH(.activity_l1 = 1), &err));
    assert_non_null(strstr(err.message, "the layer before"));
    assert_null(visml_layer_with(NULL, WITH(.frozen = 1), &err));
    static const char json[] = "{\"input_shape\": [2], \"layers\": [{\"class\": \"dense\", \"units\": 2, \"kernel_l3\": 1}]}";
    assert_null(visml_model_from_json(ctx, json, sizeof json - 1, NULL, 0, &err));
    assert_non_null(strstr(err.message, "kernel_l3"));
}

/* Nothing below a frozen layer that nobody trains asks for gradients; and what is frozen does not move. */
static void frozen_layers_stay(void **state) {
    (void)state;
    visml_model *m = built(small_cnn(ctx, &err), &err);
    assert_ok(visml_model_set_trainable(m, NULL, "dense", 0, &err), &err);
    visml_loss *loss = visml_sparse_categorical_crossentropy(ctx, NULL, &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 2, 1, &err), &err);
    visml_tensor *x = random_input(ctx, VISML_SHAPE(28, 28, 1), 2, VISML_F32, 8);
    const int32_t labels[2] = {1, 7};
    visml_train_batch batch = {.rows = 2, .x = x->data, .x_dtype = VISML_F32, .labels = labels, .divisor = 2};
    visml_trainer_gradients(t, &batch);
    size_t moved = 0;
    for (size_t i = 0; i < m->param_count; i++)
        for (size_t k = 0; k < m->params[i].count; k++) {
            int is_head = strncmp(m->params[i].name, "dense_1/", 8) == 0;
            float g = visml_trainer_grads(t)[m->params[i].offset + k];
            moved += is_head && g != 0;
            assert_true(is_head || g == 0);
        }
    assert_true(moved > 500);
    assert_status(visml_model_set_trainable(m, "nope", NULL, 0, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "nope"));
    assert_status(visml_model_set_trainable(m, "dense", "conv2d", 0, &err), VISML_EINVAL, &err);
    visml_tensor_release(x);
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(files_keep_them),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(frozen_layers_stay),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
