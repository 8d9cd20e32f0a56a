/* Small problems that can be learned in a moment, for the tests of this room. */
#ifndef TRAIN_TOY_H
#define TRAIN_TOY_H

#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "model/model.h"
#include "visml/visml.h"

#define TOY_SIZE 8
#define TOY_CLASSES 3

static inline void toy_paint(unsigned char *image, int label, uint64_t *random) {
    int at = 1 + (int)(test_random(random) % (TOY_SIZE - 2));
    for (int y = 0; y < TOY_SIZE; y++)
        for (int x = 0; x < TOY_SIZE; x++) {
            int on = label == 0 ? y == at : label == 1 ? x == at : (x + y) % TOY_SIZE == at; /* a row, a column, a diagonal */
            image[y * TOY_SIZE + x] = (unsigned char)((on ? 190 : 10) + (int)(test_random(random) % 50));
        }
}

/* n drawn lines: VISML_U8 [n, 8, 8, 1], three classes in turn. */
static inline visml_dataset *toy_lines(visml_context *ctx, int64_t n, uint64_t seed) {
    static const char *const names[] = {"row", "column", "diagonal"};
    visml_error err = {0};
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(n, TOY_SIZE, TOY_SIZE, 1), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    unsigned char *pixels = visml_tensor_data(x);
    for (int64_t i = 0; i < n; i++) {
        ((int32_t *)visml_tensor_data(y))[i] = (int32_t)(i % TOY_CLASSES);
        toy_paint(pixels + i * TOY_SIZE * TOY_SIZE, (int)(i % TOY_CLASSES), &seed);
    }
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, names, TOY_CLASSES, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

/* Two clouds of points around (-1, -1) and (1, 1): VISML_F32 [n, 2]. */
static inline visml_dataset *toy_blobs(visml_context *ctx, int64_t n, uint64_t seed) {
    visml_error err = {0};
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, 2), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    for (int64_t i = 0; i < n; i++) {
        ((int32_t *)visml_tensor_data(y))[i] = (int32_t)(i % 2);
        for (int k = 0; k < 2; k++)
            ((float *)visml_tensor_data(x))[2 * i + k] = (i % 2 ? 1.0f : -1.0f) + 0.8f * test_random_float(&seed);
    }
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 2, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

/* A dataset of rows with targets of the caller's: VISML_F32 [n, width] and VISML_F32 [n, targets] or VISML_I32 [n]. */
static inline visml_dataset *toy_rows(visml_context *ctx, int64_t n, int64_t width, const float *x, int64_t targets, const void *y) {
    visml_error err = {0};
    visml_tensor *a = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, width), &err), &err);
    visml_tensor *b = targets ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, targets), &err)
                              : visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err);
    assert_made(b, &err);
    memcpy(visml_tensor_data(a), x, (size_t)(n * width) * sizeof *x);
    memcpy(visml_tensor_data(b), y, (size_t)(n * (targets ? targets : 1)) * 4);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, a, b, NULL, 0, &err), &err);
    visml_tensor_release(a);
    visml_tensor_release(b);
    return ds;
}

/* Convolution, batch normalisation and dropout: all that has a state of its own. */
static inline visml_model *toy_cnn(visml_context *ctx) {
    visml_error err = {0};
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), &err);
    visml_model_add(m, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &err);
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 8, .kernel_size = {3}, .activation = VISML_RELU,
                                                    .padding = VISML_SAME), &err), &err);
    visml_model_add(m, visml_batchnorm(ctx, VISML_OPTS(visml_batchnorm_opts, .momentum = 0.9), &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dropout(ctx, VISML_OPTS(visml_dropout_opts, .rate = 0.25), &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = TOY_CLASSES, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(m, 7, &err), &err);
    return m;
}

/* One dense layer. */
static inline visml_model *toy_dense(visml_context *ctx, int64_t width, int32_t units, visml_act activation) {
    visml_error err = {0};
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(width), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = units, .activation = activation), &err), &err);
    assert_ok(visml_model_build(m, 7, &err), &err);
    return m;
}

/* A fingerprint of all parameters, bit by bit. */
static inline uint32_t toy_hash(const visml_model *m) {
    return visml_crc32(0, m->values, m->value_count * sizeof *m->values);
}

#endif
