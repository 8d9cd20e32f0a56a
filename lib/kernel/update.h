/* Steps of optimizers beyond kernel/step.h, and what is done to gradients and weights around a step: flat arrays, one fused pass each. */
#ifndef KERNEL_UPDATE_H
#define KERNEL_UPDATE_H

#include "kernel/compute.h"
#include "kernel/leaf.h"

/* A step of the table and what it works on. d: the gradient; ~ x (share): moves towards x by this share, a += (x - a) share.
 *
 *   amsgrad   a ~ d (first); b ~ d^2 (second); c = max(c, b); w -= a rate / (sqrt(c) + epsilon)
 *   rmsprop   a ~ d^2 (second); v = a, or with c (may be NULL): c ~ d (second), v = a - c^2; s = d rate / sqrt(v + epsilon), or with b (may
 *             be NULL): s = b = b momentum + that; w -= s
 *   nadam     a ~ d (first); b ~ d^2 (second); w -= (a rate + d rate_of_g) / (sqrt(b) correction + epsilon)
 *   adamax    a ~ d (first); b = max(b keep, |d|); w -= a rate / (b + epsilon)
 *   adagrad   a += d^2; w -= d rate / sqrt(a + epsilon)
 *   adadelta  a ~ d^2 (second); s = d sqrt(b + epsilon) / sqrt(a + epsilon); b ~ s^2 (second); w -= s rate
 *   lion      s = sign(a + (d - a) first); a ~ d (second); w -= s rate */
typedef void visml_update_kernel(const visml_update_terms *t, size_t n, real *w, const real *g, real *a, real *b, real *c);

typedef struct visml_update_arrays {
    real *w;
    const real *g;
    real *a, *b, *c; /* NULL where the step has none */
} visml_update_arrays;

void visml_update_step(const visml_compute *c, visml_update_kernel *step, const visml_update_terms *terms, size_t n,
                       const visml_update_arrays *arrays);

/* to += (from - to) share; from NULL: zeros, to -= to share. */
void visml_approach(const visml_compute *c, size_t n, const real *from, real *to, real share);
/* x = min(max(x, -limit), limit); NaN stays. */
void visml_clamp(const visml_compute *c, size_t n, real *x, real limit);
/* g = (g + sum) share; sum = 0. */
void visml_take_mean(const visml_compute *c, size_t n, real *g, real *sum, real share);

#endif
