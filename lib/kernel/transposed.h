/* Transposed convolution: what conv2d's gradient of the data computes, as an operation of its own (Zeiler et al. 2010). */
#ifndef KERNEL_TRANSPOSED_H
#define KERNEL_TRANSPOSED_H

#include "kernel/conv2d.h"

/* g is the convolution that is transposed: y [n, h, w, c] of x [n, oh, ow, f], kernel [kh, kw, c, f], one group. An image's result does not
 * depend on the batch that it comes in: with strides of 1 it is a convolution with turned weights, which chooses by one image's shape. */

/* Turned weights in the order in which forward reads them, for many runs; as visml_conv2d_pack. 0: nothing to prepare. */
size_t visml_transposed_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_transposed_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed);
int32_t visml_transposed_packed_form(const visml_conv2d_geometry *g);

/* y, then the epilogue (NULL: none; its arrays are [c] and y's shape). packed: w as visml_transposed_pack left it, or NULL. */
size_t visml_transposed_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_transposed_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                              real *y, const visml_epilogue *epilogue, void *scratch);

#endif
