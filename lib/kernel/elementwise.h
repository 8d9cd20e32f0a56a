/* Element by element, in blocks of a fixed size over the threads. */
#ifndef KERNEL_ELEMENTWISE_H
#define KERNEL_ELEMENTWISE_H

#include "kernel/compute.h"

/* What is known of an activation (VISML_RELU, ...). */
/* 1: a function of the elements, which the two functions below compute; 0: of rows (see kernel/softmax.h). */
int visml_activation_is_elementwise(int32_t activation);
/* 1: the epilogues of products and the kernels of VISML_DERIVES_INPUT do it. The others cost many operations themselves, and take a walk of
 * their own over the result. */
int visml_activation_fuses(int32_t activation);
/* 1: its derivative cannot be had from y, so that visml_activate_backward takes x in its place. */
int visml_activation_needs_x(int32_t activation);

/* y = act(x); y may be x. alpha: of VISML_LEAKY_RELU and VISML_ELU. */
void visml_activate(const visml_compute *c, int32_t activation, real alpha, size_t n, const real *x, real *y);
/* dx = dy * act'(x), from y = act(x), or from x where visml_activation_needs_x says so; dx may be dy. ReLU's derivative at 0 is 0. */
void visml_activate_backward(const visml_compute *c, int32_t activation, real alpha, size_t n, const real *y, const real *dy, real *dx);

/* y = x * scale + offset; y may be x. */
void visml_scale(const visml_compute *c, size_t n, const real *x, real scale, real offset, real *y);
/* y = a + b; y may be a. */
void visml_sum(const visml_compute *c, size_t n, const real *a, const real *b, real *y);
/* Bytes 0 ... 255 to reals. */
void visml_from_u8(const visml_compute *c, size_t n, const uint8_t *x, real *y);
/* y = x * (keep ? 1 / (1 - rate) : 0), the mask being a function of (key, element): Philox block `i / 4`, word `i % 4`, counter_hi `step`;
 * kept when word * 2^-32 >= rate. y may be x. Backward is the same call on dy. */
void visml_dropout_apply(const visml_compute *c, size_t n, const real *x, double rate, uint64_t key, uint64_t step, real *y);
/* y = x + z, or with `multiplies` x (1 + z), z being normally distributed with mean 0 and this deviation and a function of (key, step,
 * element) with Philox blocks as above. y may be x. */
void visml_noise_apply(const visml_compute *c, size_t n, const real *x, double deviation, int multiplies, uint64_t key, uint64_t step,
                       real *y);

/* 1 when no element is NaN or infinite. */
int visml_all_finite(const visml_compute *c, size_t n, const real *x);

#endif
