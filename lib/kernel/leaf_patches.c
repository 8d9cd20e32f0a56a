#include "kernel/kernels.h"
#include "kernel/vec.h"

static inline int64_t clamp(int64_t x, int64_t lo, int64_t hi) {
    return x < lo ? lo : x > hi ? hi : x;
}

/* Columns s ... e of one row of taps that lie side by side in memory. line: the image's row; x: column of the first tap. */
VEC void pack_joined(const visml_patches *p, const real *line, int64_t x, int64_t s, int64_t e, real *to) {
    int64_t lo = clamp(-x * p->c, s, e), hi = clamp((p->w - x) * p->c, lo, e);
    if (hi > lo)
        v_copy(to + (lo - s), line + (x * p->c + lo), hi - lo);
    if (lo > s)
        v_clear(to, lo - s);
    if (e > hi)
        v_clear(to + (hi - s), e - hi);
}

/* The same, tap by tap. */
VEC void pack_taps(const visml_patches *p, const real *line, int64_t x, int64_t s, int64_t e, real *to) {
    for (int64_t at = s; at < e;) {
        int64_t tap = at / p->c, end = (tap + 1) * p->c < e ? (tap + 1) * p->c : e, px = x + tap * p->tx;
        if (px < 0 || px >= p->w)
            v_clear(to + (at - s), end - at);
        else
            v_copy(to + (at - s), line + px * p->ld + p->first + (at - tap * p->c), end - at);
        at = end;
    }
}

/* The columns k0 ... k0 + kc of the row whose first tap is at (y, x) of the image; tap: the row of taps in which k0 is. */
VEC void pack_row(const visml_patches *p, const real *image, int64_t y, int64_t x, int64_t tap, int64_t k0, int64_t kc, int joined,
                  real *to) {
    int64_t width = p->tw * p->c, s = k0 - tap * width, left = kc;
    for (y += tap * p->ty; left > 0; y += p->ty, s = 0) {
        int64_t e = s + left < width ? s + left : width;
        if (y < 0 || y >= p->h)
            v_clear(to, e - s);
        else if (joined)
            pack_joined(p, image + y * p->w * p->ld, x, s, e, to);
        else
            pack_taps(p, image + y * p->w * p->ld, x, s, e, to);
        to += e - s;
        left -= e - s;
    }
}

void LEAF(pack_patches)(const visml_patches *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, real *to, int64_t ld) {
    int64_t line = row / p->gw, gx = row % p->gw, gy = line % p->gh, tap = k0 / (p->tw * p->c), size = p->h * p->w * p->ld;
    const real *image = p->x + line / p->gh * size;
    int joined = p->ld == p->c && (p->tx == 1 || p->tw == 1);
    for (int64_t i = 0; i < rows; i++, to += ld) {
        pack_row(p, image, p->y0 + gy * p->sy, p->x0 + gx * p->sx, tap, k0, kc, joined, to);
        if (++gx < p->gw)
            continue;
        gx = 0;
        if (++gy < p->gh)
            continue;
        gy = 0;
        image += size;
    }
}
