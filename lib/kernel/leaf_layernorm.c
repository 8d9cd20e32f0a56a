/* Normalisation of rows by their own mean and variance; and the last step of a normalisation by groups of channels. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

/* A row is added up in strips; in a strip four chains of 16 lanes take turns, so that additions need not wait for each other: element j
 * goes to lane j % 16 of chain j / 16 % 4. Strips are added in order. `add` makes a sum from s and the n elements from j on. */
#define CHAINS 4
#define STEP (CHAINS * LANES)
#define STRIP 4096

#define DEFINE_ROW_SUM(name, args, add)                                                \
    VEC real name args {                                                               \
        v16 all = v_zero();                                                            \
        for (int64_t from = 0; from < c; from += STRIP) {                              \
            int64_t at = from, end = c - from < STRIP ? c : from + STRIP;              \
            v16 chain[CHAINS] = {v_zero(), v_zero(), v_zero(), v_zero()};              \
            for (; at + STEP <= end; at += STEP)                                       \
                UNROLL for (int64_t i = 0; i < CHAINS; i++) {                          \
                    v16 s = chain[i];                                                  \
                    const int64_t j = at + i * LANES;                                  \
                    const int n = LANES;                                               \
                    chain[i] = add;                                                    \
                }                                                                      \
            for (int64_t i = 0; at < end; at += LANES, i++) {                          \
                v16 s = chain[i];                                                      \
                const int64_t j = at;                                                  \
                const int n = v_rest((size_t)at, (size_t)end);                         \
                chain[i] = add;                                                        \
            }                                                                          \
            v16 strip = v_add(v_add(chain[0], chain[1]), v_add(chain[2], chain[3]));   \
            all = v_add(all, strip);                                                   \
        }                                                                              \
        return v_sum(all);                                                             \
    }

/* (x - m)^2; lanes behind the row add nothing. */
VEC v16 add_square(const real *x, int n, v16 m, v16 s) {
    v16 d = v_select(m_first(n), v_sub(v_get(x, n), m), v_zero());
    return v_fma(d, d, s);
}

/* dy gamma */
VEC v16 scaled(const real *dy, const real *gamma, int n) {
    v16 d = v_get(dy, n);
    return gamma ? v_mul(d, v_get(gamma, n)) : d;
}

DEFINE_ROW_SUM(row_sum, (int64_t c, const real *x), v_add(s, v_get(x + j, n)))
DEFINE_ROW_SUM(row_squares, (int64_t c, const real *x, v16 m), add_square(x + j, n, m, s))
DEFINE_ROW_SUM(row_scaled, (int64_t c, const real *dy, const real *gamma), v_add(s, scaled(dy + j, gamma ? gamma + j : NULL, n)))
DEFINE_ROW_SUM(row_product, (int64_t c, const real *dy, const real *gamma, const real *x, v16 m),
               v_fma(scaled(dy + j, gamma ? gamma + j : NULL, n), v_sub(v_get(x + j, n), m), s))

#define CHANNELS for (int64_t j = 0; j < c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)c)

VEC void forward_row(const visml_layernorm_rows *r, const real *x, v16 m, v16 inverse, real *y) {
    int64_t c = r->c;
    CHANNELS {
        REST;
        v16 a = v_mul(v_sub(v_get(x + j, n), m), inverse);
        if (r->gamma && r->beta)
            a = v_fma(a, v_get(r->gamma + j, n), v_get(r->beta + j, n));
        else if (r->gamma)
            a = v_mul(a, v_get(r->gamma + j, n));
        else if (r->beta)
            a = v_add(a, v_get(r->beta + j, n));
        v_put(y + j, n, a);
    }
}

void LEAF(layernorm)(const visml_layernorm_rows *r, real *y, real *mean, real *inverse) {
    int64_t c = r->c;
    for (int64_t i = 0; i < r->rows; i++) {
        const real *x = r->x + i * c;
        real m = row_sum(c, x) / (real)c, var = row_squares(c, x, v_set1(m)) / (real)c;
        v16 u = v_div(v_set1(1), v_sqrt(v_set1(var + r->epsilon)));
        forward_row(r, x, r->keeps_mean ? v_zero() : v_set1(m), u, y + i * c);
        if (mean) {
            mean[i] = m;
            v_store_n(inverse + i, 1, u);
        }
    }
}

/* With t = dy gamma and u = 1 / sqrt(var + epsilon): dx = u (t - mean(t) - (x - m) u^2 mean(t (x - m))). Where the mean is kept, y = x u
 * gamma and dx = u (t - (x - m) u^2 mean(t x)). */
void LEAF(layernorm_dx)(const visml_layernorm_rows *r, const real *mean, const real *inverse, const real *dy, real *dx) {
    int64_t c = r->c;
    for (int64_t i = 0; i < r->rows; i++, dy += c, dx += c) {
        const real *x = r->x + i * c;
        v16 m = v_set1(mean[i]), u = v_set1(inverse[i]);
        real a = row_scaled(c, dy, r->gamma) / (real)c, b = row_product(c, dy, r->gamma, x, r->keeps_mean ? v_zero() : m) / (real)c;
        v16 less = r->keeps_mean ? v_zero() : v_set1(a), slope = v_mul(v_mul(u, u), v_set1(b));
        CHANNELS {
            REST;
            v16 t = v_sub(scaled(dy + j, r->gamma ? r->gamma + j : NULL, n), less);
            v_put(dx + j, n, v_mul(u, v_fma(v_sub(m, v_get(x + j, n)), slope, t)));
        }
    }
}

/* Columns `from` ... `end`, rows in order. */
void LEAF(layernorm_sums)(const visml_layernorm_rows *r, int64_t from, int64_t end, const real *mean, const real *inverse, const real *dy,
                          real *dgamma, real *dbeta) {
    int64_t c = r->c;
    for (int64_t j = from; j < end; j += LANES) {
        int n = v_rest((size_t)j, (size_t)end);
        v16 g = v_zero(), b = v_zero();
        for (int64_t i = 0; i < r->rows; i++) {
            v16 d = v_get(dy + i * c + j, n), m = r->keeps_mean ? v_zero() : v_set1(mean[i]);
            g = v_fma(d, v_mul(v_sub(v_get(r->x + i * c + j, n), m), v_set1(inverse[i])), g);
            b = v_add(b, d);
        }
        v_put(dgamma + j, n, g);
        v_put(dbeta + j, n, b);
    }
}

/* dx = p dy - q - (x - mean) r, each [c]. */
void LEAF(groupnorm_dx)(int64_t rows, int64_t c, const visml_batchnorm_terms *t, const real *x, const real *dy, real *dx) {
    CHANNELS {
        REST;
        v16 m = v_get(t->mean + j, n), p = v_get(t->p + j, n), q = v_get(t->q + j, n), r = v_get(t->r + j, n);
        for (int64_t i = 0; i < rows; i++) {
            v16 d = v_sub(v_mul(p, v_get(dy + i * c + j, n)), q);
            v_put(dx + i * c + j, n, v_fma(v_sub(m, v_get(x + i * c + j, n)), r, d));
        }
    }
}
