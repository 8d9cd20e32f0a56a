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

/* What votes: x and y turned to the half plane of the bins, and how much; some: 0 where all votes are 0. */
typedef struct voters {
    v16 x, y, votes;
    m16 back; /* those that were turned */
    int some;
} voters;

VEC voters voters_at(const visml_votes *v, const float *p, int r) {
    const v16 zero = v_zero();
    vectors g = vectors_at(v, p, r);
    v16 length = v_sqrt(g.squares);
    m16 long_enough = v_gt(length, v_set1(v->threshold));
    v16 c = v_set1(v->cosines[0]), s = v_set1(v->sines[0]);
    v16 side = v_sub(v_mul(c, g.y), v_mul(s, g.x)), along = v_add(v_mul(c, g.x), v_mul(s, g.y));
    voters w = {.some = m_any(long_enough), .back = m_or(v_gt(zero, side), m_and(v_eq(side, zero), v_gt(zero, along)))};
    w.votes = v_select(long_enough, v->counts ? v_set1(1) : length, zero);
    w.x = v_select(w.back, v_sub(zero, g.x), g.x);
    w.y = v_select(w.back, v_sub(zero, g.y), g.y);
    return w;
}

/* Those on the side of bin k - 1 of the edge before bin k. */
VEC m16 are_before(const visml_votes *v, const voters *w, int32_t k) {
    return v_gt(v_mul(v_set1(v->sines[k]), w->x), v_mul(v_set1(v->cosines[k]), w->y));
}

/* Adds to sums[bins], and of those on the other side of the first edge to sums[bins ... 2 bins] where `whole`. */
VEC void vote(const visml_votes *v, int whole, const float *p, int r, float weight, v16 *sums) {
    const v16 zero = v_zero();
    voters w = voters_at(v, p, r);
    if (!w.some)
        return;
    v16 votes = v_mul(w.votes, v_set1(weight));
    v16 there = whole ? v_select(w.back, votes, zero) : zero, here = whole ? v_sub(votes, there) : votes;
    for (int32_t k = 1; k < v->bins; k++) {
        m16 before = are_before(v, &w, k);
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

/* Bins are counted, and each lane has sums of its own: where columns do not matter, what is added does not grow with the bins. */
VEC void vote_in_lanes(const visml_votes *v, const float *p, int r, float *sums) {
    voters w = voters_at(v, p, r);
    if (!w.some)
        return;
    v16 bin = v_select(w.back, v_set1(v->whole ? (float)v->bins : 0), v_zero());
    for (int32_t k = 1; k < v->bins; k++)
        bin = v_select(are_before(v, &w, k), bin, v_add(bin, v_set1(1)));
    int32_t bins[LANES];
    float votes[LANES];
    i_store(bins, v_nearest(bin));
    v_store(votes, w.votes);
    UNROLL for (int l = 0; l < LANES; l++)
        sums[bins[l] * LANES + l] += votes[l];
}

void LEAF(vote_totals)(const visml_votes *v, int64_t n, float *out) {
    for (int32_t k = 0; k < (v->whole ? 2 : 1) * v->bins; k++)
        v_store(out + k * LANES, v_zero());
    for (int64_t row = 0; row < v->rows; row++) {
        const float *p = v->x + row * v->stride;
        int64_t i = 0;
        for (; i + LANES <= n; i += LANES)
            vote_in_lanes(v, p + i, LANES, out);
        if (i < n)
            vote_in_lanes(v, p + i, (int)(n - i), out);
    }
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
