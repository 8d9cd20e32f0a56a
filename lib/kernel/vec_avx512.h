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

VEC void v_transpose(v16 x[LANES]) {
    __m512 t[16], r[16];
    UNROLL for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
#define PAIRS(op, a, b) _mm512_castpd_ps(op(_mm512_castps_pd(a), _mm512_castps_pd(b)))
    UNROLL for (int i = 0; i < 16; i += 4) {
        r[i] = PAIRS(_mm512_unpacklo_pd, t[i], t[i + 2]);
        r[i + 1] = PAIRS(_mm512_unpackhi_pd, t[i], t[i + 2]);
        r[i + 2] = PAIRS(_mm512_unpacklo_pd, t[i + 1], t[i + 3]);
        r[i + 3] = PAIRS(_mm512_unpackhi_pd, t[i + 1], t[i + 3]);
    }
#undef PAIRS
    UNROLL for (int k = 0; k < 4; k++) { /* quarter q of r[4 g + k] is column 4 q + k of rows 4 g ... 4 g + 3 */
        __m512 a = _mm512_shuffle_f32x4(r[k], r[4 + k], 0x88), b = _mm512_shuffle_f32x4(r[k], r[4 + k], 0xdd);
        __m512 c = _mm512_shuffle_f32x4(r[8 + k], r[12 + k], 0x88), d = _mm512_shuffle_f32x4(r[8 + k], r[12 + k], 0xdd);
        x[k] = _mm512_shuffle_f32x4(a, c, 0x88);
        x[4 + k] = _mm512_shuffle_f32x4(b, d, 0x88);
        x[8 + k] = _mm512_shuffle_f32x4(a, c, 0xdd);
        x[12 + k] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

#endif
