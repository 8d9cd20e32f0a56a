/* Steps of optimizers, one fused pass each, and what is done to gradients and weights around a step. The formulas stand in
 * kernel/update.h. Lanes behind the end are 0 and stay finite: no step divides by less than epsilon. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#define EACH for (size_t i = 0; i < n; i += LANES)
#define STEP(name) void LEAF(name)(const visml_update_terms *t, size_t n, real *w, const real *g, real *a, real *b, real *c)

/* a + (x - a) share */
VEC v16 v_approach(v16 a, v16 x, v16 share) {
    return v_fma(v_sub(x, a), share, a);
}

STEP(amsgrad) {
    const v16 rate = v_set1(t->rate), first = v_set1(t->first), second = v_set1(t->second), epsilon = v_set1(t->epsilon);
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), m = v_approach(v_get(a + i, r), d, first), v = v_approach(v_get(b + i, r), v_mul(d, d), second);
        v16 largest = v_max(v_get(c + i, r), v);
        v_put(a + i, r, m);
        v_put(b + i, r, v);
        v_put(c + i, r, largest);
        v_put(w + i, r, v_sub(v_get(w + i, r), v_div(v_mul(m, rate), v_add(v_sqrt(largest), epsilon))));
    }
}

/* Rounding can take the variance a - c^2 below 0. */
STEP(rmsprop) {
    const v16 rate = v_set1(t->rate), second = v_set1(t->second), momentum = v_set1(t->momentum), epsilon = v_set1(t->epsilon);
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), v = v_approach(v_get(a + i, r), v_mul(d, d), second), spread = v;
        v_put(a + i, r, v);
        if (c) {
            v16 mean = v_approach(v_get(c + i, r), d, second);
            v_put(c + i, r, mean);
            spread = v_max(v_sub(v, v_mul(mean, mean)), v_zero());
        }
        v16 step = v_div(v_mul(d, rate), v_sqrt(v_add(spread, epsilon)));
        if (b) {
            step = v_fma(v_get(b + i, r), momentum, step);
            v_put(b + i, r, step);
        }
        v_put(w + i, r, v_sub(v_get(w + i, r), step));
    }
}

STEP(nadam) {
    const v16 rate = v_set1(t->rate), rate_of_g = v_set1(t->rate_of_g), first = v_set1(t->first), second = v_set1(t->second);
    const v16 correction = v_set1(t->correction), epsilon = v_set1(t->epsilon);
    (void)c;
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), m = v_approach(v_get(a + i, r), d, first), v = v_approach(v_get(b + i, r), v_mul(d, d), second);
        v_put(a + i, r, m);
        v_put(b + i, r, v);
        v16 ahead = v_fma(m, rate, v_mul(d, rate_of_g));
        v_put(w + i, r, v_sub(v_get(w + i, r), v_div(ahead, v_fma(v_sqrt(v), correction, epsilon))));
    }
}

STEP(adamax) {
    const v16 rate = v_set1(t->rate), first = v_set1(t->first), keep = v_set1(t->keep), epsilon = v_set1(t->epsilon);
    (void)c;
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), m = v_approach(v_get(a + i, r), d, first), u = v_max(v_mul(v_get(b + i, r), keep), v_abs(d));
        v_put(a + i, r, m);
        v_put(b + i, r, u);
        v_put(w + i, r, v_sub(v_get(w + i, r), v_div(v_mul(m, rate), v_add(u, epsilon))));
    }
}

STEP(adagrad) {
    const v16 rate = v_set1(t->rate), epsilon = v_set1(t->epsilon);
    (void)b, (void)c;
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), sum = v_fma(d, d, v_get(a + i, r));
        v_put(a + i, r, sum);
        v_put(w + i, r, v_sub(v_get(w + i, r), v_div(v_mul(d, rate), v_sqrt(v_add(sum, epsilon)))));
    }
}

STEP(adadelta) {
    const v16 rate = v_set1(t->rate), second = v_set1(t->second), epsilon = v_set1(t->epsilon);
    (void)c;
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), steps = v_get(b + i, r), v = v_approach(v_get(a + i, r), v_mul(d, d), second);
        v16 step = v_div(v_mul(v_sqrt(v_add(steps, epsilon)), d), v_sqrt(v_add(v, epsilon)));
        v_put(a + i, r, v);
        v_put(b + i, r, v_approach(steps, v_mul(step, step), second));
        v_put(w + i, r, v_fma(step, v_sub(v_zero(), rate), v_get(w + i, r)));
    }
}

/* x's sign: 0 for a zero, NaN for NaN. */
STEP(lion) {
    const v16 rate = v_set1(t->rate), first = v_set1(t->first), second = v_set1(t->second), zero = v_zero();
    (void)b, (void)c;
    EACH {
        int r = v_rest(i, n);
        v16 d = v_get(g + i, r), m = v_get(a + i, r), x = v_approach(m, d, first);
        v16 step = v_select(v_gt(x, zero), rate, v_select(v_gt(zero, x), v_sub(zero, rate), x));
        v_put(a + i, r, v_approach(m, d, second));
        v_put(w + i, r, v_sub(v_get(w + i, r), step));
    }
}

void LEAF(approach)(size_t n, const real *from, real *to, real share) {
    const v16 s = v_set1(share);
    EACH {
        int r = v_rest(i, n);
        v_put(to + i, r, v_approach(v_get(to + i, r), from ? v_get(from + i, r) : v_zero(), s));
    }
}

void LEAF(clamp)(size_t n, real *x, real limit) {
    const v16 high = v_set1(limit), low = v_set1(-limit);
    EACH {
        int r = v_rest(i, n);
        v_put(x + i, r, v_min(high, v_max(low, v_get(x + i, r)))); /* the second one for NaN */
    }
}

void LEAF(take_mean)(size_t n, real *g, real *sum, real share) {
    const v16 s = v_set1(share);
    EACH {
        int r = v_rest(i, n);
        v_put(g + i, r, v_mul(v_add(v_get(g + i, r), v_get(sum + i, r)), s));
        v_put(sum + i, r, v_zero());
    }
}
