#include "kernel/kernels.h"
#include "kernel/vec_philox.h"

void LEAF(dropout)(const visml_dropout_terms *t, size_t n, const real *x, real *y) {
    const i16 sign = i_set1(INT32_MIN), threshold = i_xor(i_set1((int32_t)t->threshold), sign); /* compared as if they had no sign */
    uint64_t block = t->first;
    for (size_t i = 0; i < n; i += 4 * LANES, block += LANES) {
        i16 word[4];
        v16 mask[4];
        philox(t->key, t->step, block, word);
        for (int w = 0; w < 4; w++)
            mask[w] = v_select(i_gt(threshold, i_xor(word[w], sign)), v_zero(), v_set1(t->scale));
        v_transpose_fours(mask);
        for (size_t w = 0, j = i; w < 4 && j < n; w++, j += LANES) {
            int r = v_rest(j, n);
            v_put(y + j, r, v_mul(v_get(x + j, r), mask[w]));
        }
    }
}
