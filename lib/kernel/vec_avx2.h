/* The vector layer on AVX2 and FMA: two registers. */
#ifndef KERNEL_VEC_AVX2_H
#define KERNEL_VEC_AVX2_H

#include <immintrin.h>

#define GEMM_MR 6
#define GEMM_NV 1

typedef struct v16 {
    __m256 a, b;
} v16;
typedef struct i16 {
    __m256i a, b;
} i16;
typedef v16 m16;

VEC v16 v_set1(float a) { return (v16){_mm256_set1_ps(a), _mm256_set1_ps(a)}; }
VEC v16 v_load(const float *p) { return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
VEC void v_store(float *p, v16 x) {
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}
VEC v16 v_keep(v16 x) {
    __asm__("" : "+x"(x.a), "+x"(x.b));
    return x;
}
VEC m16 m_first(int n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (m16){_mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane)),
                 _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n - 8), lane))};
}
VEC v16 v_load_n(const float *p, int n) {
    m16 m = m_first(n);
    v16 x = {_mm256_maskload_ps(p, _mm256_castps_si256(m.a)), _mm256_setzero_ps()};
    if (n > 8)
        x.b = _mm256_maskload_ps(p + 8, _mm256_castps_si256(m.b));
    return x;
}
/* By halves, for masked stores take many cycles on some CPUs. */
VEC void v_store_n(float *p, int n, v16 x) {
    __m256 h = x.a;
    if (n & 8) {
        _mm256_storeu_ps(p, h);
        p += 8;
        h = x.b;
    }
    __m128 q = _mm256_castps256_ps128(h);
    if (n & 4) {
        _mm_storeu_ps(p, q);
        p += 4;
        q = _mm256_extractf128_ps(h, 1);
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, q);
        p += 2;
        q = _mm_movehl_ps(q, q);
    }
    if (n & 1)
        _mm_store_ss(p, q);
}
#define BOTH(op) (v16){op(x.a, y.a), op(x.b, y.b)}
#define COMPARE(how) (m16){_mm256_cmp_ps(x.a, y.a, how), _mm256_cmp_ps(x.b, y.b, how)}
#define WHOLE(op) (i16){op(x.a, y.a), op(x.b, y.b)}
VEC v16 v_add(v16 x, v16 y) { return BOTH(_mm256_add_ps); }
VEC v16 v_sub(v16 x, v16 y) { return BOTH(_mm256_sub_ps); }
VEC v16 v_mul(v16 x, v16 y) { return BOTH(_mm256_mul_ps); }
VEC v16 v_div(v16 x, v16 y) { return BOTH(_mm256_div_ps); }
VEC v16 v_max(v16 x, v16 y) { return BOTH(_mm256_max_ps); }
VEC v16 v_min(v16 x, v16 y) { return BOTH(_mm256_min_ps); }
VEC v16 v_fma(v16 x, v16 y, v16 z) { return (v16){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
VEC v16 v_sqrt(v16 x) { return (v16){_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)}; }
VEC v16 v_abs(v16 x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return (v16){_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
VEC m16 v_gt(v16 x, v16 y) { return COMPARE(_CMP_GT_OQ); }
VEC m16 v_eq(v16 x, v16 y) { return COMPARE(_CMP_EQ_OQ); }
VEC m16 v_unordered(v16 x, v16 y) { return COMPARE(_CMP_UNORD_Q); }
VEC m16 m_and(m16 x, m16 y) { return BOTH(_mm256_and_ps); }
VEC m16 m_or(m16 x, m16 y) { return BOTH(_mm256_or_ps); }
VEC m16 m_andnot(m16 y, m16 x) { return BOTH(_mm256_andnot_ps); }
VEC int m_any(m16 x) { return _mm256_movemask_ps(_mm256_or_ps(x.a, x.b)) != 0; }
VEC v16 v_select(m16 m, v16 x, v16 y) { return (v16){_mm256_blendv_ps(y.a, x.a, m.a), _mm256_blendv_ps(y.b, x.b, m.b)}; }
VEC i16 v_bits(v16 x) { return (i16){_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)}; }
VEC v16 i_float_bits(i16 x) { return (v16){_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)}; }
VEC i16 i_set1(int32_t a) { return (i16){_mm256_set1_epi32(a), _mm256_set1_epi32(a)}; }
VEC i16 i_add(i16 x, i16 y) { return WHOLE(_mm256_add_epi32); }
VEC i16 i_sub(i16 x, i16 y) { return WHOLE(_mm256_sub_epi32); }
VEC i16 i_and(i16 x, i16 y) { return WHOLE(_mm256_and_si256); }
VEC i16 i_xor(i16 x, i16 y) { return WHOLE(_mm256_xor_si256); }
VEC i16 i_mul(i16 x, i16 y) { return WHOLE(_mm256_mullo_epi32); }
VEC __m256i eight_mul_high(__m256i x, __m256i y) {
    __m256i even = _mm256_mul_epu32(x, y), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}
VEC i16 i_mul_high(i16 x, i16 y) { return WHOLE(eight_mul_high); }
VEC m16 i_gt(i16 x, i16 y) {
    return (m16){_mm256_castsi256_ps(_mm256_cmpgt_epi32(x.a, y.a)), _mm256_castsi256_ps(_mm256_cmpgt_epi32(x.b, y.b))};
}
VEC v16 i_float(i16 x) { return (v16){_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
VEC i16 v_nearest(v16 x) { return (i16){_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)}; }
VEC i16 i_load_u8(const uint8_t *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    return (i16){_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
VEC void i_store_u8(uint8_t *p, i16 x) {
    __m256i w = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xd8);
    _mm_storeu_si128((__m128i *)(void *)p, _mm_packus_epi16(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1)));
}
VEC v16 v_gather(const float *p, i16 at) { return (v16){_mm256_i32gather_ps(p, at.a, 4), _mm256_i32gather_ps(p, at.b, 4)}; }
VEC i16 i_gather(const int32_t *p, i16 at) { return (i16){_mm256_i32gather_epi32(p, at.a, 4), _mm256_i32gather_epi32(p, at.b, 4)}; }
#define i_shl(x, n) (i16){_mm256_slli_epi32((x).a, (n)), _mm256_slli_epi32((x).b, (n))}
#define i_shr(x, n) (i16){_mm256_srai_epi32((x).a, (n)), _mm256_srai_epi32((x).b, (n))}
#undef BOTH
#undef COMPARE
#undef WHOLE

VEC float v_sum(v16 x) {
    __m256 b = _mm256_add_ps(x.a, x.b);
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

VEC float v_top(v16 x) {
    __m256 b = _mm256_max_ps(x.a, x.b);
    __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_max_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

VEC void eight_transpose_fours(__m256 x[4]) {
    __m256 a = _mm256_unpacklo_ps(x[0], x[1]), b = _mm256_unpackhi_ps(x[0], x[1]);
    __m256 c = _mm256_unpacklo_ps(x[2], x[3]), d = _mm256_unpackhi_ps(x[2], x[3]);
    x[0] = _mm256_shuffle_ps(a, c, 0x44);
    x[1] = _mm256_shuffle_ps(a, c, 0xee);
    x[2] = _mm256_shuffle_ps(b, d, 0x44);
    x[3] = _mm256_shuffle_ps(b, d, 0xee);
}

VEC void v_transpose_fours(v16 x[4]) {
    __m256 low[4] = {x[0].a, x[1].a, x[2].a, x[3].a}, high[4] = {x[0].b, x[1].b, x[2].b, x[3].b};
    eight_transpose_fours(low);
    eight_transpose_fours(high);
    UNROLL for (int i = 0; i < 4; i++)
        x[i] = (v16){low[i], high[i]};
}

VEC void eight_transpose(__m256 x[8]) {
    eight_transpose_fours(x);
    eight_transpose_fours(x + 4);
    UNROLL for (int k = 0; k < 4; k++) {
        __m256 top = x[k], below = x[4 + k];
        x[k] = _mm256_permute2f128_ps(top, below, 0x20);
        x[4 + k] = _mm256_permute2f128_ps(top, below, 0x31);
    }
}

VEC void v_transpose(v16 x[LANES]) {
    __m256 corner[4][8]; /* rows 0-7 and 8-15, columns 0-7 and 8-15 */
    UNROLL for (int i = 0; i < 8; i++) {
        corner[0][i] = x[i].a;
        corner[1][i] = x[i].b;
        corner[2][i] = x[8 + i].a;
        corner[3][i] = x[8 + i].b;
    }
    UNROLL for (int k = 0; k < 4; k++)
        eight_transpose(corner[k]);
    UNROLL for (int i = 0; i < 8; i++) {
        x[i] = (v16){corner[0][i], corner[2][i]};
        x[8 + i] = (v16){corner[1][i], corner[3][i]};
    }
}

#endif
