#include "kernel/kernels.h"
#include "kernel/vec_math.h"

#define CHANNELS for (int64_t j = 0; j < c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)c)

void LEAF(colsum)(int64_t rows, int64_t c, const real *x, real *sum) {
    CHANNELS {
        REST;
        v16 s = v_zero();
        for (int64_t i = 0; i < rows; i++)
            s = v_add(s, v_get(x + i * c + j, n));
        v_put(sum + j, n, s);
    }
}

void LEAF(colsquares)(int64_t rows, int64_t c, const real *x, const real *mean, real *sum) {
    CHANNELS {
        REST;
        v16 s = v_zero(), m = v_get(mean + j, n);
        for (int64_t i = 0; i < rows; i++) {
            v16 d = v_sub(v_get(x + i * c + j, n), m);
            s = v_fma(d, d, s);
        }
        v_put(sum + j, n, s);
    }
}

void LEAF(batchnorm_sums)(int64_t rows, int64_t c, const real *x, const real *mean, const real *invstd, const real *dy, real *dgamma,
                          real *dbeta) {
    CHANNELS {
        REST;
        v16 g = v_zero(), b = v_zero(), m = v_get(mean + j, n);
        for (int64_t i = 0; i < rows; i++) {
            v16 d = v_get(dy + i * c + j, n);
            g = v_fma(d, v_sub(v_get(x + i * c + j, n), m), g);
            b = v_add(b, d);
        }
        v_put(dgamma + j, n, v_mul(g, v_get(invstd + j, n)));
        v_put(dbeta + j, n, b);
    }
}

void LEAF(affine)(int64_t rows, int64_t c, const real *x, const real *scale, const real *shift, real *y) {
    CHANNELS {
        REST;
        v16 a = v_get(scale + j, n), b = v_get(shift + j, n);
        for (int64_t i = 0; i < rows; i++)
            v_put(y + i * c + j, n, v_fma(v_get(x + i * c + j, n), a, b));
    }
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
