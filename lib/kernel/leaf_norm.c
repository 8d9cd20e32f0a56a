#include "kernel/kernels.h"
#include "kernel/vec_math.h"

/* Channels are worked on in groups of vectors, so that a row's are read together and chains of additions overlap; every channel is a chain
 * of its own, whatever the group. */
#if defined(VISML_LEVEL_AVX512)
#define GROUP 4
#elif defined(VISML_LEVEL_AVX2) || defined(VISML_LEVEL_NEON)
#define GROUP 2
#else
#define GROUP 1
#endif
#define BY_GROUPS(part, ...)                                 \
    int64_t j = 0;                                           \
    for (; j + GROUP * LANES <= c; j += GROUP * LANES)       \
        part(GROUP, LANES, rows, c, j, __VA_ARGS__);         \
    for (; j < c; j += LANES)                                \
        part(1, v_rest((size_t)j, (size_t)c), rows, c, j, __VA_ARGS__)
#define CHANNELS for (int64_t j = 0; j < c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)c)
#define VECTORS UNROLL for (int v = 0; v < vectors; v++)

VEC void colsum(const int vectors, const int n, int64_t rows, int64_t c, int64_t at, const real *x, real *sum) {
    v16 s[GROUP];
    VECTORS
        s[v] = v_zero();
    for (int64_t i = 0; i < rows; i++)
        VECTORS
            s[v] = v_add(s[v], v_get(x + i * c + at + v * LANES, n));
    VECTORS
        v_put(sum + at + v * LANES, n, s[v]);
}

void LEAF(colsum)(int64_t rows, int64_t c, const real *x, real *sum) {
    BY_GROUPS(colsum, x, sum);
}

VEC void colsquares(const int vectors, const int n, int64_t rows, int64_t c, int64_t at, const real *x, const real *mean, real *sum) {
    v16 s[GROUP], m[GROUP];
    VECTORS {
        s[v] = v_zero();
        m[v] = v_get(mean + at + v * LANES, n);
    }
    for (int64_t i = 0; i < rows; i++)
        VECTORS {
            v16 d = v_sub(v_get(x + i * c + at + v * LANES, n), m[v]);
            s[v] = v_fma(d, d, s[v]);
        }
    VECTORS
        v_put(sum + at + v * LANES, n, s[v]);
}

void LEAF(colsquares)(int64_t rows, int64_t c, const real *x, const real *mean, real *sum) {
    BY_GROUPS(colsquares, x, mean, sum);
}

VEC void batchnorm_sums(const int vectors, const int n, int64_t rows, int64_t c, int64_t at, const real *x, const real *mean,
                        const real *invstd, const real *dy, real *dgamma, real *dbeta) {
    v16 g[GROUP], b[GROUP], m[GROUP];
    VECTORS {
        g[v] = b[v] = v_zero();
        m[v] = v_get(mean + at + v * LANES, n);
    }
    for (int64_t i = 0; i < rows; i++)
        VECTORS {
            v16 d = v_get(dy + i * c + at + v * LANES, n);
            g[v] = v_fma(d, v_sub(v_get(x + i * c + at + v * LANES, n), m[v]), g[v]);
            b[v] = v_add(b[v], d);
        }
    VECTORS {
        v_put(dgamma + at + v * LANES, n, v_mul(g[v], v_get(invstd + at + v * LANES, n)));
        v_put(dbeta + at + v * LANES, n, b[v]);
    }
}

void LEAF(batchnorm_sums)(int64_t rows, int64_t c, const real *x, const real *mean, const real *invstd, const real *dy, real *dgamma,
                          real *dbeta) {
    BY_GROUPS(batchnorm_sums, x, mean, invstd, dy, dgamma, dbeta);
}

VEC void affine(const int vectors, const int n, int64_t rows, int64_t c, int64_t at, const real *x, const real *scale, const real *shift,
                real *y) {
    v16 a[GROUP], b[GROUP];
    VECTORS {
        a[v] = v_get(scale + at + v * LANES, n);
        b[v] = v_get(shift + at + v * LANES, n);
    }
    for (int64_t i = 0; i < rows; i++)
        VECTORS {
            int64_t k = i * c + at + v * LANES;
            v_put(y + k, n, v_fma(v_get(x + k, n), a[v], b[v]));
        }
}

void LEAF(affine)(int64_t rows, int64_t c, const real *x, const real *scale, const real *shift, real *y) {
    BY_GROUPS(affine, x, scale, shift, y);
}

VEC void batchnorm_dx(int32_t activation, int64_t rows, int64_t c, const visml_batchnorm_terms *t, const real *x, const real *dy,
                      real *dx) {
    v16 slope = v_set1(t->alpha);
    CHANNELS {
        REST;
        v16 m = v_get(t->mean + j, n), p = v_get(t->p + j, n), q = v_get(t->q + j, n), r = v_get(t->r + j, n);
        for (int64_t i = 0; i < rows; i++) {
            v16 d = v_sub(v_get(dy + i * c + j, n), q), at = v_get(x + i * c + j, n);
            v16 g = v_mul(p, v_fma(v_sub(m, at), r, d)); /* the sign for the fused multiply-add */
            v_put(dx + i * c + j, n, v_activate_backward(activation, slope, at, g));
        }
    }
}

/* One loop for each of the common activations, so that the choice is made outside. */
void LEAF(batchnorm_dx)(int64_t rows, int64_t c, const visml_batchnorm_terms *t, const real *x, const real *dy, real *dx) {
    if (t->activation == VISML_LINEAR)
        batchnorm_dx(VISML_LINEAR, rows, c, t, x, dy, dx);
    else if (t->activation == VISML_RELU)
        batchnorm_dx(VISML_RELU, rows, c, t, x, dy, dx);
    else
        batchnorm_dx(t->activation, rows, c, t, x, dy, dx);
}

/* Rows are added in groups of 8; groups by a tree that carries like a binary counter: level[b] holds the sum of 2^b groups. */
void LEAF(rowmean)(int64_t rows, int64_t c, const real *x, real *y) {
    CHANNELS {
        REST;
        v16 level[64];
        uint64_t groups = 0;
        for (int64_t i = 0; i < rows; groups++) {
            v16 s = v_zero();
            for (int64_t end = i + 8 < rows ? i + 8 : rows; i < end; i++)
                s = v_add(s, v_get(x + i * c + j, n));
            int b = 0;
            for (; groups >> b & 1; b++)
                s = v_add(level[b], s);
            level[b] = s;
        }
        v16 s = v_zero();
        for (int b = 0; groups >> b; b++)
            if (groups >> b & 1)
                s = v_add(level[b], s);
        v_put(y + j, n, v_div(s, v_set1((real)rows)));
    }
}
