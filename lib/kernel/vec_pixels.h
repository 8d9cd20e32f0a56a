/* Pixels of three bytes as words, for the vector layer. */
#ifndef KERNEL_VEC_PIXELS_H
#define KERNEL_VEC_PIXELS_H

#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE
#define PIXEL_BLOCK 256 /* words that are made at a time: a multiple of LANES */

/* Of n <= PIXEL_BLOCK pixels [n, 3] the words first + second * 2^8 + third * 2^16 + anything * 2^24; words behind them, up to a multiple of
 * LANES, are 0. Four bytes at a time: the loop is bound by the number of its stores. The last pixel is read for itself, so that nothing
 * behind it is touched. */
VEC void pixel_words(size_t n, const uint8_t *x, int32_t *words) {
    for (size_t i = 0; i + 1 < n; i++, x += 3)
        words[i] = (int32_t)((uint32_t)x[0] | (uint32_t)x[1] << 8 | (uint32_t)x[2] << 16 | (uint32_t)x[3] << 24);
    words[n - 1] = (int32_t)((uint32_t)x[0] | (uint32_t)x[1] << 8 | (uint32_t)x[2] << 16);
    for (; n % LANES; n++)
        words[n] = 0;
}
#endif

#endif
