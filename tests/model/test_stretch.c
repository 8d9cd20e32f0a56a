/* Groups of samples: how the schedule is cut, and that nobody sees it in the results. */
#include "model/exec.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

/* ---- cutting ---- */

/* Maps of 16 x 16 x 16, then 4 x 4 x 16, then a dense layer with 256 x 512 weights. Bytes of the steps: 1.2 KB + 16 KB with 1.8 KB of
 * weights; 16 + 1; 1 + 2 with 0.5 MB. */
static visml_model *tapered(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(16, 16, 1), &err);
    visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 16, .kernel_size = {5}, .padding = VISML_SAME), &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, OPTS(visml_pool2d_opts, .pool_size = {4}), &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 512), &err), &err);
    return built(m, &err);
}

static size_t cut(const visml_model *m, visml_mode mode, int64_t batch, size_t bytes, visml_stretch *s) {
    visml_step steps[8];
    visml_fuse(m, mode, steps);
    return visml_stretches(m, NULL, mode, steps, batch, bytes, s);
}

static void assert_stretch(const visml_stretch *s, int32_t first, int32_t end, int64_t rows) {
    assert_int_equal(s->first, first);
    assert_int_equal(s->end, end);
    assert_int_equal(s->rows, rows);
}

static void large_maps_go_in_small_groups(void **state) {
    (void)state;
    visml_model *m = tapered();
    visml_stretch s[VISML_MAX_STRETCHES];
    assert_int_equal(cut(m, VISML_INFERENCE, 64, 1, s), 2);
    assert_stretch(&s[0], 1, 4, 1);
    assert_stretch(&s[1], 4, 5, 64); /* 512 KB of weights for 3 KB of a sample: 171 would do */
    assert_int_equal(cut(m, VISML_INFERENCE, 1000, 70000, s), 2);
    assert_stretch(&s[0], 1, 4, 4); /* 4 times 17 KB */
    assert_stretch(&s[1], 4, 5, 256);
    visml_model_free(m);
}

static void the_whole_batch_where_there_is_nothing_to_gain(void **state) {
    (void)state;
    visml_model *m = tapered();
    visml_stretch s[VISML_MAX_STRETCHES];
    assert_int_equal(cut(m, VISML_INFERENCE, 64, 0, s), 1);
    assert_stretch(&s[0], 1, 5, 64);
    assert_int_equal(cut(m, VISML_TRAINING, 64, 1, s), 1);
    assert_stretch(&s[0], 1, 5, 64);
    assert_int_equal(cut(m, VISML_INFERENCE, 1, 1, s), 1);
    assert_stretch(&s[0], 1, 5, 1);
    assert_int_equal(cut(m, VISML_INFERENCE, 3, 80000, s), 1); /* 4 times 17 KB would fit */
    assert_stretch(&s[0], 1, 5, 3);
    size_t count = cut(m, VISML_INFERENCE, INT64_MAX, SIZE_MAX, s); /* comes to an end */
    assert_int_equal(s[count - 1].end, 5);
    visml_model_free(m);
}

/* ---- results ---- */

static void check_bits(const visml_model *m, const visml_tensor *x, const visml_tensor *want, int64_t max, size_t bytes) {
    visml_exec run;
    size_t in = (size_t)visml_shape_count(&m->nodes[0].shape), out = (size_t)(want->count / want->shape.dims[0]);
    assert_ok(visml_exec_init(&run, m, VISML_INFERENCE, max, bytes, 0, &err), &err);
    for (int64_t rows = max; rows >= 1; rows = rows / 2) {
        for (int64_t first = 0; first + rows <= x->shape.dims[0]; first += rows) {
            visml_exec_input(&run, (const real *)(const void *)x->data + (size_t)first * in, VISML_REAL_DTYPE, rows);
            visml_exec_forward(&run);
            assert_memory_equal(visml_exec_output(&run), (const real *)(const void *)want->data + (size_t)first * out,
                                (size_t)rows * out * sizeof(real));
        }
    }
    visml_exec_clear(&run);
}

/* Any groups, any number of threads, beside each other or together. */
static void groups_do_not_show_in_results(void **state) {
    (void)state;
    visml_context *two = ctx;
    static const int32_t threads[] = {1, 2, 5};
    for (int t = 0; t < 3; t++) {
        ctx = test_context(threads[t]);
        visml_model *m[] = {built(small_cnn(ctx, &err), &err), built(seed_cnn(ctx, &err), &err), built(residual(ctx, 0.5, &err), &err)};
        for (int i = 0; i < 3; i++) {
            visml_tensor *x = random_input(ctx, visml_model_input_shape(m[i]), 13, VISML_REAL_DTYPE, 5), *want = predict(m[i], x, 1);
            for (size_t bytes = 0; bytes < 200000; bytes = 20 * bytes + 1)
                check_bits(m[i], x, want, 13, bytes);
            visml_tensor_release(x);
            visml_tensor_release(want);
            visml_model_free(m[i]);
        }
        visml_context_free(ctx);
    }
    ctx = two;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_maps_go_in_small_groups), cmocka_unit_test(the_whole_batch_where_there_is_nothing_to_gain),
        cmocka_unit_test(groups_do_not_show_in_results),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
