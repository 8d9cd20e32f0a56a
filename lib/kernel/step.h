/* Optimizer steps over one flat array, one fused pass each. */
#ifndef KERNEL_STEP_H
#define KERNEL_STEP_H

#include "kernel/compute.h"

/* v = momentum * v - lr * g; w += v (nesterov: w += momentum * v - lr * g). momentum == 0: v may be NULL. */
void visml_sgd_step(const visml_compute *c, size_t n, real *w, const real *g, real *v, double lr, double momentum, int nesterov);
/* m += (g - m)(1 - beta_1); v += (g g - v)(1 - beta_2); w -= m alpha / (sqrt(v) + epsilon); alpha holds the bias corrections. */
void visml_adam_step(const visml_compute *c, size_t n, real *w, const real *g, real *m, real *v, double alpha, double beta_1,
                     double beta_2, double epsilon);

#endif
