/* Parabolas over a row: the second half of a distance transform. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

/* Each vector for itself, as far as its largest needs: near edges that is not far. */
int LEAF(least_parabolas)(int64_t n, int64_t reach, const float *x, float *y) {
    for (int64_t i = 0; i < n; i += LANES) {
        int r = v_rest((size_t)i, (size_t)n);
        v16 best = v_get(x + i, r), square = v_set1(1);
        int64_t d = 1;
        for (; d <= reach && m_any(v_gt(best, square)); d++) {
            best = v_min(best, v_add(v_min(v_get(x + i + d, r), v_get(x + i - d, r)), square));
            square = v_set1((float)((d + 1) * (d + 1)));
        }
        if (d > reach && m_any(v_gt(best, square)))
            return 0;
        v_put(y + i, r, best);
    }
    return 1;
}

#endif
