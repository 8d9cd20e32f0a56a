#include "kernel/kernels.h"
#include "kernel/vec.h"

#define EACH for (size_t i = 0; i < n; i += LANES)

void LEAF(sgd)(size_t n, real *w, const real *g, real lr) {
    v16 minus = v_set1(-lr);
    EACH {
        int r = v_rest(i, n);
        v_put(w + i, r, v_fma(v_get(g + i, r), minus, v_get(w + i, r)));
    }
}

void LEAF(momentum)(size_t n, real *w, const real *g, real *v, real lr, real momentum, int nesterov) {
    v16 minus = v_set1(-lr), m = v_set1(momentum);
    EACH {
        int r = v_rest(i, n);
        v16 step = v_mul(v_get(g + i, r), minus);
        v16 speed = v_fma(v_get(v + i, r), m, step);
        v_put(v + i, r, speed);
        if (nesterov)
            speed = v_fma(speed, m, step);
        v_put(w + i, r, v_add(v_get(w + i, r), speed));
    }
}

void LEAF(adam)(const visml_adam_terms *t, size_t n, real *w, const real *g, real *m, real *v) {
    v16 alpha = v_set1(t->alpha), first = v_set1(t->one_minus_beta_1), second = v_set1(t->one_minus_beta_2);
    v16 epsilon = v_set1(t->epsilon);
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), a = v_get(m + i, r), b = v_get(v + i, r);
        a = v_fma(v_sub(d, a), first, a);
        b = v_fma(v_sub(v_mul(d, d), b), second, b);
        v_put(m + i, r, a);
        v_put(v + i, r, b);
        v16 step = v_div(v_mul(a, alpha), v_add(v_sqrt(b), epsilon));
        v_put(w + i, r, v_sub(v_get(w + i, r), step));
    }
}
