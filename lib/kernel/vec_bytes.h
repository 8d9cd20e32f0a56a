/* Bytes on the vector layer, for the quantized kernels: what kernel/vec.h is for reals. All operations are exact, or round to nearest even,
 * so that every level gives the same bits, sse4 included.
 *
 *   b64                       64 bytes
 *   b_load, b_store           64 bytes; with _n: the first n <= 64, the others 0 or untouched
 *   b_copy_n                  n <= 64 bytes
 *   b_max                     the larger of two unsigned bytes
 *   b_zip4(a, b, c, d, out)   four arrays of 64 bytes to 64 groups of four: lane 4 l + j of out[q] is {a, b, c, d} of byte 16 l + 4 q + j
 *   b_narrow(x)               64 lanes in that order, each in 0 ... 255, back to 64 bytes in theirs
 *   i_dot4(sum, a, b)         a lane: sum + the sum of four products of an unsigned byte of a and a signed byte of b, modulo 2^32 */
#ifndef KERNEL_VEC_BYTES_H
#define KERNEL_VEC_BYTES_H

#include <string.h>

#include "kernel/vec.h"

#if defined(VISML_LEVEL_AVX512)

typedef __m512i b64;

VEC b64 b_load(const void *p) { return _mm512_loadu_si512(p); }
VEC void b_store(void *p, b64 a) { _mm512_storeu_si512(p, a); }
VEC __mmask64 b_first(int n) { return n < 64 ? ((__mmask64)1 << n) - 1 : ~(__mmask64)0; }
VEC b64 b_load_n(const void *p, int n) { return _mm512_maskz_loadu_epi8(b_first(n), p); }
VEC void b_store_n(void *p, int n, b64 a) { _mm512_mask_storeu_epi8(p, b_first(n), a); }
VEC void b_copy_n(void *to, const void *from, int n) { b_store_n(to, n, b_load_n(from, n)); }
VEC b64 b_max(b64 a, b64 b) { return _mm512_max_epu8(a, b); }
VEC void b_zip4(b64 a, b64 b, b64 c, b64 d, i16 out[4]) {
    b64 ab = _mm512_unpacklo_epi8(a, b), ab_2 = _mm512_unpackhi_epi8(a, b);
    b64 cd = _mm512_unpacklo_epi8(c, d), cd_2 = _mm512_unpackhi_epi8(c, d);
    out[0] = _mm512_unpacklo_epi16(ab, cd);
    out[1] = _mm512_unpackhi_epi16(ab, cd);
    out[2] = _mm512_unpacklo_epi16(ab_2, cd_2);
    out[3] = _mm512_unpackhi_epi16(ab_2, cd_2);
}
VEC b64 b_narrow(const i16 x[4]) {
    return _mm512_packus_epi16(_mm512_packs_epi32(x[0], x[1]), _mm512_packs_epi32(x[2], x[3]));
}
VEC i16 i_dot4(i16 sum, i16 a, i16 b) {
#ifdef __AVX512VNNI__
    return _mm512_dpbusd_epi32(sum, a, b);
#else
    i16 even = _mm512_madd_epi16(_mm512_and_si512(a, _mm512_set1_epi16(255)), _mm512_srai_epi16(_mm512_slli_epi16(b, 8), 8));
    i16 odd = _mm512_madd_epi16(_mm512_srli_epi16(a, 8), _mm512_srai_epi16(b, 8));
    return _mm512_add_epi32(_mm512_add_epi32(sum, even), odd);
#endif
}

#else

#if defined(VISML_LEVEL_AVX2)

typedef struct b64 {
    __m256i a, b;
} b64;

#define WIDE(p) ((const __m256i *)(const void *)(p))
#define WIDE_TO(p) ((__m256i *)(void *)(p))
VEC b64 b_load(const void *p) { return (b64){_mm256_loadu_si256(WIDE(p)), _mm256_loadu_si256(WIDE(p) + 1)}; }
VEC void b_store(void *p, b64 x) {
    _mm256_storeu_si256(WIDE_TO(p), x.a);
    _mm256_storeu_si256(WIDE_TO(p) + 1, x.b);
}
VEC b64 b_max(b64 x, b64 y) { return (b64){_mm256_max_epu8(x.a, y.a), _mm256_max_epu8(x.b, y.b)}; }
VEC void b_zip4(b64 a, b64 b, b64 c, b64 d, i16 out[4]) {
#define ZIP(half)                                                                                                   \
    do {                                                                                                            \
        __m256i ab = _mm256_unpacklo_epi8(a.half, b.half), ab_2 = _mm256_unpackhi_epi8(a.half, b.half);             \
        __m256i cd = _mm256_unpacklo_epi8(c.half, d.half), cd_2 = _mm256_unpackhi_epi8(c.half, d.half);             \
        out[0].half = _mm256_unpacklo_epi16(ab, cd);                                                                \
        out[1].half = _mm256_unpackhi_epi16(ab, cd);                                                                \
        out[2].half = _mm256_unpacklo_epi16(ab_2, cd_2);                                                            \
        out[3].half = _mm256_unpackhi_epi16(ab_2, cd_2);                                                            \
    } while (0)
    ZIP(a);
    ZIP(b);
#undef ZIP
}
VEC b64 b_narrow(const i16 x[4]) {
    return (b64){_mm256_packus_epi16(_mm256_packs_epi32(x[0].a, x[1].a), _mm256_packs_epi32(x[2].a, x[3].a)),
                 _mm256_packus_epi16(_mm256_packs_epi32(x[0].b, x[1].b), _mm256_packs_epi32(x[2].b, x[3].b))};
}
VEC __m256i dot4_half(__m256i sum, __m256i a, __m256i b) {
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return _mm256_add_epi32(_mm256_add_epi32(sum, even), odd);
}
VEC i16 i_dot4(i16 sum, i16 a, i16 b) { return (i16){dot4_half(sum.a, a.a, b.a), dot4_half(sum.b, a.b, b.b)}; }
#undef WIDE
#undef WIDE_TO

#elif defined(VISML_LEVEL_SSE4) || defined(VISML_LEVEL_NEON)

#if defined(VISML_LEVEL_SSE4)

typedef __m128i quad_b;

#define qb_load(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define qb_store(p, a) _mm_storeu_si128((__m128i *)(void *)(p), (a))
#define qb_max _mm_max_epu8
VEC void qb_zip4(quad_b a, quad_b b, quad_b c, quad_b d, quad_i out[4]) {
    quad_b ab = _mm_unpacklo_epi8(a, b), ab_2 = _mm_unpackhi_epi8(a, b), cd = _mm_unpacklo_epi8(c, d), cd_2 = _mm_unpackhi_epi8(c, d);
    out[0] = _mm_unpacklo_epi16(ab, cd);
    out[1] = _mm_unpackhi_epi16(ab, cd);
    out[2] = _mm_unpacklo_epi16(ab_2, cd_2);
    out[3] = _mm_unpackhi_epi16(ab_2, cd_2);
}
VEC quad_b qb_narrow(quad_i a, quad_i b, quad_i c, quad_i d) {
    return _mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
}
VEC quad_i qi_dot4(quad_i sum, quad_i a, quad_i b) {
    quad_i even = _mm_madd_epi16(_mm_and_si128(a, _mm_set1_epi16(255)), _mm_srai_epi16(_mm_slli_epi16(b, 8), 8));
    quad_i odd = _mm_madd_epi16(_mm_srli_epi16(a, 8), _mm_srai_epi16(b, 8));
    return _mm_add_epi32(_mm_add_epi32(sum, even), odd);
}

#else

typedef uint8x16_t quad_b;

#define qb_load(p) vld1q_u8((const uint8_t *)(p))
#define qb_store(p, a) vst1q_u8((uint8_t *)(p), (a))
#define qb_max vmaxq_u8
VEC void qb_zip4(quad_b a, quad_b b, quad_b c, quad_b d, quad_i out[4]) {
    uint16x8_t ab = vreinterpretq_u16_u8(vzip1q_u8(a, b)), ab_2 = vreinterpretq_u16_u8(vzip2q_u8(a, b));
    uint16x8_t cd = vreinterpretq_u16_u8(vzip1q_u8(c, d)), cd_2 = vreinterpretq_u16_u8(vzip2q_u8(c, d));
    out[0] = vreinterpretq_s32_u16(vzip1q_u16(ab, cd));
    out[1] = vreinterpretq_s32_u16(vzip2q_u16(ab, cd));
    out[2] = vreinterpretq_s32_u16(vzip1q_u16(ab_2, cd_2));
    out[3] = vreinterpretq_s32_u16(vzip2q_u16(ab_2, cd_2));
}
VEC quad_b qb_narrow(quad_i a, quad_i b, quad_i c, quad_i d) {
    uint16x8_t x = vcombine_u16(vmovn_u32(vreinterpretq_u32_s32(a)), vmovn_u32(vreinterpretq_u32_s32(b)));
    uint16x8_t y = vcombine_u16(vmovn_u32(vreinterpretq_u32_s32(c)), vmovn_u32(vreinterpretq_u32_s32(d)));
    return vcombine_u8(vmovn_u16(x), vmovn_u16(y));
}
/* Through 16 bits: the base architecture has no products of unsigned and signed bytes. */
VEC quad_i qi_dot4(quad_i sum, quad_i a, quad_i b) {
    uint8x16_t u = vreinterpretq_u8_s32(a);
    int8x16_t s = vreinterpretq_s8_s32(b);
    int16x8_t u0 = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(u))), u1 = vreinterpretq_s16_u16(vmovl_high_u8(u));
    int16x8_t s0 = vmovl_s8(vget_low_s8(s)), s1 = vmovl_high_s8(s);
    int32x4_t p0 = vpaddq_s32(vmull_s16(vget_low_s16(u0), vget_low_s16(s0)), vmull_high_s16(u0, s0));
    int32x4_t p1 = vpaddq_s32(vmull_s16(vget_low_s16(u1), vget_low_s16(s1)), vmull_high_s16(u1, s1));
    return vaddq_s32(sum, vpaddq_s32(p0, p1));
}

#endif

typedef struct b64 {
    quad_b v[4];
} b64;

#define FOUR UNROLL for (int l = 0; l < 4; l++)
VEC b64 b_load(const void *p) {
    b64 r;
    FOUR r.v[l] = qb_load((const char *)p + 16 * l);
    return r;
}
VEC void b_store(void *p, b64 a) {
    FOUR qb_store((char *)p + 16 * l, a.v[l]);
}
VEC b64 b_max(b64 a, b64 b) {
    FOUR a.v[l] = qb_max(a.v[l], b.v[l]);
    return a;
}
VEC void b_zip4(b64 a, b64 b, b64 c, b64 d, i16 out[4]) {
    FOUR {
        quad_i group[4];
        qb_zip4(a.v[l], b.v[l], c.v[l], d.v[l], group);
        UNROLL for (int q = 0; q < 4; q++)
            out[q].v[l] = group[q];
    }
}
VEC b64 b_narrow(const i16 x[4]) {
    b64 r;
    FOUR r.v[l] = qb_narrow(x[0].v[l], x[1].v[l], x[2].v[l], x[3].v[l]);
    return r;
}
VEC i16 i_dot4(i16 sum, i16 a, i16 b) {
    FOUR sum.v[l] = qi_dot4(sum.v[l], a.v[l], b.v[l]);
    return sum;
}
#undef FOUR

#else

typedef struct b64 {
    uint8_t v[64];
} b64;

#define EACH for (int l = 0; l < LANES; l++)
VEC b64 b_load(const void *p) {
    b64 r;
    memcpy(r.v, p, 64);
    return r;
}
VEC void b_store(void *p, b64 a) {
    memcpy(p, a.v, 64);
}
VEC b64 b_max(b64 a, b64 b) {
    for (int i = 0; i < 64; i++)
        a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
    return a;
}
VEC void b_zip4(b64 a, b64 b, b64 c, b64 d, i16 out[4]) {
    for (int q = 0; q < 4; q++)
        EACH {
            int from = l / 4 * 16 + 4 * q + l % 4;
            uint8_t group[4] = {a.v[from], b.v[from], c.v[from], d.v[from]};
            memcpy(&out[q].v[l], group, 4);
        }
}
VEC b64 b_narrow(const i16 x[4]) {
    b64 r;
    for (int q = 0; q < 4; q++)
        EACH r.v[l / 4 * 16 + 4 * q + l % 4] = (uint8_t)x[q].v[l];
    return r;
}
VEC i16 i_dot4(i16 sum, i16 a, i16 b) {
    EACH {
        uint8_t u[4];
        int8_t s[4];
        memcpy(u, &a.v[l], 4);
        memcpy(s, &b.v[l], 4);
        int32_t dot = u[0] * s[0] + u[1] * s[1] + u[2] * s[2] + u[3] * s[3];
        sum.v[l] = (int32_t)((uint32_t)sum.v[l] + (uint32_t)dot);
    }
    return sum;
}
#undef EACH

#endif

/* Without masks: the ends of arrays by way of an array of 64. */
VEC void b_copy_n(void *to, const void *from, int n) {
    memcpy(to, from, (size_t)n);
}
VEC b64 b_load_n(const void *p, int n) {
    uint8_t t[64] = {0};
    if (n == 64)
        return b_load(p);
    memcpy(t, p, (size_t)n);
    return b_load(t);
}
VEC void b_store_n(void *p, int n, b64 a) {
    uint8_t t[64];
    if (n == 64) {
        b_store(p, a);
        return;
    }
    b_store(t, a);
    memcpy(p, t, (size_t)n);
}

#endif

#endif
