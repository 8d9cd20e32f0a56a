/* Some rows of a view, with what is around them, as planes of floats: what gradients are taken of. */
#ifndef FEATURE_PLANES_H
#define FEATURE_PLANES_H

#include "feature/view.h"
#include "kernel/compute.h"
#include "kernel/kernels.h"

#define VISML_PLANES_ROWS 16     /* at a time */
#define VISML_PLANES_CHANNELS 64 /* at most */

/* Bytes are 0 ... 255, which `unit` brings to [0, 1]. Beyond the edges the picture is reflected without the edge itself, so that there is
 * no difference across it; a side of 1 is repeated. */
typedef struct visml_planes {
    int64_t stride, plane; /* elements from one row to the next, from one channel to the next */
    int32_t roots;         /* 1: the square roots of all pixels */
    float unit;
    float *x;              /* the first pixel of the first row */
} visml_planes;

/* Bytes for one worker. */
size_t visml_planes_bytes(int64_t width, int64_t channels);
visml_planes visml_planes_make(const visml_view *v, int32_t roots, void *room);
/* Rows top ... top + rows - 1 and their neighbours; rows <= VISML_PLANES_ROWS. */
void visml_planes_fill(const visml_planes *p, const visml_compute *c, const visml_view *v, int64_t top, int64_t rows);

#endif
