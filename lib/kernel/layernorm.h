/* Normalisation of each row of [rows, c] by its own mean and biased variance (Ba, Kiros and Hinton 2016). */
#ifndef KERNEL_LAYERNORM_H
#define KERNEL_LAYERNORM_H

#include "kernel/compute.h"

typedef struct visml_layer_normalisation {
    int64_t rows, c;
    const real *x;
    const real *gamma, *beta; /* [c]; NULL: 1, 0 */
    double epsilon;
    int32_t keeps_mean; /* 1: y = x invstd gamma (+ beta), the mean being taken away for the variance alone */
} visml_layer_normalisation;

/* y = (x - mean) invstd gamma + beta with invstd = 1 / sqrt(var + epsilon). mean, invstd [rows]: for backward, or both NULL. */
void visml_layernorm_forward(const visml_compute *c, const visml_layer_normalisation *l, real *y, real *mean, real *invstd);

/* Its gradients: dx, dgamma, dbeta; NULL where one is not wanted. */
size_t visml_layernorm_backward_scratch(const visml_compute *c, int64_t rows, int64_t channels);
void visml_layernorm_backward(const visml_compute *c, const visml_layer_normalisation *l, const real *mean, const real *invstd,
                              const real *dy, real *dx, real *dgamma, real *dbeta, void *scratch);

#endif
