/* Positive definite systems in double. */
#ifndef CLASSIFY_CHOLESKY_H
#define CLASSIFY_CHOLESKY_H

#include "classify/classifier.h"

/* a[n, n], of which the triangle below the diagonal counts, becomes L with L L' = a, in panels of columns (Golub and Van Loan 2013, 4.2.8).
 * *positive: 0 where a pivot is not above `least` times the number on the diagonal that it came from; a is then spoilt. run is asked
 * whether to go on; NULL: nobody is. Errors: VISML_ECANCELLED. */
visml_status visml_cholesky(const visml_compute *c, const visml_fit_run *run, int64_t n, double *a, double least, int *positive,
                            visml_error *err);
/* x[n] = L^-1 x, L'^-1 x, L'^-1 L^-1 x, and L' x. */
void visml_cholesky_forward(int64_t n, const double *l, double *x);
void visml_cholesky_backward(int64_t n, const double *l, double *x);
void visml_cholesky_solve(int64_t n, const double *l, double *x);
void visml_cholesky_apply(int64_t n, const double *l, double *x);

#endif
