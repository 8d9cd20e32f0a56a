#include "support/support.h"

#include <math.h>
#include <string.h>

#include "tensor/tensor.h"

static visml_context *ctx;
static visml_error err;
static int released;

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    released = 0;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

static void on_release(void *user) {
    *(int *)user += 1;
}

static void refused(const void *p, visml_status code, const char *message) {
    assert_null(p);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void new_is_zero_and_contiguous(void **state) {
    (void)state;
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 3, 4), &err), &err);
    assert_int_equal(visml_tensor_count(t), 24);
    assert_int_equal(visml_tensor_dtype(t), VISML_F32);
    assert_int_equal(visml_tensor_shape(t)->rank, 3);
    assert_int_equal(visml_tensor_strides(t)[0], 12);
    assert_true(visml_tensor_is_contiguous(t));
    assert_int_equal((uintptr_t)visml_tensor_data(t) % 64, 0);
    for (int i = 0; i < 24; i++)
        assert_true(((float *)visml_tensor_data(t))[i] == 0);
    assert_ptr_equal(visml_tensor_retain(t), t);
    visml_tensor_release(t);
    visml_tensor_release(t);
    visml_tensor *scalar = assert_made(visml_tensor_new(ctx, VISML_I64, &(visml_shape){0}, &err), &err);
    assert_int_equal(visml_tensor_count(scalar), 1);
    visml_tensor_release(scalar);
    visml_tensor *empty = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(0, 5), &err), &err);
    assert_int_equal(visml_tensor_count(empty), 0);
    assert_true(visml_tensor_is_contiguous(empty));
    visml_tensor_release(empty);
}

static void bad_arguments_are_named(void **state) {
    (void)state;
    refused(visml_tensor_new(NULL, VISML_F32, VISML_SHAPE(1), &err), VISML_EINVAL, "tensor: ctx is NULL, must be a context");
    refused(visml_tensor_new(ctx, 0, VISML_SHAPE(1), &err), VISML_EINVAL, "tensor: dtype is 0, must be VISML_F32 (1) to VISML_I64 (6)");
    refused(visml_tensor_new(ctx, VISML_F32, NULL, &err), VISML_EINVAL, "tensor: shape is NULL, must be a shape (VISML_SHAPE(...))");
    refused(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(3, -1), &err), VISML_EINVAL,
            "tensor: shape: dimension 1 of [3, -1] must be at least 0");
    refused(visml_tensor_new(ctx, VISML_F32, &(visml_shape){.rank = 9}, &err), VISML_EINVAL, "tensor: shape: rank is 9, must be 0 to 8");
    refused(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(INT64_MAX / 2, 3), &err), VISML_EINVAL,
            "tensor: shape: [4611686018427387903, 3] has more elements than can be addressed");
    refused(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(2, 2), NULL, NULL, on_release, &released, &err), VISML_EINVAL,
            "tensor: data is NULL, must hold [2, 2] elements of float32");
    assert_int_equal(released, 0);
    assert_null(visml_tensor_retain(NULL));
    visml_tensor_release(NULL);
    assert_null(visml_tensor_data(NULL));
    assert_null(visml_tensor_shape(NULL));
    assert_null(visml_tensor_strides(NULL));
    assert_int_equal(visml_tensor_dtype(NULL), 0);
    assert_int_equal(visml_tensor_is_contiguous(NULL), 0);
}

static void borrowed_memory_is_released_once(void **state) {
    (void)state;
    float data[6] = {1, 2, 3, 4, 5, 6};
    visml_tensor *t = assert_made(
        visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(3, 2), NULL, data, on_release, &released, &err), &err);
    visml_tensor *row = assert_made(visml_tensor_slice(t, 1, 3, &err), &err);
    visml_tensor_release(t);
    assert_int_equal(released, 0); /* the view holds it */
    assert_ptr_equal(visml_tensor_data(row), data + 2);
    assert_int_equal(visml_tensor_shape(row)->dims[0], 2);
    visml_tensor *flat = assert_made(visml_tensor_reshape(row, VISML_SHAPE(4), &err), &err);
    visml_tensor_release(row);
    assert_int_equal(released, 0);
    assert_true(((float *)visml_tensor_data(flat))[3] == 6);
    refused(visml_tensor_reshape(flat, VISML_SHAPE(5), &err), VISML_EINVAL, "reshape: shape [5] has 5 elements, the tensor [4] has 4");
    refused(visml_tensor_slice(flat, 2, 5, &err), VISML_EINVAL, "slice: begin is 2 and end 5, must be 0 <= begin <= end <= 4");
    refused(visml_tensor_slice(NULL, 0, 0, &err), VISML_EINVAL, "slice: t is NULL, must be a tensor with at least one dimension");
    visml_tensor_release(flat);
    assert_int_equal(released, 1);
}

static void objects_keep_the_context(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table), &err), &err);
    visml_tensor *t = assert_made(visml_tensor_new(c, VISML_F32, VISML_SHAPE(8), &err), &err);
    visml_context_free(c);
    ((float *)visml_tensor_data(t))[7] = 1;
    visml_tensor_release(t);
    assert_int_equal(a.live, 0);
}

static void convert_reads_any_strides(void **state) {
    (void)state;
    float data[6] = {1, 2, 3, 4, 5, 6};
    const int64_t turned[] = {1, 3}, back[] = {-2, 1};
    visml_tensor *t = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(3, 2), turned, data, NULL, NULL, &err), &err);
    visml_tensor *r = assert_made(visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(3, 2), back, data + 4, NULL, NULL, &err), &err);
    assert_false(visml_tensor_is_contiguous(t));
    visml_tensor *c = assert_made(visml_tensor_convert(t, VISML_F64, &err), &err);
    visml_tensor *d = assert_made(visml_tensor_convert(r, VISML_I32, &err), &err);
    const double want[] = {1, 4, 2, 5, 3, 6};
    const int32_t want_back[] = {5, 6, 3, 4, 1, 2};
    assert_memory_equal(visml_tensor_data(c), want, sizeof want);
    assert_memory_equal(visml_tensor_data(d), want_back, sizeof want_back);
    refused(visml_tensor_reshape(t, VISML_SHAPE(6), &err), VISML_EINVAL,
            "reshape: t has gaps or turned dimensions, must be contiguous (visml_tensor_convert copies)");
    visml_tensor_release(t);
    visml_tensor_release(r);
    visml_tensor_release(c);
    visml_tensor_release(d);
}

static void convert_rounds_and_clamps(void **state) {
    (void)state;
    double data[] = {NAN, INFINITY, -INFINITY, 0.5, 1.5, 2.5, -0.5, 254.6, 255.5, -3, 1e30};
    const uint8_t u8[] = {0, 255, 0, 0, 2, 2, 0, 255, 255, 0, 255};
    const int64_t i64[] = {0, INT64_MAX, INT64_MIN, 0, 2, 2, 0, 255, 256, -3, INT64_MAX};
    visml_tensor *t = assert_made(visml_tensor_wrap(ctx, VISML_F64, VISML_SHAPE(11), NULL, data, NULL, NULL, &err), &err);
    visml_tensor *a = assert_made(visml_tensor_convert(t, VISML_U8, &err), &err);
    visml_tensor *b = assert_made(visml_tensor_convert(t, VISML_I64, &err), &err);
    assert_memory_equal(visml_tensor_data(a), u8, sizeof u8);
    assert_memory_equal(visml_tensor_data(b), i64, sizeof i64);
    refused(visml_tensor_convert(NULL, VISML_U8, &err), VISML_EINVAL, "convert: t is NULL, must be a tensor");
    refused(visml_tensor_convert(t, 99, &err), VISML_EINVAL, "tensor: dtype is 99, must be VISML_F32 (1) to VISML_I64 (6)");
    visml_tensor_release(t);
    visml_tensor_release(a);
    visml_tensor_release(b);
}

static void dlpack_goes_round_without_a_copy(void **state) {
    (void)state;
    static const visml_dtype dtypes[] = {VISML_F32, VISML_F64, VISML_U8, VISML_U16, VISML_I32, VISML_I64};
    for (size_t i = 0; i < 6; i++) {
        visml_tensor *t = assert_made(visml_tensor_new(ctx, dtypes[i], VISML_SHAPE(4, 3), &err), &err);
        void *m = assert_made(visml_tensor_to_dlpack(t, &err), &err);
        visml_tensor *u = assert_made(visml_tensor_from_dlpack(ctx, m, &err), &err);
        assert_ptr_equal(visml_tensor_data(u), visml_tensor_data(t));
        assert_int_equal(visml_tensor_dtype(u), dtypes[i]);
        visml_tensor_release(t);
        memset(visml_tensor_data(u), 1, 12 * visml_dtype_bytes(dtypes[i]));
        visml_tensor_release(u);
    }
    refused(visml_tensor_to_dlpack(NULL, &err), VISML_EINVAL, "to_dlpack: t is NULL, must be a tensor");
    refused(visml_tensor_from_dlpack(ctx, NULL, &err), VISML_EINVAL, "from_dlpack: dlpack is NULL");
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    for (int64_t n = 1;; n++) {
        int64_t live = a.live;
        a.countdown = n;
        visml_tensor *t = visml_tensor_new(c, VISML_F32, VISML_SHAPE(10, 2), &err);
        visml_tensor *s = t ? visml_tensor_slice(t, 2, 5, &err) : NULL;
        visml_tensor *d = s ? visml_tensor_convert(s, VISML_F64, &err) : NULL;
        void *m = d ? visml_tensor_to_dlpack(d, &err) : NULL;
        visml_tensor *u = m ? visml_tensor_from_dlpack(c, m, &err) : NULL;
        a.countdown = -1;
        if (m && !u) { /* not consumed: a second try takes it */
            u = assert_made(visml_tensor_from_dlpack(c, m, &err), &err);
            visml_tensor_release(u);
            u = NULL;
            assert_int_equal(err.code, VISML_ENOMEM);
        }
        int done = u != NULL;
        visml_tensor_release(t);
        visml_tensor_release(s);
        visml_tensor_release(d);
        visml_tensor_release(u);
        assert_int_equal(a.live, live);
        if (done)
            break;
        assert_int_equal(err.code, VISML_ENOMEM);
        assert_true(n < 20);
    }
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

static void dtypes_have_names(void **state) {
    (void)state;
    assert_int_equal(visml_dtype_bytes(VISML_F64), 8);
    assert_int_equal(visml_dtype_bytes(0), 0);
    assert_int_equal(visml_dtype_bytes(-1), 0);
    assert_string_equal(visml_dtype_name(VISML_U16), "uint16");
    assert_string_equal(visml_dtype_name(7), "unknown");
    assert_string_equal(visml_shape_format(VISML_SHAPE(1, 2)).s, "[1, 2]");
    assert_string_equal(visml_shape_format(&(visml_shape){0}).s, "[]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(new_is_zero_and_contiguous), TEST(bad_arguments_are_named),
        TEST(borrowed_memory_is_released_once), TEST(objects_keep_the_context),
        TEST(convert_reads_any_strides), TEST(convert_rounds_and_clamps),
        TEST(dlpack_goes_round_without_a_copy), TEST(every_allocation_may_fail),
        TEST(dtypes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
