/* What the layers share whose forward is one convolution, with params[0] as kernel and params[1] as bias: all but options and shapes. Each
 * asks the class' geometry hook which convolution it is. */
#ifndef NN_CONVOLVING_H
#define NN_CONVOLVING_H

#include "nn/layer.h"

/* Of conv1d, which is conv2d on a picture of one row, and of conv2d. */
visml_status visml_convolving_check(const visml_layer *layer, visml_error *err);
visml_status visml_convolving_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err);
visml_status visml_convolving_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err);
int visml_convolving_geometry(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g);

/* Of all. */
size_t visml_convolving_scratch(const visml_layer *layer, const visml_pass *pass);
void visml_convolving_forward(const visml_layer *layer, const visml_pass *pass);
void visml_convolving_backward(const visml_layer *layer, const visml_pass *pass);
size_t visml_convolving_prepare_bytes(const visml_layer *layer, const visml_pass *pass);
void visml_convolving_prepare(const visml_layer *layer, const visml_pass *pass, void *prepared);
int32_t visml_convolving_prepared_form(const visml_layer *layer, const visml_pass *pass);

/* Scratch of a convolution: of forward, and in training of the backward passes and of the bias' gradient. */
size_t visml_convolving_bytes(const visml_pass *pass, const visml_conv2d_geometry *g);
/* What of a convolution's packed weights is worth keeping: all or 0. */
size_t visml_convolving_packed(const visml_compute *c, const visml_conv2d_geometry *g);
/* The pass' epilogue, with the layer's own bias where the epilogue has none. */
visml_epilogue visml_convolving_epilogue(const visml_layer *layer, const visml_pass *pass);

/* VISML_EINVAL unless the groups divide the filters: for check. */
visml_status visml_convolving_filters(const visml_layer *layer, int32_t filters, int32_t groups, visml_error *err);
/* channels * multiplier, the outputs of a depthwise convolution. Errors: VISML_EINVAL where that is more than can be counted. */
visml_status visml_convolving_multiply(const visml_shape *in, int32_t multiplier, int64_t *outputs, visml_error *err);
/* Declares a kernel; fans as Keras counts them, from the kernel's shape: its last dimension but one in, its last one out, each times the
 * elements of the dimensions before. */
visml_status visml_convolving_kernel(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, visml_error *err);
/* Declares a bias of so many channels unless there is none. */
visml_status visml_convolving_bias(visml_layer *layer, int32_t no_bias, int64_t channels, visml_init init, visml_error *err);

#endif
