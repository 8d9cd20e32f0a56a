/* Several arrays of n elements to one, element by element, in blocks of a fixed size over the threads. */
#ifndef KERNEL_COMBINE_H
#define KERNEL_COMBINE_H

#include "kernel/compute.h"
#include "kernel/leaf.h"

/* y = the difference, product, mean, largest or smallest of m's inputs. NaN stays NaN. y may be the first input. */
void visml_combine(const visml_compute *c, const visml_combination *m, size_t n, real *y);
/* dx = the gradient of input number `which`. y is read for the largest and the smallest alone, whose gradient goes to the first input that
 * it is. dx may be dy. */
void visml_combine_backward(const visml_compute *c, const visml_combination *m, int32_t which, size_t n, const real *y, const real *dy,
                            real *dx);

#endif
