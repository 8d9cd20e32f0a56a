/* The table of kernels: reference first, then overridden by each level that the CPU has, weakest first. */
#ifndef KERNEL_KERNELS_H
#define KERNEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/leaf.h"
#include "kernel/quantized.h"

/* A function type and the reference's prototype for every row of kernels.def: a variant whose signature differs does not compile. */
#define KERNEL(name, ret, args)     \
    typedef ret visml_kernel_##name args; \
    visml_kernel_##name visml_##name##_ref;
#include "kernel/kernels.def"
#undef KERNEL

#define VARIANT(name, level) visml_kernel_##name visml_##name##_##level;
#include "kernel/variants.def"
#undef VARIANT

typedef struct visml_kernels {
#define KERNEL(name, ret, args) visml_kernel_##name *name;
#include "kernel/kernels.def"
#undef KERNEL
    uint32_t levels;  /* the VISML_CPU_* levels in use */
} visml_kernels;

/* Fills the table for these levels (those that were not compiled in are left out). */
void visml_kernels_init(visml_kernels *k, uint32_t levels);

#endif
