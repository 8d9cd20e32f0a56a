/* Sums and extremes of whole arrays. Pieces of a fixed size are added up in 16 lanes, the pieces by a tree: the error grows with the
 * logarithm of n. */
#ifndef KERNEL_REDUCE_H
#define KERNEL_REDUCE_H

#include "kernel/compute.h"

real visml_reduce_sum(const visml_compute *c, size_t n, const real *x);
real visml_reduce_squares(const visml_compute *c, size_t n, const real *x);
/* The sum of magnitudes. */
real visml_reduce_abs(const visml_compute *c, size_t n, const real *x);
/* The sum of x[i] * y[i]. */
real visml_reduce_dot(const visml_compute *c, size_t n, const real *x, const real *y);

/* NaN when there is one. Of nothing: -infinity, infinity. A zero has no sign. */
real visml_reduce_max(const visml_compute *c, size_t n, const real *x);
real visml_reduce_min(const visml_compute *c, size_t n, const real *x);
/* The first place of the largest, or of a NaN when there is one. Of nothing: -1. */
int64_t visml_reduce_argmax(const visml_compute *c, size_t n, const real *x);

#endif
