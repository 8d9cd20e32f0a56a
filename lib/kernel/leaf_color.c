/* Colours of pixels [n, 3]. Floats are taken apart into three vectors of 16 pixels through a small array. */
#include "kernel/kernels.h"
#include "kernel/vec_math.h"
#include "kernel/vec_pixels.h"

#ifndef VISML_REAL_DOUBLE

typedef struct triple {
    v16 a, b, c;
} triple;

VEC triple load_pixels(const float *x, int n) {
    float t[3][LANES] = {{0}};
    if (n == LANES) {
        UNROLL for (int l = 0; l < LANES; l++)
            UNROLL for (int ch = 0; ch < 3; ch++)
                t[ch][l] = x[3 * l + ch];
    } else {
        for (int l = 0; l < n; l++)
            for (int ch = 0; ch < 3; ch++)
                t[ch][l] = x[3 * l + ch];
    }
    return (triple){v_load(t[0]), v_load(t[1]), v_load(t[2])};
}

VEC void store_pixels(float *y, int n, triple p) {
    float t[3][LANES];
    v_store(t[0], p.a);
    v_store(t[1], p.b);
    v_store(t[2], p.c);
    for (int l = 0; l < n; l++)
        for (int ch = 0; ch < 3; ch++)
            y[3 * l + ch] = t[ch][l];
}

/* Whole numbers, so the compiler may do as it likes. Weights: ITU-R BT.601 in units of 2^-16, as Pillow has them. */
VEC void gray(size_t n, size_t channels, const uint8_t *x, uint8_t *y) {
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = x + i * channels;
        y[i] = (uint8_t)((19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u) >> 16);
    }
}

static void gray_of_rgb(size_t n, const uint8_t *x, uint8_t *y) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        i_put_u8(y + i, LANES, luma_of_pixels(x + 3 * i));
    gray(n - i, 3, x + 3 * i, y + i);
}

void LEAF(rgb_to_gray)(size_t n, int64_t channels, const uint8_t *x, uint8_t *y) {
    if (channels == 4)
        gray(n, 4, x, y);
    else
        gray_of_rgb(n, x, y);
}

/* Products and sums are rounded one by one, so that sse4 meets the same edges. */
VEC triple hsv_of(triple p) {
    v16 top = v_max(v_max(p.a, p.b), p.c), low = v_min(v_min(p.a, p.b), p.c), range = v_sub(top, low), zero = v_zero();
    m16 gray = v_eq(range, zero);
    v16 d = v_select(gray, v_set1(1.0f), range);
    v16 h = v_add(v_div(v_sub(p.a, p.b), d), v_set1(4.0f));                            /* blue is the largest */
    h = v_select(v_eq(p.b, top), v_add(v_div(v_sub(p.c, p.a), d), v_set1(2.0f)), h); /* green */
    h = v_select(v_eq(p.a, top), v_div(v_sub(p.b, p.c), d), h);                      /* red */
    h = v_select(v_gt(zero, h), v_add(h, v_set1(6.0f)), h);
    h = v_div(h, v_set1(6.0f));
    h = v_select(v_gt(v_set1(1.0f), h), h, zero); /* 1 by rounding is 0 */
    v16 s = v_div(range, v_select(v_eq(top, zero), v_set1(1.0f), top));
    return (triple){v_select(gray, zero, h), v_select(gray, zero, s), top};
}

/* Each channel is v - v s max(0, min(k, 4 - k, 1)), k = (h 6 + o) mod 6, with o = 5, 3, 1. */
VEC v16 hsv_channel(triple p, v16 h6, float o) {
    v16 k = v_add(h6, v_set1(o)), six = v_set1(6.0f);
    k = v_select(v_gt(six, k), k, v_sub(k, six));
    v16 m = v_max(v_min(v_min(k, v_sub(v_set1(4.0f), k)), v_set1(1.0f)), v_zero());
    return v_sub(p.c, v_mul(v_mul(p.c, p.b), m));
}

VEC triple rgb_of(triple p) {
    const v16 magic = v_set1(12582912.0f);
    v16 whole = v_sub(v_add(p.a, magic), magic), one = v_set1(1.0f);
    whole = v_select(v_gt(whole, p.a), v_sub(whole, one), whole); /* the largest whole number <= h */
    v16 h6 = v_mul(v_sub(p.a, whole), v_set1(6.0f));
    return (triple){hsv_channel(p, h6, 5), hsv_channel(p, h6, 3), hsv_channel(p, h6, 1)};
}

/* IEC 61966-2-1: ((v + 0.055) / 1.055)^2.4. The square is taken apart: its error is one rounding, that of a power grows with the
 * exponent. */
/* (A function of its own, as the next one: six copies of exp and log are much code.) */
static __attribute__((noinline)) v16 linear_of(v16 v) {
    v16 base = v_mul(v_add(v, v_set1(0.055f)), v_set1((float)(1 / 1.055)));
    v16 curve = v_mul(v_mul(base, base), v_exp(v_mul(v_log(base), v_set1(0.4f))));
    return v_select(v_gt(v, v_set1(0.04045f)), curve, v_mul(v, v_set1((float)(1 / 12.92))));
}

/* Of t > 0: the exponent's third, within 1/20 (Kahan 1991), then twice Halley's rule, each of which cubes the error. */
VEC v16 cube_root(v16 t) {
    v16 y = i_float_bits(i_add(i_mul_high(v_bits(t), i_set1(0x55555556)), i_set1(709958130)));
    UNROLL for (int i = 0; i < 2; i++) {
        v16 square = v_mul(y, y), cube = v_mul(square, y), left = v_fma(v_sub(v_zero(), square), y, t);
        y = v_fma(y, v_div(left, v_add(v_add(cube, cube), t)), y);
    }
    return y;
}

/* CIE 1976: the cube root, near 0 a straight line. */
static __attribute__((noinline)) v16 lab_curve(v16 t) {
    v16 line = v_fma(t, v_set1((float)(841.0 / 108)), v_set1((float)(4.0 / 29)));
    return v_select(v_gt(t, v_set1((float)(216.0 / 24389))), cube_root(t), line);
}

/* Linear light to X, Y, Z, each divided by that of the white point D65 (0.95047, 1, 1.08883). */
VEC v16 white_part(triple p, double r, double g, double b) {
    return v_fma(p.c, v_set1((float)b), v_fma(p.b, v_set1((float)g), v_mul(p.a, v_set1((float)r))));
}

VEC triple lab_of_linear(triple p) {
    v16 x = lab_curve(white_part(p, 0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047));
    v16 y = lab_curve(white_part(p, 0.212671, 0.715160, 0.072169));
    v16 z = lab_curve(white_part(p, 0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883));
    return (triple){v_fma(y, v_set1(116.0f), v_set1(-16.0f)), v_mul(v_sub(x, y), v_set1(500.0f)), v_mul(v_sub(y, z), v_set1(200.0f))};
}

VEC triple lab_of(triple p) {
    return lab_of_linear((triple){linear_of(p.a), linear_of(p.b), linear_of(p.c)});
}

#define DEFINE(name, function)                               \
    void LEAF(name)(size_t n, const float *x, float *y) {    \
        for (size_t i = 0; i < n; i += LANES) {              \
            int r = v_rest(i, n);                            \
            triple p = load_pixels(x + 3 * i, r);            \
            store_pixels(y + 3 * i, r, function(p));         \
        }                                                    \
    }
DEFINE(rgb_to_hsv, hsv_of)
DEFINE(hsv_to_rgb, rgb_of)
DEFINE(rgb_to_lab, lab_of)

/* ---- bytes to planes ---- */

void LEAF(srgb_linear)(size_t n, const float *x, float *y) {
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v_put(y + i, r, linear_of(v_get(x + i, r)));
    }
}

VEC v16 byte_of(i16 w, int shift) {
    return i_float(i_and(i_shr(w, shift), i_set1(255)));
}

/* Planes of `function` of up to 16 pixels, taken apart from one word each. */
#define DEFINE_PLANES(name, args, function)                                                              \
    void LEAF(name) args {                                                                               \
        int32_t words[PIXEL_BLOCK];                                                                      \
        for (size_t start = 0; start < n; start += PIXEL_BLOCK) {                                        \
            size_t count = n - start < PIXEL_BLOCK ? n - start : PIXEL_BLOCK;                            \
            pixel_words(count, x + 3 * start, words);                                                    \
            for (size_t i = 0; i < count; i += LANES) {                                                  \
                i16 w = i_load(words + i);                                                               \
                triple p = function;                                                                     \
                int r = v_rest(i, count);                                                                \
                v_put(y + start + i, r, p.a);                                                            \
                v_put(y + plane + start + i, r, p.b);                                                    \
                v_put(y + 2 * plane + start + i, r, p.c);                                                \
            }                                                                                            \
        }                                                                                                \
    }

VEC triple bytes_of(i16 w) {
    return (triple){byte_of(w, 0), byte_of(w, 8), byte_of(w, 16)};
}

/* Hue and saturation are ratios of whole numbers: rounded once. */
VEC triple hsv_of_bytes(i16 w) {
    triple p = hsv_of(bytes_of(w));
    return (triple){p.a, p.b, v_mul(p.c, v_set1(1.0f / 255))};
}

VEC triple lab_of_bytes(i16 w, const float *linear) {
    i16 low = i_set1(255);
    return lab_of_linear((triple){v_gather(linear, i_and(w, low)), v_gather(linear, i_and(i_shr(w, 8), low)),
                                  v_gather(linear, i_and(i_shr(w, 16), low))});
}

DEFINE_PLANES(hsv_planes, (size_t n, const uint8_t *x, float *y, size_t plane), hsv_of_bytes(w))
DEFINE_PLANES(lab_planes, (size_t n, const uint8_t *x, const float *linear, float *y, size_t plane), lab_of_bytes(w, linear))

#endif
