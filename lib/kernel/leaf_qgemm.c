#ifndef VISML_REAL_DOUBLE

#include "kernel/vec_requantize.h"

/* The register block: QMR rows, two panels of columns; what few rows or a single panel need is made from the same body. */
#if defined(__AVX512VNNI__)
#define QMR 14
#elif defined(VISML_LEVEL_AVX512)
#define QMR 8
#elif defined(VISML_LEVEL_AVX2) || defined(VISML_LEVEL_NEON)
#define QMR 4
#else
#define QMR 2
#endif
#if defined(VISML_LEVEL_AVX512)
#define QNV 2
#else
#define QNV 1
#endif
#define CHUNK_STEPS (VISML_QCHUNK / 4)

visml_blocking LEAF(qblocking)(void) {
    return (visml_blocking){.mr = QMR, .nr = QNV * VISML_QPANEL, .mc = QMR};
}

VEC int32_t four_bytes(const uint8_t *p) {
    int32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* mr and nv are constants in every caller. */
VEC void multiply(const visml_qtile *t, const int mr, const int nv, int32_t *block) {
    i16 sum[QMR][QNV];
    const uint8_t *a = t->a;
    const int8_t *b = t->b;
    UNROLL for (int i = 0; i < mr; i++)
        UNROLL for (int j = 0; j < nv; j++)
            sum[i][j] = i_load(t->r->start + j * LANES);
    for (int64_t left = t->steps; left > 0; left -= CHUNK_STEPS, a += QMR * VISML_QCHUNK) {
        int64_t steps = left < CHUNK_STEPS ? left : CHUNK_STEPS;
        for (int64_t p = 0; p < steps; p++, b += 64) {
            i16 right[QNV];
            UNROLL for (int j = 0; j < nv; j++)
                right[j] = i_load((const int32_t *)(const void *)(b + j * t->panel));
            UNROLL for (int i = 0; i < mr; i++) {
                i16 row = i_set1(four_bytes(a + i * VISML_QCHUNK + p * 4));
                UNROLL for (int j = 0; j < nv; j++)
                    sum[i][j] = i_dot4(sum[i][j], row, right[j]);
            }
        }
    }
    UNROLL for (int i = 0; i < mr; i++)
        UNROLL for (int j = 0; j < nv; j++)
            i_store(block + (i * QNV + j) * LANES, sum[i][j]);
}

VEC v16 result(const visml_qtile *t, int64_t at, int j, int n, const int32_t *sum) {
    const visml_requantize *r = t->r;
    v16 x = v_from_sum(i_load(sum), r->scale + j, r->bias + j);
    if (t->residual)
        x = v_add(x, v_dequantize(i_get_u8(t->residual + at + j, n), r->residual_zero, r->residual_scale));
    return v_finish_bytes(r, j, x);
}

VEC void finish(const visml_qtile *t, const int32_t *block) {
    const visml_requantize *r = t->r;
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < t->cols; j += LANES) {
            int n = t->cols - j < LANES ? t->cols - j : LANES;
            int64_t at = i * t->ld;
            v16 x = result(t, at, j, n, block + i * QNV * LANES + j);
            if (t->q)
                i_put_u8(t->q + at + j, n, v_to_byte(r, x));
            else
                v_put(t->y + at + j, n, x);
        }
}

void LEAF(qtile)(const visml_qtile *t) {
    int32_t block[QMR * QNV * LANES] __attribute__((aligned(64)));
    if (t->cols > LANES && t->rows > 4)
        multiply(t, QMR, QNV, block);
    else if (t->cols > LANES && t->rows > 1)
        multiply(t, QMR < 4 ? QMR : 4, QNV, block);
    else if (t->cols > LANES)
        multiply(t, 1, QNV, block);
    else if (t->rows > 4)
        multiply(t, QMR, 1, block);
    else if (t->rows > 1)
        multiply(t, QMR < 4 ? QMR : 4, 1, block);
    else
        multiply(t, 1, 1, block);
    finish(t, block);
}

/* ---- packing ---- */

/* n bytes to the columns from k on of a packed row. */
VEC void put(uint8_t *row, int64_t k, const uint8_t *from, int64_t n) {
    while (n > 0) {
        int64_t at = k % VISML_QCHUNK, room = VISML_QCHUNK - at, m = n < room ? n : room;
        b_copy_n(row + k / VISML_QCHUNK * (QMR * VISML_QCHUNK) + at, from, (int)m);
        k += m;
        from += m;
        n -= m;
    }
}

VEC int64_t clamp(int64_t x, int64_t lo, int64_t hi) {
    return x < lo ? lo : x > hi ? hi : x;
}

/* A row of taps that lie side by side in memory; x: column of the first. */
VEC void pack_joined(const visml_qpatches *p, const uint8_t *line, int64_t x, uint8_t *row, int64_t k) {
    int64_t lo = clamp(-x, 0, p->tw), hi = clamp(p->w - x, lo, p->tw);
    put(row, k, p->pad, lo * p->c);
    put(row, k + lo * p->c, line + (x + lo) * p->c, (hi - lo) * p->c);
    put(row, k + hi * p->c, p->pad, (p->tw - hi) * p->c);
}

VEC void pack_taps(const visml_qpatches *p, const uint8_t *line, int64_t x, uint8_t *row, int64_t k) {
    for (int64_t j = 0; j < p->tw; j++, x += p->tx, k += p->c)
        put(row, k, x < 0 || x >= p->w ? p->pad : line + x * p->ld + p->first, p->c);
}

void LEAF(qpack)(const visml_qpatches *p, int64_t row, int64_t rows, uint8_t *to) {
    int64_t width = p->tw * p->c, chunks = (p->th * width + VISML_QCHUNK - 1) / VISML_QCHUNK;
    int joined = p->ld == p->c && (p->tx == 1 || p->tw == 1);
    for (int64_t i = 0; i < rows; i++) {
        int64_t r = row + i, line = r / p->gw, gx = r % p->gw, gy = line % p->gh, image = line / p->gh;
        int64_t y = p->y0 + gy * p->sy, x = p->x0 + gx * p->sx;
        uint8_t *packed = to + (i / QMR * chunks * QMR + i % QMR) * VISML_QCHUNK;
        for (int64_t k = 0, j = 0; j < p->th; j++, k += width, y += p->ty) {
            const uint8_t *source = p->x + (image * p->h + y) * p->w * p->ld;
            if (y < 0 || y >= p->h)
                put(packed, k, p->pad, width);
            else if (joined)
                pack_joined(p, source, x, packed, k);
            else
                pack_taps(p, source, x, packed, k);
        }
    }
}

#else
typedef int visml_no_bytes_in_double; /* an empty file is not C */
#endif
