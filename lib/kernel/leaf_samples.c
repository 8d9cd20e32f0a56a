/* Samples of pictures: bytes to floats and back, with scale and offset, interleaved or in planes. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

#define BLOCK 64 /* pixels that are taken apart at a time */

/* Up to 16 channels: c vectors hold each channel's number wherever it falls in 16 pixels. */
static void nhwc_few(int64_t pixels, int64_t c, const uint8_t *x, const float *scale, const float *offset, float *y) {
    float s[LANES * LANES], o[LANES * LANES];
    size_t n = (size_t)(pixels * c), period = (size_t)c * LANES;
    for (size_t i = 0; i < period; i++) {
        s[i] = scale[i % (size_t)c];
        o[i] = offset[i % (size_t)c];
    }
    for (size_t i = 0, at = 0; i < n; i += LANES, at = at + LANES == period ? 0 : at + LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, v_fma(v_get_u8(x + i, r), v_load(s + at), v_load(o + at)));
    }
}

void LEAF(u8_to_nhwc)(int64_t pixels, int64_t c, const uint8_t *x, const float *scale, const float *offset, float *y) {
    if (c < 1)
        return;
    if (c <= LANES) {
        nhwc_few(pixels, c, x, scale, offset, y);
        return;
    }
    for (; pixels; pixels--, x += c, y += c)
        for (int64_t j = 0; j < c; j += LANES) {
            int r = v_rest((size_t)j, (size_t)c);
            v_put(y + j, r, v_fma(v_get_u8(x + j, r), v_get(scale + j, r), v_get(offset + j, r)));
        }
}

/* Every c-th byte; c is a constant where this is inlined. */
VEC void take_channel(int64_t n, int64_t c, const uint8_t *x, uint8_t *y) {
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i * c];
}

static void pick_channel(int64_t n, int64_t c, const uint8_t *x, uint8_t *y) {
    switch (c) {
    case 2: take_channel(n, 2, x, y); break;
    case 3: take_channel(n, 3, x, y); break;
    case 4: take_channel(n, 4, x, y); break;
    default: take_channel(n, c, x, y);
    }
}

VEC void scale_bytes(int64_t n, const uint8_t *x, float scale, float offset, float *y) {
    v16 s = v_set1(scale), o = v_set1(offset);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        v_put(y + i, LANES, v_fma(v_get_u8(x + i, LANES), s, o));
    if (i < n)
        v_put(y + i, (int)(n - i), v_fma(v_get_u8(x + i, (int)(n - i)), s, o));
}

void LEAF(u8_to_nchw)(int64_t pixels, int64_t c, const uint8_t *x, const float *scale, const float *offset, float *y, int64_t plane) {
    if (c == 1) {
        scale_bytes(pixels, x, *scale, *offset, y);
        return;
    }
    for (int64_t i = 0; i < pixels; i += BLOCK)
        for (int64_t ch = 0; ch < c; ch++) {
            uint8_t block[BLOCK];
            int64_t n = pixels - i < BLOCK ? pixels - i : BLOCK;
            pick_channel(n, c, x + i * c + ch, block);
            scale_bytes(n, block, scale[ch], offset[ch], y + ch * plane + i);
        }
}

void LEAF(f32_to_u8)(size_t n, const float *x, float scale, float offset, uint8_t *y) {
    v16 s = v_set1(scale), o = v_set1(offset), most = v_set1(255.0f);
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 a = v_fma(v_get(x + i, r), s, o);
        i_put_u8(y + i, r, v_nearest(v_min(v_max(a, v_zero()), most))); /* v_max gives 0 for NaN */
    }
}

#endif
