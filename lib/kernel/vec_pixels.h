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

/* The luma of ITU-R BT.601 of 16 pixels [16, 3] in units of 2^-16, as Pillow has it: (19595 r + 38470 g + 7471 b + 2^15) >> 16. Products of
 * pairs are of numbers below 2^15, so that green, which stands in both pairs, has its weight in two parts. */
#define LUMA_RED_GREEN (22086 << 16 | 19595)
#define LUMA_BLUE_GREEN (16384 << 16 | 7471)
#if defined(VISML_LEVEL_AVX512)
VEC i16 luma_of_pixels(const uint8_t *x) {
    const __m512i threes = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const __m512i red_green = _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m512i blue_green = _mm512_broadcast_i32x4(_mm_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1));
    __m512i pixels = _mm512_permutexvar_epi32(threes, _mm512_maskz_loadu_epi32(0xfff, x));
    __m512i a = _mm512_madd_epi16(_mm512_shuffle_epi8(pixels, red_green), _mm512_set1_epi32(LUMA_RED_GREEN));
    __m512i b = _mm512_madd_epi16(_mm512_shuffle_epi8(pixels, blue_green), _mm512_set1_epi32(LUMA_BLUE_GREEN));
    return _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_set1_epi32(1 << 15)), 16);
}
#elif defined(VISML_LEVEL_AVX2)
VEC __m256i luma_of_eight(const uint8_t *x) {
    const __m256i six = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, 0, 0), threes = _mm256_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5);
    const __m256i red_green = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m256i blue_green = _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1));
    __m256i pixels = _mm256_permutevar8x32_epi32(_mm256_maskload_epi32((const int *)(const void *)x, six), threes);
    __m256i a = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, red_green), _mm256_set1_epi32(LUMA_RED_GREEN));
    __m256i b = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, blue_green), _mm256_set1_epi32(LUMA_BLUE_GREEN));
    return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_set1_epi32(1 << 15)), 16);
}
VEC i16 luma_of_pixels(const uint8_t *x) { return (i16){luma_of_eight(x), luma_of_eight(x + 24)}; }
#else
VEC i16 luma_of_pixels(const uint8_t *x) {
    int32_t words[LANES];
    pixel_words(LANES, x, words);
    i16 w = i_load(words), low = i_set1(255), sum = i_add(i_set1(1 << 15), i_mul(i_and(w, low), i_set1(19595)));
    sum = i_add(sum, i_mul(i_and(i_shr(w, 8), low), i_set1(38470)));
    sum = i_add(sum, i_mul(i_and(i_shr(w, 16), low), i_set1(7471)));
    return i_shr(sum, 16);
}
#endif
#endif

#endif
