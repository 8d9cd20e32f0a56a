/* The vector layer on NEON (AArch64). The instructions' own maximum treats NaN differently, so it is made of a comparison. */
#ifndef KERNEL_VEC_NEON_H
#define KERNEL_VEC_NEON_H

#include <arm_neon.h>

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
