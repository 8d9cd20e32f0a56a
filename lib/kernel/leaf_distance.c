/* Distances between rows, added up in 16 lanes along the row and then over the lanes: four rows of b at a time share those of a. */
#include "kernel/kernels.h"
#include "kernel/vec.h"
#include "kernel/distance.h"

#ifndef VISML_REAL_DOUBLE

VEC v16 step(int kind, v16 a, v16 b, v16 sum) {
    v16 d = v_sub(a, b), total;
    switch (kind) {
    case VISML_DISTANCE_L2:
        return v_fma(d, d, sum);
    case VISML_DISTANCE_L1:
        return v_add(sum, v_abs(d));
    case VISML_DISTANCE_CHI2:
        total = v_add(a, b);
        return v_add(sum, v_select(v_eq(total, v_zero()), v_zero(), v_div(v_mul(d, d), total)));
    case VISML_DISTANCE_INTERSECTION: /* NaN of either stays */
        return v_add(sum, v_select(v_unordered(a, a), a, v_min(a, b)));
    default:
        return v_fma(a, b, sum);
    }
}

VEC void row_pairs(int kind, int rows, int64_t d, const float *a, const float *b, int64_t ldb, float *out) {
    v16 sum[4];
    UNROLL for (int j = 0; j < rows; j++)
        sum[j] = v_zero();
    int64_t i = 0;
    for (; i + LANES <= d; i += LANES) {
        v16 left = v_load(a + i);
        UNROLL for (int j = 0; j < rows; j++)
            sum[j] = step(kind, left, v_load(b + j * ldb + i), sum[j]);
    }
    if (i < d) { /* lanes behind the row are 0 on both sides, and so is what they add */
        v16 left = v_load_n(a + i, (int)(d - i));
        UNROLL for (int j = 0; j < rows; j++)
            sum[j] = step(kind, left, v_load_n(b + j * ldb + i, (int)(d - i)), sum[j]);
    }
    UNROLL for (int j = 0; j < rows; j++)
        out[j] = v_sum(sum[j]);
}

VEC void all_pairs(int kind, const visml_row_pairs *p) {
    for (int64_t i = 0; i < p->n; i++) {
        const float *a = p->a + i * p->lda;
        float *out = p->out + i * p->ldo;
        int64_t j = 0;
        for (; j + 4 <= p->m; j += 4)
            row_pairs(kind, 4, p->d, a, p->b + j * p->ldb, p->ldb, out + j);
        for (; j < p->m; j++)
            row_pairs(kind, 1, p->d, a, p->b + j * p->ldb, p->ldb, out + j);
    }
}

void LEAF(row_pairs)(int32_t kind, const visml_row_pairs *p) {
    switch (kind) {
    case VISML_DISTANCE_L2: all_pairs(VISML_DISTANCE_L2, p); break;
    case VISML_DISTANCE_L1: all_pairs(VISML_DISTANCE_L1, p); break;
    case VISML_DISTANCE_CHI2: all_pairs(VISML_DISTANCE_CHI2, p); break;
    case VISML_DISTANCE_INTERSECTION: all_pairs(VISML_DISTANCE_INTERSECTION, p); break;
    default: all_pairs(VISML_DISTANCE_COSINE, p); /* the product alone */
    }
}

/* out[j] = max(0, aa + bb[j] - 2 out[j]) with L2, else 1 - out[j] / sqrt(aa bb[j]); 1 where a row is 0. */
void LEAF(finish_pairs)(int32_t kind, int64_t m, float aa, const float *bb, float *out) {
    v16 left = v_set1(aa), one = v_set1(1.0f), minus = v_set1(-2.0f);
    for (int64_t j = 0; j < m; j += LANES) {
        int r = v_rest((size_t)j, (size_t)m);
        v16 right = v_get(bb + j, r), dot = v_get(out + j, r);
        v16 square = v_fma(dot, minus, v_add(left, right));
        square = v_select(v_gt(v_zero(), square), v_zero(), square);
        v16 size = v_mul(v_sqrt(left), v_sqrt(right));
        v16 cosine = v_sub(one, v_div(dot, v_select(v_eq(size, v_zero()), one, size)));
        cosine = v_select(v_gt(v_zero(), cosine), v_zero(), v_select(v_gt(cosine, v_set1(2.0f)), v_set1(2.0f), cosine));
        v_put(out + j, r, kind == VISML_DISTANCE_L2 ? square : v_select(v_eq(size, v_zero()), one, cosine));
    }
}

#endif
