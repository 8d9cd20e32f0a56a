#include "kernel/kernels.h"
#include "kernel/vec_math.h"

#define CHANNELS for (int64_t j = 0; j < c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)c)

/* The largest of a row. A NaN may be passed over; it comes back with the first exp. */
VEC real row_top(int64_t c, const real *x) {
    v16 top = v_set1(-(real)__builtin_inf());
    CHANNELS {
        REST;
        top = v_max(v_select(m_first(n), v_get(x + j, n), top), top);
    }
    return v_top(top);
}

/* exp(x - top), 0 in lanes behind the row */
VEC v16 row_exp(const real *x, int n, v16 top) {
    return v_select(m_first(n), v_exp(v_sub(v_get(x, n), top)), v_zero());
}

void LEAF(softmax)(int64_t rows, int64_t c, const real *x, real *y) {
    for (; rows; rows--, x += c, y += c) {
        v16 top = v_set1(row_top(c, x)), s = v_zero();
        CHANNELS {
            REST;
            v16 e = row_exp(x + j, n, top);
            v_put(y + j, n, e);
            s = v_add(s, e);
        }
        v16 sum = v_set1(v_sum(s));
        CHANNELS {
            REST;
            v_put(y + j, n, v_div(v_get(y + j, n), sum));
        }
    }
}

void LEAF(softmax_backward)(int64_t rows, int64_t c, const real *y, const real *dy, real *dx) {
    for (; rows; rows--, y += c, dy += c, dx += c) {
        v16 s = v_zero();
        CHANNELS {
            REST;
            s = v_fma(v_get(dy + j, n), v_get(y + j, n), s);
        }
        v16 dot = v_set1(v_sum(s));
        CHANNELS {
            REST;
            v_put(dx + j, n, v_mul(v_get(y + j, n), v_sub(v_get(dy + j, n), dot)));
        }
    }
}

void LEAF(log_softmax)(int64_t rows, int64_t c, const real *x, real *y) {
    for (; rows; rows--, x += c, y += c) {
        v16 top = v_set1(row_top(c, x)), s = v_zero();
        CHANNELS {
            REST;
            s = v_add(s, row_exp(x + j, n, top));
        }
        v16 log_sum = v_log(v_set1(v_sum(s)));
        CHANNELS {
            REST;
            v_put(y + j, n, v_sub(v_sub(v_get(x + j, n), top), log_sum));
        }
    }
}

void LEAF(log_softmax_backward)(int64_t rows, int64_t c, const real *y, const real *dy, real *dx) {
    for (; rows; rows--, y += c, dy += c, dx += c) {
        v16 s = v_zero();
        CHANNELS {
            REST;
            s = v_add(s, v_get(dy + j, n));
        }
        v16 minus = v_set1(-v_sum(s));
        CHANNELS {
            REST;
            v_put(dx + j, n, v_fma(v_exp(v_get(y + j, n)), minus, v_get(dy + j, n)));
        }
    }
}

/* Targets of one row in 16 lanes from j on, smoothed. label: the class number, or -1 with rows of targets. */
VEC v16 row_targets(const visml_crossentropy_rows *x, const real *targets, int64_t label, int64_t j, int n) {
    v16 t = v_zero();
    if (targets) {
        t = v_get(targets + j, n);
    } else if (label >= j && label < j + n) {
        real one[LANES] = {0};
        one[label - j] = 1;
        t = v_load(one);
    }
    t = v_fma(t, v_set1(x->keep), v_set1(x->spread));
    return v_select(m_first(n), t, v_zero());
}

typedef struct row_sums {
    real top, exp, targets, cross; /* maximum, sum exp(z - top), sum t, sum t (z - top) */
} row_sums;

VEC row_sums sum_row(const visml_crossentropy_rows *x, const real *z, const real *targets, int64_t label) {
    int64_t c = x->channels;
    row_sums r = {.top = row_top(c, z)};
    v16 top = v_set1(r.top), e = v_zero(), t = v_zero(), cross = v_zero();
    CHANNELS {
        REST;
        v16 here = row_targets(x, targets, label, j, n), off = v_sub(v_get(z + j, n), top);
        e = v_add(e, row_exp(z + j, n, top));
        t = v_add(t, here);
        off = v_select(v_eq(here, v_zero()), v_zero(), off); /* a class without weight may have a logit of -inf */
        cross = v_fma(here, off, cross);
    }
    r.exp = v_sum(e);
    r.targets = v_sum(t);
    r.cross = v_sum(cross);
    return r;
}

VEC void store_row(const visml_crossentropy_rows *x, int64_t row, const row_sums *r, const real *targets, int64_t label, int known) {
    int64_t c = x->channels;
    const real *z = x->z + row * c;
    v16 top = v_set1(r->top), sum = v_set1(r->exp), weight = v_set1(r->targets);
    v16 factor = v_set1(x->factor ? x->factor[row] : 1);
    CHANNELS {
        REST;
        v16 p = v_div(row_exp(z + j, n, top), sum);
        v16 d = v_mul(v_sub(v_mul(p, weight), row_targets(x, targets, label, j, n)), factor);
        if (x->prob)
            v_put(x->prob + row * c + j, n, p);
        if (x->dz)
            v_put(x->dz + row * c + j, n, known ? d : v_zero());
    }
}

void LEAF(crossentropy)(const visml_crossentropy_rows *x) {
    for (int64_t row = 0; row < x->rows; row++) {
        const real *targets = x->targets ? x->targets + row * x->channels : NULL;
        int64_t label = targets ? -1 : x->labels[row];
        int known = targets || (label >= 0 && label < x->channels);
        row_sums r = sum_row(x, x->z + row * x->channels, targets, label);
        real one[LANES];
        v_store(one, v_log(v_set1(r.exp)));
        v_store(one, v_sub(v_mul(v_load(one), v_set1(r.targets)), v_set1(r.cross)));
        x->loss[row] = known ? one[0] : 0;
        if (x->prob || x->dz)
            store_row(x, row, &r, targets, label, known);
    }
}
