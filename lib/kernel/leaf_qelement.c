#ifndef VISML_REAL_DOUBLE

#include "kernel/vec_requantize.h"

/* A loop over n elements in vectors of m <= 16. */
#define VECTORS(n) for (size_t i = 0, m; m = (size_t)v_rest(i, (n)), i < (n); i += LANES)

void LEAF(quantize)(size_t n, const float *x, float inverse, int32_t zero, uint8_t *q) {
    visml_requantize r = {.lo = (float)-zero, .hi = (float)(255 - zero), .zero = zero};
    VECTORS(n) i_put_u8(q + i, (int)m, v_to_byte(&r, v_mul(v_get(x + i, (int)m), v_set1(inverse))));
}

void LEAF(dequantize)(size_t n, const uint8_t *q, float scale, int32_t zero, float *y) {
    VECTORS(n) v_put(y + i, (int)m, v_dequantize(i_get_u8(q + i, (int)m), zero, scale));
}

void LEAF(qsum)(const visml_qsum *s, size_t n, uint8_t *q) {
    VECTORS(n) {
        v16 a = v_dequantize(i_get_u8(s->a + i, (int)m), s->a_zero, s->a_scale);
        v16 b = v_dequantize(i_get_u8(s->b + i, (int)m), s->b_zero, s->b_scale);
        i_put_u8(q + i, (int)m, v_to_byte(&s->r, v_finish_bytes(&s->r, 0, v_add(a, b))));
    }
}

void LEAF(qmaxpool)(const visml_pool_windows *w, const uint8_t *x, uint8_t *y) {
    for (int64_t o = 0; o < w->count; o++)
        for (int64_t j = 0; j < w->c; j += 64) {
            int n = w->c - j < 64 ? (int)(w->c - j) : 64;
            b64 top = b_load_n(x + o * w->step + j, n);
            for (int64_t a = 0; a < w->th; a++)
                for (int64_t b = 0; b < w->tw; b++)
                    top = b_max(top, b_load_n(x + o * w->step + a * w->row + b * w->c + j, n));
            b_store_n(y + o * w->c + j, n, top);
        }
}

/* The mean of bytes is the byte of the mean: zero and scale stay. Sums are exact. */
void LEAF(qavgpool)(const visml_pool_windows *w, const uint8_t *x, uint8_t *y) {
    v16 size = v_set1((float)(w->th * w->tw));
    for (int64_t o = 0; o < w->count; o++)
        for (int64_t j = 0; j < w->c; j += LANES) {
            int n = v_rest((size_t)j, (size_t)w->c);
            i16 sum = i_set1(0);
            for (int64_t a = 0; a < w->th; a++)
                for (int64_t b = 0; b < w->tw; b++)
                    sum = i_add(sum, i_get_u8(x + o * w->step + a * w->row + b * w->c + j, n));
            i_put_u8(y + o * w->c + j, n, v_nearest(v_div(i_float(sum), size)));
        }
}

/* Sums over at most 2^23 rows are exact. */
void LEAF(qrowmean)(int64_t rows, int64_t c, const uint8_t *x, float scale, int32_t zero, float *y) {
    for (int64_t j = 0; j < c; j += LANES) {
        int n = v_rest((size_t)j, (size_t)c);
        i16 sum = i_set1(0);
        for (int64_t i = 0; i < rows; i++)
            sum = i_add(sum, i_sub(i_get_u8(x + i * c + j, n), i_set1(zero)));
        v_put(y + j, n, v_mul(v_div(i_float(sum), v_set1((float)rows)), v_set1(scale)));
    }
}

#else
typedef int visml_no_bytes_in_double; /* an empty file is not C */
#endif
