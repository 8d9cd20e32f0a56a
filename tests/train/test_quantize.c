/* Networks on bytes: as good as on floats, the same on every level and for any number of threads, and failing as everything else does. */
#include "train/toy.h"

#include "model/calibration.h"

static visml_error err;

static double accuracy_of(const visml_model *m, visml_dataset *ds, const visml_quantization *q, double *floats) {
    visml_report *r = NULL;
    assert_ok(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .quantization = q), NULL, &r, &err), &err);
    double accuracy = visml_report_accuracy(r);
    *floats = visml_report_float_accuracy(r);
    visml_report_free(r);
    return accuracy;
}

/* 600 lines that training did not see: at most 6 of them may be told differently. */
static void a_trained_network_keeps_its_accuracy(void **state) {
    (void)state;
    static const double percentiles[] = {0, 100, 99.9};
    visml_context *ctx = test_context(2);
    visml_dataset *ds = toy_lines(ctx, 300, 1), *test = toy_lines(ctx, 600, 9);
    visml_model *m = toy_cnn(ctx);
    double floats, none;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 12), NULL, &err), &err);
    double want = accuracy_of(m, test, NULL, &none);
    assert_true(want > 0.9 && isnan(none));
    for (size_t i = 0; i < 3; i++) {
        const visml_quantize_opts o = {.size = (uint32_t)sizeof o, .percentile = percentiles[i]};
        visml_quantization *q = assert_made(visml_quantize(m, ds, &o, &err), &err);
        double got = accuracy_of(m, test, q, &floats);
        assert_true(floats == want);
        if (!(fabs(got - want) <= 0.01))
            fail_msg("accuracy %g on bytes, %g on floats", got, want);
        visml_quantization_free(q);
    }
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(test);
    visml_context_free(ctx);
}

#define AFTER(...) (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)

static int32_t conv(visml_model *m, visml_context *c, int32_t from, visml_conv2d_opts o) {
    o.size = (uint32_t)sizeof o;
    o.padding = VISML_SAME;
    return visml_model_apply(m, visml_conv2d(c, &o, &err), AFTER(from), &err);
}

/* What a step on bytes can be, and borders to those on floats: [9, 8, 3] -> [5]. */
static visml_model *everything(visml_context *c, double offset) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(9, 8, 3), &err);
    int32_t x = visml_model_apply(m, visml_rescaling(c, VISML_OPTS(visml_rescaling_opts, .scale = 1 / 127.5, .offset = offset), &err),
                                  AFTER(0), &err);
    int32_t a = conv(m, c, x, (visml_conv2d_opts){.filters = 20, .kernel_size = {3}, .activation = VISML_RELU});
    int32_t n = visml_model_apply(m, visml_batchnorm(c, NULL, &err), AFTER(a), &err); /* behind the activation */
    int32_t d = conv(m, c, n, (visml_conv2d_opts){.filters = 20, .kernel_size = {3}, .groups = 20, .activation = VISML_RELU6});
    int32_t b = conv(m, c, d, (visml_conv2d_opts){.filters = 20, .kernel_size = {1}, .no_bias = 1});
    int32_t bn = visml_model_apply(m, visml_batchnorm(c, NULL, &err), AFTER(b), &err);
    int32_t sum = visml_model_apply(m, visml_add(c, NULL, &err), AFTER(bn, n), &err); /* a residual */
    int32_t relu = visml_model_apply(m, visml_activation(c, VISML_OPTS(visml_activation_opts, .activation = VISML_RELU), &err),
                                     AFTER(sum), &err);
    int32_t top = visml_model_apply(m, visml_maxpool2d(c, NULL, &err), AFTER(relu), &err);
    int32_t mean = visml_model_apply(m, visml_avgpool2d(c, NULL, &err), AFTER(relu), &err);
    int32_t add = visml_model_apply(m, visml_add(c, NULL, &err), AFTER(top, mean), &err); /* of two arrays of bytes */
    int32_t both = visml_model_apply(m, visml_concatenate(c, NULL, &err), AFTER(add, mean), &err); /* on floats */
    int32_t e = conv(m, c, both, (visml_conv2d_opts){.filters = 9, .kernel_size = {3}, .groups = 1, .activation = VISML_TANH});
    int32_t g = visml_model_apply(m, visml_global_avgpool2d(c, NULL, &err), AFTER(e), &err);
    int32_t h = conv(m, c, e, (visml_conv2d_opts){.filters = 9, .kernel_size = {3}, .activation = VISML_GELU}); /* floats come out */
    int32_t i = conv(m, c, h, (visml_conv2d_opts){.filters = 9, .kernel_size = {1}, .no_bias = 1});
    int32_t in = visml_model_apply(m, visml_batchnorm(c, NULL, &err), AFTER(i), &err);
    int32_t silu = visml_model_apply(m, visml_activation(c, VISML_OPTS(visml_activation_opts, .activation = VISML_SILU), &err), AFTER(in),
                                     &err);
    int32_t k = conv(m, c, silu, (visml_conv2d_opts){.filters = 9, .kernel_size = {1}, .activation = VISML_HARD_SILU});
    int32_t gk = visml_model_apply(m, visml_global_avgpool2d(c, NULL, &err), AFTER(k), &err);
    int32_t joined = visml_model_apply(m, visml_concatenate(c, NULL, &err), AFTER(g, gk), &err);
    visml_model_apply(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 5, .activation = VISML_SOFTMAX), &err), AFTER(joined), &err);
    assert_ok(visml_model_build(m, 3, &err), &err);
    return m;
}

#define ROWS 11

static visml_dataset *noise(visml_context *ctx, int bytes) {
    uint64_t seed = 5;
    visml_tensor *x = assert_made(visml_tensor_new(ctx, bytes ? VISML_U8 : VISML_F32, VISML_SHAPE(ROWS, 9, 8, 3), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(ROWS), &err), &err);
    for (int64_t i = 0; i < visml_tensor_count(x); i++) {
        unsigned char v = (unsigned char)test_random(&seed);
        if (bytes)
            ((unsigned char *)visml_tensor_data(x))[i] = v;
        else
            ((float *)visml_tensor_data(x))[i] = v;
    }
    memset(visml_tensor_data(y), 0, ROWS * 4);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 5, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

static void predict(const visml_model *m, visml_dataset *ds, const visml_quantization *q, float y[ROWS * 5]) {
    visml_tensor *t = assert_made(visml_predict(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = 4, .quantization = q), &err), &err);
    memcpy(y, visml_tensor_data(t), ROWS * 5 * sizeof *y);
    visml_tensor_release(t);
}

static void run(int32_t threads, uint32_t mask, double offset, int calibrate_bytes, int bytes, float floats[ROWS * 5], float y[ROWS * 5]) {
    visml_context *ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = mask), &err), &err);
    visml_model *m = everything(ctx, offset);
    visml_dataset *calibration = noise(ctx, calibrate_bytes), *ds = noise(ctx, bytes);
    visml_quantization *q = assert_made(visml_quantize(m, calibration, VISML_OPTS(visml_quantize_opts, .percentile = 100), &err), &err);
    predict(m, ds, NULL, floats);
    predict(m, ds, q, y);
    visml_model_free(m); /* the quantization holds it */
    visml_quantization_free(q);
    visml_dataset_free(calibration);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void every_kind_of_step_is_near_its_floats(void **state) {
    (void)state;
    for (int offset = 0; offset < 2; offset++)
        for (int calibrated = 0; calibrated < 2; calibrated++) {
            float want[ROWS * 5], got[ROWS * 5], other[ROWS * 5], unused[ROWS * 5];
            run(1, 0, -offset, calibrated, 1, want, got);
            run(1, 0, -offset, calibrated, 0, unused, other);
            int differ = 0;
            for (int i = 0; i < ROWS * 5; i++) {
                if (!(fabsf(got[i] - want[i]) <= 0.02f))
                    fail_msg("probability %d is %g, %g on floats", i, (double)got[i], (double)want[i]);
                differ |= got[i] != want[i];
            }
            assert_true(differ); /* something has been rounded */
            assert_memory_equal(got, other, sizeof got); /* pixels as floats are the same pixels */
        }
}

/* Layers that are convolutions by another name: [9, 8, 3] -> [5]. */
static visml_model *other_convolutions(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(9, 8, 3), &err);
    visml_depthwise_conv2d_opts depthwise = {.size = sizeof depthwise, .kernel_size = {3}, .depth_multiplier = 2, .padding = VISML_SAME,
                                             .activation = VISML_RELU};
    visml_conv1d_opts line = {.size = sizeof line, .filters = 8, .kernel_size = 3, .strides = 2, .padding = VISML_CAUSAL,
                              .activation = VISML_RELU};
    visml_model_add(m, visml_rescaling(c, VISML_OPTS(visml_rescaling_opts, .scale = 1 / 127.5), &err), &err);
    visml_model_add(m, visml_depthwise_conv2d(c, &depthwise, &err), &err);
    visml_model_add(m, visml_reshape(c, VISML_OPTS(visml_reshape_opts, .target_shape = {-1, 6}), &err), &err);
    visml_model_add(m, visml_conv1d(c, &line, &err), &err);
    visml_model_add(m, visml_maxpool1d(c, NULL, &err), &err);
    visml_model_add(m, visml_global_avgpool1d(c, NULL, &err), &err);
    visml_model_add(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 5, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(m, 3, &err), &err);
    return m;
}

static void other_convolutions_are_near_their_floats(void **state) {
    (void)state;
    float want[ROWS * 5], got[ROWS * 5];
    int differ = 0;
    visml_context *ctx = test_context(2);
    visml_model *m = other_convolutions(ctx);
    visml_dataset *ds = noise(ctx, 1);
    visml_quantization *q = assert_made(visml_quantize(m, ds, VISML_OPTS(visml_quantize_opts, .percentile = 100), &err), &err);
    predict(m, ds, NULL, want);
    predict(m, ds, q, got);
    for (int i = 0; i < ROWS * 5; i++) {
        if (!(fabsf(got[i] - want[i]) <= 0.02f))
            fail_msg("probability %d is %g, %g on floats", i, (double)got[i], (double)want[i]);
        differ |= got[i] != want[i];
    }
    assert_true(differ);
    visml_quantization_free(q);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void the_same_bits_on_all_levels_and_threads(void **state) {
    (void)state;
    float want[ROWS * 5], got[ROWS * 5], floats[ROWS * 5];
    run(1, VISML_CPU_REF, 0, 1, 1, floats, want);
    for (int32_t threads = 1; threads <= 3; threads++)
        for (uint32_t mask = VISML_CPU_AVX2; mask <= VISML_CPU_VNNI; mask *= 2) {
            run(threads, mask | (mask == VISML_CPU_VNNI ? VISML_CPU_AVX512 : 0), 0, 1, 1, floats, got);
            assert_memory_equal(got, want, sizeof got);
        }
}

/* Weights that are not finite keep a layer on floats, where NaN goes on as it does there. */
static void what_is_not_finite_stays_on_floats(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = noise(ctx, 1);
    visml_model *m = everything(ctx, 0);
    float floats[ROWS * 5], y[ROWS * 5];
    m->values[m->params[0].offset] = NAN;
    visml_quantization *q = assert_made(visml_quantize(m, ds, NULL, &err), &err);
    visml_session *s = visml_session_new(m, VISML_OPTS(visml_session_opts, .quantization = q), &err);
    if (s) {
        predict(m, ds, NULL, floats);
        predict(m, ds, q, y);
        for (int i = 0; i < ROWS * 5; i++)
            assert_true(isnan(floats[i]) && isnan(y[i]));
    } else {
        assert_int_equal(err.code, VISML_EUNSUPPORTED);
    }
    visml_session_free(s);
    visml_quantization_free(q);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static int32_t stop(void *user, visml_model *model, const visml_progress *p) {
    (void)model, (void)p;
    return ++*(int *)user == 2;
}

static void bad_arguments_are_refused(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = noise(ctx, 1);
    visml_model *m = everything(ctx, 0), *other = everything(ctx, 0), *open = visml_model_new(ctx, VISML_SHAPE(9, 8, 3), &err);
    visml_model *flat = visml_model_new(ctx, VISML_SHAPE(9, 8, 3), &err);
    visml_model_add(flat, visml_flatten(ctx, NULL, &err), &err);
    assert_ok(visml_model_build(flat, 1, &err), &err);
    visml_quantization *q = assert_made(visml_quantize(m, ds, NULL, &err), &err), *nothing = visml_quantize(flat, ds, NULL, &err);
    assert_made(nothing, &err);
    assert_null(visml_session_new(other, VISML_OPTS(visml_session_opts, .quantization = q), &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, "session: quantization was made of another model, must be of this one");
    assert_null(visml_session_new(flat, VISML_OPTS(visml_session_opts, .quantization = nothing), &err));
    assert_int_equal(err.code, VISML_EUNSUPPORTED);
    assert_null(visml_quantize(NULL, ds, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_quantize(open, ds, NULL, &err));
    assert_int_equal(err.code, VISML_ESTATE);
    assert_null(visml_quantize(m, NULL, NULL, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_quantize(m, ds, VISML_OPTS(visml_quantize_opts, .percentile = 100.5), &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_quantize(m, ds, VISML_OPTS(visml_quantize_opts, .samples = -1), NULL));
    int calls = 0;
    visml_callback callback = {.size = (uint32_t)sizeof callback, .user = &calls, .batch_end = stop};
    assert_null(visml_quantize(m, ds, VISML_OPTS(visml_quantize_opts, .batch_size = 2, .callback = &callback), &err));
    assert_int_equal(err.code, VISML_ECANCELLED);
    visml_quantization_free(NULL);
    visml_quantization_free(q);
    visml_quantization_free(nothing);
    visml_model_free(m);
    visml_model_free(other);
    visml_model_free(open);
    visml_model_free(flat);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .allocator = &a.table), &err), &err);
    visml_dataset *ds = noise(ctx, 1);
    visml_model *m = everything(ctx, 0);
    visml_quantization *q = NULL;
    visml_session *s = NULL;
    for (int64_t n = 1; !s; n++) {
        int64_t live = a.live;
        a.countdown = n;
        q = visml_quantize(m, ds, VISML_OPTS(visml_quantize_opts, .workers = -1), &err);
        if (q)
            s = visml_session_new(m, VISML_OPTS(visml_session_opts, .quantization = q), &err);
        a.countdown = -1;
        if (!s) {
            assert_int_equal(err.code, VISML_ENOMEM);
            visml_quantization_free(q);
            assert_int_equal(a.live, live);
        }
        assert_true(n < 2000);
    }
    visml_session_free(s);
    visml_quantization_free(q);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

/* ---- inputs of open size ---- */

static visml_model *pooled(visml_context *c, int64_t height, int64_t width) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(height, width, 3), &err);
    int32_t x = conv(m, c, 0, (visml_conv2d_opts){.filters = 24, .kernel_size = {3}, .activation = VISML_RELU});
    x = visml_model_apply(m, visml_maxpool2d(c, NULL, &err), AFTER(x), &err);
    x = conv(m, c, x, (visml_conv2d_opts){.filters = 24, .kernel_size = {3}, .groups = 24, .activation = VISML_RELU6});
    x = conv(m, c, x, (visml_conv2d_opts){.filters = 9, .kernel_size = {3}, .activation = VISML_GELU});
    x = visml_model_apply(m, visml_global_avgpool2d(c, NULL, &err), AFTER(x), &err);
    visml_model_apply(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 5), &err), AFTER(x), &err);
    assert_ok(visml_model_build(m, 3, &err), &err);
    return m;
}

static visml_tensor *pixels(visml_context *c, int64_t n, int64_t height, int64_t width) {
    visml_tensor *x = assert_made(visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, height, width, 3), &err), &err);
    uint64_t seed = 4;
    for (int64_t i = 0; i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(test_random(&seed) >> 9);
    return x;
}

/* Calibrated at one size, run at several in turn: the bytes of a network of that size with the same ranges. */
static void an_open_input_runs_on_bytes_at_every_size(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{12, 12}, {7, 20}, {40, 33}, {12, 12}};
    visml_context *ctx = test_context(2);
    visml_model *open = pooled(ctx, VISML_ANY, VISML_ANY);
    visml_tensor *seen = pixels(ctx, 8, 12, 12), *labels = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(8), &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, seen, labels, NULL, 5, &err), &err);
    visml_quantization *q = assert_made(visml_quantize(open, ds, NULL, &err), &err);
    visml_session *s = assert_made(visml_session_new(open, VISML_OPTS(visml_session_opts, .max_batch = 2, .quantization = q), &err), &err);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        visml_model *m = pooled(ctx, sizes[i][0], sizes[i][1]);
        visml_model *was = q->model;
        visml_tensor *x = pixels(ctx, 3, sizes[i][0], sizes[i][1]);
        visml_tensor *want = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(3, 5), &err), &err);
        visml_tensor *got = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(3, 5), &err), &err);
        q->model = m; /* the ranges are those of the nodes, which are the same */
        visml_session *fixed = assert_made(visml_session_new(m, VISML_OPTS(visml_session_opts, .quantization = q), &err), &err);
        q->model = was;
        assert_ok(visml_session_run(fixed, x, want, &err), &err);
        assert_ok(visml_session_run(s, x, got, &err), &err);
        assert_memory_equal(want->data, got->data, 15 * sizeof(float));
        visml_session_free(fixed);
        visml_tensor_release(x);
        visml_tensor_release(want);
        visml_tensor_release(got);
        visml_model_free(m);
    }
    visml_session_free(s);
    visml_quantization_free(q);
    visml_dataset_free(ds);
    visml_tensor_release(seen);
    visml_tensor_release(labels);
    visml_model_free(open);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_input_runs_on_bytes_at_every_size),
        cmocka_unit_test(a_trained_network_keeps_its_accuracy),    cmocka_unit_test(every_kind_of_step_is_near_its_floats),
        cmocka_unit_test(the_same_bits_on_all_levels_and_threads), cmocka_unit_test(what_is_not_finite_stays_on_floats),
        cmocka_unit_test(bad_arguments_are_refused),               cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(other_convolutions_are_near_their_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
