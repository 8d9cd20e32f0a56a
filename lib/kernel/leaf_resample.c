/* The passes of a resize. A row is made of rows, sample by sample; for the horizontal pass 16 rows are turned into columns of 16 samples,
 * so that it becomes the same thing. Bytes have whole weights, so the order of additions is free; other samples are added up in double,
 * in the order of the taps, each product rounded: no vector length changes a bit. */
#include <string.h>

#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

#define START i_set1(1 << (VISML_TAP_BITS - 1)) /* a half: the shift then rounds */

/* ---- bytes ---- */

/* `vectors` times 16 samples from x on. */
VEC void bytes_down(int vectors, int64_t count, int64_t stride, const int32_t *w, const uint8_t *in, uint8_t *out) {
    i16 sum[4];
    UNROLL for (int v = 0; v < vectors; v++)
        sum[v] = START;
    for (int64_t k = 0; k < count; k++, in += stride) {
        i16 weight = i_set1(w[k]);
        UNROLL for (int v = 0; v < vectors; v++)
            sum[v] = i_add(sum[v], i_mul(i_load_u8(in + v * LANES), weight));
    }
    UNROLL for (int v = 0; v < vectors; v++)
        i_store_u8(out + v * LANES, i_shr(sum[v], VISML_TAP_BITS));
}

void LEAF(resample_rows_u8)(int64_t n, int64_t count, int64_t stride, const int32_t *w, const uint8_t *in, uint8_t *out) {
    int64_t x = 0;
    for (; x + 4 * LANES <= n; x += 4 * LANES)
        bytes_down(4, count, stride, w, in + x, out + x);
    for (; x + LANES <= n; x += LANES)
        bytes_down(1, count, stride, w, in + x, out + x);
    if (x == n)
        return;
    i16 sum = START;
    for (int64_t k = 0; k < count; k++)
        sum = i_add(sum, i_mul(i_get_u8(in + k * stride + x, (int)(n - x)), i_set1(w[k])));
    i_put_u8(out + x, (int)(n - x), i_shr(sum, VISML_TAP_BITS));
}

/* to[16 j + i] = from[i][j] for 16 x 16 bytes: four times every row is interleaved with the one eight below. */
#if defined(__clang__) || __GNUC__ >= 12
typedef uint8_t bytes16 __attribute__((vector_size(16)));

VEC void turn_bytes(const uint8_t *const from[LANES], uint8_t *const to[LANES]) {
    bytes16 a[LANES], b[LANES];
    UNROLL for (int i = 0; i < LANES; i++)
        memcpy(&a[i], from[i], LANES);
    for (int step = 0; step < 4; step++) {
        UNROLL for (int i = 0; i < LANES / 2; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(a, b, sizeof a);
    }
    UNROLL for (int i = 0; i < LANES; i++)
        memcpy(to[i], &a[i], LANES);
}
#else
VEC void turn_bytes(const uint8_t *const from[LANES], uint8_t *const to[LANES]) {
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            to[j][i] = from[i][j];
}
#endif

/* 16 rows of n bytes to n columns of 16. Rows behind the last are the last once more. */
static void bytes_to_columns(int64_t rows, int64_t n, const uint8_t *in, int64_t ld, uint8_t *columns) {
    uint8_t rest[LANES][LANES] = {{0}};
    const uint8_t *from[LANES];
    uint8_t *to[LANES];
    for (int64_t j = 0; j < n; j += LANES, columns += LANES * LANES) {
        for (int64_t i = 0; i < LANES; i++) {
            const uint8_t *row = in + (i < rows ? i : rows - 1) * ld + j;
            from[i] = n - j < LANES ? memcpy(rest[i], row, (size_t)(n - j)) : row;
            to[i] = columns + i * LANES;
        }
        turn_bytes(from, to);
    }
}

static void bytes_to_rows(int64_t rows, int64_t n, const uint8_t *columns, uint8_t *out, int64_t ld) {
    uint8_t rest[LANES][LANES];
    const uint8_t *from[LANES];
    uint8_t *to[LANES];
    for (int64_t j = 0; j < n; j += LANES, columns += LANES * LANES) {
        int whole = n - j >= LANES;
        for (int64_t i = 0; i < LANES; i++) {
            from[i] = columns + i * LANES;
            to[i] = whole && i < rows ? out + i * ld + j : rest[i];
        }
        turn_bytes(from, to);
        for (int64_t i = 0; !whole && i < rows; i++)
            memcpy(out + i * ld + j, rest[i], (size_t)(n - j));
    }
}

VEC void bytes_across(const visml_taps *t, int64_t places, const int64_t c, const uint8_t *in, uint8_t *out) {
    for (int64_t x = 0; x < places; x++, out += c * LANES) {
        const uint8_t *p = in + t->first[x] * c * LANES;
        const int32_t *w = t->fixed + x * t->size;
        i16 sum[4];
        UNROLL for (int64_t ch = 0; ch < c; ch++)
            sum[ch] = START;
        for (int64_t k = 0; k < t->count[x]; k++, p += c * LANES) {
            i16 weight = i_set1(w[k]);
            UNROLL for (int64_t ch = 0; ch < c; ch++)
                sum[ch] = i_add(sum[ch], i_mul(i_load_u8(p + ch * LANES), weight));
        }
        UNROLL for (int64_t ch = 0; ch < c; ch++)
            i_store_u8(out + ch * LANES, i_shr(sum[ch], VISML_TAP_BITS));
    }
}

static int64_t rounded_up(int64_t n) {
    return (n + LANES - 1) / LANES * LANES;
}

void LEAF(resample_cols_u8)(const visml_columns *s, int64_t rows, const uint8_t *in, uint8_t *out, void *scratch) {
    int64_t from = s->in_width * s->channels, to = s->out_width * s->channels;
    uint8_t *a = scratch, *b = a + rounded_up(from) * LANES;
    if (rows < 1)
        return;
    bytes_to_columns(rows, from, in, from, a);
    switch (s->channels) {
    case 1: bytes_across(&s->taps, s->out_width, 1, a, b); break;
    case 2: bytes_across(&s->taps, s->out_width, 2, a, b); break;
    case 3: bytes_across(&s->taps, s->out_width, 3, a, b); break;
    default: bytes_across(&s->taps, s->out_width, 4, a, b);
    }
    bytes_to_rows(rows, to, b, out, to);
}

/* ---- 16-bit samples and floats, in double ---- */

/* As many doubles as a register of the level has: of longer vectors compilers make poor code. */
#if defined(VISML_LEVEL_AVX512)
#define DOUBLES 8
#elif defined(VISML_LEVEL_AVX2)
#define DOUBLES 4
#else
#define DOUBLES 2
#endif
typedef double doubles __attribute__((vector_size(8 * DOUBLES)));
typedef float floats __attribute__((vector_size(4 * DOUBLES)));
typedef uint16_t words __attribute__((vector_size(2 * DOUBLES)));

/* The sum of 16 samples over the taps; in: the first tap's. */
#define DEFINE_SUM(name, type, vector)                                                                        \
    VEC void name(int64_t count, int64_t stride, const double *w, const type *in, double *sum) {              \
        doubles s[LANES / DOUBLES];                                                                           \
        UNROLL for (int i = 0; i < LANES / DOUBLES; i++)                                                      \
            s[i] = (doubles){0};                                                                              \
        for (int64_t k = 0; k < count; k++, in += stride) {                                                   \
            const double weight = w[k];                                                                       \
            UNROLL for (int i = 0; i < LANES / DOUBLES; i++) {                                                \
                vector x;                                                                                     \
                memcpy(&x, in + i * DOUBLES, sizeof x);                                                       \
                s[i] += __builtin_convertvector(x, doubles) * weight;                                         \
            }                                                                                                 \
        }                                                                                                     \
        memcpy(sum, s, sizeof s);                                                                             \
    }
DEFINE_SUM(sum_f32, float, floats)
DEFINE_SUM(sum_u16, uint16_t, words)

VEC void finish_f32(int64_t n, const double *sum, float *out) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)sum[i];
}

/* Rounded half up. */
VEC void finish_u16(int64_t n, const double *sum, uint16_t *out) {
    for (int64_t i = 0; i < n; i++) {
        double a = sum[i] + 0.5;
        out[i] = (uint16_t)(a < 0 ? 0 : a > 65535 ? 65535 : (int32_t)a);
    }
}

#define DEFINE_ROWS(suffix, type)                                                                                                        \
    void LEAF(resample_rows_##suffix)(int64_t n, int64_t count, int64_t stride, const double *w, const type *in, type *out) {            \
        double sum[LANES];                                                                                                               \
        int64_t x = 0;                                                                                                                   \
        for (; x + LANES <= n; x += LANES) {                                                                                             \
            sum_##suffix(count, stride, w, in + x, sum);                                                                                 \
            finish_##suffix(LANES, sum, out + x);                                                                                        \
        }                                                                                                                                \
        for (; x < n; x++) {                                                                                                             \
            sum[0] = 0;                                                                                                                  \
            for (int64_t k = 0; k < count; k++)                                                                                          \
                sum[0] += (double)in[k * stride + x] * w[k];                                                                             \
            finish_##suffix(1, sum, out + x);                                                                                            \
        }                                                                                                                                \
    }
DEFINE_ROWS(f32, float)
DEFINE_ROWS(u16, uint16_t)

/* 16 rows of n samples to n columns of 16, in pieces that stay in the first cache. Rows behind the last are the last once more. */
#define PIECE 64
#define DEFINE_TO_COLUMNS(name, type)                                                                         \
    static void name(int64_t rows, int64_t n, const type *in, type *columns) {                                \
        for (int64_t from = 0; from < n && rows > 0; from += PIECE) {                                         \
            int64_t end = n - from < PIECE ? n : from + PIECE;                                                \
            for (int64_t i = 0; i < LANES; i++) {                                                             \
                const type *row = in + (i < rows ? i : rows - 1) * n;                                         \
                for (int64_t j = from; j < end; j++)                                                          \
                    columns[j * LANES + i] = row[j];                                                          \
            }                                                                                                 \
        }                                                                                                     \
    }
DEFINE_TO_COLUMNS(columns_u16, uint16_t)

#if defined(__clang__) || __GNUC__ >= 12
typedef float float4 __attribute__((vector_size(16)));

/* to[16 j + i] = from[i][j] for 4 x 4 floats. */
VEC void turn_floats(const float *const from[4], float *to) {
    float4 r[4], a, b, c, d;
    UNROLL for (int i = 0; i < 4; i++)
        memcpy(&r[i], from[i], sizeof r[i]);
    a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
    b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
    d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
    UNROLL for (int j = 0; j < 4; j++)
        memcpy(to + j * LANES, &r[j], sizeof r[j]);
}

static void columns_f32(int64_t rows, int64_t n, const float *in, float *columns) {
    const float *row[LANES];
    for (int64_t i = 0; i < LANES && rows > 0; i++)
        row[i] = in + (i < rows ? i : rows - 1) * n;
    for (int64_t j = 0; j < n && rows > 0; j += 4)
        for (int64_t i = 0; i < LANES; i += 4) {
            const float *const four[4] = {row[i] + j, row[i + 1] + j, row[i + 2] + j, row[i + 3] + j};
            if (n - j >= 4) {
                turn_floats(four, columns + j * LANES + i);
                continue;
            }
            for (int64_t k = 0; k < n - j; k++)
                for (int64_t l = 0; l < 4; l++)
                    columns[(j + k) * LANES + i + l] = four[l][k];
        }
}
#else
DEFINE_TO_COLUMNS(columns_f32, float)
#endif

#define DEFINE_COLS(suffix, type)                                                                                                        \
    void LEAF(resample_cols_##suffix)(const visml_columns *s, int64_t rows, const type *in, type *out, void *scratch) {                  \
        int64_t c = s->channels, from = s->in_width * c, to = s->out_width * c;                                                          \
        const visml_taps *t = &s->taps;                                                                                                  \
        type *a = scratch, block[LANES];                                                                                                 \
        double sum[LANES];                                                                                                               \
        columns_##suffix(rows, from, in, a);                                                                                             \
        for (int64_t j = 0; j < to; j++) {                                                                                               \
            int64_t x = j / c;                                                                                                           \
            sum_##suffix(t->count[x], c * LANES, t->real + x * t->size, a + (t->first[x] * c + j % c) * LANES, sum);                     \
            finish_##suffix(LANES, sum, block);                                                                                          \
            for (int64_t i = 0; i < rows; i++)                                                                                           \
                out[i * to + j] = block[i];                                                                                              \
        }                                                                                                                                \
    }
DEFINE_COLS(f32, float)
DEFINE_COLS(u16, uint16_t)

/* ---- nearest ---- */

VEC void pick(int64_t n, const int64_t *places, size_t bytes, const char *in, char *out) {
    for (int64_t i = 0; i < n; i++)
        memcpy(out + (size_t)i * bytes, in + (size_t)places[i] * bytes, bytes);
}

void LEAF(resample_pick)(int64_t n, const int64_t *places, int64_t bytes, const void *in, void *out) {
    switch (bytes) {
    case 1: pick(n, places, 1, in, out); break;
    case 2: pick(n, places, 2, in, out); break;
    case 3: pick(n, places, 3, in, out); break;
    case 4: pick(n, places, 4, in, out); break;
    case 6: pick(n, places, 6, in, out); break;
    case 8: pick(n, places, 8, in, out); break;
    case 12: pick(n, places, 12, in, out); break;
    default: pick(n, places, (size_t)bytes, in, out);
    }
}

#endif
