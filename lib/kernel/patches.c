#include "kernel/patches.h"

#define RUNS 64

/* Pieces to copy, collected so that one call of the kernel does many. */
typedef struct writer {
    const visml_kernels *k;
    size_t n;
    visml_run runs[RUNS];
} writer;

static inline void add(writer *w, const real *from, real *to, int64_t n) {
    if (n <= 0)
        return;
    if (w->n == RUNS) {
        w->k->copy_runs(w->n, w->runs);
        w->n = 0;
    }
    w->runs[w->n++] = (visml_run){from, to, n};
}

static inline int64_t clamp(int64_t x, int64_t lo, int64_t hi) {
    return x < lo ? lo : x > hi ? hi : x;
}

/* Columns s ... e of one row of taps that lie side by side in memory. line: the image's row; x: column of the first tap. */
static inline void add_joined(writer *out, const visml_patches *p, const real *line, int64_t x, int64_t s, int64_t e, real *to) {
    int64_t lo = clamp(-x * p->c, s, e), hi = clamp((p->w - x) * p->c, lo, e);
    add(out, NULL, to, lo - s);
    add(out, line + x * p->c + lo, to + (lo - s), hi - lo);
    add(out, NULL, to + (hi - s), e - hi);
}

/* The same, tap by tap. */
static void add_taps(writer *out, const visml_patches *p, const real *line, int64_t x, int64_t s, int64_t e, real *to) {
    for (int64_t at = s; at < e;) {
        int64_t tap = at / p->c, end = (tap + 1) * p->c < e ? (tap + 1) * p->c : e, px = x + tap * p->tx;
        const real *from = px < 0 || px >= p->w ? NULL : line + px * p->ld + p->first + (at - tap * p->c);
        add(out, from, to + (at - s), end - at);
        at = end;
    }
}

/* The columns k0 ... k0 + kc of the row at (b, gy, gx). */
static inline void add_row(writer *out, const visml_patches *p, int64_t b, int64_t gy, int64_t gx, int64_t k0, int64_t kc, real *to) {
    int64_t width = p->tw * p->c, x = p->x0 + gx * p->sx, joined = p->ld == p->c && (p->tx == 1 || p->tw == 1);
    int64_t tap = k0 / width;
    for (int64_t at = k0, end = k0 + kc; at < end; tap++) {
        int64_t base = tap * width, s = at - base, e = end - base < width ? end - base : width;
        int64_t y = p->y0 + gy * p->sy + tap * p->ty;
        const real *line = p->x + (b * p->h + y) * p->w * p->ld;
        if (y < 0 || y >= p->h)
            add(out, NULL, to, e - s);
        else if (joined)
            add_joined(out, p, line, x, s, e, to);
        else
            add_taps(out, p, line, x, s, e, to);
        to += e - s;
        at = base + e;
    }
}

void visml_patches_pack(const visml_kernels *k, const visml_patches *p, int64_t row, int64_t rows, int64_t k0, int64_t kc, real *to,
                        int64_t ld) {
    writer out;
    out.k = k;
    out.n = 0;
    int64_t line = row / p->gw, gx = row % p->gw, b = line / p->gh, gy = line % p->gh;
    for (int64_t i = 0; i < rows; i++, to += ld) {
        add_row(&out, p, b, gy, gx, k0, kc, to);
        if (++gx < p->gw)
            continue;
        gx = 0;
        if (++gy == p->gh) {
            gy = 0;
            b++;
        }
    }
    k->copy_runs(out.n, out.runs);
}
