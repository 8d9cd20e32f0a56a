#include "kernel/kernels.h"
#include "kernel/vec.h"

#define CHANNELS for (int64_t j = 0; j < p->c; j += LANES)
#define REST int n = v_rest((size_t)j, (size_t)p->c)

VEC v16 slope_of(const visml_prelu_rows *p, const real *alpha, int64_t i, int64_t j, int n) {
    alpha += i * p->arow;
    return p->acol ? v_get(alpha + j, n) : v_set1(*alpha);
}

void LEAF(prelu)(const visml_prelu_rows *p, const real *x, const real *alpha, real *y) {
    for (int64_t i = 0; i < p->rows; i++, x += p->c, y += p->c)
        CHANNELS {
            REST;
            v16 a = v_get(x + j, n);
            v_put(y + j, n, v_select(v_gt(a, v_zero()), a, v_mul(a, slope_of(p, alpha, i, j, n))));
        }
}

VEC void input_gradient(const visml_prelu_rows *p, const real *x, const real *alpha, const real *dy, real *dx) {
    for (int64_t i = 0; i < p->rows; i++, x += p->c, dy += p->c, dx += p->c)
        CHANNELS {
            REST;
            v16 d = v_get(dy + j, n), below = v_mul(d, slope_of(p, alpha, i, j, n));
            v_put(dx + j, n, v_select(v_gt(v_get(x + j, n), v_zero()), d, below));
        }
}

/* x dy where x counts */
VEC v16 share(const real *x, const real *dy, int n) {
    v16 a = v_get(x, n);
    return v_select(v_gt(a, v_zero()), v_zero(), v_mul(a, v_get(dy, n)));
}

/* One slope a column for all rows: they are added in order. */
VEC void column_gradients(const visml_prelu_rows *p, const real *x, const real *dy, real *dalpha) {
    CHANNELS {
        REST;
        v16 s = v_get(dalpha + j, n);
        for (int64_t i = 0; i < p->rows; i++)
            s = v_add(s, share(x + i * p->c + j, dy + i * p->c + j, n));
        v_put(dalpha + j, n, s);
    }
}

VEC void row_gradients(const visml_prelu_rows *p, const real *x, const real *dy, real *dalpha) {
    for (int64_t i = 0; i < p->rows; i++, x += p->c, dy += p->c) {
        real *to = dalpha + i * p->arow;
        v16 s = v_zero();
        CHANNELS {
            REST;
            if (p->acol)
                v_put(to + j, n, v_add(v_get(to + j, n), share(x + j, dy + j, n)));
            else
                s = v_add(s, share(x + j, dy + j, n));
        }
        if (!p->acol)
            *to += v_sum(s);
    }
}

void LEAF(prelu_backward)(const visml_prelu_rows *p, const real *x, const real *alpha, const real *dy, real *dx, real *dalpha) {
    if (dalpha && p->acol && !p->arow)
        column_gradients(p, x, dy, dalpha);
    else if (dalpha)
        row_gradients(p, x, dy, dalpha);
    if (dx)
        input_gradient(p, x, alpha, dy, dx);
}
