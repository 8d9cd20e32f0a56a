/* Pixels of three bytes as words, for the vector layer. */
#ifndef KERNEL_VEC_PIXELS_H
#define KERNEL_VEC_PIXELS_H

#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE
#define PIXEL_BLOCK 256 /* words that are made at a time: a multiple of LANES */

/* Of n <= PIXEL_BLOCK pixels [n, 3] the words first + second * 2^8 + third * 2^16 + anything * 2^24; words behind them, up to a multiple of
 * LANES, are 0. Four bytes at a time: the loop is bound by the number of its stores; or
 * 16 pixels at a time, as long as two follow. The last pixel is read for itself, so that nothing
 * behind it is touched. */
VEC void pixel_words(size_t n, const uint8_t *x, int32_t *words) {
    size_t i = 0;
#if defined(VISML_LEVEL_AVX2) || defined(VISML_LEVEL_AVX512)
    const __m128i spread = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    for (; i + LANES + 2 <= n; i += LANES, x += 3 * LANES)
        UNROLL for (int q = 0; q < 4; q++) {
            __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(x + 12 * q));
            _mm_storeu_si128((__m128i *)(void *)(words + i + 4 * q), _mm_shuffle_epi8(four, spread));
        }
#endif
    for (; i + 1 < n; i++, x += 3)
        words[i] = (int32_t)((uint32_t)x[0] | (uint32_t)x[1] << 8 | (uint32_t)x[2] << 16 | (uint32_t)x[3] << 24);
    words[n - 1] = (int32_t)((uint32_t)x[0] | (uint32_t)x[1] << 8 | (uint32_t)x[2] << 16);
    for (; n % LANES; n++)
        words[n] = 0;
}
#endif

#endif
