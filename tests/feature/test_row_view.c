/* Blocks of rows as they lie: beside what each element is by itself. */
#include "feature/row_view.h"
#include "support/support.h"

enum { N = 50, D = 37, GAP = 5 };
static float rows[N * (D + GAP)], columns[D * (N + GAP)], plain[N * D];

static float value(int64_t i, int64_t j) {
    return (float)(1000 * i + j);
}

static int set_up(void **state) {
    (void)state;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < D; j++)
            plain[i * D + j] = rows[i * (D + GAP) + j] = columns[j * (N + GAP) + i] = value(i, j);
    return 0;
}

static visml_row_view with_gaps(int64_t d) {
    return (visml_row_view){.n = N, .d = d, .x = rows, .row_stride = D + GAP, .column_stride = 1};
}

static visml_row_view turned(int64_t d) {
    return (visml_row_view){.n = N, .d = d, .x = columns, .row_stride = 1, .column_stride = N + GAP};
}

/* No more is written than n rows; both ways of asking give the same numbers. */
static void assert_block(const visml_row_view *v, int64_t begin, int64_t n) {
    size_t bytes = (size_t)(n * v->d) * sizeof(float);
    float *buffer = test_guarded(bytes), *dense = test_guarded(bytes);
    int64_t ld;
    const float *x = visml_row_view_block(v, begin, n, buffer, &ld), *y = visml_row_view_dense(v, begin, n, dense);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < v->d; j++) {
            assert_true(x[i * ld + j] == value(begin + i, j));
            assert_true(y[i * v->d + j] == value(begin + i, j));
        }
    test_guarded_free(buffer, bytes);
    test_guarded_free(dense, bytes);
}

/* Sizes about those of a piece that is turned around at a time, 16. */
static void every_number_is_in_its_place(void **state) {
    static const int64_t sizes[] = {0, 1, 15, 16, 17, 33}, widths[] = {1, 15, 16, 17, 32, D};
    (void)state;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int64_t begin = 0; begin + sizes[s] <= N; begin += 17) {
                visml_row_view a = with_gaps(widths[w]), b = turned(widths[w]);
                assert_block(&a, begin, sizes[s]);
                assert_block(&b, begin, sizes[s]);
            }
}

/* Rows that lie side by side are not copied; without gaps the second way does not, either. */
static void rows_side_by_side_stay_where_they_lie(void **state) {
    float buffer[3 * D];
    int64_t ld = 0;
    visml_row_view v = with_gaps(D), whole = {.n = N, .d = D, .x = plain, .row_stride = D, .column_stride = 1};
    (void)state;
    assert_ptr_equal(visml_row_view_block(&v, 4, 3, buffer, &ld), rows + 4 * (D + GAP));
    assert_int_equal(ld, D + GAP);
    assert_ptr_equal(visml_row_view_dense(&v, 4, 3, buffer), buffer);
    assert_ptr_equal(visml_row_view_dense(&whole, 4, 3, buffer), plain + 4 * D);
}

static void one_row_is_copied(void **state) {
    float a[D], b[D];
    visml_row_view v = with_gaps(D), t = turned(D);
    (void)state;
    visml_row_view_copy(&v, N - 1, a);
    visml_row_view_copy(&t, N - 1, b);
    assert_memory_equal(a, plain + (N - 1) * D, sizeof a);
    assert_memory_equal(b, plain + (N - 1) * D, sizeof b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_in_its_place),
        cmocka_unit_test(rows_side_by_side_stay_where_they_lie),
        cmocka_unit_test(one_row_is_copied),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
