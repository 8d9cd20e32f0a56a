/* What keeps parameters and outputs small: L1 and L2 penalties, and a bound of norms. */
#ifndef KERNEL_PENALTY_H
#define KERNEL_PENALTY_H

#include "kernel/compute.h"

/* l1 sum|x| + l2 sum x^2. */
double visml_penalty(const visml_compute *c, size_t n, const real *x, double l1, double l2);
/* dx += l1 sign(x) + 2 l2 x, the penalty's gradient; sign(0) is 0. */
void visml_penalize(const visml_compute *c, size_t n, const real *x, double l1, double l2, real *dx);

/* Columns of w [rows, cols] whose norm is above `limit` are scaled down to it: w *= min(norm, limit) / (1e-7 + norm), as Keras' MaxNorm
 * (Srebro and Shraibman 2005), for every column. */
void visml_max_norm(const visml_compute *c, int64_t rows, int64_t cols, double limit, real *w);

#endif
