#include "levels.h"

/* n whole numbers 0 ... 255, up to an unreadable page. */
static float *bytes_row(size_t n, uint64_t *seed) {
    float *x = test_guarded(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((int)(fabsf(test_random_float(seed)) * 1000.0f) % 256);
    return x;
}

/* Bit p of a code by its definition, in whole numbers: the weights of 1e-5 units are exact. */
static int definition(int p, const float *above, const float *here, const float *below, int64_t i) {
    static const int dx[] = {1, 1, 0, -1, -1, -1, 0, 1}, dy[] = {0, -1, -1, -1, 0, 1, 1, 1};
    const float *row = dy[p] < 0 ? above : dy[p] > 0 ? below : here;
    long c = (long)here[i], e = (long)row[i + dx[p]];
    if (p % 2 == 0)
        return e >= c;
    return 29289 * ((long)row[i] + (long)here[i + dx[p]] - 2 * c) + 70711 * (e - c) >= 0;
}

static void codes_by_their_definition(void **state) {
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    (void)state;
    for (size_t l = 0; l < n; l++)
        for (int64_t w = 1; w < 70; w += w < 20 ? 1 : 13) {
            uint64_t seed = (uint64_t)w;
            size_t pixels = (size_t)w + 2;
            float *a = bytes_row(pixels, &seed), *h = bytes_row(pixels, &seed), *b = bytes_row(pixels, &seed);
            uint8_t *codes = test_guarded((size_t)w);
            levels[l].kernels.lbp_8(w, a + 1, h + 1, b + 1, codes);
            for (int64_t i = 0; i < w; i++)
                for (int p = 0; p < 8; p++)
                    assert_int_equal(codes[i] >> p & 1, definition(p, a + 1, h + 1, b + 1, i));
            test_guarded_free(codes, (size_t)w);
            test_guarded_free(b, pixels * sizeof *b);
            test_guarded_free(h, pixels * sizeof *h);
            test_guarded_free(a, pixels * sizeof *a);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_by_their_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
