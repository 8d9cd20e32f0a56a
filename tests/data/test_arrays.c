#include "data/fixtures.h"

#include <stdatomic.h>

static visml_context *ctx;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

static visml_tensor *array(visml_dtype dtype, const visml_shape *shape) {
    visml_error err = {0};
    return assert_made(visml_tensor_new(ctx, dtype, shape, &err), &err);
}

/* Labels of every integer type: 0, 1, 2, 0, 1, ... */
static visml_tensor *numbers(visml_dtype dtype, int64_t n) {
    visml_tensor *t = array(dtype, VISML_SHAPE(n));
    for (int64_t i = 0; i < n; i++) {
        if (dtype == VISML_U8)
            ((uint8_t *)visml_tensor_data(t))[i] = (uint8_t)(i % 3);
        else if (dtype == VISML_I32)
            ((int32_t *)visml_tensor_data(t))[i] = (int32_t)(i % 3);
        else
            ((int64_t *)visml_tensor_data(t))[i] = i % 3;
    }
    return t;
}

static void takes_labels_of_every_integer_type(void **state) {
    (void)state;
    const visml_dtype types[] = {VISML_U8, VISML_I32, VISML_I64};
    visml_error err = {0};
    visml_tensor *x = array(VISML_F32, VISML_SHAPE(7, 2, 2));
    for (int i = 0; i < 28; i++)
        ((float *)visml_tensor_data(x))[i] = (float)i / 4;
    for (int k = 0; k < 3; k++) {
        visml_tensor *y = numbers(types[k], 7);
        visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
        visml_tensor_release(y);
        assert_int_equal(visml_dataset_class_count(ds), 3);
        assert_string_equal(visml_dataset_class_name(ds, 2), "2");
        for (int64_t i = 0; i < 7; i++)
            assert_int_equal(visml_dataset_label(ds, i), i % 3);
        visml_tensor *t = assert_made(visml_dataset_read(ds, 6, &err), &err);
        assert_int_equal(visml_tensor_shape(t)->rank, 2);
        assert_memory_equal(visml_tensor_data(t), (float *)visml_tensor_data(x) + 24, 16);
        visml_tensor_release(t);
        visml_dataset_free(ds);
    }
    visml_tensor_release(x);
}

static void takes_float_targets(void **state) {
    (void)state;
    visml_error err = {0};
    visml_tensor *x = array(VISML_U8, VISML_SHAPE(5, 3)), *y = array(VISML_F32, VISML_SHAPE(5, 2));
    for (int i = 0; i < 15; i++)
        ((uint8_t *)visml_tensor_data(x))[i] = (uint8_t)i;
    for (int i = 0; i < 10; i++)
        ((float *)visml_tensor_data(y))[i] = (float)i;
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
    assert_int_equal(visml_dataset_class_count(ds), 0);
    assert_int_equal(visml_dataset_label(ds, 0), -1);
    visml_tensor_release(x);
    visml_tensor_release(y); /* retained */
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 2, .shuffle = 1), &err), &err);
    for (visml_batch *b = NULL;;) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        visml_tensor *t = visml_batch_targets(b);
        assert_int_equal(visml_tensor_dtype(t), VISML_F32);
        assert_int_equal(visml_tensor_shape(t)->rank, 2);
        for (int64_t r = 0; r < visml_batch_count(b); r++) {
            int64_t i = visml_batch_indices(b)[r];
            assert_int_equal(((uint8_t *)visml_tensor_data(visml_batch_images(b)))[3 * r + 2], 3 * i + 2);
            assert_true(((float *)visml_tensor_data(t))[2 * r + 1] == (float)(2 * i + 1));
        }
        visml_batch_free(b);
    }
    visml_loader_free(l);
    visml_dataset *parts[3] = {NULL};
    assert_status(visml_dataset_split(ds, NULL, parts, &err), VISML_EINVAL, &err); /* nothing to stratify by */
    assert_in(err.message, "VISML_SPLIT_RANDOM");
    assert_null(parts[0]);
    assert_ok(visml_dataset_split(ds, VISML_OPTS(visml_split_opts, .mode = VISML_SPLIT_RANDOM), parts, &err), &err);
    for (int p = 0; p < 3; p++)
        visml_dataset_free(parts[p]);
    visml_dataset_free(ds);
}

static void names_row_and_label_out_of_range(void **state) {
    (void)state;
    visml_error err = {0};
    visml_tensor *x = array(VISML_U8, VISML_SHAPE(7, 2)), *y = numbers(VISML_I64, 7);
    assert_refused(visml_dataset_from_arrays(ctx, x, y, NULL, 2, ERR), VISML_EINVAL, "row 2 is 2, must be 0 to 1");
    ((int64_t *)visml_tensor_data(y))[4] = -1;
    assert_refused(visml_dataset_from_arrays(ctx, x, y, NULL, 0, ERR), VISML_EINVAL, "row 4 is -1");
    ((int64_t *)visml_tensor_data(y))[4] = (int64_t)1 << 40;
    assert_refused(visml_dataset_from_arrays(ctx, x, y, NULL, 0, ERR), VISML_EINVAL, "row 4 is 1099511627776");
    ((int64_t *)visml_tensor_data(y))[4] = 0;
    const char *names[] = {"a", "b", "c", "d"}, *twice[] = {"a", "b", "a"}, *hole[] = {"a", NULL, "c"}, *empty[] = {"a", "b", ""};
    assert_refused(visml_dataset_from_arrays(ctx, x, y, twice, 3, ERR), VISML_EINVAL, "class_names[0] and [2] are both \"a\"");
    assert_refused(visml_dataset_from_arrays(ctx, x, y, hole, 3, ERR), VISML_EINVAL, "class_names[1] is NULL");
    assert_refused(visml_dataset_from_arrays(ctx, x, y, empty, 3, ERR), VISML_EINVAL, "class_names[2] is empty");
    assert_refused(visml_dataset_from_arrays(ctx, x, y, names, 0, ERR), VISML_EINVAL, "classes is 0");
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, names, 4, &err), &err);
    assert_int_equal(visml_dataset_class_count(ds), 4); /* one more than there are samples of */
    visml_dataset_free(ds);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static void refuses_arrays_that_do_not_fit(void **state) {
    (void)state;
    visml_error err = {0};
    visml_tensor *x = array(VISML_U8, VISML_SHAPE(6, 2)), *y = numbers(VISML_U8, 6), *short_y = numbers(VISML_U8, 5),
                 *wide = array(VISML_U16, VISML_SHAPE(6, 2)), *flat = array(VISML_U8, VISML_SHAPE(6)),
                 *none = array(VISML_U8, VISML_SHAPE(0, 2)), *gaps = NULL, *square = array(VISML_I32, VISML_SHAPE(6, 1));
    int64_t strides[2] = {4, 2};
    static uint8_t memory[64];
    gaps = assert_made(visml_tensor_wrap(ctx, VISML_U8, VISML_SHAPE(6, 2), strides, memory, NULL, NULL, &err), &err);
    assert_refused(visml_dataset_from_arrays(NULL, x, y, NULL, 0, ERR), VISML_EINVAL, "ctx");
    assert_refused(visml_dataset_from_arrays(ctx, NULL, y, NULL, 0, ERR), VISML_EINVAL, "images");
    assert_refused(visml_dataset_from_arrays(ctx, x, NULL, NULL, 0, ERR), VISML_EINVAL, "targets");
    assert_refused(visml_dataset_from_arrays(ctx, wide, y, NULL, 0, ERR), VISML_EINVAL, "uint16");
    assert_refused(visml_dataset_from_arrays(ctx, x, wide, NULL, 0, ERR), VISML_EINVAL, "uint16");
    assert_refused(visml_dataset_from_arrays(ctx, flat, y, NULL, 0, ERR), VISML_EINVAL, "[6]");
    assert_refused(visml_dataset_from_arrays(ctx, none, y, NULL, 0, ERR), VISML_EINVAL, "[0, 2]");
    assert_refused(visml_dataset_from_arrays(ctx, gaps, y, NULL, 0, ERR), VISML_EINVAL, "contiguous");
    assert_refused(visml_dataset_from_arrays(ctx, x, short_y, NULL, 0, ERR), VISML_EINVAL, "[5]");
    assert_refused(visml_dataset_from_arrays(ctx, x, square, NULL, 0, ERR), VISML_EINVAL, "[6, 1]");
    visml_tensor *all[] = {x, y, short_y, wide, flat, none, gaps, square};
    for (size_t i = 0; i < 8; i++)
        visml_tensor_release(all[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_labels_of_every_integer_type),
        cmocka_unit_test(takes_float_targets),
        cmocka_unit_test(names_row_and_label_out_of_range),
        cmocka_unit_test(refuses_arrays_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
