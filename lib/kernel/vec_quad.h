/* The vector layer on registers of four: four of them. The level gives quad (floats), quad_i (whole numbers), quad_m (truths) and the
 * q_ operations. */
#ifndef KERNEL_VEC_QUAD_H
#define KERNEL_VEC_QUAD_H

#include <string.h>

typedef struct v16 {
    quad v[4];
} v16;
typedef struct i16 {
    quad_i v[4];
} i16;
typedef struct m16 {
    quad_m v[4];
} m16;

#define FOUR UNROLL for (int l = 0; l < 4; l++)

VEC v16 v_set1(float a) {
    v16 r;
    FOUR r.v[l] = q_set1(a);
    return r;
}
VEC v16 v_load(const float *p) {
    v16 r;
    FOUR r.v[l] = q_load(p + 4 * l);
    return r;
}
VEC void v_store(float *p, v16 a) {
    FOUR q_store(p + 4 * l, a.v[l]);
}
VEC v16 v_keep(v16 a) {
    return a;
}
VEC v16 v_load_n(const float *p, int n) {
    float t[LANES] = {0};
    for (int l = 0; l < n; l++)
        t[l] = p[l];
    return v_load(t);
}
VEC void v_store_n(float *p, int n, v16 a) {
    float t[LANES];
    v_store(t, a);
    for (int l = 0; l < n; l++)
        p[l] = t[l];
}
#define TWO(type, name, in, op)   \
    VEC type name(in a, in b) {   \
        type r;                   \
        FOUR r.v[l] = op;         \
        return r;                 \
    }
TWO(v16, v_add, v16, q_add(a.v[l], b.v[l]))
TWO(v16, v_sub, v16, q_sub(a.v[l], b.v[l]))
TWO(v16, v_mul, v16, q_mul(a.v[l], b.v[l]))
TWO(v16, v_div, v16, q_div(a.v[l], b.v[l]))
TWO(v16, v_max, v16, q_max(a.v[l], b.v[l]))
TWO(v16, v_min, v16, q_min(a.v[l], b.v[l]))
TWO(m16, v_gt, v16, q_gt(a.v[l], b.v[l]))
TWO(m16, v_eq, v16, q_eq(a.v[l], b.v[l]))
TWO(m16, v_unordered, v16, q_unordered(a.v[l], b.v[l]))
TWO(m16, m_and, m16, qm_and(a.v[l], b.v[l]))
TWO(m16, m_or, m16, qm_or(a.v[l], b.v[l]))
TWO(m16, m_andnot, m16, qm_andnot(a.v[l], b.v[l]))
TWO(i16, i_add, i16, qi_add(a.v[l], b.v[l]))
TWO(i16, i_sub, i16, qi_sub(a.v[l], b.v[l]))
TWO(i16, i_and, i16, qi_and(a.v[l], b.v[l]))
TWO(i16, i_xor, i16, qi_xor(a.v[l], b.v[l]))
TWO(i16, i_mul, i16, qi_mul(a.v[l], b.v[l]))
TWO(i16, i_mul_high, i16, qi_mul_high(a.v[l], b.v[l]))
TWO(m16, i_gt, i16, qi_gt(a.v[l], b.v[l]))
#undef TWO
VEC v16 v_fma(v16 a, v16 b, v16 c) {
    FOUR a.v[l] = q_fma(a.v[l], b.v[l], c.v[l]);
    return a;
}
VEC v16 v_sqrt(v16 a) {
    FOUR a.v[l] = q_sqrt(a.v[l]);
    return a;
}
VEC v16 v_abs(v16 a) {
    FOUR a.v[l] = q_abs(a.v[l]);
    return a;
}
VEC m16 m_first(int n) {
    m16 m;
    FOUR m.v[l] = qm_first(n - 4 * l);
    return m;
}
VEC int m_any(m16 m) {
    return qm_any(qm_or(qm_or(m.v[0], m.v[1]), qm_or(m.v[2], m.v[3])));
}
VEC v16 v_select(m16 m, v16 a, v16 b) {
    FOUR a.v[l] = q_select(m.v[l], a.v[l], b.v[l]);
    return a;
}
VEC i16 v_bits(v16 a) {
    i16 r;
    FOUR r.v[l] = q_bits(a.v[l]);
    return r;
}
VEC v16 i_float_bits(i16 a) {
    v16 r;
    FOUR r.v[l] = qi_float_bits(a.v[l]);
    return r;
}
VEC i16 i_set1(int32_t a) {
    i16 r;
    FOUR r.v[l] = qi_set1(a);
    return r;
}
#define i_shl(a, n) (i16){{qi_shl((a).v[0], n), qi_shl((a).v[1], n), qi_shl((a).v[2], n), qi_shl((a).v[3], n)}}
#define i_shr(a, n) (i16){{qi_shr((a).v[0], n), qi_shr((a).v[1], n), qi_shr((a).v[2], n), qi_shr((a).v[3], n)}}

VEC v16 i_float(i16 a) {
    v16 r;
    FOUR r.v[l] = qi_float(a.v[l]);
    return r;
}
VEC i16 v_nearest(v16 a) {
    i16 r;
    FOUR r.v[l] = q_nearest(a.v[l]);
    return r;
}
VEC i16 i_load_u8(const uint8_t *p) {
    i16 r;
    FOUR r.v[l] = qi_load_u8(p + 4 * l);
    return r;
}
VEC void i_store_u8(uint8_t *p, i16 a) {
    qi_store_u8(p, a.v[0], a.v[1], a.v[2], a.v[3]);
}
VEC v16 v_gather(const float *p, i16 at) {
    int32_t i[LANES];
    float t[LANES];
    memcpy(i, &at, sizeof i);
    for (int l = 0; l < LANES; l++)
        t[l] = p[i[l]];
    return v_load(t);
}
VEC i16 i_gather(const int32_t *p, i16 at) {
    int32_t i[LANES];
    memcpy(i, &at, sizeof i);
    for (int l = 0; l < LANES; l++)
        i[l] = p[i[l]];
    memcpy(&at, i, sizeof i);
    return at;
}

VEC float v_sum(v16 a) {
    float t[4];
    q_store(t, q_add(q_add(a.v[0], a.v[2]), q_add(a.v[1], a.v[3])));
    return (t[0] + t[2]) + (t[1] + t[3]);
}
VEC float v_top(v16 a) {
    float t[4];
    q_store(t, q_max(q_max(a.v[0], a.v[2]), q_max(a.v[1], a.v[3])));
    float x = t[0] > t[2] ? t[0] : t[2], y = t[1] > t[3] ? t[1] : t[3];
    return x > y ? x : y;
}
VEC void v_transpose_fours(v16 x[4]) {
    for (int g = 0; g < 4; g++) {
        quad a[4];
        FOUR a[l] = x[l].v[g];
        q_transpose(a);
        FOUR x[l].v[g] = a[l];
    }
}
VEC void v_transpose(v16 x[LANES]) {
    for (int i = 0; i < 4; i++)
        for (int j = i; j < 4; j++) {
            quad a[4], b[4]; /* square (i, j) and its mirror */
            FOUR a[l] = x[4 * i + l].v[j];
            FOUR b[l] = x[4 * j + l].v[i];
            q_transpose(a);
            q_transpose(b);
            FOUR x[4 * i + l].v[j] = b[l];
            FOUR x[4 * j + l].v[i] = a[l];
        }
}
#undef FOUR

#endif
