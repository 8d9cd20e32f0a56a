/* Pooling on [N, H, W, C]. Padding takes part in neither maximum nor mean. */
#ifndef KERNEL_POOL2D_H
#define KERNEL_POOL2D_H

#include "kernel/compute.h"

typedef struct visml_pool2d_geometry {
    int64_t n, h, w, c;       /* input */
    int64_t oh, ow;           /* output [n, oh, ow, c]; every window holds at least one real pixel */
    int64_t ph, pw, sh, sw;   /* window, strides */
    int64_t top, left;        /* padding in front */
} visml_pool2d_geometry;

/* The first of equal values wins; a NaN in the window gives NaN. */
void visml_maxpool2d_forward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, real *y);
/* dx is overwritten. x and y as in the forward pass: the place of the maximum is found again, nothing is kept. */
void visml_maxpool2d_backward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, const real *y, const real *dy,
                              real *dx);
void visml_avgpool2d_forward(const visml_compute *c, const visml_pool2d_geometry *g, const real *x, real *y);
void visml_avgpool2d_backward(const visml_compute *c, const visml_pool2d_geometry *g, const real *dy, real *dx);

/* [n, rows, c] -> [n, c]: the mean over rows, by a fixed tree; and back. */
void visml_rowmean_forward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, real *y);
void visml_rowmean_backward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *dy, real *dx);

/* [n, rows, c] -> [n, c]: the maximum over rows (1 or more), as that of one window; and back. */
void visml_rowmax_forward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, real *y);
void visml_rowmax_backward(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const real *x, const real *y, const real *dy,
                           real *dx);

#endif
