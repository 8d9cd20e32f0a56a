#include "kernel/kernels.h"
#include "kernel/vec_math.h"

#ifndef VISML_REAL_DOUBLE

#define EACH for (int64_t i = 0; i < n; i += LANES)
#define REST int r = v_rest((size_t)i, (size_t)n)

void LEAF(difference)(int64_t n, const float *ahead, const float *behind, float *y) {
    EACH {
        REST;
        v_put(y + i, r, v_sub(v_get(ahead + i, r), v_get(behind + i, r)));
    }
}

/* The first of the c channels whose gradient is the longest. */
void LEAF(strongest)(int64_t pixels, int64_t c, const float *dx, const float *dy, float *x, float *y) {
    for (int64_t i = 0; i < pixels; i++, dx += c, dy += c) {
        float best = dx[0] * dx[0] + dy[0] * dy[0];
        int64_t at = 0;
        for (int64_t ch = 1; ch < c; ch++) {
            float here = dx[ch] * dx[ch] + dy[ch] * dy[ch];
            at = here > best ? ch : at;
            best = here > best ? here : best;
        }
        x[i] = dx[at];
        y[i] = dy[at];
    }
}

/* In [0, pi): of a vector that points up, its opposite. */
VEC v16 half_angle(v16 y, v16 x) {
    v16 angle = v_atan2(v_abs(y), v_mul(x, v_sign(y)));
    return v_select(v_eq(angle, v_set1(0x1.921fb6p+1f)), v_zero(), angle);
}

/* In [0, 2 pi): what is below 0 is turned round, by 2 pi in two parts; what rounding makes 2 pi is 0. */
VEC v16 whole_angle(v16 y, v16 x) {
    v16 angle = v_atan2(y, x), full = v_set1(0x1.921fb6p+2f);
    angle = v_select(v_gt(v_zero(), angle), v_add(v_add(angle, v_set1(-0x1.777a5cp-23f)), full), angle);
    return v_abs(v_select(v_eq(angle, full), v_zero(), angle)); /* and no -0 */
}

void LEAF(polar)(int64_t n, const float *dx, const float *dy, int unsigned_angle, float *magnitude, float *angle) {
    EACH {
        REST;
        v16 x = v_get(dx + i, r), y = v_get(dy + i, r);
        if (magnitude)
            v_put(magnitude + i, r, v_sqrt(v_fma(x, x, v_mul(y, y))));
        if (angle)
            v_put(angle + i, r, unsigned_angle ? half_angle(y, x) : whole_angle(y, x));
    }
}

#endif
