/* Warps and tones: what augmentation does to all pixels of a picture. Products and sums are rounded one by one, so that every level, sse4
 * included, gives the same bits.
 *
 * 16 pixels of a row at a time: where they come from, the whole pixels around that place, those brought into the picture as the fill mode
 * says, then the channels one by one. A difference of two equal pixels is 0, so that what is constant stays so to the bit. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

/* The whole number at or below a; |a| < 2^22. */
VEC v16 floor_of(v16 a) {
    const v16 magic = v_set1(12582912.0f);
    v16 whole = v_sub(v_add(a, magic), magic);
    return v_select(v_gt(whole, a), v_sub(whole, v_set1(1.0f)), whole);
}

/* a modulo n. The quotient may be off by one: its product is exact, and is put right. */
VEC v16 modulo(v16 a, float n) {
    v16 size = v_set1(n), r = v_sub(a, v_mul(floor_of(v_mul(a, v_set1(1.0f / n))), size));
    r = v_select(v_gt(v_zero(), r), v_add(r, size), r);
    return v_select(v_gt(size, r), r, v_sub(r, size));
}

VEC v16 clamp(v16 a, float most) {
    return v_min(v_max(a, v_zero()), v_set1(most));
}

/* Whole numbers a as places on a side of n pixels. */
VEC v16 place_of(v16 a, float n, int32_t fill) {
    if (fill == VISML_WARP_REFLECT) {
        v16 r = modulo(a, 2 * n);
        a = v_select(v_gt(v_set1(n), r), r, v_sub(v_set1(2 * n - 1), r));
    } else if (fill == VISML_WARP_WRAP) {
        a = modulo(a, n);
    }
    return clamp(a, n - 1); /* NaN becomes 0 */
}

VEC m16 inside(v16 a, float n) {
    return m_and(v_gt(a, v_set1(-1.0f)), v_gt(v_set1(n), a));
}

/* 16 places along one side: the pixels before and behind, how far it is from the first to the second, and whether each is inside. */
typedef struct steps {
    v16 before, behind, part;
    m16 has_before, has_behind;
} steps;

VEC steps steps_of(v16 at, float n, const visml_warp *w) {
    steps s;
    v16 first = floor_of(w->nearest ? v_add(at, v_set1(0.5f)) : at), second = v_add(first, v_set1(1.0f));
    s.part = v_sub(at, first);
    s.has_before = inside(first, n);
    s.has_behind = inside(second, n);
    s.before = place_of(first, n, w->fill);
    s.behind = place_of(second, n, w->fill);
    return s;
}

VEC i16 index_of(v16 y, v16 x, const visml_warp *w) {
    i16 pixel = i_add(i_mul(v_nearest(y), i_set1((int32_t)w->width)), v_nearest(x));
    return i_mul(pixel, i_set1((int32_t)w->channels));
}

VEC v16 pixel_at(const float *in, i16 at, m16 has, const visml_warp *w) {
    v16 v = v_gather(in, at);
    return w->fill == VISML_WARP_CONSTANT ? v_select(has, v, v_set1(w->value)) : v;
}

VEC v16 between(v16 a, v16 b, v16 part) {
    return v_add(a, v_mul(v_sub(b, a), part));
}

VEC v16 channel_of(const float *in, const i16 at[4], steps x, steps y, const visml_warp *w) {
    v16 a = pixel_at(in, at[0], m_and(y.has_before, x.has_before), w);
    if (w->nearest)
        return a;
    v16 b = pixel_at(in, at[1], m_and(y.has_before, x.has_behind), w);
    v16 c = pixel_at(in, at[2], m_and(y.has_behind, x.has_before), w), d = pixel_at(in, at[3], m_and(y.has_behind, x.has_behind), w);
    return between(between(a, b, x.part), between(c, d, x.part), y.part);
}

VEC void store_channel(float *out, int n, int64_t channels, v16 v) {
    float t[LANES];
    v_store(t, v);
    for (int l = 0; l < n; l++)
        out[l * channels] = t[l];
}

void LEAF(warp_row)(const visml_warp *w, int64_t y, int64_t width, const float *in, float *out) {
    static const float lanes[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int64_t x = 0; x < width; x += LANES) {
        int n = v_rest((size_t)x, (size_t)width);
        double sx = w->m[0] * (double)x + (w->m[1] * (double)y + w->m[2]), sy = w->m[3] * (double)x + (w->m[4] * (double)y + w->m[5]);
        v16 atx = v_add(v_mul(v_load(lanes), v_set1((float)w->m[0])), v_set1((float)sx));
        v16 aty = v_add(v_mul(v_load(lanes), v_set1((float)w->m[3])), v_set1((float)sy));
        steps px = steps_of(atx, (float)w->width, w), py = steps_of(aty, (float)w->height, w);
        i16 at[4] = {index_of(py.before, px.before, w), index_of(py.before, px.behind, w), index_of(py.behind, px.before, w),
                     index_of(py.behind, px.behind, w)};
        for (int64_t c = 0; c < w->channels; c++)
            store_channel(out + x * w->channels + c, n, w->channels, channel_of(in + c, at, px, py, w));
    }
}

/* c vectors hold each channel's numbers wherever they fall in 16 pixels. */
void LEAF(tone)(int64_t pixels, int64_t c, const visml_tone *t, float *x) {
    float from[LANES * LANES], gain[LANES * LANES], to[LANES * LANES];
    size_t n = (size_t)(pixels * c), period = (size_t)c * LANES;
    v16 low = v_set1(t->low), high = v_set1(t->high);
    for (size_t i = 0; i < period; i++) {
        from[i] = t->from[i % (size_t)c];
        gain[i] = t->gain[i % (size_t)c];
        to[i] = t->to[i % (size_t)c];
    }
    for (size_t i = 0, at = 0; i < n; i += LANES, at = at + LANES == period ? 0 : at + LANES) {
        int r = v_rest(i, n);
        v16 v = v_add(v_mul(v_sub(v_get(x + i, r), v_load(from + at)), v_load(gain + at)), v_load(to + at));
        v_put(x + i, r, v_min(v_max(v, low), high));
    }
}

#endif
