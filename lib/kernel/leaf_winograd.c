/* The transforms of F(2x2, 3x3) and F(4x4, 3x3): Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016), with the points
 * 0, 1, -1 and, for 4x4, 2, -2. Each is one function along a line, applied to the columns and then to the rows of a tile, 16 channels at
 * a time. */
#include "kernel/kernels.h"
#include "kernel/vec_finish.h"

#define MOST 6 /* pixels along a side of the largest tile */

/* A loop along a side of a tile. Only AVX-512 has registers enough for a tile: the others keep it in memory. */
#ifdef VISML_LEVEL_AVX512
#define SIDE UNROLL
#else
#define SIDE ROLL
#endif

/* The transform of a whole tile: a copy for each kind where speed counts, one for all with a call for each line where size does. */
#if defined(VISML_LEVEL_AVX512) || defined(VISML_LEVEL_AVX2)
#define TILE VEC
#else
#define TILE static __attribute__((noinline))
#endif

/* One line: n elements in, others out. */
typedef void line(const v16 *in, v16 *out);

VEC v16 times(real a, v16 x) {
    return v_mul(v_set1(a), x);
}

/* a x + y */
VEC v16 plus(real a, v16 x, v16 y) {
    return v_fma(v_set1(a), x, y);
}

/* ---- B': input ---- */

VEC void input_2(const v16 *d, v16 *o) {
    o[0] = v_sub(d[0], d[2]);
    o[1] = v_add(d[1], d[2]);
    o[2] = v_sub(d[2], d[1]);
    o[3] = v_sub(d[1], d[3]);
}

VEC void input_4(const v16 *d, v16 *o) {
    v16 even = plus(-4, d[2], d[4]), odd = plus(-4, d[1], d[3]), far = v_sub(d[4], d[2]), near = times(2, v_sub(d[3], d[1]));
    v16 first = plus(-5, d[2], d[4]), last = plus(-5, d[3], d[5]);
    v16 zero = d[0], one = d[1];
    o[1] = v_add(even, odd);
    o[2] = v_sub(even, odd);
    o[3] = v_add(far, near);
    o[4] = v_sub(far, near);
    o[0] = plus(4, zero, first);
    o[5] = plus(4, one, last);
}

/* ---- A': output ---- */

VEC void output_2(const v16 *d, v16 *o) {
    o[0] = v_add(v_add(d[0], d[1]), d[2]);
    o[1] = v_sub(v_sub(d[1], d[2]), d[3]);
}

VEC void output_4(const v16 *d, v16 *o) {
    v16 a = v_add(d[1], d[2]), b = v_sub(d[1], d[2]), c = v_add(d[3], d[4]), e = v_sub(d[3], d[4]);
    o[0] = v_add(v_add(d[0], a), c);
    o[1] = plus(2, e, b);
    o[2] = plus(4, c, a);
    o[3] = v_add(plus(8, e, b), d[5]);
}

/* ---- A: gradient of the output ---- */

VEC void gradient_2(const v16 *d, v16 *o) {
    o[0] = d[0];
    o[1] = v_add(d[0], d[1]);
    o[2] = v_sub(d[0], d[1]);
    o[3] = v_sub(v_zero(), d[1]);
}

VEC void gradient_4(const v16 *d, v16 *o) {
    v16 even = v_add(d[0], d[2]), odd = v_add(d[1], d[3]), far = plus(4, d[2], d[0]), near = times(2, plus(4, d[3], d[1]));
    o[0] = d[0];
    o[1] = v_add(even, odd);
    o[2] = v_sub(even, odd);
    o[3] = v_add(far, near);
    o[4] = v_sub(far, near);
    o[5] = d[3];
}

/* ---- G: weights ---- */

#define SIXTH (1 / (real)6)
#define TWELFTH (1 / (real)12)
#define TWENTYFOURTH (1 / (real)24)

VEC void weights_2(const v16 *d, v16 *o) {
    v16 ends = times((real)0.5, v_add(d[0], d[2])), middle = times((real)0.5, d[1]);
    o[0] = d[0];
    o[1] = v_add(ends, middle);
    o[2] = v_sub(ends, middle);
    o[3] = d[2];
}

VEC void weights_4(const v16 *d, v16 *o) {
    v16 ends = times(-SIXTH, v_add(d[0], d[2])), middle = times(SIXTH, d[1]);
    v16 far = plus(TWENTYFOURTH, d[0], times(SIXTH, d[2])), half = times(TWELFTH, d[1]);
    o[0] = times((real)0.25, d[0]);
    o[1] = v_sub(ends, middle);
    o[2] = v_add(ends, middle);
    o[3] = v_add(far, half);
    o[4] = v_sub(far, half);
    o[5] = d[2];
}

/* ---- G': gradient of the weights ---- */

VEC void weights_back_2(const v16 *d, v16 *o) {
    v16 ends = times((real)0.5, v_add(d[1], d[2]));
    o[0] = v_add(d[0], ends);
    o[1] = times((real)0.5, v_sub(d[1], d[2]));
    o[2] = v_add(d[3], ends);
}

VEC void weights_back_4(const v16 *d, v16 *o) {
    v16 near = times(-SIXTH, v_add(d[1], d[2])), far = v_add(d[3], d[4]);
    o[0] = plus(TWENTYFOURTH, far, plus((real)0.25, d[0], near));
    o[1] = plus(TWELFTH, v_sub(d[3], d[4]), times(SIXTH, v_sub(d[2], d[1])));
    o[2] = plus(SIXTH, far, v_add(d[5], near));
}

/* ---- a tile ---- */

/* `to` [outs x outs] = the transform of `from` [ins x ins]: columns, then rows. */
TILE void both_ways(line *along, const int ins, const int outs, v16 from[MOST][MOST], v16 to[MOST][MOST]) {
    v16 half[MOST][MOST]; /* [column][row] */
    SIDE for (int j = 0; j < ins; j++) {
        v16 column[MOST];
        SIDE for (int i = 0; i < ins; i++)
            column[i] = from[i][j];
        along(column, half[j]);
    }
    SIDE for (int i = 0; i < outs; i++) {
        v16 row[MOST];
        SIDE for (int j = 0; j < ins; j++)
            row[j] = half[j][i];
        along(row, to[i]);
    }
}

typedef struct spot {
    int64_t image, y, x; /* of the tile's first pixel */
} spot;

static spot spot_of(const visml_tiles *s, int64_t tile) {
    int64_t row = tile / s->across;
    return (spot){row / s->down, row % s->down * s->m - s->top, tile % s->across * s->m - s->left};
}

static inline int is_inside(const visml_tiles *s, int64_t y, int64_t x) {
    return y >= 0 && y < s->h && x >= 0 && x < s->w;
}

/* size x size pixels, n channels of each. */
TILE void read_pixels(const visml_tiles *s, const spot *p, const int size, int whole, const real *x, int n, v16 d[MOST][MOST]) {
    const real *first = x + ((p->image * s->h + p->y) * s->w + p->x) * s->ld;
    SIDE for (int i = 0; i < size; i++)
        SIDE for (int j = 0; j < size; j++) {
            if (whole || is_inside(s, p->y + i, p->x + j))
                d[i][j] = v_get(first + (i * s->w + j) * s->ld, n);
            else
                d[i][j] = v_zero();
        }
}

VEC int is_whole(const visml_tiles *s, const spot *p, int size) {
    return is_inside(s, p->y, p->x) && is_inside(s, p->y + size - 1, p->x + size - 1);
}

/* To planes: ins x ins pixels become outs x outs places. */
VEC void to_planes(line *along, const int ins, const int outs, const visml_tiles *s, const real *x, int64_t tile, int64_t count, real *v,
                   int64_t plane, int64_t ld) {
    for (int64_t t = 0; t < count; t++, v += ld) {
        spot p = spot_of(s, tile + t);
        int whole = is_whole(s, &p, ins);
        for (int64_t c = 0; c < s->c; c += LANES) {
            int n = v_rest((size_t)c, (size_t)s->c);
            v16 d[MOST][MOST], o[MOST][MOST];
            if (whole && n == LANES)
                read_pixels(s, &p, ins, 1, x + c, LANES, d);
            else
                read_pixels(s, &p, ins, whole, x + c, n, d);
            both_ways(along, ins, outs, d, o);
            SIDE for (int i = 0; i < outs; i++)
                SIDE for (int j = 0; j < outs; j++)
                    v_put(v + (i * outs + j) * plane + c, n, o[i][j]);
        }
    }
}

void LEAF(winograd_input)(const visml_tiles *s, const real *x, int64_t tile, int64_t count, real *v, int64_t plane, int64_t ld) {
    if (s->m == 2)
        to_planes(input_2, 4, 4, s, x, tile, count, v, plane, ld);
    else
        to_planes(input_4, 6, 6, s, x, tile, count, v, plane, ld);
}

void LEAF(winograd_gradient)(const visml_tiles *s, const real *y, int64_t tile, int64_t count, real *v, int64_t plane, int64_t ld) {
    if (s->m == 2)
        to_planes(gradient_2, 2, 4, s, y, tile, count, v, plane, ld);
    else
        to_planes(gradient_4, 4, 6, s, y, tile, count, v, plane, ld);
}

VEC void from_planes(line *along, const int ins, const int outs, const visml_tiles *s, const real *v, int64_t plane, int64_t ld,
                     int64_t tile, int64_t count, const visml_finish *f) {
    for (int64_t t = 0; t < count; t++, v += ld) {
        spot p = spot_of(s, tile + t);
        int64_t first = ((p.image * s->h + p.y) * s->w + p.x) * s->ld;
        for (int64_t c = 0; c < s->c; c += LANES) {
            int n = v_rest((size_t)c, (size_t)s->c);
            v16 d[MOST][MOST], o[MOST][MOST];
            SIDE for (int i = 0; i < ins; i++)
                SIDE for (int j = 0; j < ins; j++)
                    d[i][j] = v_get(v + (i * ins + j) * plane + c, n);
            both_ways(along, ins, outs, d, o);
            ROLL for (int i = 0; i < outs; i++)
                ROLL for (int j = 0; j < outs; j++)
                    if (is_inside(s, p.y + i, p.x + j)) {
                        int64_t place = first + (i * s->w + j) * s->ld;
                        v_put(f->c + place + c, n, v_finish(f, place, c, n, o[i][j]));
                    }
        }
    }
}

void LEAF(winograd_output)(const visml_tiles *s, const real *v, int64_t plane, int64_t ld, int64_t tile, int64_t count,
                           const visml_finish *f) {
    if (s->m == 2)
        from_planes(output_2, 4, 2, s, v, plane, ld, tile, count, f);
    else
        from_planes(output_4, 6, 4, s, v, plane, ld, tile, count, f);
}

/* ---- weights ---- */

VEC void transform_weights(line *along, const int ins, const int outs, const visml_winograd_weights *s, const real *from, int64_t in_plane,
                           int64_t in_ld, real *to, int64_t out_plane, int64_t out_ld) {
    for (int64_t r = 0; r < s->rows; r++)
        for (int64_t c = 0; c < s->cols; c += LANES) {
            int n = v_rest((size_t)c, (size_t)s->cols);
            v16 d[MOST][MOST], o[MOST][MOST];
            SIDE for (int i = 0; i < ins; i++)
                SIDE for (int j = 0; j < ins; j++)
                    d[i][j] = v_get(from + (i * ins + j) * in_plane + r * in_ld + c, n);
            both_ways(along, ins, outs, d, o);
            SIDE for (int i = 0; i < outs; i++)
                SIDE for (int j = 0; j < outs; j++)
                    v_put(to + (i * outs + j) * out_plane + r * out_ld + c, n, o[i][j]);
        }
}

void LEAF(winograd_weights)(const visml_winograd_weights *s, const real *w, real *u) {
    if (s->m == 2)
        transform_weights(weights_2, 3, 4, s, w, s->tap, s->ld, u, s->plane, s->ldu);
    else
        transform_weights(weights_4, 3, 6, s, w, s->tap, s->ld, u, s->plane, s->ldu);
}

void LEAF(winograd_weights_back)(const visml_winograd_weights *s, const real *u, real *w) {
    if (s->m == 2)
        transform_weights(weights_back_2, 4, 3, s, u, s->plane, s->ldu, w, s->tap, s->ld);
    else
        transform_weights(weights_back_4, 6, 3, s, u, s->plane, s->ldu, w, s->tap, s->ld);
}
