/* Sums and normalisation over the rows of [rows, c]. Rows are added in blocks of a fixed size, blocks by a fixed tree. */
#ifndef KERNEL_NORM_H
#define KERNEL_NORM_H

#include "kernel/compute.h"

/* sum[c] over all rows: the gradient of a bias. */
size_t visml_colsum_scratch(const visml_compute *c, int64_t rows, int64_t channels);
void visml_colsum(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *sum, void *scratch);

/* mean[c] and biased var[c], in two passes (no cancellation). */
size_t visml_moments_scratch(const visml_compute *c, int64_t rows, int64_t channels);
void visml_moments(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *mean, real *var, void *scratch);

/* y = x * scale[c] + shift[c]. y may be x. */
void visml_affine(const visml_compute *c, int64_t rows, int64_t channels, const real *x, const real *scale, const real *shift, real *y);

/* What a batch normalisation y = gamma * (x - mean) * invstd + beta was, with mean and invstd of the batch. x may itself be the result of
 * an activation whose derivative dx is to be multiplied by, which saves a walk over x and dx (VISML_LINEAR: none; never VISML_SOFTMAX). */
typedef struct visml_normalisation {
    const real *x, *mean, *invstd;
    const real *gamma; /* NULL: 1 */
    int32_t activation;
    real alpha;        /* of VISML_LEAKY_RELU */
} visml_normalisation;

/* Its gradients: dx (NULL: not wanted; may be dy), dgamma, dbeta (both always computed; they need room for c). */
size_t visml_batchnorm_backward_scratch(const visml_compute *c, int64_t rows, int64_t channels);
void visml_batchnorm_backward(const visml_compute *c, int64_t rows, int64_t channels, const visml_normalisation *b, const real *dy,
                              real *dx, real *dgamma, real *dbeta, void *scratch);

#endif
