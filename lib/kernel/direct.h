/* Convolution as a product of patches and weights: every geometry. The functions are as those of kernel/conv2d.h. */
#ifndef KERNEL_DIRECT_H
#define KERNEL_DIRECT_H

#include "kernel/conv2d.h"

size_t visml_direct_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_direct_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed);

size_t visml_direct_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_direct_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                          real *y, const visml_epilogue *epilogue, void *scratch);

size_t visml_direct_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_direct_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                void *scratch);

size_t visml_direct_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_direct_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                   void *scratch);

#endif
