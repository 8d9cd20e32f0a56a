/* The vector layer in plain C: the meaning of every operation. */
#ifndef KERNEL_VEC_REF_H
#define KERNEL_VEC_REF_H

#include <math.h>
#include <string.h>

#define GEMM_MR 4 /* the register block: GEMM_MR rows, GEMM_NV vectors */
#define GEMM_NV 1

typedef struct v16 {
    real v[LANES];
} v16;
typedef struct i16 {
    int32_t v[LANES];
} i16;
typedef struct m16 {
    unsigned char v[LANES];
} m16;

/* Not unrolled: sixteen calls of fmaf in a row for every operation make the library half as large again. */
#if defined(__clang__)
#define EACH _Pragma("clang loop unroll(disable)") for (int l = 0; l < LANES; l++)
#else
#define EACH _Pragma("GCC unroll 1") for (int l = 0; l < LANES; l++)
#endif

VEC v16 v_set1(real a) {
    v16 r;
    EACH r.v[l] = a;
    return r;
}
VEC v16 v_load(const real *p) {
    v16 r;
    memcpy(r.v, p, sizeof r.v);
    return r;
}
VEC void v_store(real *p, v16 a) {
    memcpy(p, a.v, sizeof a.v);
}
/* a itself, which stays in its register: a compiler may otherwise load it again for each use. */
VEC v16 v_keep(v16 a) {
    return a;
}
/* n elements, 0 <= n < 16; the other lanes are 0. */
VEC v16 v_load_n(const real *p, int n) {
    v16 r = {{0}};
    for (int l = 0; l < n; l++)
        r.v[l] = p[l];
    return r;
}
VEC void v_store_n(real *p, int n, v16 a) {
    for (int l = 0; l < n; l++)
        p[l] = a.v[l];
}
VEC v16 v_add(v16 a, v16 b) {
    EACH a.v[l] += b.v[l];
    return a;
}
VEC v16 v_sub(v16 a, v16 b) {
    EACH a.v[l] -= b.v[l];
    return a;
}
VEC v16 v_mul(v16 a, v16 b) {
    EACH a.v[l] *= b.v[l];
    return a;
}
VEC v16 v_div(v16 a, v16 b) {
    EACH a.v[l] /= b.v[l];
    return a;
}
/* a b + c, rounded once (in double, which no other level must match, as is fastest). */
VEC v16 v_fma(v16 a, v16 b, v16 c) {
#ifdef VISML_REAL_DOUBLE
    EACH a.v[l] = a.v[l] * b.v[l] + c.v[l];
#else
    EACH a.v[l] = fmaf(a.v[l], b.v[l], c.v[l]);
#endif
    return a;
}
VEC v16 v_sqrt(v16 a) {
#ifdef VISML_REAL_DOUBLE
    EACH a.v[l] = sqrt(a.v[l]);
#else
    EACH a.v[l] = sqrtf(a.v[l]);
#endif
    return a;
}
/* a > b ? a : b: the second one for NaN and for zeros. */
VEC v16 v_max(v16 a, v16 b) {
    EACH a.v[l] = a.v[l] > b.v[l] ? a.v[l] : b.v[l];
    return a;
}
VEC v16 v_min(v16 a, v16 b) {
    EACH a.v[l] = a.v[l] < b.v[l] ? a.v[l] : b.v[l];
    return a;
}
VEC v16 v_abs(v16 a) {
#ifdef VISML_REAL_DOUBLE
    EACH a.v[l] = fabs(a.v[l]);
#else
    EACH a.v[l] = fabsf(a.v[l]);
#endif
    return a;
}
VEC m16 v_gt(v16 a, v16 b) {
    m16 m;
    EACH m.v[l] = a.v[l] > b.v[l];
    return m;
}
VEC m16 v_eq(v16 a, v16 b) {
    m16 m;
    EACH m.v[l] = a.v[l] == b.v[l];
    return m;
}
/* A lane where either is NaN. */
VEC m16 v_unordered(v16 a, v16 b) {
    m16 m;
    EACH m.v[l] = a.v[l] != a.v[l] || b.v[l] != b.v[l];
    return m;
}
VEC m16 m_and(m16 a, m16 b) {
    EACH a.v[l] &= b.v[l];
    return a;
}
VEC m16 m_or(m16 a, m16 b) {
    EACH a.v[l] |= b.v[l];
    return a;
}
/* a and not b */
VEC m16 m_andnot(m16 a, m16 b) {
    EACH a.v[l] = a.v[l] && !b.v[l];
    return a;
}
/* The first n lanes, 0 <= n <= 16. */
VEC m16 m_first(int n) {
    m16 m;
    EACH m.v[l] = l < n;
    return m;
}
VEC int m_any(m16 m) {
    int any = 0;
    EACH any |= m.v[l];
    return any;
}
/* m ? a : b */
VEC v16 v_select(m16 m, v16 a, v16 b) {
    EACH a.v[l] = m.v[l] ? a.v[l] : b.v[l];
    return a;
}
VEC real v_sum(v16 a) {
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            a.v[l] += a.v[l + half];
    return a.v[0];
}
/* The largest lane, by the same tree of v_max. */
VEC real v_top(v16 a) {
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            a.v[l] = a.v[l] > a.v[l + half] ? a.v[l] : a.v[l + half];
    return a.v[0];
}
/* Row i becomes column i. */
VEC void v_transpose(v16 x[LANES]) {
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < i; j++) {
            real a = x[i].v[j];
            x[i].v[j] = x[j].v[i];
            x[j].v[i] = a;
        }
}
VEC i16 i_set1(int32_t a) {
    i16 r;
    EACH r.v[l] = a;
    return r;
}
VEC i16 i_add(i16 a, i16 b) {
    EACH a.v[l] = (int32_t)((uint32_t)a.v[l] + (uint32_t)b.v[l]);
    return a;
}
VEC i16 i_and(i16 a, i16 b) {
    EACH a.v[l] &= b.v[l];
    return a;
}
VEC i16 i_xor(i16 a, i16 b) {
    EACH a.v[l] ^= b.v[l];
    return a;
}
#define i_shr(a, n) i_shift_right((a), (n)) /* keeps the sign */
VEC i16 i_shift_right(i16 a, int n) {
    EACH a.v[l] >>= n;
    return a;
}
/* The low 32 bits. */
VEC i16 i_mul(i16 a, i16 b) {
    EACH a.v[l] = (int32_t)((uint32_t)a.v[l] * (uint32_t)b.v[l]);
    return a;
}
/* The high 32 bits of products of numbers without sign. */
VEC i16 i_mul_high(i16 a, i16 b) {
    EACH a.v[l] = (int32_t)((uint64_t)(uint32_t)a.v[l] * (uint32_t)b.v[l] >> 32);
    return a;
}
/* Rounded to the nearest, halves to the even one. */
VEC v16 i_float(i16 a) {
    v16 r;
    EACH r.v[l] = (real)a.v[l];
    return r;
}
VEC m16 i_gt(i16 a, i16 b) {
    m16 m;
    EACH m.v[l] = a.v[l] > b.v[l];
    return m;
}
/* Each group of four lanes, across four vectors: lane 4 g + j of x[i] becomes lane 4 g + i of x[j]. */
VEC void v_transpose_fours(v16 x[4]) {
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            for (int g = 0; g < LANES; g += 4) {
                real a = x[i].v[g + j];
                x[i].v[g + j] = x[j].v[g + i];
                x[j].v[g + i] = a;
            }
}
#ifdef VISML_REAL_DOUBLE
VEC i16 i_load(const int32_t *p) {
    i16 r;
    memcpy(r.v, p, sizeof r.v);
    return r;
}
#else
/* The bits of floats as whole numbers, and back. */
VEC i16 v_bits(v16 a) {
    i16 r;
    memcpy(r.v, a.v, sizeof r.v);
    return r;
}
VEC v16 i_float_bits(i16 a) {
    v16 r;
    memcpy(r.v, a.v, sizeof r.v);
    return r;
}
VEC i16 i_sub(i16 a, i16 b) {
    EACH a.v[l] = (int32_t)((uint32_t)a.v[l] - (uint32_t)b.v[l]);
    return a;
}
#define i_shl(a, n) i_shift_left((a), (n))
VEC i16 i_shift_left(i16 a, int n) {
    EACH a.v[l] = (int32_t)((uint32_t)a.v[l] << n);
    return a;
}
/* Rounded to the nearest, halves to the even one; lanes must be within +-2^22. */
VEC i16 v_nearest(v16 a) {
    i16 r;
    EACH r.v[l] = (int32_t)((a.v[l] + 12582912.0f) - 12582912.0f);
    return r;
}
/* 16 bytes. */
VEC i16 i_load_u8(const uint8_t *p) {
    i16 r;
    EACH r.v[l] = p[l];
    return r;
}
/* What is below 0 becomes 0, what is above 255 becomes 255. */
VEC void i_store_u8(uint8_t *p, i16 a) {
    EACH p[l] = (uint8_t)(a.v[l] < 0 ? 0 : a.v[l] > 255 ? 255 : a.v[l]);
}
/* p[at[lane]] */
VEC v16 v_gather(const float *p, i16 at) {
    v16 r;
    EACH r.v[l] = p[at.v[l]];
    return r;
}
VEC i16 i_gather(const int32_t *p, i16 at) {
    EACH at.v[l] = p[at.v[l]];
    return at;
}
#endif
#undef EACH

#endif
