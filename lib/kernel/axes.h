/* The axes of an array in another order. */
#ifndef KERNEL_AXES_H
#define KERNEL_AXES_H

#include "kernel/compute.h"

#define VISML_AXES 8

/* n arrays [dims...]: axis i of y is axis order[i] of x. rank <= VISML_AXES. */
void visml_axes_permute(const visml_compute *c, int64_t n, int32_t rank, const int64_t *dims, const int32_t *order, const real *x, real *y);
/* n matrices [rows, cols] -> [cols, rows]. */
void visml_axes_swap(const visml_compute *c, int64_t n, int64_t rows, int64_t cols, const real *x, real *y);

#endif
