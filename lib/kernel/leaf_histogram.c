/* Counting. Whole numbers: neither order nor vector length changes a count. */
#include <string.h>

#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

#define TABLES 4 /* neighbours are often equal: each then has a table of its own, and need not wait for the other */
#define PIECE 4096

/* One channel of every `step` bytes; counts[256] is added to. */
static void count_bytes(size_t n, size_t step, const uint8_t *x, uint32_t *counts) {
    uint32_t table[TABLES][256];
    size_t i = 0;
    memset(table, 0, sizeof table);
    for (; i + TABLES <= n; i += TABLES)
        UNROLL for (size_t t = 0; t < TABLES; t++)
            table[t][x[(i + t) * step]]++;
    for (; i < n; i++)
        table[0][x[i * step]]++;
    for (int v = 0; v < 256; v++)
        counts[v] += table[0][v] + table[1][v] + table[2][v] + table[3][v];
}

void LEAF(histogram_u8)(size_t pixels, int64_t channels, const uint8_t *x, uint32_t *counts) {
    for (size_t start = 0; start < pixels; start += PIECE) {
        size_t n = pixels - start < PIECE ? pixels - start : PIECE;
        if (n < 256 && channels == 1) { /* clearing tables would take longer than counting */
            for (size_t i = 0; i < n; i++)
                counts[x[start + i]]++;
            continue;
        }
        for (int64_t c = 0; c < channels; c++)
            count_bytes(n, (size_t)channels, x + start * (size_t)channels + c, counts + 256 * c);
    }
}

/* The bin of each of up to 16 numbers: floor((x - low) * scale), the last one closed; -1 outside and for NaN. */
VEC void bins_of(const float *x, int n, v16 low, v16 high, v16 scale, v16 last, int32_t bin[LANES]) {
    v16 a = v_get(x, n), t = v_mul(v_sub(a, low), scale);
    m16 outside = m_or(m_or(v_gt(low, a), v_gt(a, high)), v_unordered(a, a));
    t = v_max(v_min(t, last), v_zero());
    t = v_select(outside, v_zero(), t);
    i16 whole = v_nearest(t);
    v16 back = i_float(whole), one = v_set1(1.0f);
    v16 floor = v_select(v_gt(back, t), v_sub(back, one), back);
    i_store(bin, v_nearest(v_select(outside, v_set1(-1.0f), floor)));
}

void LEAF(histogram_f32)(size_t n, const float *x, const visml_histogram_range *r, uint32_t *counts) {
    v16 low = v_set1(r->low), high = v_set1(r->high), scale = v_set1(r->scale), last = v_set1((float)(r->bins - 1));
    int32_t bin[LANES];
    for (size_t i = 0; i < n; i += LANES) {
        int count = v_rest(i, n);
        bins_of(x + i, count, low, high, scale, last, bin);
        for (int l = 0; l < count; l++)
            if (bin[l] >= 0)
                counts[bin[l]]++;
    }
}

/* A pixel's bin is that of its channels (v * bins / 256 each) read as digits, the first channel the highest. */
void LEAF(histogram_joint)(size_t pixels, int64_t channels, const int32_t *bins, const uint8_t *x, uint32_t *counts) {
    uint32_t digit[4][256];
    for (int64_t c = 0; c < channels; c++)
        for (uint32_t v = 0; v < 256; v++) {
            digit[c][v] = v * (uint32_t)bins[c] >> 8;
            for (int64_t d = c + 1; d < channels; d++)
                digit[c][v] *= (uint32_t)bins[d];
        }
    for (size_t i = 0; i < pixels; i++, x += channels) {
        uint32_t at = 0;
        for (int64_t c = 0; c < channels; c++)
            at += digit[c][x[c]];
        counts[at]++;
    }
}

#endif
