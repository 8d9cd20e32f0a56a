/* A layer against Keras: one case of tests/golden/layers.bin. */
#ifndef SUPPORT_LAYER_GOLDEN_H
#define SUPPORT_LAYER_GOLDEN_H

#include "support/layer_run.h"

/* Outputs in both modes, gradients and moving averages as golden. The layer is consumed; NULL fails with the error. */
void test_layer_golden(const char *name, visml_layer *layer, const visml_error *err);
/* The same of another file of tests/golden. */
void test_layer_golden_in(const char *file, const char *name, visml_layer *layer, const visml_error *err);

/* A layer (consumed) on values worked out by hand: y for x in this mode, where x is one sample. */
void test_layer_by_hand(visml_layer *layer, const visml_shape *in, visml_mode mode, const float *x, const float *y);

/* Fails unless the layer (consumed) refuses these input shapes with this message. */
void test_layer_refuses(visml_layer *layer, const visml_shape *in, size_t inputs, const char *message);

#endif
