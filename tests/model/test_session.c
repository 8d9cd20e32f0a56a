/* Inference: against sums written out by hand and against Keras; batches cut in pieces; bytes; lifetimes; threads. */
#include <math.h>
#include <pthread.h>

#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    memset(&err, 0, sizeof err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

/* ---- against a walk over the definition ---- */

/* conv 3x3 valid + relu, maximum 2x2, flatten, dense + softmax, on [h, w, c]: in double, as the formulas are written. */
typedef struct naive {
    int64_t h, w, c, f, units;
    const real *kernel, *bias, *dense, *dense_bias;
} naive;

static double conv_relu(const naive *n, const real *x, int64_t i, int64_t j, int64_t f) {
    double s = n->bias[f];
    for (int64_t a = 0; a < 3; a++)
        for (int64_t b = 0; b < 3; b++)
            for (int64_t c = 0; c < n->c; c++)
                s += (double)x[((i + a) * n->w + j + b) * n->c + c] * n->kernel[((a * 3 + b) * n->c + c) * n->f + f];
    return s > 0 ? s : 0;
}

static void evaluate(const naive *n, const real *x, double *y) {
    int64_t oh = (n->h - 2) / 2, ow = (n->w - 2) / 2;
    double sum = 0;
    for (int64_t u = 0; u < n->units; u++) {
        double z = n->dense_bias[u];
        for (int64_t i = 0; i < oh; i++)
            for (int64_t j = 0; j < ow; j++)
                for (int64_t f = 0; f < n->f; f++) {
                    double top = fmax(conv_relu(n, x, 2 * i, 2 * j, f), conv_relu(n, x, 2 * i, 2 * j + 1, f));
                    top = fmax(top, fmax(conv_relu(n, x, 2 * i + 1, 2 * j, f), conv_relu(n, x, 2 * i + 1, 2 * j + 1, f)));
                    z += top * n->dense[((i * ow + j) * n->f + f) * n->units + u];
                }
        y[u] = exp(z);
        sum += y[u];
    }
    for (int64_t u = 0; u < n->units; u++)
        y[u] /= sum;
}

static void agrees_with_the_formulas(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(9, 7, 3), &err);
    visml_model_add(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 5, .kernel_size = {3}, .activation = VISML_RELU), &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dropout(ctx, OPTS(visml_dropout_opts, .rate = 0.9), &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4, .activation = VISML_SOFTMAX), &err), &err);
    built(m, &err);
    for (size_t k = 0; k < 5; k++)
        m->values[m->params[1].offset + k] = (real)0.1 * (real)k; /* biases start at 0 */
    visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 6, VISML_REAL_DTYPE, 1), *y = predict(m, x, 4);
    naive n = {9, 7, 3, 5, 4, m->values + m->params[0].offset, m->values + m->params[1].offset, m->values + m->params[2].offset,
               m->values + m->params[3].offset};
    for (int64_t i = 0; i < 6; i++) {
        double want[4];
        evaluate(&n, (real *)x->data + i * 9 * 7 * 3, want);
        for (int k = 0; k < 4; k++)
            assert_true(fabs(((real *)y->data)[i * 4 + k] - want[k]) < 1e-6);
    }
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_model_free(m);
}

static void agrees_with_keras(void **state) {
    (void)state;
    size_t bytes;
    char *path = test_source("tests/golden/model/residual.f32");
    const float *golden = test_read_file(path, &bytes), *next = golden;
    visml_model *m = built(residual(ctx, 0.5, &err), &err);
    for (size_t i = 0; i < m->param_count; next += m->params[i++].count)
        memcpy(m->values + m->params[i].offset, next, m->params[i].count * sizeof(float));
    visml_tensor *x = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(5, 8, 8, 3), NULL, (void *)(uintptr_t)next, NULL, NULL, &err);
    visml_tensor *b = assert_made(visml_tensor_convert(x, VISML_U8, &err), &err);
    visml_tensor *y = predict(m, x, 32), *from_bytes = predict(m, b, 32);
    next += visml_tensor_count(x);
    for (int i = 0; i < 15; i++)
        assert_true(fabsf(((float *)y->data)[i] - next[i]) < 2e-6f);
    assert_same_bits(y, from_bytes);
    visml_tensor_release(x);
    visml_tensor_release(b);
    visml_tensor_release(y);
    visml_tensor_release(from_bytes);
    visml_model_free(m);
    free((void *)(uintptr_t)golden);
    free(path);
}

/* ---- batches ---- */

static void pieces_do_not_show(visml_model *m, visml_dtype dtype) {
    visml_tensor *x = random_input(ctx, visml_model_input_shape(built(m, &err)), 11, dtype, 5), *whole = predict(m, x, 11);
    const int32_t sizes[] = {1, 2, 5, 10, 64};
    for (int i = 0; i < 5; i++) {
        visml_tensor *y = predict(m, x, sizes[i]);
        assert_same_bits(y, whole);
        visml_tensor_release(y);
    }
    visml_tensor_release(x);
    visml_tensor_release(whole);
    visml_model_free(m);
}

static void large_inputs_run_in_pieces(void **state) {
    (void)state;
    pieces_do_not_show(small_cnn(ctx, &err), VISML_REAL_DTYPE);
    pieces_do_not_show(seed_cnn(ctx, &err), VISML_U8);
    pieces_do_not_show(residual(ctx, 0.5, &err), VISML_U8);
    pieces_do_not_show(residual(ctx, 0.5, &err), VISML_REAL_DTYPE);
}

static void threads_and_runs_do_not_show(void **state) {
    (void)state;
    visml_tensor *first = NULL;
    for (int32_t threads = 1; threads <= 8; threads = threads < 3 ? threads + 1 : threads + 5) {
        visml_context *c = test_context(threads);
        visml_model *m = built(seed_cnn(c, &err), &err);
        visml_tensor *x = random_input(c, visml_model_input_shape(m), 3, VISML_REAL_DTYPE, 2), *y = predict(m, x, 2);
        visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
        visml_tensor *again = new_output(m, 3);
        for (int k = 0; k < 2; k++) { /* nothing is left over from the run before */
            assert_ok(visml_session_run(s, x, again, &err), &err);
            assert_same_bits(y, again);
        }
        if (first)
            assert_same_bits(first, y);
        else
            first = visml_tensor_retain(y);
        visml_session_free(s);
        visml_tensor_release(x);
        visml_tensor_release(y);
        visml_tensor_release(again);
        visml_model_free(m);
        visml_context_free(c);
    }
    visml_tensor_release(first);
}

/* A model of nothing but other shapes of its input: the output is the caller's x. */
static void a_model_without_work(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(2, 3), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dropout(ctx, OPTS(visml_dropout_opts, .rate = 0.5), &err), &err);
    built(m, &err);
    visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 5, VISML_REAL_DTYPE, 3), *y = predict(m, x, 2);
    visml_tensor *b = random_input(ctx, visml_model_input_shape(m), 5, VISML_U8, 3), *z = predict(m, b, 2);
    assert_memory_equal(x->data, y->data, 30 * sizeof(real));
    for (int i = 0; i < 30; i++)
        assert_true(((real *)z->data)[i] == ((uint8_t *)b->data)[i]);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(b);
    visml_tensor_release(z);
    visml_model_free(m);
}

/* ---- life ---- */

static void the_session_keeps_the_model_and_allocates_nothing(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 2), &err), &err);
    visml_model *m = built(residual(c, 0.5, &err), &err);
    visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2), &err), &err);
    visml_tensor *x = random_input(c, visml_model_input_shape(m), 5, VISML_U8, 1), *y = new_output(m, 5), *z = predict(m, x, 5);
    visml_model_free(m);
    visml_context_free(c);
    int64_t calls = a.calls;
    a.countdown = 0;
    a.sticky = 1; /* everything would fail */
    assert_ok(visml_session_run(s, x, y, &err), &err);
    a.countdown = -1;
    assert_int_equal(a.calls, calls);
    assert_same_bits(y, z);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(z);
    visml_session_free(s);
    assert_int_equal(a.live, 0);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    visml_model *m = built(residual(c, 0.5, &err), &err);
    int64_t n = 0, live = a.live;
    for (visml_session *s = NULL; !s; visml_session_free(s)) {
        assert_int_equal(a.live, live);
        assert_true(++n < 100);
        a.countdown = n;
        s = visml_session_new(m, NULL, &err);
        a.countdown = -1;
        assert_true(s || err.code == VISML_ENOMEM);
    }
    assert_int_equal(a.live, live);
    assert_true(n > 5);
    visml_model_free(m);
    visml_context_free(c);
}

/* ---- four threads, one model ---- */

typedef struct job {
    const visml_model *model;
    const visml_tensor *x, *want;
    pthread_t thread;
} job;

static void *run_job(void *arg) {
    job *j = arg;
    for (int i = 0; i < 5; i++) {
        visml_tensor *y = predict(j->model, j->x, 1 + i);
        assert_same_bits(y, j->want);
        visml_tensor_release(y);
    }
    return NULL;
}

static void sessions_in_four_threads(void **state) {
    (void)state;
    visml_model *m = built(residual(ctx, 0.5, &err), &err);
    job jobs[4];
    for (int i = 0; i < 4; i++) {
        visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 4, VISML_REAL_DTYPE, (uint64_t)i);
        jobs[i] = (job){.model = m, .x = x, .want = predict(m, x, 4)};
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(jobs[i].thread, NULL);
        visml_tensor_release((visml_tensor *)(uintptr_t)jobs[i].x);
        visml_tensor_release((visml_tensor *)(uintptr_t)jobs[i].want);
    }
    visml_model_free(m);
}

/* ---- arguments ---- */

static void refuses(visml_session *s, visml_tensor *x, visml_tensor *y, const char *message) {
    assert_int_equal(visml_session_run(s, x, y, &err), VISML_EINVAL);
    assert_string_equal(err.message, message);
}

static void the_memory_limit_holds(void **state) {
    (void)state;
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .memory_limit = 64 << 20, .threads = 1), &err), &err);
    visml_model *m = built(small_cnn(c, &err), &err);
    assert_null(visml_session_new(m, OPTS(visml_session_opts, .max_batch = 2147483647), &err));
    assert_int_equal(err.code, VISML_ENOMEM);
    visml_session_free(assert_made(visml_session_new(m, NULL, &err), &err));
    visml_model_free(m);
    visml_context_free(c);
}

static void bad_arguments_are_named(void **state) {
    (void)state;
    visml_model *open = small_cnn(ctx, &err), *m = built(small_cnn(ctx, &err), &err);
    assert_null(visml_session_new(open, NULL, &err));
    assert_int_equal(err.code, VISML_ESTATE);
    assert_string_equal(err.message, "the model is not built: call visml_model_build first");
    assert_null(visml_session_new(NULL, NULL, &err));
    assert_string_equal(err.message, "session: model is NULL, must be a model");
    assert_null(visml_session_new(m, OPTS(visml_session_opts, .max_batch = -1), &err));
    assert_string_equal(err.message, "session: max_batch is -1, must be at least 1");
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_tensor *x = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 28, 28, 1), &err), *y = new_output(m, 2), *three = new_output(m, 3);
    visml_tensor *flat = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 784), &err);
    visml_tensor *whole = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(2, 28, 28, 1), &err);
    visml_tensor *turned = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(2, 28, 28, 1), (const int64_t[]){784, 1, 28, 1}, x->data, NULL,
                                             NULL, &err);
    refuses(NULL, x, y, "session is NULL, must be a session");
    refuses(s, NULL, y, "session: x is NULL, must be a tensor");
    refuses(s, x, NULL, "session: y is NULL, must be a tensor");
    refuses(s, flat, y, "session: x is [2, 784], must be [N, 28, 28, 1]");
    refuses(s, x, flat, "session: y is [2, 784], must be [N, 10]");
    refuses(s, whole, y, "session: x is int32, must be float32 or uint8");
    refuses(s, x, whole, "session: y is int32, must be float32");
    refuses(s, x, three, "session: x is [2, 28, 28, 1] and y [3, 10], must have the same first dimension");
    refuses(s, turned, y, "session: x has gaps or turned dimensions, must be contiguous (visml_tensor_convert copies)");
    visml_tensor *none = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(0, 28, 28, 1), &err), *nothing = new_output(m, 0);
    assert_ok(visml_session_run(s, none, nothing, &err), &err);
    visml_tensor *all[] = {x, y, three, flat, whole, turned, none, nothing};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        visml_tensor_release(all[i]);
    visml_session_free(s);
    visml_session_free(NULL);
    visml_model_free(open);
    visml_model_free(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(agrees_with_the_formulas), TEST(agrees_with_keras), TEST(large_inputs_run_in_pieces), TEST(threads_and_runs_do_not_show),
        TEST(a_model_without_work), TEST(the_session_keeps_the_model_and_allocates_nothing), TEST(every_allocation_may_fail),
        TEST(sessions_in_four_threads), TEST(the_memory_limit_holds), TEST(bad_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
