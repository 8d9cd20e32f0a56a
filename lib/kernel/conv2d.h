/* Two-dimensional convolution (cross-correlation) on [N, H, W, C]. */
#ifndef KERNEL_CONV2D_H
#define KERNEL_CONV2D_H

#include "kernel/gemm.h"

typedef struct visml_conv2d_geometry {
    int64_t n, h, w, c;     /* input [n, h, w, c] */
    int64_t oh, ow, f;      /* output [n, oh, ow, f] */
    int64_t kh, kw;         /* kernel [kh, kw, c / groups, f] */
    int64_t sh, sw, dh, dw; /* strides, dilation */
    int64_t top, left;      /* zeros in front; those behind follow from oh, ow */
    int64_t groups;         /* divides c and f */
} visml_conv2d_geometry;

/* The weights in the order in which forward reads them, for many runs: visml_conv2d_packed_bytes, aligned to 64. n does not count. */
size_t visml_conv2d_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_conv2d_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed);
/* Geometries of the same kernel that differ in the size of the image have the same packed weights where this is the same. */
#define VISML_PACKED_FORMS 3 /* 0 ... 2 */
int32_t visml_conv2d_packed_form(const visml_conv2d_geometry *g);

/* y = conv(x, w), then the epilogue (NULL: none; bias [f]). packed: w as visml_conv2d_pack left it, then w is not read; or NULL. */
size_t visml_conv2d_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_conv2d_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                          real *y, const visml_epilogue *epilogue, void *scratch);

/* dx = the gradient of x; overwritten. */
size_t visml_conv2d_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_conv2d_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                void *scratch);

/* dw = the gradient of w, db [f] (NULL: not wanted) of the bias; overwritten. The scratch is enough for a smaller n too. */
size_t visml_conv2d_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_conv2d_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                   real *db, void *scratch);

#endif
