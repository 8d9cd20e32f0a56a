/* Rows of a table by their numbers. */
#ifndef KERNEL_LOOKUP_H
#define KERNEL_LOOKUP_H

#include "kernel/compute.h"

/* y[i] = table[ids[i]], rows of `width`; ids are rounded towards 0, and one that is no row's number, or NaN, gives NaN. */
void visml_lookup(const visml_compute *c, int64_t n, const real *ids, int64_t rows, int64_t width, const real *table, real *y);
/* sums[row] = the sum of dy[i], in order, over all i with ids[i] == row; those that are no row's number are left out. */
void visml_lookup_backward(const visml_compute *c, int64_t n, const real *ids, int64_t rows, int64_t width, const real *dy, real *sums);

#endif
