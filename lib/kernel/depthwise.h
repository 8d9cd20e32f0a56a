/* Depthwise convolution: as conv2d with a group for every input channel, f / c outputs each. kernel/conv2d.h calls it where it fits. */
#ifndef KERNEL_DEPTHWISE_H
#define KERNEL_DEPTHWISE_H

#include "kernel/conv2d.h"

static inline int visml_depthwise_fits(const visml_conv2d_geometry *g) {
    return g->groups > 1 && g->groups == g->c;
}

/* The arguments, and what is enough for a smaller n, as of the functions of conv2d. */
size_t visml_depthwise_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_depthwise_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, real *y,
                             const visml_epilogue *epilogue, void *scratch);

size_t visml_depthwise_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_depthwise_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                   void *scratch);

size_t visml_depthwise_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_depthwise_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                      real *db, void *scratch);

#endif
