#include "kernel/kernels.h"
#include "kernel/vec.h"

VEC v16 sign_times(v16 x, v16 size) {
    v16 zero = v_zero();
    return v_select(v_gt(x, zero), size, v_select(v_gt(zero, x), v_sub(zero, size), zero));
}

void LEAF(penalize)(size_t n, const real *x, real l1, real twice_l2, real *dx) {
    v16 a = v_set1(l1), b = v_set1(twice_l2);
    for (size_t i = 0; i < n; i += LANES) {
        int r = v_rest(i, n);
        v16 v = v_get(x + i, r);
        v_put(dx + i, r, v_add(v_get(dx + i, r), v_fma(v, b, sign_times(v, a))));
    }
}

/* 16 columns at a time: down for their norms, and down again to scale them. */
void LEAF(max_norm)(int64_t rows, int64_t cols, int64_t ld, real limit, real epsilon, real *w) {
    v16 most = v_set1(limit), small = v_set1(epsilon);
    for (int64_t j = 0; j < cols; j += LANES) {
        int r = v_rest((size_t)j, (size_t)cols);
        v16 sum = v_zero();
        for (int64_t i = 0; i < rows; i++) {
            v16 v = v_get(w + i * ld + j, r);
            sum = v_fma(v, v, sum);
        }
        v16 norm = v_sqrt(sum), factor = v_div(v_min(norm, most), v_add(norm, small));
        for (int64_t i = 0; i < rows; i++)
            v_put(w + i * ld + j, r, v_mul(v_get(w + i * ld + j, r), factor));
    }
}
