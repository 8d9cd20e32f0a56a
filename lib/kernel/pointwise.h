/* Convolution with 1 x 1 weights and stride 1: products of matrices that lie in memory as they are needed. They are read where they stand,
 * and what memory is slow to give is asked for beforehand. Results are those of kernel/direct.h, bit for bit. */
#ifndef KERNEL_POINTWISE_H
#define KERNEL_POINTWISE_H

#include "kernel/conv2d.h"

/* 1 where the functions serve; weights: where visml_pointwise_collect does. */
int visml_pointwise_applies(const visml_conv2d_geometry *g);
int visml_pointwise_weights_applies(const visml_conv2d_geometry *g);

/* As the functions of kernel/conv2d.h. packed: the weights as visml_direct_pack leaves them. */
size_t visml_pointwise_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_pointwise_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                             real *y, const visml_epilogue *epilogue, void *scratch);

size_t visml_pointwise_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_pointwise_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                   void *scratch);

/* The gradient of the weights from `pixels` pixels alone, channels `row` ... row + rows: sums[row ...][f]. On the calling thread. */
void visml_pointwise_collect(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, int64_t pixel,
                             int64_t pixels, int64_t row, int64_t rows, real *sums);

#endif
