/* Codes of columns: in the order of the numbers, kept or made when they are read. */
#include "classify/cart_columns.h"
#include "classify/tree_insides.h"

enum { N = 700, D = 35 };
static float x[N * D];

/* Column 0: a constant; 1: 256 numbers; 2: 257; 3: 0 and -0; others: whole numbers or any. */
static float number(int i, int j, float random) {
    switch (j) {
    case 0:
        return -7;
    case 1:
    case 2:
        return (float)(i % (255 + j)) * 0.3F - 20;
    case 3:
        return random < 0 ? -0.0F : 0.0F;
    default:
        return j % 2 ? floorf(40 * random) : random;
    }
}

static void fill(void) {
    uint64_t seed = 2;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            x[i * D + j] = number(i, j, test_random_float(&seed));
}

static uint32_t code_of(const visml_code_columns *c, const visml_samples *s, int64_t column, int32_t row) {
    uint8_t small;
    if (!visml_code_is_small(c->columns + column))
        return visml_code_large(c, column, s, row);
    visml_code_column_read(c, column, s, 1, &row, &small);
    return small;
}

static void assert_codes(const visml_code_columns *c, const visml_samples *s) {
    for (int j = 0; j < D; j++)
        for (int32_t i = 0; i < N; i++) {
            float v = visml_samples_at(s, i, j), w = visml_samples_at(s, (i * 31 + j) % N, j);
            uint32_t code = code_of(c, s, j, i), other = code_of(c, s, j, (i * 31 + j) % N);
            assert_true(visml_code_value(c->columns + j, code) == v);
            assert_true((code < other) == (v < w) && (code == other) == (v == w));
        }
}

static visml_code_columns coded(const visml_samples *s, int keep) {
    visml_code_columns c;
    assert_ok(visml_code_columns_new(&c, &memory, &compute, s, keep, &quiet, 1, &err), &err);
    return c;
}

static void codes_are_in_the_order_of_the_numbers(void **state) {
    static float turned[N * D];
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            turned[j * N + i] = x[i * D + j];
    visml_samples both[] = {samples_of(x, N, D), {.n = N, .d = D, .x = turned, .row_stride = 1, .column_stride = N}};
    for (int k = 0; k < 4; k++) {
        visml_code_columns c = coded(&both[k / 2], k % 2);
        assert_codes(&c, &both[k / 2]);
        visml_code_columns_clear(&c);
    }
}

static void few_numbers_are_counted(void **state) {
    (void)state;
    visml_samples s = samples_of(x, N, D);
    visml_code_columns kept = coded(&s, 1), read = coded(&s, 0);
    for (int j = 0; j < D; j++) {
        assert_int_equal(visml_code_is_small(kept.columns + j), visml_code_is_small(read.columns + j));
        assert_true((kept.columns[j].small != NULL) != (kept.columns[j].large != NULL));
        assert_true(!read.columns[j].small && !read.columns[j].large);
    }
    assert_int_equal(kept.columns[0].count, 1);
    assert_int_equal(read.columns[1].count, 256);
    assert_int_equal(read.columns[2].count, 0); /* not counted */
    assert_int_equal(kept.columns[2].count, 257);
    assert_int_equal(read.columns[3].count, 1);
    visml_code_columns_clear(&kept);
    visml_code_columns_clear(&read);
}

/* Rows of another place, with numbers of the same columns: what a grower copies. */
static void other_rows_are_read_by_the_same_codes(void **state) {
    static float near[N * D];
    (void)state;
    visml_samples s = samples_of(x, N, D), t = samples_of(near, N, D);
    for (int i = 0; i < N; i++)
        memcpy(near + i * D, x + (N - 1 - i) * D, D * sizeof *x);
    visml_code_columns c = coded(&s, 0);
    for (int j = 0; j < D; j++)
        for (int32_t i = 0; i < N; i++)
            assert_int_equal(code_of(&c, &t, j, i), code_of(&c, &s, j, N - 1 - i));
    visml_code_columns_clear(&c);
}

static void it_can_be_stopped(void **state) {
    tick_count t = {.stop_at = 1};
    visml_classifier_fit_opts o = {.progress = count_tick, .user = &t};
    visml_fit_run run = {.opts = &o};
    visml_samples s = samples_of(x, N, D);
    visml_code_columns c;
    (void)state;
    assert_status(visml_code_columns_new(&c, &memory, &compute, &s, 1, &run, 5, &err), VISML_ECANCELLED, &err);
    assert_string_equal(err.message, "stopped by the caller at 0 of 5");
}

static int set_up(void **state) {
    fill();
    return set_up_memory(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_in_the_order_of_the_numbers), cmocka_unit_test(few_numbers_are_counted),
        cmocka_unit_test(other_rows_are_read_by_the_same_codes), cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, set_up, check_memory);
}
