/* Softmax and cross-entropy on the rows of [rows, c], each row by the 16-lane tree. */
#ifndef KERNEL_SOFTMAX_H
#define KERNEL_SOFTMAX_H

#include "kernel/compute.h"

/* y = softmax(x) row by row, with the row's maximum taken off. y may be x. */
void visml_softmax_forward(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *y);
/* dx = y * (dy - sum(dy * y)). dx may be dy. */
void visml_softmax_backward(const visml_compute *c, int64_t rows, int64_t channels, const real *y, const real *dy, real *dx);
/* y = log(softmax(x)), without taking the logarithm of anything small. y may be x. */
void visml_log_softmax_forward(const visml_compute *c, int64_t rows, int64_t channels, const real *x, real *y);
/* dx = dy - exp(y) * sum(dy). dx may be dy. */
void visml_log_softmax_backward(const visml_compute *c, int64_t rows, int64_t channels, const real *y, const real *dy, real *dx);

/* From logits z: loss[row] = logsumexp(z) * sum(t) - sum(t z), dz = (softmax(z) * sum(t) - t) * factor[row]. Targets are class numbers
 * (labels, targets NULL; a label of -1 gives loss 0 and dz 0) or rows (targets [rows, c]). With smoothing s, t becomes
 * t (1 - s) + s / c. factor NULL means 1; dz NULL: not wanted; prob (NULL: not wanted) gets softmax(z). dz and prob may each be z. */
typedef struct visml_crossentropy {
    int64_t rows, channels;
    const real *z;
    const int32_t *labels;
    const real *targets;
    const real *factor; /* [rows] */
    double smoothing;
    real *loss; /* [rows] */
    real *dz, *prob;
} visml_crossentropy;
void visml_crossentropy_run(const visml_compute *c, const visml_crossentropy *x);

#endif
