/* The vector layer on SSE4.1. No fused multiply-add: v_fma rounds twice. */
#ifndef KERNEL_VEC_SSE4_H
#define KERNEL_VEC_SSE4_H

#include <smmintrin.h>
#include <string.h>

#define GEMM_MR 2
#define GEMM_NV 1

typedef __m128 quad, quad_m;
typedef __m128i quad_i;

static inline __m128i qi_load_u8(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
}
static inline __m128i qi_mul_high(__m128i a, __m128i b) {
    __m128i even = _mm_mul_epu32(a, b), odd = _mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32));
    return _mm_blend_epi16(_mm_srli_epi64(even, 32), odd, 0xcc);
}
#define q_set1 _mm_set1_ps
#define q_load _mm_loadu_ps
#define q_store _mm_storeu_ps
#define q_add _mm_add_ps
#define q_sub _mm_sub_ps
#define q_mul _mm_mul_ps
#define q_div _mm_div_ps
#define q_max _mm_max_ps
#define q_min _mm_min_ps
#define q_fma(a, b, c) _mm_add_ps(_mm_mul_ps((a), (b)), (c))
#define q_sqrt _mm_sqrt_ps
#define q_abs(a) _mm_andnot_ps(_mm_set1_ps(-0.0f), (a))
#define q_gt _mm_cmpgt_ps
#define q_eq _mm_cmpeq_ps
#define q_unordered _mm_cmpunord_ps
#define q_select(m, a, b) _mm_blendv_ps((b), (a), (m))
#define q_bits _mm_castps_si128
#define qm_and _mm_and_ps
#define qm_or _mm_or_ps
#define qm_andnot(a, b) _mm_andnot_ps((b), (a))
#define qm_first(n) _mm_castsi128_ps(_mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_setr_epi32(0, 1, 2, 3)))
#define qm_any(m) (_mm_movemask_ps(m) != 0)
#define q_transpose(x) _MM_TRANSPOSE4_PS((x)[0], (x)[1], (x)[2], (x)[3])
#define qi_float_bits _mm_castsi128_ps
#define qi_set1 _mm_set1_epi32
#define qi_add _mm_add_epi32
#define qi_sub _mm_sub_epi32
#define qi_and _mm_and_si128
#define qi_xor _mm_xor_si128
#define qi_mul _mm_mullo_epi32
#define qi_gt(a, b) _mm_castsi128_ps(_mm_cmpgt_epi32((a), (b)))
#define qi_float _mm_cvtepi32_ps
#define q_nearest _mm_cvtps_epi32
#define qi_store_u8(p, a, b, c, d) \
    _mm_storeu_si128((__m128i *)(void *)(p), _mm_packus_epi16(_mm_packs_epi32((a), (b)), _mm_packs_epi32((c), (d))))
#define qi_shl _mm_slli_epi32
#define qi_shr _mm_srai_epi32

#include "kernel/vec_quad.h"

#endif
