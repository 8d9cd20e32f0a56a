/* Patches of an image batch as rows of a matrix that is never written out as a whole.
 *
 * Row r stands for a place of the grid [n, gh, gw]; column (ti tw + tj) c + ch for one channel of one tap. Its value is the pixel
 * (y0 + gy sy + ti ty, x0 + gx sx + tj tx) of the source [n, h, w, ld], channels `first` ... `first + c`; 0 outside the image. */
#ifndef KERNEL_PATCHES_H
#define KERNEL_PATCHES_H

#include "kernel/kernels.h"

typedef struct visml_patches {
    const real *x;
    int64_t h, w, ld, first, c;
    int64_t gh, gw;
    int64_t sy, sx, y0, x0;
    int64_t th, tw, ty, tx; /* number of taps, distance between them; ty, tx >= 1 */
} visml_patches;

/* Rows row ... row + rows, columns k0 ... k0 + kc, to to[i * ld + k - k0]. */
void visml_patches_pack(const visml_kernels *k, const visml_patches *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, real *to,
                        int64_t ld);

#endif
