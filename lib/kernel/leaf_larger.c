#include "kernel/kernels.h"
#include "kernel/vec.h"

#define CHANNELS for (int64_t j = 0; j < r->c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)r->c)

void LEAF(larger_nearest_sums)(const visml_larger_row *r, int64_t rows, const real *dy, real *dx) {
    int64_t row = r->width * r->times * r->c;
    for (int64_t x = 0; x < r->width; x++, dy += r->times * r->c, dx += r->c)
        CHANNELS {
            REST;
            v16 s = v_zero();
            for (int64_t a = 0; a < rows; a++)
                for (int64_t b = 0; b < r->times; b++)
                    s = v_add(s, v_get(dy + a * row + b * r->c + j, n));
            v_put(dx + j, n, s);
        }
}

/* The two pixels that output `phase` of pixel x lies between, as distances in elements, and its share of the right one: its centre is at
 * (phase + 1/2) / times - 1/2 of the pixel. */
typedef struct place {
    int64_t left, right;
    real share;
} place;

VEC place place_of(const visml_larger_row *r, int64_t x, int64_t phase) {
    double at = (double)(2 * phase + 1 - r->times) / (double)(2 * r->times);
    int64_t left = at < 0 ? x - 1 : x, right = left + 1;
    real part = (real)(at < 0 ? at + 1 : at);
    return (place){(left > 0 ? left : 0) * r->c, (right < r->width ? right : r->width - 1) * r->c, part};
}

/* a + (b - a) share */
VEC v16 between(const real *a, const real *b, int n, v16 share) {
    v16 from = v_get(a, n);
    return v_fma(v_sub(v_get(b, n), from), share, from);
}

void LEAF(larger_bilinear)(const visml_larger_row *r, real share, const real *above, const real *below, real *y) {
    v16 down = v_set1(share);
    for (int64_t x = 0; x < r->width; x++)
        for (int64_t phase = 0; phase < r->times; phase++, y += r->c) {
            place p = place_of(r, x, phase);
            v16 across = v_set1(p.share);
            CHANNELS {
                REST;
                v16 top = between(above + p.left + j, above + p.right + j, n, across);
                v16 bottom = between(below + p.left + j, below + p.right + j, n, across);
                v_put(y + j, n, v_fma(v_sub(bottom, top), down, top));
            }
        }
}

VEC void add_to(real *p, int n, v16 a) {
    v_put(p, n, v_add(v_get(p, n), a));
}

void LEAF(larger_bilinear_backward)(const visml_larger_row *r, real share, const real *dy, real *above, real *below) {
    v16 down = v_set1(share);
    for (int64_t x = 0; x < r->width; x++)
        for (int64_t phase = 0; phase < r->times; phase++, dy += r->c) {
            place p = place_of(r, x, phase);
            v16 across = v_set1(p.share);
            CHANNELS {
                REST;
                v16 d = v_get(dy + j, n), bottom = v_mul(d, down), top = v_sub(d, bottom);
                v16 right = v_mul(top, across), under = v_mul(bottom, across);
                add_to(above + p.left + j, n, v_sub(top, right));
                add_to(above + p.right + j, n, right);
                add_to(below + p.left + j, n, v_sub(bottom, under));
                add_to(below + p.right + j, n, under);
            }
        }
}
