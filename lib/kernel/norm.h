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

/* The gradients of y = gamma * (x - mean) * invstd + beta, with mean and invstd of the batch: dx (NULL: not wanted), dgamma, dbeta (both
 * always computed; they need room for c). gamma NULL means 1. */
size_t visml_batchnorm_backward_scratch(const visml_compute *c, int64_t rows, int64_t channels);
void visml_batchnorm_backward(const visml_compute *c, int64_t rows, int64_t channels, const real *x, const real *mean,
                              const real *invstd, const real *gamma, const real *dy, real *dx, real *dgamma, real *dbeta,
                              void *scratch);

#endif
