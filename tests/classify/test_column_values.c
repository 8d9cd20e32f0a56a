/* The different numbers of a column beside sorting naively; numbers as whole numbers of the same order. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classify/column_values.h"
#include "support/support.h"

static void keys_have_the_order_of_numbers(void **state) {
    static const float up[] = {-INFINITY, -FLT_MAX, -1.5F, -1, -FLT_MIN, -0x1p-149F, 0, 0x1p-149F, FLT_MIN, 1, 1.5F, FLT_MAX, INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof up / sizeof *up; i++) {
        assert_true(visml_key_float(visml_float_key(up[i])) == up[i]);
        assert_true(visml_float_key(up[i]) != 0); /* the table's sign of an open place */
        if (i)
            assert_true(visml_float_key(up[i - 1]) < visml_float_key(up[i]));
    }
    assert_int_equal(visml_float_key(-0.0F), visml_float_key(0.0F));
}

/* The lower halves tell equals apart. Sizes where one way of sorting takes over from the other; keys that differ in some bytes alone. */
static void equals_keep_their_order(void **state) {
    static const int64_t sizes[] = {0, 1, 2, 47, 48, 49, 1000};
    static const uint64_t masks[] = {0x3, 0xff00, 0x700000, 0xff0000ff, 0};
    uint64_t keys[1000], spare[1000], seed = 3;
    (void)state;
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (int64_t i = 0; i < sizes[s]; i++)
                keys[i] = (test_random(&seed) & masks[m]) << 32 | (uint64_t)i;
            visml_sort_keys(sizes[s], keys, spare);
            for (int64_t i = 1; i < sizes[s]; i++)
                assert_true(keys[i - 1] < keys[i]);
        }
}

static int by_number(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Without NaN, -0 as 0. */
static int64_t different_of(int64_t n, const float *x, float *to) {
    int64_t present = 0, count = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            to[present++] = x[i] + 0.0F;
    qsort(to, (size_t)present, sizeof *to, by_number);
    for (int64_t i = 0; i < present; i++)
        if (i == 0 || to[i] != to[count - 1])
            to[count++] = to[i];
    return count;
}

enum { N = 900 };
static float x[N], naive[N], found[N];
static double weights[N], sums[N], scratch[2 * N];

/* `values` different ones, some of them -0 and 0, and NaN between them. */
static void fill(int64_t n, int64_t values) {
    uint64_t seed = 8;
    for (int64_t i = 0; i < n; i++) {
        int64_t v = i < values ? i : (int64_t)(test_random(&seed) % (uint32_t)values);
        x[i] = v == values / 2 ? (i % 2 ? 0.0F : -0.0F) : (float)(v - values / 2) / 3;
        weights[i] = (double)(test_random(&seed) % 8); /* sums of whole numbers are exact in any order */
    }
    for (int64_t i = values; i < n; i += 7)
        x[i] = NAN;
}

static void few_numbers_are_all_found(void **state) {
    static const int64_t values[] = {1, 2, 47, 48, 255, VISML_FEW_VALUES};
    (void)state;
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        fill(N, values[k]);
        int64_t count = different_of(N, x, naive);
        assert_int_equal(count, values[k]);
        assert_int_equal(visml_few_values(N, x, values[k], found), count);
        assert_memory_equal(found, naive, (size_t)count * sizeof *found);
        if (values[k] > 1)
            assert_int_equal(visml_few_values(N, x, values[k] - 1, found), -1);
    }
    assert_int_equal(visml_few_values(0, x, 5, found), 0);
}

static void weights_are_added_up(void **state) {
    static const int64_t sizes[] = {1, 40, N};
    (void)state;
    assert_true(visml_column_values_scratch(N) <= sizeof scratch);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int weighted = 0; weighted < 2; weighted++) {
            int64_t n = sizes[s];
            fill(n, n < 300 ? n : 300);
            int64_t count = different_of(n, x, naive);
            assert_int_equal(visml_column_values(n, x, weighted ? weights : NULL, found, sums, scratch), count);
            assert_memory_equal(found, naive, (size_t)count * sizeof *found);
            for (int64_t v = 0; v < count; v++) {
                double sum = 0;
                for (int64_t i = 0; i < n; i++)
                    sum += x[i] == naive[v] ? (weighted ? weights[i] : 1) : 0;
                assert_true(sums[v] == sum);
            }
        }
}

static void a_column_may_have_no_number(void **state) {
    float all[3] = {NAN, NAN, NAN};
    (void)state;
    assert_int_equal(visml_few_values(3, all, 1, found), 0);
    assert_int_equal(visml_column_values(3, all, NULL, found, sums, scratch), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_the_order_of_numbers), cmocka_unit_test(equals_keep_their_order),
        cmocka_unit_test(few_numbers_are_all_found),      cmocka_unit_test(weights_are_added_up),
        cmocka_unit_test(a_column_may_have_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
