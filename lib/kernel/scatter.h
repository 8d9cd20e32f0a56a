/* Gradient of a convolution's input where the outputs are few, as in a small batch of small images: putting the weights into another order
 * would take as long as the product. They are read where they stand, once, as the left factor; dy is turned instead. Each tap's product
 * with the outputs that meet the image is added where the tap lies. */
#ifndef KERNEL_SCATTER_H
#define KERNEL_SCATTER_H

#include "kernel/conv2d.h"

/* 1 where the functions serve for some n; and where no other way is faster for this one. */
int visml_scatter_is_possible(const visml_conv2d_geometry *g);
int visml_scatter_applies(const visml_conv2d_geometry *g);

/* As the functions of kernel/conv2d.h; the scratch is enough for any n for which the way applies. */
size_t visml_scatter_scratch(const visml_compute *c, const visml_conv2d_geometry *g);
void visml_scatter_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                 void *scratch);

#endif
