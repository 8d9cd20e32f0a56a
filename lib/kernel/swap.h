/* Dimensions that change places. */
#ifndef KERNEL_SWAP_H
#define KERNEL_SWAP_H

#include "kernel/compute.h"

/* n matrices [rows, cols] -> [cols, rows], one behind the other. */
void visml_swap(const visml_compute *c, int64_t n, int64_t rows, int64_t cols, const real *from, real *to);

#endif
