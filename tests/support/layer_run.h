/* Runs one layer as a session does: parameters, passes, the activation applied around them. All arrays end at unreadable pages and are
 * filled with NaN before they are written. Also built with double. */
#ifndef SUPPORT_LAYER_RUN_H
#define SUPPORT_LAYER_RUN_H

#include "nn/layer.h"
#include "support/support.h"

#define TEST_MAX_INPUTS 8

typedef struct test_layer {
    visml_layer *layer; /* owned */
    visml_shape in[TEST_MAX_INPUTS], out;
    size_t inputs;
    int64_t batch;
    real *x[TEST_MAX_INPUTS], *dx[TEST_MAX_INPUTS], *y, *dy, *product; /* product: dy times the derivative of the activation */
    real *before; /* what the activation is applied to, where its derivative needs that; else y */
    real *params[VISML_MAX_PARAMS], *grads[VISML_MAX_PARAMS];
    void *keep, *scratch;
    void *prepared; /* NULL until test_layer_prepare */
    size_t keep_bytes, scratch_bytes, prepared_bytes;
    uint64_t key, step;
    real *state; /* [batch, width] of a stateful layer, else NULL; some numbers before each forward */
    int32_t input_activation; /* whose derivative backward multiplies dx[0] by; VISML_LINEAR until set */
} test_layer;

/* Builds the layer (consumed) for these shapes, initialises its parameters and fills the inputs and dy with numbers of [-1, 1). */
void test_layer_open(test_layer *t, visml_layer *layer, int64_t batch, const visml_shape *in, size_t inputs);
void test_layer_close(test_layer *t);

int64_t test_layer_count(const test_layer *t, const visml_shape *shape); /* elements of a batch */
int64_t test_layer_param_count(const test_layer *t, size_t i);

/* What the class prepares for inference, of the parameters as they are; nothing where it prepares nothing. */
void test_layer_prepare(test_layer *t);
/* y from x, in the mode. */
void test_layer_forward(test_layer *t, visml_mode mode);
/* dx and grads from dy, after a forward in training. */
void test_layer_backward(test_layer *t);

#endif
