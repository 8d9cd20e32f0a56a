#include "train/toy.h"

static visml_error err;

static void outputs_are_those_of_a_session(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = toy_lines(ctx, 50, 1);
    visml_model *m = toy_cnn(ctx);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_tensor *want = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, TOY_CLASSES), &err);
    for (int32_t workers = -1; workers <= 3; workers += 2) {
        visml_tensor *y = visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 16, .workers = workers), &err);
        assert_made(y, &err);
        assert_int_equal(visml_tensor_shape(y)->rank, 2);
        assert_int_equal(visml_tensor_shape(y)->dims[0], 50);
        assert_int_equal(visml_tensor_shape(y)->dims[1], TOY_CLASSES);
        for (int64_t i = 0; i < 50; i++) {
            visml_tensor *one = assert_made(visml_dataset_read(ds, i, &err), &err);
            visml_tensor *x = visml_tensor_reshape(one, VISML_SHAPE(1, TOY_SIZE, TOY_SIZE, 1), &err);
            assert_ok(visml_session_run(s, x, want, &err), &err);
            const float *row = (const float *)visml_tensor_data(y) + i * TOY_CLASSES;
            for (int c = 0; c < TOY_CLASSES; c++)
                assert_true(fabsf(row[c] - ((const float *)visml_tensor_data(want))[c]) < 1e-6f);
            visml_tensor_release(one);
            visml_tensor_release(x);
        }
        visml_tensor_release(y);
    }
    visml_tensor_release(want);
    visml_session_free(s);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* Also without softmax, and with targets that do not fit: they are not looked at. */
static void any_output_will_do(void **state) {
    (void)state;
    static const float x[] = {1, 2, 3};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_rows(ctx, 3, 1, x, 1, (float[]){0, 0, 0}), *none = visml_dataset_subset(ds, NULL, 0, &err);
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(1), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 6, .no_bias = 1, .kernel_initializer = VISML_INIT_ONES),
                                  &err), &err);
    visml_model_add(m, visml_reshape(ctx, VISML_OPTS(visml_reshape_opts, .target_shape = {2, 3}), &err), &err);
    assert_ok(visml_model_build(m, 0, &err), &err);
    visml_tensor *y = assert_made(visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 2), &err), &err);
    assert_int_equal(visml_tensor_shape(y)->rank, 3);
    for (int64_t i = 0; i < 18; i++)
        assert_true(((const float *)visml_tensor_data(y))[i] == x[i / 6]);
    visml_tensor_release(y);
    y = assert_made(visml_predict(m, none, NULL, &err), &err);
    assert_int_equal(visml_tensor_shape(y)->dims[0], 0);
    visml_tensor_release(y);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(none);
    visml_context_free(ctx);
}

static int32_t some_are_invalid(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    (void)user, (void)reason;
    *(float *)pixels = (float)index;
    *label = 0;
    return index == 0 || index == 4 || index == 5 || (index >= 8 && index < 12);
}

static void rows_of_invalid_images_are_nan(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *m = toy_dense(ctx, 1, 2, VISML_LINEAR);
    m->values[m->params[0].offset] = 1;
    m->values[m->params[0].offset + 1] = 2;
    for (visml_on_invalid what = VISML_INVALID_DROP; what <= VISML_INVALID_KEEP; what += VISML_INVALID_KEEP) {
        visml_dataset *ds = visml_dataset_from_callback(ctx, 14, VISML_F32, VISML_SHAPE(1), NULL, 2, some_are_invalid, NULL,
                                                        VISML_OPTS(visml_source_opts, .on_invalid = what), &err);
        visml_tensor *y = assert_made(visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 4), &err), &err);
        const float *p = visml_tensor_data(y);
        for (int64_t i = 0; i < 14; i++) {
            int invalid = i == 0 || i == 4 || i == 5 || (i >= 8 && i < 12);
            assert_true(invalid ? isnan(p[2 * i]) && isnan(p[2 * i + 1]) : p[2 * i] == (float)i && p[2 * i + 1] == (float)(2 * i));
        }
        visml_tensor_release(y);
        visml_dataset_free(ds);
    }
    visml_model_free(m);
    visml_context_free(ctx);
}

static int32_t stop_at_once(void *user, visml_model *m, const visml_progress *p) {
    (void)user, (void)m;
    assert_true(isnan(p->loss) && isnan(p->accuracy));
    return 1;
}

static void the_callback_stops(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 70, 1);
    visml_model *m = toy_cnn(ctx);
    const visml_callback callback = {.size = sizeof callback, .batch_end = stop_at_once};
    assert_null(visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .callback = &callback), &err));
    assert_int_equal(err.code, VISML_ECANCELLED);
    assert_string_equal(err.message, "predict: the callback asked to stop after step 1/3");
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void failing_allocations_do_no_harm(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err);
    visml_dataset *ds = toy_lines(ctx, 20, 1);
    visml_model *m = toy_cnn(ctx);
    visml_tensor *y = NULL;
    int64_t live = a.live, n = 1;
    for (; !y; n++) {
        assert_true(n < 1000);
        memset(&err, 0, sizeof err);
        a.countdown = n;
        y = visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 8), &err);
        a.countdown = -1;
        assert_int_equal(err.code, y ? VISML_OK : VISML_ENOMEM);
        if (!y)
            assert_int_equal(a.live, live);
    }
    assert_true(n > 10);
    visml_tensor_release(y);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_those_of_a_session),
        cmocka_unit_test(any_output_will_do),
        cmocka_unit_test(rows_of_invalid_images_are_nan),
        cmocka_unit_test(the_callback_stops),
        cmocka_unit_test(failing_allocations_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
