/* Eigenvalues and eigenvectors of symmetric matrices, in double. */
#ifndef FEATURE_EIGEN_H
#define FEATURE_EIGEN_H

#include "base/memory.h"

/* a: [n, n], of which the triangle below the diagonal (a[i, j], j <= i) counts; is overwritten. values: [n], from large to small. vectors:
 * [k, n], those of the first k values, orthonormal, of no particular sign. Householder's reduction to three diagonals, implicit QL for the
 * values, inverse iteration for the vectors (Golub and Van Loan 2013, 8.3; Peters and Wilkinson 1979). One thread.
 * Errors: VISML_ENOMEM, VISML_ENONFINITE. */
visml_status visml_eigen_symmetric(visml_memory *m, int64_t n, double *a, int64_t k, double *values, double *vectors, visml_error *err);

#endif
