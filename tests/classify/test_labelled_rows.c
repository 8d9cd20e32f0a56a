/* What a caller's rows must be, and labels as places. */
#include <math.h>
#include <stdio.h>

#include "classify/labelled_rows.h"
#include "context/context.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static float numbers[64];

static int set_up(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_release(ctx);
    return 0;
}

static visml_status take(visml_dtype dtype, const visml_shape *shape, const int64_t *strides, visml_samples *s) {
    visml_tensor *t = assert_made(visml_tensor_wrap(ctx, dtype, shape, strides, numbers, NULL, NULL, &err), &err);
    visml_status status = visml_samples_of("it", t, s, &err);
    visml_tensor_release(t);
    return status;
}

static void rows_are_taken_as_they_lie(void **state) {
    static const struct {
        int64_t n, d, strides[2], row, column;
    } cases[] = {{3, 4, {4, 1}, 4, 1}, {3, 4, {9, 1}, 9, 1}, {3, 4, {1, 3}, 1, 3},
                 {3, 1, {7, 5}, 7, 1} /* of a single column the distance to the next is of no account */, {1, 4, {9, 3}, 1, 3}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        visml_samples s;
        assert_ok(take(VISML_F32, VISML_SHAPE(cases[k].n, cases[k].d), cases[k].strides, &s), &err);
        assert_int_equal(s.n, cases[k].n);
        assert_int_equal(s.d, cases[k].d);
        assert_int_equal(s.row_stride, cases[k].row);
        assert_int_equal(s.column_stride, cases[k].column);
    }
}

static void others_are_refused(void **state) {
    visml_samples s;
    (void)state;
    assert_status(visml_samples_of("it", NULL, &s, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: x is NULL");
    assert_status(take(VISML_I32, VISML_SHAPE(3, 4), NULL, &s), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: x is int32, must be float32");
    assert_status(take(VISML_F32, VISML_SHAPE(0, 4), NULL, &s), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: x is [0, 4], must be [N, D] with at least one row and one column");
    assert_status(take(VISML_F32, VISML_SHAPE(12), NULL, &s), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: x is [12], must be [N, D] with at least one row and one column");
    assert_status(take(VISML_F32, VISML_SHAPE(3, 4), (const int64_t[]){8, 2}, &s), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: x has strides [8, 2], one of them must be 1; visml_tensor_convert makes a copy");
}

/* What lies between rows is nobody's business; the first bad number is named, by rows and by columns. */
static void numbers_that_are_not_finite_are_named(void **state) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static const char *const names[] = {"NaN", "infinite", "-infinite"};
    visml_compute c = visml_context_compute(ctx);
    float x[5 * 4];
    char want[100];
    (void)state;
    for (int turned = 0; turned < 2; turned++)
        for (int b = 0; b < 3; b++)
            for (int missing = 0; missing < 2; missing++) {
                visml_samples s = {.n = 3, .d = 4, .x = x, .row_stride = turned ? 1 : 5, .column_stride = turned ? 4 : 1};
                for (int i = 0; i < 20; i++)
                    x[i] = NAN; /* in the gaps */
                for (int i = 0; i < 3; i++)
                    for (int j = 0; j < 4; j++)
                        x[i * s.row_stride + j * s.column_stride] = 1;
                assert_ok(visml_samples_check(&c, "it", &s, missing, &err), &err);
                x[2 * s.row_stride + 1 * s.column_stride] = bad[b];
                visml_status status = visml_samples_check(&c, "it", &s, missing, &err);
                assert_int_equal(status, missing && b == 0 ? VISML_OK : VISML_EINVAL);
                snprintf(want, sizeof want, "it: x[2, 1] is %s, must be finite%s", names[b], missing ? " or NaN" : "");
                if (status < 0)
                    assert_string_equal(err.message, want);
            }
}

static void some_rows_have_what_belongs_to_them(void **state) {
    int32_t places[10] = {0};
    float weights[10] = {0}, targets[10] = {0};
    visml_samples s = {.n = 10, .d = 2, .x = numbers, .row_stride = 3, .column_stride = 1, .places = places, .class_count = 2,
                       .weights = weights, .targets = targets};
    visml_samples some = visml_samples_some(&s, 4, 3), bare = {.n = 10, .d = 2, .x = numbers, .row_stride = 1, .column_stride = 10};
    (void)state;
    assert_int_equal(some.n, 3);
    assert_ptr_equal(some.x, numbers + 12);
    assert_ptr_equal(some.places, places + 4);
    assert_ptr_equal(some.weights, weights + 4);
    assert_ptr_equal(some.targets, targets + 4);
    some = visml_samples_some(&bare, 9, 1);
    assert_ptr_equal(some.x, numbers + 9);
    assert_true(!some.places && !some.weights && !some.targets);
}

static void labels_become_places(void **state) {
    static const int32_t labels[] = {40, -7, 3, 40, INT32_MIN, INT32_MAX, 3}, others[] = {3, 4};
    static const int32_t ascending[] = {INT32_MIN, -7, 3, 40, INT32_MAX}, wanted[] = {3, 1, 2, 3, 0, 4, 2};
    int32_t places[7];
    visml_tensor *classes = assert_made(visml_labels_unique(ctx, labels, 7, &err), &err);
    (void)state;
    assert_int_equal(visml_tensor_shape(classes)->dims[0], 5);
    assert_memory_equal(visml_tensor_data(classes), ascending, sizeof ascending);
    assert_ok(visml_labels_places("it", classes, labels, 7, places, &err), &err);
    assert_memory_equal(places, wanted, sizeof wanted);
    assert_status(visml_labels_places("it", classes, others, 2, places, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: label 4 of row 1 is none of the 5 classes (-2147483648 ... 2147483647)");
    visml_tensor_release(classes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_taken_as_they_lie),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(numbers_that_are_not_finite_are_named),
        cmocka_unit_test(some_rows_have_what_belongs_to_them),
        cmocka_unit_test(labels_become_places),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
