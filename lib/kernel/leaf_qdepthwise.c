#ifndef VISML_REAL_DOUBLE

#include "kernel/vec_requantize.h"

#define BLOCK 64 /* channels at a time */
#define GROUP 256 /* bytes of weights of four taps of a block */

/* Where a vector is many registers these are functions, for the sake of the code's size. */
#if defined(VISML_LEVEL_AVX512) || defined(VISML_LEVEL_AVX2)
#define PART VEC
#else
#define PART static __attribute__((noinline))
#endif

typedef struct zipped {
    i16 v[4];
} zipped;

/* Up to four taps of one column, from the channel `first` on. A missing tap has weights of 0. */
PART zipped zip(const uint8_t *const *tap, int64_t taps, int64_t first, int n) {
    b64 a = b_load_n(tap[0] + first, n);
    b64 b = taps > 1 ? b_load_n(tap[1] + first, n) : a, c = taps > 2 ? b_load_n(tap[2] + first, n) : a;
    b64 d = taps > 3 ? b_load_n(tap[3] + first, n) : a;
    zipped z;
    b_zip4(a, b, c, d, z.v);
    return z;
}

PART void add(zipped *sum, const zipped *x, const int8_t *weights) {
    UNROLL for (int q = 0; q < 4; q++)
        sum->v[q] = i_dot4(sum->v[q], x->v[q], i_load((const int32_t *)(const void *)(weights + q * 64)));
}

VEC zipped start_of(const visml_requantize *r, int64_t first) {
    zipped sum;
    UNROLL for (int q = 0; q < 4; q++)
        sum.v[q] = i_load(r->start + first + q * LANES);
    return sum;
}

VEC v16 result(const visml_requantize *r, const zipped *sum, int q, int64_t first) {
    int64_t j = first + q * LANES;
    return v_finish_bytes(r, j, v_from_sum(sum->v[q], r->scale + j, r->bias + j));
}

static __attribute__((noinline)) void put_floats(const visml_requantize *r, const zipped *sum, int64_t first, int n, float *y) {
    for (int q = 0; q < 4; q++) {
        float t[LANES];
        v_store(t, result(r, sum, q, first));
        for (int l = 0; l < LANES; l++) {
            int c = l / 4 * 16 + 4 * q + l % 4;
            if (c < n)
                y[c] = t[l];
        }
    }
}

PART void put(const visml_qdepthwise *d, const zipped *sum, int64_t o, int64_t first, int n) {
    const visml_requantize *r = d->r;
    i16 x[4];
    if (!d->q) {
        put_floats(r, sum, first, n, d->y + o * d->c + first);
        return;
    }
    UNROLL for (int q = 0; q < 4; q++)
        x[q] = v_to_byte(r, result(r, sum, q, first));
    b_store_n(d->q + o * d->c + first, n, b_narrow(x));
}

/* Three columns of up to four taps each, one column further with each pixel: every column is zipped once. */
VEC void slide(const visml_qdepthwise *d, const int8_t *weights, int64_t first, int n, const int64_t kh) {
    zipped x0, x1 = zip(d->taps, kh, first, n), x2 = zip(d->taps + kh, kh, first, n);
    for (int64_t o = 0; o < d->count; o++) {
        zipped sum = start_of(d->r, first);
        x0 = x1;
        x1 = x2;
        x2 = zip(d->taps + (o + 2) * kh, kh, first, n);
        add(&sum, &x0, weights);
        add(&sum, &x1, weights + GROUP);
        add(&sum, &x2, weights + 2 * GROUP);
        put(d, &sum, o, first, n);
    }
}

VEC void step(const visml_qdepthwise *d, const int8_t *weights, int64_t first, int n) {
    for (int64_t o = 0; o < d->count; o++) {
        zipped sum = start_of(d->r, first);
        const int8_t *w = weights;
        for (int64_t j = 0; j < d->kw; j++)
            for (int64_t i = 0; i < d->kh; i += 4, w += GROUP) {
                zipped x = zip(d->taps + o * d->step + j * d->kh + i, d->kh - i, first, n);
                add(&sum, &x, w);
            }
        put(d, &sum, o, first, n);
    }
}

void LEAF(qdepthwise)(const visml_qdepthwise *d) {
    int64_t size = d->kw * ((d->kh + 3) / 4) * GROUP;
    for (int64_t first = 0; first < d->c; first += BLOCK) {
        const int8_t *w = d->weights + first / BLOCK * size;
        int n = d->c - first < BLOCK ? (int)(d->c - first) : BLOCK;
#if defined(VISML_LEVEL_AVX512)
        if (d->count && d->kh == 3 && d->kw == 3 && d->step == 3 && n == BLOCK) {
            slide(d, w, first, BLOCK, 3);
            continue;
        }
#endif
        if (d->count && d->kh == 3 && d->kw == 3 && d->step == 3)
            slide(d, w, first, n, 3);
        else
            step(d, w, first, n);
    }
}

#else
typedef int visml_no_bytes_in_double; /* an empty file is not C */
#endif
