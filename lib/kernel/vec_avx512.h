/* The vector layer on AVX-512: one register. */
#ifndef KERNEL_VEC_AVX512_H
#define KERNEL_VEC_AVX512_H

#include <immintrin.h>

#define GEMM_MR 14
#define GEMM_NV 2

typedef __m512 v16;
typedef __m512i i16;
typedef __mmask16 m16;

VEC v16 v_set1(float a) { return _mm512_set1_ps(a); }
VEC v16 v_load(const float *p) { return _mm512_loadu_ps(p); }
VEC void v_store(float *p, v16 a) { _mm512_storeu_ps(p, a); }
VEC v16 v_keep(v16 a) {
    __asm__("" : "+v"(a));
    return a;
}
VEC m16 m_first(int n) { return (m16)((1u << n) - 1u); }
VEC v16 v_load_n(const float *p, int n) { return _mm512_maskz_loadu_ps(m_first(n), p); }
VEC void v_store_n(float *p, int n, v16 a) { _mm512_mask_storeu_ps(p, m_first(n), a); }
VEC v16 v_add(v16 a, v16 b) { return _mm512_add_ps(a, b); }
VEC v16 v_sub(v16 a, v16 b) { return _mm512_sub_ps(a, b); }
VEC v16 v_mul(v16 a, v16 b) { return _mm512_mul_ps(a, b); }
VEC v16 v_div(v16 a, v16 b) { return _mm512_div_ps(a, b); }
VEC v16 v_fma(v16 a, v16 b, v16 c) { return _mm512_fmadd_ps(a, b, c); }
VEC v16 v_sqrt(v16 a) { return _mm512_sqrt_ps(a); }
VEC v16 v_max(v16 a, v16 b) { return _mm512_max_ps(a, b); }
VEC v16 v_min(v16 a, v16 b) { return _mm512_min_ps(a, b); }
VEC v16 v_abs(v16 a) { return _mm512_abs_ps(a); }
VEC m16 v_gt(v16 a, v16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
VEC m16 v_eq(v16 a, v16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
VEC m16 v_unordered(v16 a, v16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
VEC m16 m_and(m16 a, m16 b) { return (m16)(a & b); }
VEC m16 m_or(m16 a, m16 b) { return (m16)(a | b); }
VEC m16 m_andnot(m16 a, m16 b) { return (m16)(a & ~(unsigned)b); }
VEC int m_any(m16 m) { return m != 0; }
VEC v16 v_select(m16 m, v16 a, v16 b) { return _mm512_mask_blend_ps(m, b, a); }
VEC i16 v_bits(v16 a) { return _mm512_castps_si512(a); }
VEC v16 i_float_bits(i16 a) { return _mm512_castsi512_ps(a); }
VEC i16 i_set1(int32_t a) { return _mm512_set1_epi32(a); }
VEC i16 i_add(i16 a, i16 b) { return _mm512_add_epi32(a, b); }
VEC i16 i_sub(i16 a, i16 b) { return _mm512_sub_epi32(a, b); }
VEC i16 i_and(i16 a, i16 b) { return _mm512_and_si512(a, b); }
VEC i16 i_xor(i16 a, i16 b) { return _mm512_xor_si512(a, b); }
VEC i16 i_mul(i16 a, i16 b) { return _mm512_mullo_epi32(a, b); }
VEC i16 i_mul_high(i16 a, i16 b) {
    __m512i even = _mm512_mul_epu32(a, b), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
    return _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
}
VEC m16 i_gt(i16 a, i16 b) { return _mm512_cmpgt_epi32_mask(a, b); }
VEC v16 i_float(i16 a) { return _mm512_cvtepi32_ps(a); }
VEC i16 v_nearest(v16 a) { return _mm512_cvtps_epi32(a); }
VEC i16 i_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)); }
VEC void i_store_u8(uint8_t *p, i16 a) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtusepi32_epi8(_mm512_max_epi32(a, _mm512_setzero_si512())));
}
VEC v16 v_gather(const float *p, i16 at) { return _mm512_i32gather_ps(at, p, 4); }
VEC i16 i_gather(const int32_t *p, i16 at) { return _mm512_i32gather_epi32(at, p, 4); }
#define i_shl(a, n) _mm512_slli_epi32((a), (n))
#define i_shr(a, n) _mm512_srai_epi32((a), (n))

VEC float v_sum(v16 a) {
    __m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

VEC float v_top(v16 a) {
    __m256 b = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_max_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

#define PAIRS(op, a, b) _mm512_castpd_ps(op(_mm512_castps_pd(a), _mm512_castps_pd(b)))
VEC void v_transpose_fours(v16 x[4]) {
    __m512 a = _mm512_unpacklo_ps(x[0], x[1]), b = _mm512_unpackhi_ps(x[0], x[1]);
    __m512 c = _mm512_unpacklo_ps(x[2], x[3]), d = _mm512_unpackhi_ps(x[2], x[3]);
    x[0] = PAIRS(_mm512_unpacklo_pd, a, c);
    x[1] = PAIRS(_mm512_unpackhi_pd, a, c);
    x[2] = PAIRS(_mm512_unpacklo_pd, b, d);
    x[3] = PAIRS(_mm512_unpackhi_pd, b, d);
}
#undef PAIRS

VEC void v_transpose(v16 x[LANES]) {
    UNROLL for (int i = 0; i < 16; i += 4)
        v_transpose_fours(x + i);
    UNROLL for (int k = 0; k < 4; k++) { /* quarter q of x[4 g + k] is column 4 q + k of rows 4 g ... 4 g + 3 */
        __m512 a = _mm512_shuffle_f32x4(x[k], x[4 + k], 0x88), b = _mm512_shuffle_f32x4(x[k], x[4 + k], 0xdd);
        __m512 c = _mm512_shuffle_f32x4(x[8 + k], x[12 + k], 0x88), d = _mm512_shuffle_f32x4(x[8 + k], x[12 + k], 0xdd);
        x[k] = _mm512_shuffle_f32x4(a, c, 0x88);
        x[4 + k] = _mm512_shuffle_f32x4(b, d, 0x88);
        x[8 + k] = _mm512_shuffle_f32x4(a, c, 0xdd);
        x[12 + k] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

#endif
