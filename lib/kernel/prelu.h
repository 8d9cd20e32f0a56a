/* Slopes below 0 that are shared along some dimensions: see visml_prelu in visml/nn.h. */
#ifndef KERNEL_PRELU_H
#define KERNEL_PRELU_H

#include "kernel/compute.h"
#include "kernel/leaf.h"

#define VISML_PRELU_RANK 8

/* An array [n, outer..., rows, c]: neighbours that share alike are one dimension here. */
typedef struct visml_prelu_geometry {
    visml_prelu_rows inner;
    int32_t rank;                                     /* of outer */
    int64_t outer[VISML_PRELU_RANK], step[VISML_PRELU_RANK]; /* step: in alpha, from one to the next; 0: shared */
    int64_t n, alphas;                                /* alphas: elements of alpha */
} visml_prelu_geometry;

/* Of n samples [dims...]; shared[i]: alpha has 1 for dims[i]. rank >= 1. */
visml_prelu_geometry visml_prelu_geometry_of(int64_t n, int32_t rank, const int64_t *dims, const unsigned char *shared);

/* y may be x. */
void visml_prelu_forward(const visml_compute *c, const visml_prelu_geometry *g, const real *x, const real *alpha, real *y);
/* dx and dalpha are overwritten; each may be NULL. Samples are added in up to eight groups, one after the other, then the groups. */
size_t visml_prelu_backward_scratch(const visml_compute *c, const visml_prelu_geometry *g);
void visml_prelu_backward(const visml_compute *c, const visml_prelu_geometry *g, const real *x, const real *alpha, const real *dy, real *dx,
                          real *dalpha, void *scratch);

#endif
