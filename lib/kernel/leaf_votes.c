/* What gradients of pictures vote for: sums of their lengths by direction, and their moments. A direction is found without an angle: by the
 * signs of cross products with the bins' edges, or by x / y beside theirs. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

typedef struct vectors {
    v16 x, y, squares;
} vectors;

/* Central differences of r pixels from p on. */
VEC vectors differences(const visml_votes *v, const float *p, int r) {
    vectors g = {.x = v_sub(v_get(p + 1, r), v_get(p - 1, r)), .y = v_sub(v_get(p + v->stride, r), v_get(p - v->stride, r))};
    g.squares = v_add(v_mul(g.x, g.x), v_mul(g.y, g.y)); /* as at levels without a fused one */
    return g;
}

/* Those of the first channel that has the longest. */
VEC vectors vectors_at(const visml_votes *v, const float *p, int r) {
    vectors best = differences(v, p, r);
    for (int64_t c = 1; c < v->channels; c++) {
        vectors g = differences(v, p + c * v->plane, r);
        m16 longer = v_gt(g.squares, best.squares);
        best.x = v_select(longer, g.x, best.x);
        best.y = v_select(longer, g.y, best.y);
        best.squares = v_select(longer, g.squares, best.squares);
    }
    return best;
}

/* Adds to sums[bins], and of those on the other side of the first edge to sums[bins ... 2 bins] where `whole`. */
VEC void vote(const visml_votes *v, int whole, const float *p, int r, float weight, v16 *sums) {
    const v16 zero = v_zero();
    vectors g = vectors_at(v, p, r);
    v16 length = v_sqrt(g.squares);
    m16 long_enough = v_gt(length, v_set1(v->threshold));
    if (!m_any(long_enough))
        return;
    v16 c = v_set1(v->cosines[0]), s = v_set1(v->sines[0]);
    v16 side = v_sub(v_mul(c, g.y), v_mul(s, g.x)), along = v_add(v_mul(c, g.x), v_mul(s, g.y));
    m16 back = m_or(v_gt(zero, side), m_and(v_eq(side, zero), v_gt(zero, along)));
    length = v_select(long_enough, v->counts ? v_set1(1) : length, zero);
    length = v_mul(length, v_set1(weight));
    v16 x = v_select(back, v_sub(zero, g.x), g.x), y = v_select(back, v_sub(zero, g.y), g.y);
    v16 there = whole ? v_select(back, length, zero) : zero, here = whole ? v_sub(length, there) : length;
    for (int32_t k = 1; k < v->bins; k++) {
        m16 before = v_gt(v_mul(v_set1(v->sines[k]), x), v_mul(v_set1(v->cosines[k]), y));
        v16 part = v_select(before, here, zero);
        sums[k - 1] = v_add(sums[k - 1], part);
        here = v_sub(here, part);
        if (whole) {
            part = v_select(before, there, zero);
            sums[v->bins + k - 1] = v_add(sums[v->bins + k - 1], part);
            there = v_sub(there, part);
        }
    }
    sums[v->bins - 1] = v_add(sums[v->bins - 1], here);
    if (whole)
        sums[2 * v->bins - 1] = v_add(sums[2 * v->bins - 1], there);
}

VEC void votes(const visml_votes *v, int whole, int64_t n, float *out) {
    v16 sums[2 * VISML_VOTE_BINS];
    int32_t bins = whole ? 2 * v->bins : v->bins;
    for (int64_t i = 0; i < n; i += LANES) {
        int r = v_rest((size_t)i, (size_t)n);
        for (int32_t k = 0; k < bins; k++)
            sums[k] = v_zero();
        if (r == LANES)
            for (int64_t row = 0; row < v->rows; row++)
                vote(v, whole, v->x + row * v->stride + i, LANES, v->weights[row], sums);
        else
            for (int64_t row = 0; row < v->rows; row++)
                vote(v, whole, v->x + row * v->stride + i, r, v->weights[row], sums);
        for (int32_t k = 0; k < bins; k++)
            v_put(out + k * n + i, r, sums[k]);
    }
}

void LEAF(votes)(const visml_votes *v, int64_t n, float *out) {
    if (v->whole)
        votes(v, 1, n, out);
    else
        votes(v, 0, n, out);
}

/* ---- all columns together ---- */

/* Edges up to a right angle, as how flat they are: the bits of x / y, which for positive numbers have the order of the numbers. */
typedef struct flat_edges {
    i16 at[VISML_VOTE_BINS / 2], lanes; /* lanes: 0 ... LANES - 1 */
    int32_t n;
} flat_edges;

VEC void edges_of(const visml_votes *v, flat_edges *e) {
    int32_t lanes[LANES];
    for (int l = 0; l < LANES; l++)
        lanes[l] = l;
    e->lanes = i_load(lanes);
    e->n = v->bins / 2;
    for (int32_t k = 0; k < e->n; k++)
        e->at[k] = v_bits(v_abs(v_set1(v->cosines[k + 1] / v->sines[k + 1])));
}

/* a + 1 where m. */
VEC i16 count_more(i16 a, m16 m) {
#if defined(VISML_LEVEL_AVX512)
    return _mm512_mask_add_epi32(a, m, a, _mm512_set1_epi32(1));
#elif defined(VISML_LEVEL_AVX2)
    return i_sub(a, v_bits(m));
#else
    return i_add(a, v_bits(v_select(m, i_float_bits(i_set1(1)), v_zero())));
#endif
}

#define FEW 32 /* vectors of gradients at a time, */
#define EVEN 4 /* so many of which are compared with an edge while it is in a register */

/* Gradients, then where their votes go in out[bins, LANES]. */
typedef struct places {
    float x[FEW * LANES], y[FEW * LANES], vote[FEW * LANES];
    int32_t at[FEW * LANES];
    int n; /* vectors */
} places;

VEC void add_gradients(const visml_votes *v, const float *p, int r, places *to) {
    vectors g = vectors_at(v, p, r);
    m16 long_enough = v_gt(g.squares, v_set1(v->threshold));
    if (!m_any(long_enough))
        return;
    v_store(to->x + to->n * LANES, g.x);
    v_store(to->y + to->n * LANES, g.y);
    v_store(to->vote + to->n * LANES, v_select(long_enough, v->counts ? v_set1(1) : v_sqrt(g.squares), v_zero()));
    to->n++;
}

typedef struct sides {
    m16 mirrored, back;
    i16 flat; /* bits */
} sides;

/* Edges lie as in a mirror on both sides of the right angle, so that those up to it are compared alone. What is on an edge is behind it, in
 * the mirror before it: one less or not is the next number of the bits. */
VEC sides sides_of(v16 x, v16 y) {
    const v16 zero = v_zero();
    v16 flat = v_div(x, y);
    m16 level = v_eq(y, zero);
    sides s = {.mirrored = m_andnot(v_gt(zero, flat), level), .back = m_or(v_gt(zero, y), m_and(level, v_gt(zero, x)))};
    s.flat = count_more(i_sub(v_bits(v_abs(flat)), i_set1(1)), s.mirrored);
    return s;
}

VEC i16 i_select(m16 m, i16 a, i16 b) {
    return v_bits(v_select(m, i_float_bits(a), i_float_bits(b)));
}

/* Bin k seen in the mirror is bin bins - 1 - k. */
VEC void find_places(const visml_votes *v, const flat_edges *e, const places *from, int32_t *at, int first) {
    sides s[EVEN];
    i16 bin[EVEN];
    UNROLL for (int i = 0; i < EVEN; i++) {
        s[i] = sides_of(v_load(from->x + (first + i) * LANES), v_load(from->y + (first + i) * LANES));
        bin[i] = i_set1(0);
    }
    for (int32_t k = 0; k < e->n; k++)
        UNROLL for (int i = 0; i < EVEN; i++)
            bin[i] = count_more(bin[i], i_gt(e->at[k], s[i].flat));
    const i16 last = i_set1(v->bins - 1), behind = i_set1(v->whole ? v->bins : 0);
    UNROLL for (int i = 0; i < EVEN; i++) {
        i16 seen = i_select(s[i].mirrored, i_sub(last, bin[i]), bin[i]);
        seen = i_add(seen, i_select(s[i].back, behind, i_set1(0)));
        i_store(at + (first + i) * LANES, i_add(i_shl(seen, 4), e->lanes));
    }
}

/* Each lane has sums of its own, which do not wait for one another. */
VEC void add_votes(const visml_votes *v, const flat_edges *e, places *from, float *out) {
    for (int i = 0; i < from->n; i += EVEN)
        find_places(v, e, from, from->at, i);
    for (int i = 0; i < from->n * LANES; i += 4)
        UNROLL for (int l = 0; l < 4; l++)
            out[from->at[i + l]] += from->vote[i + l];
    from->n = 0;
}

void LEAF(vote_totals)(const visml_votes *v, int64_t n, float *out) {
    flat_edges e;
    places few;
    few.n = 0;
    edges_of(v, &e);
    for (int32_t k = 0; k < (v->whole ? 2 : 1) * v->bins; k++)
        v_store(out + k * LANES, v_zero());
    for (int64_t row = 0; row < v->rows; row++)
        for (int64_t i = 0; i < n; i += LANES) {
            const float *p = v->x + row * v->stride + i;
            if (i + LANES <= n)
                add_gradients(v, p, LANES, &few);
            else
                add_gradients(v, p, (int)(n - i), &few);
            if (few.n == FEW)
                add_votes(v, &e, &few, out);
        }
    add_votes(v, &e, &few, out);
}

/* With x + i y = m e^(i a): m, m^2, m^3, m^4, m cos 2a, m sin 2a, m^2 cos 2a, m^2 sin 2a. */
VEC void moments_of(const visml_votes *v, const float *p, int r, v16 *sums) {
    vectors g = vectors_at(v, p, r);
    v16 m = v_sqrt(g.squares), some = v_select(v_gt(m, v_zero()), m, v_set1(1));
    v16 across = v_sub(v_mul(g.x, g.x), v_mul(g.y, g.y)), along = v_mul(v_add(g.x, g.x), g.y);
    v16 terms[8] = {m, g.squares, v_mul(m, g.squares), v_mul(g.squares, g.squares),
                    v_div(across, some), v_div(along, some), across, along};
    UNROLL for (int k = 0; k < 8; k++)
        sums[k] = v_add(sums[k], terms[k]);
}

void LEAF(vote_moments)(const visml_votes *v, int64_t n, float *out) {
    v16 sums[8];
    UNROLL for (int k = 0; k < 8; k++)
        sums[k] = v_zero();
    for (int64_t row = 0; row < v->rows; row++) {
        const float *p = v->x + row * v->stride;
        int64_t i = 0;
        for (; i + LANES <= n; i += LANES)
            moments_of(v, p + i, LANES, sums);
        if (i < n)
            moments_of(v, p + i, (int)(n - i), sums);
    }
    UNROLL for (int k = 0; k < 8; k++)
        out[k] = v_sum(sums[k]);
}

/* Prefix sums of prefix sums down each column: with them, whole numbers, adding is all that moments need. */
VEC void falling(const visml_fall *f, int64_t i, int r) {
    i16 sums[4] = {i_set1(0), i_set1(0), i_set1(0), i_set1(0)};
    for (int64_t row = 0; row < f->rows; row++) {
        sums[0] = i_add(sums[0], i_get_u8(f->x + row * f->stride + i, r));
        UNROLL for (int k = 1; k < 4; k++)
            sums[k] = i_add(sums[k], sums[k - 1]);
    }
    UNROLL for (int k = 0; k < 4; k++)
        v_put((float *)(void *)(f->out + k * f->n + i), r, i_float_bits(sums[k]));
}

void LEAF(fall)(const visml_fall *f) {
    int64_t i = 0;
    for (; i + LANES <= f->n; i += LANES)
        falling(f, i, LANES);
    if (i < f->n)
        falling(f, i, (int)(f->n - i));
}

#endif
