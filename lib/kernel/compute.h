/* What an operation computes with: the kernel table of one CPU level and the threads. */
#ifndef KERNEL_COMPUTE_H
#define KERNEL_COMPUTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/parallel.h"
#include "kernel/real.h"

struct visml_kernels;

typedef struct visml_compute {
    const struct visml_kernels *kernels;
    const visml_parallel *parallel;
} visml_compute;

/* Common to all operations of this room:
 * - plain pointers; no aliasing unless said; no allocation: scratch comes from the caller, `visml_<op>_scratch` bytes, aligned to 64;
 * - the order of additions is a function of the shapes alone: the same bits for any number of threads, and at every level that has fused
 *   multiply-add (the reference uses fma() where they do);
 * - sizes may be 0. NaN and infinities follow IEEE 754 as in the reference. */

#endif
