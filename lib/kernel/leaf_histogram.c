/* Counting. Whole numbers: neither order nor vector length changes a count. */
#include <string.h>

#include "kernel/kernels.h"
#include "kernel/vec_pixels.h"

#ifndef VISML_REAL_DOUBLE

/* Neighbours are often equal: each then has a table of its own, and need not wait for the other. */
#define TABLES 8
#define BIG_TABLES 4 /* where a table may have SMALL bins */
#define SMALL 512

#define PIECE 16384

/* counts[bins] += the tables[n, bins]. */
VEC void add_tables(size_t n, size_t bins, const uint32_t *tables, uint32_t *counts) {
    for (size_t b = 0; b < bins; b++) {
        uint32_t sum = 0;
        UNROLL for (size_t t = 0; t < n; t++)
            sum += tables[t * bins + b];
        counts[b] += sum;
    }
}

/* One channel of every `step` bytes; counts[256] is added to. */
VEC void count_bytes(size_t n, size_t step, const uint8_t *x, uint32_t *counts) {
    uint32_t tables[TABLES][256];
    size_t i = 0;
    memset(tables, 0, sizeof tables);
    for (; i + TABLES <= n; i += TABLES) {
        if (step == 1) {
            uint64_t word;
            memcpy(&word, x + i, sizeof word); /* in which table a byte counts does not matter */
            UNROLL for (size_t t = 0; t < TABLES; t++)
                tables[t][(uint8_t)(word >> 8 * t)]++;
        } else {
            UNROLL for (size_t t = 0; t < TABLES; t++)
                tables[t][x[(i + t) * step]]++;
        }
    }
    for (; i < n; i++)
        tables[0][x[i * step]]++;
    add_tables(TABLES, 256, tables[0], counts);
}

static void count_channel(size_t n, int64_t channels, const uint8_t *x, uint32_t *counts) {
    if (channels == 1)
        count_bytes(n, 1, x, counts);
    else if (channels == 3)
        count_bytes(n, 3, x, counts);
    else
        count_bytes(n, (size_t)channels, x, counts);
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
            count_channel(n, channels, x + start * (size_t)channels + c, counts + 256 * c);
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

/* Bins of numbers x * scale + offset, cut off to 0 ... bins - 1; as digits behind those that stand there, which `first` overwrites. */
void LEAF(bin_numbers)(size_t n, const float *x, float scale, float offset, int32_t bins, int first, int32_t *at) {
    v16 s = v_set1(scale), o = v_set1(offset), last = v_set1((float)(bins - 1)), one = v_set1(1.0f);
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 t = v_max(v_min(v_add(v_mul(v_get(x + i, r), s), o), last), v_zero()), back = i_float(v_nearest(t));
        i16 bin = v_nearest(v_select(v_gt(back, t), v_sub(back, one), back));
        float *to = (float *)(void *)(at + i);
        v_put(to, r, i_float_bits(first ? bin : i_add(i_mul(v_bits(v_get(to, r)), i_set1(bins)), bin)));
    }
}

VEC void count_places(size_t n, const int32_t *at, uint32_t *tables, size_t bins) {
    size_t i = 0;
    for (; i + BIG_TABLES <= n; i += BIG_TABLES)
        UNROLL for (size_t t = 0; t < BIG_TABLES; t++)
            tables[t * bins + (size_t)at[i + t]]++;
    for (; i < n; i++)
        tables[at[i]]++;
}

void LEAF(count_numbers)(size_t n, const int32_t *at, size_t bins, uint32_t *counts) {
    uint32_t tables[BIG_TABLES * SMALL];
    if (bins > SMALL || n < bins) {
        for (size_t i = 0; i < n; i++)
            counts[at[i]]++;
        return;
    }
    memset(tables, 0, BIG_TABLES * bins * sizeof *tables);
    count_places(n, at, tables, bins);
    add_tables(BIG_TABLES, bins, tables, counts);
}

/* Three channels and few bins: a vector of pixels at a time. */
static void count_colors(size_t pixels, const int32_t *bins, const uint8_t *x, uint32_t *counts) {
    uint32_t tables[BIG_TABLES * SMALL];
    int32_t words[PIXEL_BLOCK];
    size_t all = (size_t)(bins[0] * bins[1] * bins[2]);
    i16 low = i_set1(255), second = i_set1(bins[1]), third = i_set1(bins[2]), first = i_set1(bins[0]);
    memset(tables, 0, BIG_TABLES * all * sizeof *tables);
    for (size_t start = 0; start < pixels; start += PIXEL_BLOCK) {
        size_t n = pixels - start < PIXEL_BLOCK ? pixels - start : PIXEL_BLOCK;
        pixel_words(n, x + 3 * start, words);
        for (size_t i = 0; i < n; i += LANES) {
            i16 w = i_load(words + i);
            i16 r = i_shr(i_mul(i_and(w, low), first), 8), g = i_shr(i_mul(i_and(i_shr(w, 8), low), second), 8);
            i16 b = i_shr(i_mul(i_and(i_shr(w, 16), low), third), 8);
            i_store(words + i, i_add(i_mul(i_add(i_mul(r, second), g), third), b));
        }
        count_places(n, words, tables, all);
    }
    add_tables(BIG_TABLES, all, tables, counts);
}

/* A pixel's bin is that of its channels (v * bins / 256 each) read as digits, the first channel the highest. */
void LEAF(histogram_joint)(size_t pixels, int64_t channels, const int32_t *bins, const uint8_t *x, uint32_t *counts) {
    if (channels == 3 && pixels >= 256 && (int64_t)bins[0] * bins[1] * bins[2] <= SMALL) {
        count_colors(pixels, bins, x, counts);
        return;
    }
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
