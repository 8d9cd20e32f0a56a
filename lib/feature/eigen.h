/* Eigenvalues and eigenvectors of symmetric matrices, in double. */
#ifndef FEATURE_EIGEN_H
#define FEATURE_EIGEN_H

#include "base/memory.h"
#include "kernel/compute.h"

/* a: [n, n], of which the triangle below the diagonal (a[i, j], j <= i) counts; is overwritten. values: [k], the first ones from large to
 * small. vectors: [k, n], theirs, orthonormal, of no particular sign. Householder's reduction to three diagonals (tridiagonal.c), then all
 * values by implicit QL, or the few that are wanted by bisection, and vectors by inverse iteration (Golub and Van Loan 2013, 8.3 and 8.4;
 * Peters and Wilkinson 1979). Errors: VISML_ENOMEM, VISML_ENONFINITE. */
visml_status visml_eigen_symmetric(const visml_compute *c, visml_memory *m, int64_t n, double *a, int64_t k, double *values,
                                   double *vectors, visml_error *err);

#endif
