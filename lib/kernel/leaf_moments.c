/* Sums of powers. Those of bytes are whole numbers: no order and no vector length changes them. */
#include "kernel/kernels.h"
#include "kernel/vec_pixels.h"

#ifndef VISML_REAL_DOUBLE

#define MOST_CHANNELS 4
#define TURNS 256 /* cubes of bytes that fit in 32 bits: 255^3 * 256 < 2^32 */

/* The lanes of s, added to those of every third, fourth, ... number: that of lane l is (first + l) % c. */
VEC void add_lanes(i16 s, size_t first, size_t c, uint64_t *to) {
    int32_t lane[LANES];
    i_store(lane, s);
    for (size_t l = 0; l < LANES; l++)
        to[(first + l) % c] += (uint32_t)lane[l];
}

/* c vectors are 16 pixels: lane l of vector j always holds channel (16 j + l) % c, so that pixels need not be taken apart. */
VEC void power_sums(size_t pixels, const size_t c, const uint8_t *x, uint64_t *sums) {
    while (pixels) {
        i16 one[MOST_CHANNELS], two[MOST_CHANNELS], three[MOST_CHANNELS];
        UNROLL for (size_t j = 0; j < c; j++)
            one[j] = two[j] = three[j] = i_set1(0);
        for (int turn = 0; turn < TURNS && pixels; turn++) {
            size_t take = pixels < LANES ? pixels : LANES;
            UNROLL for (size_t j = 0; j < c; j++) {
                size_t left = take * c > j * LANES ? take * c - j * LANES : 0;
                i16 v = take == LANES ? i_load_u8(x + j * LANES) : i_get_u8(x + (left ? j * LANES : 0), left < LANES ? (int)left : LANES);
                i16 square = i_mul(v, v);
                one[j] = i_add(one[j], v);
                two[j] = i_add(two[j], square);
                three[j] = i_add(three[j], i_mul(square, v));
            }
            x += take * c;
            pixels -= take;
        }
        UNROLL for (size_t j = 0; j < c; j++) {
            add_lanes(one[j], j * LANES, c, sums);
            add_lanes(two[j], j * LANES, c, sums + c);
            add_lanes(three[j], j * LANES, c, sums + 2 * c);
        }
    }
}

static void power_sums_1(size_t n, const uint8_t *x, uint64_t *sums) { power_sums(n, 1, x, sums); }
static void power_sums_2(size_t n, const uint8_t *x, uint64_t *sums) { power_sums(n, 2, x, sums); }
static void power_sums_3(size_t n, const uint8_t *x, uint64_t *sums) { power_sums(n, 3, x, sums); }
static void power_sums_4(size_t n, const uint8_t *x, uint64_t *sums) { power_sums(n, 4, x, sums); }

void LEAF(moments_u8)(size_t pixels, int64_t channels, const uint8_t *x, uint64_t *sums) {
    switch (channels) {
    case 1: power_sums_1(pixels, x, sums); return;
    case 2: power_sums_2(pixels, x, sums); return;
    case 3: power_sums_3(pixels, x, sums); return;
    case 4: power_sums_4(pixels, x, sums); return;
    default: break;
    }
    for (size_t c = (size_t)channels; pixels; pixels--, x += c)
        for (size_t j = 0; j < c; j++) {
            uint32_t v = x[j];
            sums[j] += v;
            sums[c + j] += v * v;
            sums[2 * c + j] += v * v * v;
        }
}

void LEAF(moments_f32)(size_t n, const float *x, float center, float *sums) {
    v16 c = v_set1(center), one = v_zero(), two = v_zero(), three = v_zero();
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 d = v_sub(r == LANES ? v_load(x + i) : v_select(m_first(r), v_get(x + i, r), c), c), square = v_mul(d, d);
        one = v_add(one, d);
        two = v_add(two, square);
        three = v_fma(square, d, three);
    }
    sums[0] = v_sum(one);
    sums[1] = v_sum(two);
    sums[2] = v_sum(three);
}

/* Products of two channels, as power_sums. */
void LEAF(products_rgb)(size_t pixels, const uint8_t *x, uint64_t *sums) {
    int32_t words[PIXEL_BLOCK];
    for (size_t start = 0; start < pixels; start += PIXEL_BLOCK) {
        size_t n = pixels - start < PIXEL_BLOCK ? pixels - start : PIXEL_BLOCK;
        i16 s[9], low = i_set1(255);
        UNROLL for (int k = 0; k < 9; k++)
            s[k] = i_set1(0);
        pixel_words(n, x + 3 * start, words);
        for (size_t i = 0; i < n; i += LANES) {
            i16 w = i_load(words + i), r = i_and(w, low), g = i_and(i_shr(w, 8), low), b = i_and(i_shr(w, 16), low);
            s[0] = i_add(s[0], r);
            s[1] = i_add(s[1], g);
            s[2] = i_add(s[2], b);
            s[3] = i_add(s[3], i_mul(r, r));
            s[4] = i_add(s[4], i_mul(r, g));
            s[5] = i_add(s[5], i_mul(r, b));
            s[6] = i_add(s[6], i_mul(g, g));
            s[7] = i_add(s[7], i_mul(g, b));
            s[8] = i_add(s[8], i_mul(b, b));
        }
        UNROLL for (int k = 0; k < 9; k++)
            add_lanes(s[k], 0, 1, sums + k);
    }
}

/* Of a row between two others of bytes: above + below + left + right - 4 times the middle. Outside lies what is inside by one pixel. */
VEC int32_t laplace(int64_t n, const uint8_t *above, const uint8_t *x, const uint8_t *below, int64_t i) {
    int64_t left = i ? i - 1 : n > 1, right = i + 1 < n ? i + 1 : n > 1 ? n - 2 : 0;
    return above[i] + below[i] + x[left] + x[right] - 4 * x[i];
}

VEC void add_one(int32_t v, int64_t sums[2]) {
    sums[0] += v;
    sums[1] += v * v;
}

/* 1020^2 * 1024 < 2^31 */
void LEAF(laplacian_u8)(int64_t n, const uint8_t *above, const uint8_t *x, const uint8_t *below, int64_t *sums) {
    int64_t i = 1;
    add_one(laplace(n, above, x, below, 0), sums);
    while (i + LANES < n) {
        i16 one = i_set1(0), two = i_set1(0);
        int32_t lane[2][LANES];
        for (int turn = 0; turn < 1024 && i + LANES < n; turn++, i += LANES) {
            i16 v = i_add(i_add(i_load_u8(above + i), i_load_u8(below + i)), i_add(i_load_u8(x + i - 1), i_load_u8(x + i + 1)));
            v = i_sub(v, i_shl(i_load_u8(x + i), 2));
            one = i_add(one, v);
            two = i_add(two, i_mul(v, v));
        }
        i_store(lane[0], one);
        i_store(lane[1], two);
        for (int l = 0; l < LANES; l++) {
            sums[0] += lane[0][l];
            sums[1] += lane[1][l];
        }
    }
    for (; i < n; i++)
        add_one(laplace(n, above, x, below, i), sums);
}

#endif
