/* Convolution with 3 x 3 weights in fewer multiplications: tiles of m x m outputs, m = 2 or 4, are (m + 2)^2 products of the channels'
 * number instead of 9 m^2 (Lavin and Gray 2016). 2.25 and 4 times fewer, at the price of transforms.
 *
 * Error: a result is off by at most VISML_WINOGRAD_ERROR_m times 2^-24 times the largest sum of magnitudes of terms among the results
 * (tests/kernel/test_winograd.c holds it to that; measured: 3.8 and 29; direct convolution stays within 12 times its own sum). What is not
 * finite spreads over its tile. */
#ifndef KERNEL_WINOGRAD_H
#define KERNEL_WINOGRAD_H

#include "kernel/conv2d.h"

#define VISML_WINOGRAD_ERROR_2 6
#define VISML_WINOGRAD_ERROR_4 40

/* 1 where the weights are 3 x 3, strides, dilation and groups 1. */
int visml_winograd_is_possible(const visml_conv2d_geometry *g);

/* Which m is the fastest for this geometry, 0: none, direct convolution is. Forward by one image's shape: a picture's result does not
 * depend on the batch that it comes in. The backward passes by the whole batch. */
int32_t visml_winograd_choice(const visml_conv2d_geometry *g);
int32_t visml_winograd_data_choice(const visml_conv2d_geometry *g);
int32_t visml_winograd_weights_choice(const visml_conv2d_geometry *g);

/* As the functions of kernel/conv2d.h; strides, dilation and groups are 1. */
size_t visml_winograd_packed_elements(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m);
void visml_winograd_pack(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *w, real *packed);

size_t visml_winograd_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m);
void visml_winograd_forward(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *x, const real *w,
                            const real *packed, real *y, const visml_epilogue *epilogue, void *scratch);

size_t visml_winograd_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m);
void visml_winograd_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *dy, const real *w,
                                  real *dx, void *scratch);

size_t visml_winograd_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m);
void visml_winograd_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, int32_t m, const real *x, const real *dy,
                                     real *dw, void *scratch);

#endif
