/* Sums of packed gradients beside adding up each column by itself. */
#include <math.h>
#include <string.h>

#include "classify/histogram_sums.h"
#include "support/support.h"

enum { N = 300, BLOCKS = 2 };
static uint8_t codes[BLOCKS * N * VISML_BIN_COLUMNS];
static int64_t gradients[N], all[VISML_BIN_COLUMNS * 256], part[VISML_BIN_COLUMNS * 256], rest[VISML_BIN_COLUMNS * 256];

static void halves_come_back(void **state) {
    static const int32_t g[] = {0, 1, -1, INT32_MAX, -INT32_MAX}, h[] = {0, 1, INT32_MAX};
    (void)state;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++) {
            int64_t packed = visml_gradient_pack(g[i], h[k]);
            assert_int_equal(visml_gradient_first(packed), g[i]);
            assert_int_equal(visml_gradient_second(packed), h[k]);
        }
}

/* The greatest power of 2: sums of rounded numbers stay below 2^31, and twice as much would not be sure to. */
static void the_scale_uses_the_room_that_there_is(void **state) {
    static const int64_t counts[] = {1, 7, 60000, 1000000000};
    static const double largest[] = {1e-30, 0.1, 0.25, 1, 3, 1e20};
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 6; k++) {
            double scale = visml_gradient_scale(counts[i], largest[k]), n = (double)counts[i];
            int exponent;
            assert_true(frexp(scale, &exponent) == 0.5);
            assert_true(n * (scale * largest[k] + 1) <= 2147483647.0);
            assert_true(n * (2 * scale * largest[k] + 1) > 2147483647.0);
        }
    assert_true(visml_gradient_scale(5, 0) == 1);
}

static void fill(int32_t width) {
    uint64_t seed = 4;
    for (size_t i = 0; i < sizeof codes; i++)
        codes[i] = (uint8_t)(test_random(&seed) % (uint32_t)width);
    for (int i = 0; i < N; i++)
        gradients[i] = visml_gradient_pack((int32_t)(test_random(&seed) % 2001) - 1000, (int32_t)(test_random(&seed) % 1000));
}

static void assert_sums(const int64_t *h, int32_t width, int64_t block, int64_t n, const int32_t *rows, const int64_t *of) {
    for (int64_t c = 0; c < VISML_BIN_COLUMNS; c++)
        for (int64_t bin = 0; bin < width; bin++) {
            int32_t g = 0, s = 0;
            for (int64_t i = 0; i < n; i++)
                if (codes[(block * N + rows[i]) * VISML_BIN_COLUMNS + c] == bin)
                    g += visml_gradient_first(of[i]), s += visml_gradient_second(of[i]);
            assert_int_equal(visml_gradient_first(h[c * width + bin]), g);
            assert_int_equal(visml_gradient_second(h[c * width + bin]), s);
        }
}

/* Rows of a node with gaps between them, as few as none; what is left of all rows is the sum over the others. */
static void sums_are_those_of_the_rows(void **state) {
    static int32_t widths[] = {16, 64, 256}, every[N], some[N], others[N];
    static int64_t of_some[N], of_others[N];
    (void)state;
    for (int w = 0; w < 3; w++)
        for (int step = 1; step <= N + 1; step += 43) {
            int32_t of[BLOCKS] = {0, widths[w]};
            visml_bins b = {.n = N, .d = 2 * VISML_BIN_COLUMNS, .blocks = BLOCKS, .widths = of, .codes = codes};
            int64_t n = 0, left = 0;
            fill(widths[w]);
            for (int32_t i = 0; i < N; i++) {
                every[i] = i;
                if (i % step == step - 1)
                    some[n] = i, of_some[n++] = gradients[i];
                else
                    others[left] = i, of_others[left++] = gradients[i];
            }
            memset(part, 0x55, sizeof part);
            visml_histogram_sum(&b, 1, n, some, of_some, part);
            assert_sums(part, widths[w], 1, n, some, of_some);
            visml_histogram_sum(&b, 1, N, every, gradients, all);
            visml_histogram_subtract(visml_histogram_size(&b, 1), all, part);
            visml_histogram_sum(&b, 1, left, others, of_others, rest);
            assert_memory_equal(all, rest, (size_t)visml_histogram_size(&b, 1) * sizeof *all);
            visml_histogram_sum(&b, 0, N, every, gradients, NULL); /* no column of the block tells rows apart */
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_come_back),
        cmocka_unit_test(the_scale_uses_the_room_that_there_is),
        cmocka_unit_test(sums_are_those_of_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
