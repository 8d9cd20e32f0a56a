#include "levels.h"

/* The even or the odd part at x, by its definition; and the sum of the magnitudes of all products. */
static double definition(const float *taps, int64_t reach, int64_t stride, int odd, const float *x, double *magnitude) {
    double sum = odd ? 0 : (double)taps[0] * (double)x[0];
    *magnitude = fabs(sum);
    for (int64_t k = 1; k <= reach; k++) {
        double a = (double)x[k * stride], b = (double)x[-k * stride];
        sum += (double)taps[k] * (odd ? a - b : a + b);
        *magnitude += fabs((double)taps[k]) * (fabs(a) + fabs(b));
    }
    return sum;
}

static float *numbers(size_t n, uint64_t *seed) {
    float *x = test_guarded(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = test_random_float(seed);
    return x;
}

/* A chain of reach + 1 products, each of a rounded sum: at most so many times half an ulp of the sum of magnitudes, once for the sum and
 * twice for each product and addition. */
static void check(const char *what, const float *y, const float *taps, int64_t reach, int64_t stride, int odd, int64_t n, const float *x) {
    for (int64_t i = 0; i < n; i++) {
        double magnitude, want = definition(taps, reach, stride, odd, x + i, &magnitude);
        if (!(fabs((double)y[i] - want) <= (double)(2 * reach + 3) * 0x1p-24 * magnitude))
            fail_msg("%s: sample %lld of %lld, %lld taps, is %.9g, not %.9g", what, (long long)i, (long long)n, (long long)(2 * reach + 1),
                     (double)y[i], want);
    }
}

static void parts_by_their_definition(void **state) {
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t count = all_levels(levels);
    (void)state;
    for (size_t l = 0; l < count; l++)
        for (int64_t n = 0; n < 150; n += n < 20 ? 1 : 13)
            for (int64_t reach = 0; reach < 40; reach = 2 * reach + 1)
                for (int64_t stride = 1; stride < 9; stride += 7) {
                    uint64_t seed = (uint64_t)(n + reach);
                    size_t all = (size_t)(n + 2 * reach * stride), bytes = (size_t)n * sizeof(float);
                    float *even = numbers((size_t)reach + 1, &seed), *odd = numbers((size_t)reach + 1, &seed), *x = numbers(all, &seed);
                    float *to_even = test_guarded(bytes), *to_odd = test_guarded(bytes);
                    visml_even_odd f = {reach, stride, even, odd, to_even, to_odd};
                    levels[l].kernels.even_odd(&f, n, x + reach * stride);
                    check(levels[l].name, to_even, even, reach, stride, 0, n, x + reach * stride);
                    check(levels[l].name, to_odd, odd, reach, stride, 1, n, x + reach * stride);
                    test_guarded_free(to_odd, bytes);
                    test_guarded_free(to_even, bytes);
                    test_guarded_free(x, all * sizeof *x);
                    test_guarded_free(odd, ((size_t)reach + 1) * sizeof *odd);
                    test_guarded_free(even, ((size_t)reach + 1) * sizeof *even);
                }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_by_their_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
