/* The edges between bins of directions, for the kernels that vote. */
#ifndef FEATURE_DIRECTIONS_H
#define FEATURE_DIRECTIONS_H

#include "kernel/leaf.h"

typedef struct visml_directions {
    float cosines[VISML_VOTE_BINS], sines[VISML_VOTE_BINS];
} visml_directions;

/* Edge k of `bins` at (k - shift) pi / bins, shift 0 or 1/2. Mirrored edges have exactly mirrored numbers, so that a gradient on an edge is
 * found to be there. */
void visml_directions_make(visml_directions *d, int32_t bins, int32_t half);

#endif
