/* Convolution of images with few channels, as first layers have: the patches of neighbouring outputs are read where they stand, in rows of
 * the image with its padding, since copying them out would take as long as the product. */
#ifndef KERNEL_THIN_H
#define KERNEL_THIN_H

#include "kernel/conv2d.h"

/* 1 where these functions serve: by the shape of one image. The functions are as those of kernel/conv2d.h. */
int visml_thin_applies(const visml_conv2d_geometry *g);
int visml_thin_data_applies(const visml_conv2d_geometry *g);
int visml_thin_weights_applies(const visml_conv2d_geometry *g);

/* packed: the weights as visml_product_pack leaves those of a convolution; in the scratch if need be. */
size_t visml_thin_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_thin_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *packed, real *y,
                        const visml_epilogue *epilogue, void *scratch);

size_t visml_thin_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_thin_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                              void *scratch);

size_t visml_thin_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_thin_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                 void *scratch);

#endif
