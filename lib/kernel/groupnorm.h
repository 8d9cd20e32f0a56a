/* Normalisation of each sample's groups of channels by their own mean and biased variance (Wu and He 2018). */
#ifndef KERNEL_GROUPNORM_H
#define KERNEL_GROUPNORM_H

#include "kernel/compute.h"

/* x [n, rows, c]: channels c / groups * i ... c / groups * (i + 1) of all rows of a sample are group i of it. */
typedef struct visml_group_normalisation {
    int64_t n, rows, c, groups;
    const real *x;
    const real *gamma, *beta; /* [c]; NULL: 1, 0 */
    double epsilon;
} visml_group_normalisation;

/* y = (x - mean) invstd gamma + beta with invstd = 1 / sqrt(var + epsilon). mean, invstd [n, c]: each channel's group's; written, and read
 * by backward. */
size_t visml_groupnorm_forward_scratch(const visml_compute *c, int64_t n, int64_t rows, int64_t channels);
void visml_groupnorm_forward(const visml_compute *c, const visml_group_normalisation *g, real *y, real *mean, real *invstd, void *scratch);

/* Its gradients: dx, dgamma, dbeta; NULL where one is not wanted. */
size_t visml_groupnorm_backward_scratch(const visml_compute *c, int64_t n, int64_t rows, int64_t channels);
void visml_groupnorm_backward(const visml_compute *c, const visml_group_normalisation *g, const real *mean, const real *invstd,
                              const real *dy, real *dx, real *dgamma, real *dbeta, void *scratch);

#endif
