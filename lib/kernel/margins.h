/* Margins around images: put there, or taken away. */
#ifndef KERNEL_MARGINS_H
#define KERNEL_MARGINS_H

#include "kernel/compute.h"

/* [n, h, w, c] lies in [n, outer_h, outer_w, c] from row `top`, column `left` on. */
typedef struct visml_margins {
    int64_t n, h, w, c;
    int64_t outer_h, outer_w, top, left;
} visml_margins;

/* The outer images: zeros around the inner ones. */
void visml_margins_add(const visml_compute *c, const visml_margins *g, const real *inner, real *outer);
/* The inner images. */
void visml_margins_remove(const visml_compute *c, const visml_margins *g, const real *outer, real *inner);

#endif
