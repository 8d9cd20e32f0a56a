/* Batch normalisation over [rows, c] of which not all elements count, as Keras 3 has it: mean and variance are those of the ones that do,
 * and all are normalised with them. In doubles, each channel in the order of the rows. */
#ifndef KERNEL_MASKED_NORM_H
#define KERNEL_MASKED_NORM_H

#include "kernel/norm.h"

/* counts [rows, c]: 0 or 1. count[c] is how many do, mean[c] and the biased var[c] are theirs: 0 where there are none. */
void visml_masked_moments(const visml_compute *c, int64_t rows, int64_t channels, const real *x, const uint8_t *counts, real *mean,
                          real *var, real *count);

/* As visml_batchnorm_backward, but that b->activation is left to the caller. */
void visml_masked_norm_backward(const visml_compute *c, int64_t rows, int64_t channels, const visml_normalisation *b,
                                const uint8_t *counts, const real *count, const real *dy, real *dx, real *dgamma, real *dbeta);

#endif
