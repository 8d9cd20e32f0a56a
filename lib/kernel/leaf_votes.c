/* What gradients of pictures vote for: sums of their lengths by direction, and their moments. A direction is found by the signs of cross
 * products with the bins' edges, without an angle. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

typedef struct vectors {
    v16 x, y, squares;
} vectors;

/* Central differences of r pixels from p on, of the first channel that has the longest. */
VEC vectors vectors_at(const visml_votes *v, const float *p, int r) {
    vectors best = {v_zero(), v_zero(), v_set1(-1)};
    for (int64_t c = 0; c < v->channels; c++, p += v->plane) {
        v16 x = v_sub(v_get(p + 1, r), v_get(p - 1, r)), y = v_sub(v_get(p + v->stride, r), v_get(p - v->stride, r));
        v16 squares = v_add(v_mul(x, x), v_mul(y, y)); /* as at levels without a fused one */
        m16 longer = v_gt(squares, best.squares);
        best.x = v_select(longer, x, best.x);
        best.y = v_select(longer, y, best.y);
        best.squares = v_select(longer, squares, best.squares);
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

#define FEW 32 /* vectors of gradients at a time */

/* How steep gradients are, those on both sides of the first edge apart; NaN for those on the other side, and without a vote. */
typedef struct slopes {
    float side[2][FEW * LANES], votes[FEW * LANES];
    int64_t n; /* vectors */
} slopes;

VEC void add_slopes(const visml_votes *v, const float *p, int r, slopes *s) {
    const v16 zero = v_zero(), none = v_set1(__builtin_nanf(""));
    vectors g = vectors_at(v, p, r);
    m16 long_enough = v_gt(g.squares, v_set1(v->threshold));
    if (!m_any(long_enough))
        return;
    m16 back = m_or(v_gt(zero, g.y), m_and(v_eq(g.y, zero), v_gt(zero, g.x)));
    v16 slope = v_select(long_enough, v_div(v_select(back, v_sub(zero, g.x), g.x), v_abs(g.y)), none);
    v_store(s->side[0] + s->n * LANES, v->whole ? v_select(back, none, slope) : slope);
    v_store(s->side[1] + s->n * LANES, v_select(back, slope, none));
    if (!v->counts)
        v_store(s->votes + s->n * LANES, v_sqrt(g.squares));
    s->n++;
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

#define EDGES 4 /* at a time: as many counts that do not wait for each other */

/* to[k] += how many slopes are above edges[k], k < EDGES; at most `end` of them are kept. */
VEC void count_above(const slopes *s, const float *slope, const float *edges, int32_t end, float *to) {
    i16 counts[EDGES];
    v16 edge[EDGES];
    UNROLL for (int k = 0; k < EDGES; k++) {
        counts[k] = i_set1(0);
        edge[k] = v_set1(edges[k]);
    }
    for (int64_t i = 0; i < s->n; i++) {
        v16 x = v_load(slope + i * LANES);
        UNROLL for (int k = 0; k < EDGES; k++)
            counts[k] = count_more(counts[k], v_gt(x, edge[k]));
    }
    UNROLL for (int k = 0; k < EDGES; k++)
        if (k < end)
            v_store(to + k * LANES, v_add(v_load(to + k * LANES), i_float(counts[k])));
}

/* to[k] += how many are before edge k + 1, those of bin k and of all bins before it; the last bin ends behind all. */
VEC void count_slopes(const slopes *s, const float *slope, const float *edges, int32_t bins, float *to) {
    i16 all = i_set1(0);
    for (int32_t k = 1; k < bins; k += EDGES)
        count_above(s, slope, edges + k, bins - k, to + (k - 1) * LANES);
    for (int64_t i = 0; i < s->n; i++)
        all = count_more(all, v_eq(v_load(slope + i * LANES), v_load(slope + i * LANES)));
    to += (bins - 1) * LANES;
    v_store(to, v_add(v_load(to), i_float(all)));
}

/* to[k] += the votes of those in bin k. */
VEC void sum_slopes(const slopes *s, const float *slope, const float *edges, int32_t bins, float *to) {
    for (int32_t k = 1; k <= bins; k++, to += LANES) {
        const v16 from = v_set1(edges[k - 1]), end = v_set1(edges[k < bins ? k : 0]);
        v16 sum = v_load(to);
        for (int64_t i = 0; i < s->n; i++) {
            v16 x = v_load(slope + i * LANES);
            m16 before_end = k < bins ? v_gt(x, end) : v_eq(x, x), here = k > 1 ? m_andnot(before_end, v_gt(x, from)) : before_end;
            sum = v_add(sum, v_select(here, v_load(s->votes + i * LANES), v_zero()));
        }
        v_store(to, sum);
    }
}

VEC void flush(const visml_votes *v, const float *edges, slopes *s, float *out) {
    for (int side = 0; side < (v->whole ? 2 : 1); side++) {
        float *to = out + side * v->bins * LANES;
        if (v->counts)
            count_slopes(s, s->side[side], edges, v->bins, to);
        else
            sum_slopes(s, s->side[side], edges, v->bins, to);
    }
    s->n = 0;
}

/* What was counted up to each edge becomes what is between two. */
VEC void take_apart(int32_t bins, float *to) {
    for (int32_t k = bins - 1; k > 0; k--)
        v_store(to + k * LANES, v_sub(v_load(to + k * LANES), v_load(to + (k - 1) * LANES)));
}

static void slopes_of(const visml_votes *v, float *edges) {
    for (int32_t k = 0; k < v->bins + EDGES; k++)
        edges[k] = k > 0 && k < v->bins ? v->cosines[k] / v->sines[k] : 0;
}

void LEAF(vote_totals)(const visml_votes *v, int64_t n, float *out) {
    float edges[VISML_VOTE_BINS + EDGES];
    slopes s;
    s.n = 0;
    slopes_of(v, edges);
    for (int32_t k = 0; k < (v->whole ? 2 : 1) * v->bins; k++)
        v_store(out + k * LANES, v_zero());
    for (int64_t row = 0; row < v->rows; row++)
        for (int64_t i = 0; i < n; i += LANES) {
            const float *p = v->x + row * v->stride + i;
            if (i + LANES <= n)
                add_slopes(v, p, LANES, &s);
            else
                add_slopes(v, p, (int)(n - i), &s);
            if (s.n == FEW)
                flush(v, edges, &s, out);
        }
    flush(v, edges, &s, out);
    for (int side = 0; v->counts && side < (v->whole ? 2 : 1); side++)
        take_apart(v->bins, out + side * v->bins * LANES);
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
