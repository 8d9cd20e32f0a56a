/* Images made larger by whole factors, and vectors repeated. */
#ifndef KERNEL_LARGER_H
#define KERNEL_LARGER_H

#include "kernel/compute.h"

/* [n, h, w, c] -> [n, h down, w across, c]. */
typedef struct visml_larger {
    int64_t n, h, w, c;
    int64_t down, across;
} visml_larger;

/* Each pixel repeated; backward: dx = the sum of its copies' gradients, row by row. */
void visml_larger_nearest(const visml_compute *c, const visml_larger *g, const real *x, real *y);
void visml_larger_nearest_backward(const visml_compute *c, const visml_larger *g, const real *dy, real *dx);
/* Output o lies at (o + 1/2) / factor - 1/2 between two inputs; those at the edges go on outside. Backward: an image a piece of work,
 * output rows in order. */
void visml_larger_bilinear(const visml_compute *c, const visml_larger *g, const real *x, real *y);
void visml_larger_bilinear_backward(const visml_compute *c, const visml_larger *g, const real *dy, real *dx);

/* [n, width] -> [n, times, width]; backward: the sum over times, in order. */
void visml_repeat(const visml_compute *c, int64_t n, int64_t times, int64_t width, const real *x, real *y);
void visml_repeat_backward(const visml_compute *c, int64_t n, int64_t times, int64_t width, const real *dy, real *dx);

#endif
