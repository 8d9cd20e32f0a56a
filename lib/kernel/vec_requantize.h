/* From sums to results, on 16 lanes: see kernel/quantized.h. */
#ifndef KERNEL_VEC_REQUANTIZE_H
#define KERNEL_VEC_REQUANTIZE_H

#include "kernel/kernels.h"
#include "kernel/vec_bytes.h"
#include "kernel/vec_math.h"

/* (q - zero) * scale */
VEC v16 v_dequantize(i16 q, int32_t zero, float scale) {
    return v_mul(i_float(i_sub(q, i_set1(zero))), v_set1(scale));
}

/* Activation and what comes after it; j: the first of the columns. */
VEC v16 v_finish_bytes(const visml_requantize *r, int64_t j, v16 t) {
    if (r->activation != VISML_LINEAR)
        t = v_activate(r->activation, v_set1(r->alpha), t);
    if (r->after)
        t = v_add(v_mul(t, v_load(r->after + j)), v_load(r->shift + j));
    return t;
}

/* t as a byte. NaN becomes lo: v_max gives its second argument. */
VEC i16 v_to_byte(const visml_requantize *r, v16 t) {
    t = v_min(v_max(t, v_set1(r->lo)), v_set1(r->hi));
    return i_add(v_nearest(t), i_set1(r->zero));
}

/* sum * scale + bias, rounded twice: sse4 has nothing else. */
VEC v16 v_from_sum(i16 sum, const float *scale, const float *bias) {
    return v_add(v_mul(i_float(sum), v_load(scale)), v_load(bias));
}

#endif
