/* The number type of networks. float in the library; the gradient check builds the reference kernels, layers and models once more with
 * double (-DVISML_REAL_DOUBLE), so that the very same code can be differentiated numerically. */
#ifndef KERNEL_REAL_H
#define KERNEL_REAL_H

#ifdef VISML_REAL_DOUBLE
typedef double real;
#define VISML_REAL_DTYPE VISML_F64
#else
typedef float real;
#define VISML_REAL_DTYPE VISML_F32
#endif

#endif
