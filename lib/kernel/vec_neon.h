/* The vector layer on NEON (AArch64). The instructions' own maximum treats NaN differently, so it is made of a comparison. */
#ifndef KERNEL_VEC_NEON_H
#define KERNEL_VEC_NEON_H

#include <arm_neon.h>
#include <string.h>

#define GEMM_MR 6
#define GEMM_NV 1

typedef float32x4_t quad;
typedef int32x4_t quad_i;
typedef uint32x4_t quad_m;

#define q_set1 vdupq_n_f32
#define q_load vld1q_f32
#define q_store vst1q_f32
#define q_add vaddq_f32
#define q_sub vsubq_f32
#define q_mul vmulq_f32
#define q_div vdivq_f32
#define q_max(a, b) vbslq_f32(vcgtq_f32((a), (b)), (a), (b))
#define q_min(a, b) vbslq_f32(vcltq_f32((a), (b)), (a), (b))
#define q_fma(a, b, c) vfmaq_f32((c), (a), (b))
#define q_sqrt vsqrtq_f32
#define q_abs vabsq_f32
#define q_gt vcgtq_f32
#define q_eq vceqq_f32
#define q_unordered(a, b) vmvnq_u32(vandq_u32(vceqq_f32((a), (a)), vceqq_f32((b), (b))))
#define q_select vbslq_f32
#define q_bits vreinterpretq_s32_f32
#define qm_and vandq_u32
#define qm_or vorrq_u32
#define qm_andnot vbicq_u32
#define qm_first(n) vcgtq_s32(vdupq_n_s32(n), (int32x4_t){0, 1, 2, 3})
#define qm_any(m) (vmaxvq_u32(m) != 0)
#define qi_float_bits vreinterpretq_f32_s32
#define qi_set1 vdupq_n_s32
#define qi_add vaddq_s32
#define qi_sub vsubq_s32
#define qi_and vandq_s32
#define qi_xor veorq_s32
#define qi_mul vmulq_s32
static inline int32x4_t qi_mul_high(int32x4_t a, int32x4_t b) {
    uint32x4_t x = vreinterpretq_u32_s32(a), y = vreinterpretq_u32_s32(b);
    uint64x2_t low = vmull_u32(vget_low_u32(x), vget_low_u32(y)), high = vmull_high_u32(x, y);
    return vreinterpretq_s32_u32(vuzp2q_u32(vreinterpretq_u32_u64(low), vreinterpretq_u32_u64(high)));
}
#define qi_gt vcgtq_s32
#define qi_float vcvtq_f32_s32
#define q_nearest vcvtnq_s32_f32
static inline int32x4_t qi_load_u8(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    uint16x8_t wide = vmovl_u8(vcreate_u8(four));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(wide)));
}
static inline void qi_store_u8(uint8_t *p, int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d) {
    uint8x8_t low = vqmovun_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)));
    vst1q_u8(p, vcombine_u8(low, vqmovun_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d)))));
}
#define qi_shl vshlq_n_s32
#define qi_shr vshrq_n_s32

static inline __attribute__((always_inline)) void q_transpose(float32x4_t x[4]) {
    float32x4x2_t lo = vtrnq_f32(x[0], x[1]), hi = vtrnq_f32(x[2], x[3]);
    x[0] = vcombine_f32(vget_low_f32(lo.val[0]), vget_low_f32(hi.val[0]));
    x[1] = vcombine_f32(vget_low_f32(lo.val[1]), vget_low_f32(hi.val[1]));
    x[2] = vcombine_f32(vget_high_f32(lo.val[0]), vget_high_f32(hi.val[0]));
    x[3] = vcombine_f32(vget_high_f32(lo.val[1]), vget_high_f32(hi.val[1]));
}

#include "kernel/vec_quad.h"

#endif
