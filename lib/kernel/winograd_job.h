/* What the parts of Winograd's convolution share. */
#ifndef KERNEL_WINOGRAD_JOB_H
#define KERNEL_WINOGRAD_JOB_H

#include "kernel/kernels.h"
#include "kernel/winograd.h"

#define VISML_WINOGRAD_ROWS 112 /* tiles in a block, at most */
#define VISML_WINOGRAD_FEW 64   /* tiles for which the weights are the most of the work */

/* Two families of planes over tiles: `in`, transformed from x, and `out`, the products or the transformed gradients. */
typedef struct visml_winograd {
    const visml_compute *compute;
    int32_t m;
    int64_t places, tiles, block; /* planes; tiles of the batch; tiles in a block */
    visml_tiles in, out;
    int64_t ld_in, ld_out;
    const real *x, *y, *u; /* y: gradient, for the weights'. u: transformed weights */
    int64_t plane_u;
    visml_finish finish;
    real *planes;       /* one set for each worker */
    size_t set;         /* elements of a set */
    int64_t first, count; /* of the block that the threads share */
    /* weights' gradient */
    int64_t parts, part; /* part: blocks in one */
    real *sums;          /* [parts][places][c][f] */
    real *dw;
} visml_winograd;

/* A convolution of [n, h, w, c] to [n, oh, ow, f]. */
visml_winograd visml_winograd_of(const visml_compute *compute, int32_t m, const visml_conv2d_geometry *g);

/* From one row of a plane to the next: an odd number of cache lines, and room for a panel that is not full. */
int64_t visml_winograd_row(int64_t channels);

/* `count` rows of one place: out = in u, in register blocks of about equal size. */
void visml_winograd_multiply(const visml_winograd *j, int64_t place, int64_t count, const real *in, real *out);

/* The gradient of the input, for at most VISML_WINOGRAD_FEW tiles: u is made panel by panel, by who multiplies with it. j: of the turned
 * geometry, its x and finish set; w [3, 3, c, f]. */
int visml_winograd_panels_apply(const visml_winograd *j);
size_t visml_winograd_panels_scratch(const visml_winograd *j);
void visml_winograd_panels(const visml_winograd *j, const real *w, void *scratch);

#endif
