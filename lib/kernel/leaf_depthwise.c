#include "kernel/kernels.h"
#include "kernel/vec_math.h"

/* Outputs that are added up in registers together, in the long run and at the end of a row; without influence on results. */
#if defined(VISML_LEVEL_AVX512)
#define LONG 7
#define SHORT 4
#define TAP_ROWS 3 /* of 3 x 3 weights whose sums are held in registers together */
#else
#define LONG 3
#define SHORT 1
#define TAP_ROWS 1
#endif

/* The usual weights have code of their own where it pays; the same results. */
#if defined(VISML_LEVEL_AVX512) || defined(VISML_LEVEL_AVX2) || defined(VISML_LEVEL_NEON)
#define SPECIAL 1
#else
#define SPECIAL 0
#endif

VEC int inside(int64_t x, int64_t size) {
    return (uint64_t)x < (uint64_t)size;
}

/* `count` pixels of 16 channels that the next row will want: lines so far apart escape the prefetching of the CPU. They may lie outside of
 * the array. */
VEC void look_ahead(const real *x, int64_t first, const int count, int64_t step) {
    UNROLL for (int k = 0; k < count; k++)
        __builtin_prefetch((const void *)((uintptr_t)x + sizeof(real) * (size_t)(first + k * step)), 0, 2);
}

/* ---- a row of outputs ---- */

/* Outputs at ... at + n, at most `blocks`; channels j ... j + lanes. */
VEC void finish(const visml_depthwise_row *r, int64_t at, int64_t n, int64_t j, int lanes, const int blocks, v16 *sum, real *y) {
    int64_t to = at * r->step + j;
    v16 bias = r->bias ? v_get(r->bias + j, lanes) : v_zero();
    if (r->gain)
        UNROLL for (int p = 0; p < blocks; p++)
            sum[p] = v_fma(sum[p], v_get(r->gain + j, lanes), bias);
    else if (r->bias)
        UNROLL for (int p = 0; p < blocks; p++)
            sum[p] = v_add(sum[p], bias);
    if (r->residual)
        UNROLL for (int p = 0; p < blocks; p++)
            if (p < n)
                sum[p] = v_add(sum[p], v_get(r->residual + to + p * r->step, lanes));
    if (r->activation == VISML_RELU || r->activation == VISML_RELU6)
        UNROLL for (int p = 0; p < blocks; p++)
            sum[p] = v_activate(VISML_RELU, sum[p], sum[p]);
    if (r->activation == VISML_RELU6)
        UNROLL for (int p = 0; p < blocks; p++)
            sum[p] = v_min(v_set1(6), sum[p]);
    UNROLL for (int p = 0; p < blocks; p++, to += r->step)
        if (p < n)
            v_put(y + to, lanes, sum[p]);
}

/* `blocks` outputs of 16 channels, tw taps side by side, stride sx: each pixel is loaded once for all outputs that it takes part in. edge:
 * some columns are outside. */
VEC void outputs(const visml_depthwise_row *r, int64_t at, int64_t n, int64_t j, const int blocks, const int tw, const int sx,
                 const int edge, const real *x, const real *w, real *y) {
    v16 sum[LONG];
    int64_t first = r->x0 + at * sx;
    UNROLL for (int p = 0; p < blocks; p++)
        sum[p] = v_zero();
    if (r->count > LONG)
        UNROLL for (int i = 0; i < sx; i++)
            look_ahead(x, (r->th + i) * r->row + first * r->c + j, blocks * sx, r->c);
    for (int64_t i = 0; i < r->th; i++) {
        v16 tap[5];
        int64_t line = i * r->row + first * r->c + j;
        UNROLL for (int t = 0; t < tw; t++)
            tap[t] = v_load(w + i * r->wrow + t * r->wcol + j);
        UNROLL for (int k = 0; k < (blocks - 1) * sx + tw; k++, line += r->c) {
            if (edge && !inside(first + k, r->width))
                continue;
            v16 v = v_keep(v_load(x + line));
            UNROLL for (int p = 0; p < blocks; p++)
                if (k - p * sx >= 0 && k - p * sx < tw)
                    sum[p] = v_fma(v, tap[k - p * sx], sum[p]);
        }
    }
    finish(r, at, n, j, LANES, blocks, sum, y);
}

/* The same for any number of channels, taps, strides. */
VEC void outputs_any(const visml_depthwise_row *r, int64_t at, int64_t n, int64_t j, int lanes, const int blocks, const real *x,
                     const real *w, real *y) {
    v16 sum[LONG];
    UNROLL for (int p = 0; p < blocks; p++)
        sum[p] = v_zero();
    for (int64_t i = 0; i < r->th; i++)
        for (int64_t t = 0; t < r->tw; t++) {
            v16 tap = v_get(w + i * r->wrow + t * r->wcol + j, lanes);
            int64_t column = r->x0 + at * r->sx + t * r->tx;
            UNROLL for (int p = 0; p < blocks; p++, column += r->sx)
                if (inside(column, r->width))
                    sum[p] = v_fma(v_get(x + i * r->row + column * r->c + j, lanes), tap, sum[p]);
        }
    finish(r, at, n, j, lanes, blocks, sum, y);
}

VEC void any_channels(const visml_depthwise_row *r, int64_t from, const real *x, const real *w, real *y) {
    for (int64_t at = 0; at < r->count; at += LONG)
        for (int64_t j = from; j < r->c; j += LANES)
            outputs_any(r, at, r->count - at, j, v_rest((size_t)j, (size_t)r->c), LONG, x, w, y);
}

#define CHANNELS for (int64_t j = 0; j + LANES <= r->c; j += LANES)

VEC void side_by_side(const visml_depthwise_row *r, const int tw, const int sx, const real *x, const real *w, real *y) {
    for (int64_t at = 0; at < r->count;) {
        int64_t n = r->count - at, first = r->x0 + at * sx;
        if (n <= SHORT || n == 2 * SHORT) {
            CHANNELS outputs(r, at, n, j, SHORT, tw, sx, 1, x, w, y);
            at += SHORT;
            continue;
        }
        if (first >= 0 && first + (LONG - 1) * sx + tw <= r->width)
            CHANNELS outputs(r, at, n, j, LONG, tw, sx, 0, x, w, y);
        else
            CHANNELS outputs(r, at, n, j, LONG, tw, sx, 1, x, w, y);
        at += LONG;
    }
    any_channels(r, r->c / LANES * LANES, x, w, y);
}

#define CASE(taps, stride)                                              \
    if (SPECIAL && r->tw == taps && r->sx == stride && (r->tx == 1 || taps == 1)) { \
        side_by_side(r, taps, stride, x, w, y);                         \
        return;                                                         \
    }
static void rows_of(const visml_depthwise_row *r, const real *x, const real *w, real *y) {
    CASE(3, 1)
    CASE(3, 2)
    CASE(5, 1)
    CASE(5, 2)
    CASE(2, 1)
    CASE(1, 1)
    any_channels(r, 0, x, w, y);
}
#undef CASE

void LEAF(depthwise)(const visml_depthwise_row *r, const real *x, const real *w, real *y) {
    int simple = r->activation == VISML_LINEAR || r->activation == VISML_RELU || r->activation == VISML_RELU6;
    rows_of(r, x, w, y);
    for (int64_t o = 0; o < r->count && (!simple || r->scale); o++, y += r->step) {
        if (!simple)
            LEAF(activate)(r->activation, r->alpha, (size_t)r->c, y, y);
        if (r->scale)
            LEAF(affine)(1, r->c, y, r->scale, r->shift, y);
    }
}

/* ---- gradient of the weights ---- */

#define WIDE 20 /* outputs in a row: of fewer, one row more than needed pushes lines out of the first cache; the next channels do not */

/* Gradients at ... at + blocks, so many after those of this row, and the pixels of sx rows, beginning with y, that belong to them. */
VEC void ask(const visml_depthwise_sums *s, int64_t y, int64_t after, int64_t at, int64_t j, const int blocks, const int sx, const real *x,
             const real *dy) {
    look_ahead(dy, (after + at) * s->ld + j, blocks, s->ld);
    UNROLL for (int i = 0; i < sx; i++)
        look_ahead(x, ((y + i * s->ty) * s->width + s->x0 + at * sx) * s->ld + j, blocks * sx, s->ld);
}

/* Outputs at ... at + blocks of one row: adds to th x tw sums. */
VEC void gather(const visml_depthwise_sums *s, int64_t y, int64_t at, int64_t j, const int blocks, const int th, const int tw, const int sx,
                const int edge, const real *x, const real *dy, v16 sum[TAP_ROWS][5]) {
    v16 d[4];
    int64_t first = s->x0 + at * sx;
    UNROLL for (int p = 0; p < blocks; p++)
        d[p] = v_load(dy + (at + p) * s->ld + j);
    if (blocks > 1 && s->count >= WIDE)
        ask(s, y + th * s->ty, s->count, at, j, blocks, sx, x, dy);
    else if (blocks > 1 && s->is_far)
        ask(s, y + (th - sx) * s->ty, 0, at, j + LANES, blocks, sx, x, dy);
    UNROLL for (int i = 0; i < th; i++) {
        if (!inside(y + i * s->ty, s->height))
            continue;
        int64_t line = ((y + i * s->ty) * s->width + first) * s->ld + j;
        UNROLL for (int k = 0; k < (blocks - 1) * sx + tw; k++, line += s->ld) {
            if (edge && !inside(first + k, s->width))
                continue;
            v16 v = v_keep(v_load(x + line));
            UNROLL for (int p = 0; p < blocks; p++)
                if (k - p * sx >= 0 && k - p * sx < tw)
                    sum[i][k - p * sx] = v_fma(v, d[p], sum[i][k - p * sx]);
        }
    }
}

/* One row of taps of any kind. */
VEC void gather_any(const visml_depthwise_sums *s, int64_t i, int64_t t, int64_t j, int lanes, const real *x, const real *dy, real *sums) {
    v16 sum = v_zero();
    for (int64_t o = 0; o < s->rows; o++) {
        int64_t y = s->y0 + o * s->sy + i * s->ty;
        if (!inside(y, s->height))
            continue;
        for (int64_t p = 0; p < s->count; p++) {
            int64_t column = s->x0 + p * s->sx + t * s->tx;
            if (inside(column, s->width))
                sum = v_fma(v_get(x + (y * s->width + column) * s->ld + j, lanes), v_get(dy + (o * s->count + p) * s->ld + j, lanes), sum);
        }
    }
    real *to = sums + (i * s->tw + t) * s->ld + j;
    v_put(to, lanes, v_add(v_get(to, lanes), sum));
}

VEC void any_sums(const visml_depthwise_sums *s, int64_t from, const real *x, const real *dy, real *sums) {
    for (int64_t j = from; j < s->c; j += LANES)
        for (int64_t i = 0; i < s->th; i++)
            for (int64_t t = 0; t < s->tw; t++)
                gather_any(s, i, t, j, v_rest((size_t)j, (size_t)s->c), x, dy, sums);
}

VEC void sums_row(const visml_depthwise_sums *s, int64_t y, int64_t j, const int th, const int tw, const int sx, const real *x,
                  const real *dy, v16 sum[TAP_ROWS][5]) {
    int64_t at = 0;
    for (; at + 4 <= s->count; at += 4) {
        int64_t first = s->x0 + at * sx;
        if (first >= 0 && first + 3 * sx + tw <= s->width)
            gather(s, y, at, j, 4, th, tw, sx, 0, x, dy, sum);
        else
            gather(s, y, at, j, 4, th, tw, sx, 1, x, dy, sum);
    }
    for (; at < s->count; at++)
        gather(s, y, at, j, 1, th, tw, sx, 1, x, dy, sum);
}

VEC void sums_side_by_side(const visml_depthwise_sums *s, const int th, const int tw, const int sx, const real *x, const real *dy,
                           real *sums) {
    for (int64_t j = 0; j + LANES <= s->c; j += LANES)
        for (int64_t i = 0; i < s->th; i += th) {
            v16 sum[TAP_ROWS][5];
            UNROLL for (int a = 0; a < th; a++)
                UNROLL for (int t = 0; t < tw; t++)
                    sum[a][t] = v_zero();
            for (int64_t o = 0; o < s->rows; o++)
                sums_row(s, s->y0 + o * s->sy + i * s->ty, j, th, tw, sx, x, dy + o * s->count * s->ld, sum);
            UNROLL for (int a = 0; a < th; a++)
                UNROLL for (int t = 0; t < tw; t++) {
                    real *to = sums + ((i + a) * tw + t) * s->ld + j;
                    v_store(to, v_add(v_load(to), sum[a][t]));
                }
        }
    any_sums(s, s->c / LANES * LANES, x, dy, sums);
}

#define CASE(together, taps, stride)                                                        \
    if (SPECIAL && s->tw == taps && s->sx == stride && s->tx == 1 && s->th % together == 0) { \
        sums_side_by_side(s, together, taps, stride, x, dy, sums);                          \
        return;                                                                             \
    }
void LEAF(depthwise_weights)(const visml_depthwise_sums *s, const real *x, const real *dy, real *sums) {
    CASE(TAP_ROWS, 3, 1)
    CASE(TAP_ROWS, 3, 2)
    CASE(1, 5, 1)
    CASE(1, 5, 2)
    any_sums(s, 0, x, dy, sums);
}
#undef CASE

/* ---- several outputs of one input channel ---- */

void LEAF(spread)(size_t n, int64_t times, const real *from, real *to) {
    for (size_t i = 0; i < n; i++)
        for (int64_t j = 0; j < times; j++)
            *to++ = from[i];
}

void LEAF(fold)(size_t n, int64_t times, const real *from, real *to) {
    for (size_t i = 0; i < n; i++) {
        real sum = 0;
        for (int64_t j = 0; j < times; j++)
            sum += *from++;
        to[i] = sum;
    }
}
