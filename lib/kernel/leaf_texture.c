/* Texture: local binary patterns. */
#include "kernel/kernels.h"
#include "kernel/vec.h"

#ifndef VISML_REAL_DOUBLE

#define EACH for (int64_t i = 0; i < n; i += LANES)
#define REST int r = v_rest((size_t)i, (size_t)n)

/* `bit` where x is not below c. */
VEC v16 sign_of(v16 x, v16 c, float bit) {
    return v_select(v_gt(c, x), v_zero(), v_set1(bit));
}

/* The place (0.70711, 0.70711) off, between two pixels beside c, and one across: with d = 0.70711 what interpolation gives there, less c,
 * is d ((1 - d) (a + b - 2 c) + d (e - c)). SIDE / CORNER is nearer to (1 - d) / d than 1e-9, and (c - e) / (a + b - 2 c) of bytes is never
 * nearer to that than 5e-6, so the sign is right; and both are small enough for the sum to be exact. */
#define SIDE 9487.0f
#define CORNER 22904.0f
VEC v16 corner_of(v16 a, v16 b, v16 e, v16 c, float bit) {
    v16 sides = v_sub(v_add(a, b), v_add(c, c));
    return sign_of(v_fma(sides, v_set1(SIDE), v_mul(v_sub(e, c), v_set1(CORNER))), v_zero(), bit);
}

/* P = 8, R = 1: rows of whole numbers 0 ... 255, with one more pixel on either side. */
void LEAF(lbp_8)(int64_t n, const float *above, const float *here, const float *below, uint8_t *codes) {
    EACH {
        REST;
        v16 c = v_get(here + i, r), right = v_get(here + i + 1, r), left = v_get(here + i - 1, r);
        v16 up = v_get(above + i, r), down = v_get(below + i, r);
        v16 code = v_add(sign_of(right, c, 1), sign_of(up, c, 4));
        code = v_add(code, v_add(sign_of(left, c, 16), sign_of(down, c, 64)));
        code = v_add(code, corner_of(up, right, v_get(above + i + 1, r), c, 2));
        code = v_add(code, corner_of(up, left, v_get(above + i - 1, r), c, 8));
        code = v_add(code, corner_of(down, left, v_get(below + i - 1, r), c, 32));
        code = v_add(code, corner_of(down, right, v_get(below + i + 1, r), c, 128));
        i_put_u8(codes + i, r, v_nearest(code));
    }
}

#endif
