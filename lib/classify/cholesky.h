/* Positive definite systems in double. */
#ifndef CLASSIFY_CHOLESKY_H
#define CLASSIFY_CHOLESKY_H

#include "kernel/compute.h"

/* a[n, n], of which the triangle below the diagonal counts, becomes L with L L' = a, in panels of columns (Golub and Van Loan 2013, 4.2.8).
 * 0 where a pivot is not above `least` times the number on the diagonal that it came from; a is then spoilt. */
int visml_cholesky(const visml_compute *c, int64_t n, double *a, double least);
/* x[n] = L'^-1 L^-1 x. */
void visml_cholesky_solve(int64_t n, const double *l, double *x);

#endif
