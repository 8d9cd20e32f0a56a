/* Networks that the tests of this room share; the first three are those of tests/golden/make_model_goldens.py. */
#ifndef MODEL_NETWORKS_H
#define MODEL_NETWORKS_H

#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "support/support.h"

#define OPTS VISML_OPTS

/* conv, max, conv, flatten, dense, dense: [28, 28, 1] -> [10] */
static inline visml_model *small_cnn(visml_context *c, visml_error *e) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(28, 28, 1), e);
    visml_model_add(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 32, .kernel_size = {3}, .activation = VISML_RELU), e), e);
    visml_model_add(m, visml_maxpool2d(c, NULL, e), e);
    visml_model_add(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 64, .kernel_size = {3}, .activation = VISML_RELU), e), e);
    visml_model_add(m, visml_flatten(c, NULL, e), e);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 128, .activation = VISML_RELU), e), e);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 10, .activation = VISML_SOFTMAX), e), e);
    return m;
}

/* The network `seed-cnn`: [32, 32, 3] -> [10] */
static inline visml_model *seed_cnn(visml_context *c, visml_error *e) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(32, 32, 3), e);
    for (int32_t f = 32; f <= 128; f *= 2) {
        visml_model_add(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {3}, .padding = VISML_SAME,
                                                .activation = VISML_RELU), e), e);
        visml_model_add(m, visml_batchnorm(c, NULL, e), e);
        visml_model_add(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {3}, .activation = VISML_RELU), e), e);
        visml_model_add(m, visml_maxpool2d(c, NULL, e), e);
        visml_model_add(m, visml_dropout(c, OPTS(visml_dropout_opts, .rate = 0.25), e), e);
    }
    visml_model_add(m, visml_flatten(c, NULL, e), e);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 512, .activation = VISML_RELU), e), e);
    visml_model_add(m, visml_dropout(c, OPTS(visml_dropout_opts, .rate = 0.5), e), e);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 10, .activation = VISML_SOFTMAX), e), e);
    return m;
}

#define AFTER(...) (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)

/* Every kind of layer, branches, fan-out, a shared input, softmax inside and at the end: [8, 8, 3] -> [3]. `rate`: of its dropout. */
static inline visml_model *residual(visml_context *c, double rate, visml_error *e) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(8, 8, 3), e);
    int32_t x = visml_model_apply(m, visml_rescaling(c, OPTS(visml_rescaling_opts, .scale = 1 / 127.5, .offset = -1, .name = "rescaling"),
                                                     e), AFTER(0), e);
    int32_t a = visml_model_apply(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME,
                                                          .activation = VISML_RELU, .name = "a"), e), AFTER(x), e);
    int32_t n = visml_model_apply(m, visml_batchnorm(c, OPTS(visml_batchnorm_opts, .momentum = 0.9, .name = "n"), e), AFTER(a), e);
    int32_t b = visml_model_apply(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3, 2}, .padding = VISML_SAME,
                                                          .no_bias = 1, .name = "b"), e), AFTER(n), e);
    int32_t add = visml_model_apply(m, visml_add(c, OPTS(visml_plain_opts, .name = "add"), e), AFTER(n, b, n), e);
    int32_t act = visml_model_apply(m, visml_activation(c, OPTS(visml_activation_opts, .activation = VISML_LEAKY_RELU, .name = "act"), e),
                                    AFTER(add), e);
    int32_t p = visml_model_apply(m, visml_maxpool2d(c, OPTS(visml_pool2d_opts, .name = "p"), e), AFTER(act), e);
    int32_t q = visml_model_apply(m, visml_avgpool2d(c, OPTS(visml_pool2d_opts, .name = "q"), e), AFTER(act), e);
    int32_t cat = visml_model_apply(m, visml_concatenate(c, OPTS(visml_concatenate_opts, .name = "cat"), e), AFTER(p, q), e);
    int32_t k = visml_model_apply(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 6, .kernel_size = {2}, .strides = {2}, .groups = 2,
                                                          .activation = VISML_TANH, .name = "c"), e), AFTER(cat), e);
    int32_t g = visml_model_apply(m, visml_global_avgpool2d(c, OPTS(visml_global_pool2d_opts, .name = "g"), e), AFTER(k), e);
    int32_t f = visml_model_apply(m, visml_flatten(c, OPTS(visml_plain_opts, .name = "f"), e), AFTER(k), e);
    int32_t drop = visml_model_apply(m, visml_dropout(c, OPTS(visml_dropout_opts, .rate = rate > 0 ? rate : VISML_ZERO, .name = "drop"),
                                                      e), AFTER(f), e);
    int32_t d = visml_model_apply(m, visml_dense(c, OPTS(visml_dense_opts, .units = 5, .activation = VISML_SIGMOID, .name = "d"), e),
                                  AFTER(drop), e);
    int32_t r = visml_model_apply(m, visml_reshape(c, OPTS(visml_reshape_opts, .target_shape = {3, 8}, .name = "r"), e), AFTER(f), e);
    int32_t t = visml_model_apply(m, visml_dense(c, OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX, .name = "e"), e),
                                  AFTER(r), e);
    int32_t s = visml_model_apply(m, visml_flatten(c, OPTS(visml_plain_opts, .name = "s"), e), AFTER(t), e);
    int32_t join = visml_model_apply(m, visml_concatenate(c, OPTS(visml_concatenate_opts, .name = "join"), e), AFTER(g, d, s), e);
    visml_model_apply(m, visml_dense(c, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX, .name = "out"), e), AFTER(join), e);
    return m;
}

/* Builds, or fails the test with the message. */
static inline visml_model *built(visml_model *m, visml_error *e) {
    assert_ok(visml_model_build(m, 1, e), e);
    return m;
}

/* A tensor [n, shape] of random numbers: float32 in [-1, 1), or bytes. */
static inline visml_tensor *random_input(visml_context *c, const visml_shape *shape, int64_t n, visml_dtype dtype, uint64_t seed) {
    visml_error e = {0};
    visml_shape full = visml_shape_with_batch(shape, n);
    visml_tensor *t = assert_made(visml_tensor_new(c, dtype, &full, &e), &e);
    for (int64_t i = 0; i < t->count; i++) {
        if (dtype == VISML_U8)
            ((uint8_t *)t->data)[i] = (uint8_t)(test_random(&seed) >> 9);
        else
            ((real *)t->data)[i] = (real)test_random_float(&seed);
    }
    return t;
}

/* A new tensor for the model's output of n rows. */
static inline visml_tensor *new_output(const visml_model *m, int64_t n) {
    visml_error e = {0};
    visml_shape full = visml_shape_with_batch(visml_model_output_shape(m), n);
    return assert_made(visml_tensor_new(m->context, VISML_REAL_DTYPE, &full, &e), &e);
}

/* What the model makes of x, by a session of its own. Owned. */
static inline visml_tensor *predict(const visml_model *m, const visml_tensor *x, int32_t max_batch) {
    visml_error e = {0};
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = max_batch), &e), &e);
    visml_tensor *y = new_output(m, x->shape.dims[0]);
    assert_ok(visml_session_run(s, x, y, &e), &e);
    visml_session_free(s);
    return y;
}

static inline void assert_same_bits(const visml_tensor *a, const visml_tensor *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->dtype, b->dtype);
    assert_memory_equal(a->data, b->data, (size_t)a->count * visml_dtype_bytes(a->dtype));
}

#endif
