#include "support/layer_golden.h"
#include <math.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_gaussian_noise(ctx, VISML_OPTS(visml_gaussian_noise_opts, __VA_ARGS__), &err)

enum { N = 40000 };

static void open(test_layer *t, visml_layer *layer) {
    test_layer_open(t, assert_made(layer, &err), 4, VISML_SHAPE(100, 100), 1);
    t->key = 5;
    t->step = 6;
    for (int i = 0; i < N; i++)
        t->x[0][i] = t->dy[i] = 3;
}

/* Mean, deviation, third and fourth moments, each within 4 of its own deviations; neighbours are independent. */
static void numbers_are_normally_distributed(void **state) {
    (void)state;
    test_layer t;
    double sum[5] = {0}, neighbours = 0, before = 0;
    open(&t, LAYER(.stddev = 0.5));
    test_layer_forward(&t, VISML_TRAINING);
    for (int i = 0; i < N; i++) {
        double z = ((double)t.y[i] - 3) / 0.5;
        for (int k = 1; k < 5; k++)
            sum[k] += pow(z, k) / N;
        neighbours += z * before / N;
        before = z;
    }
    double unit = 4 / sqrt(N);
    assert_true(fabs(sum[1]) < unit && fabs(sum[2] - 1) < unit * sqrt(2) && fabs(sum[3]) < unit * sqrt(15));
    assert_true(fabs(sum[4] - 3) < unit * sqrt(96) && fabs(neighbours) < unit);
    test_layer_backward(&t);
    assert_memory_equal(t.dx[0], t.dy, N * sizeof(float)); /* what is added has no part in it */
    test_layer_forward(&t, VISML_INFERENCE);
    assert_memory_equal(t.y, t.x[0], N * sizeof(float));
    test_layer_close(&t);
}

static void they_are_a_function_of_key_step_and_seed(void **state) {
    (void)state;
    test_layer a, b;
    open(&a, LAYER(.stddev = 0.5));
    open(&b, LAYER(.stddev = 0.5, .seed = 5));
    test_layer_forward(&a, VISML_TRAINING);
    b.key = 8; /* the seed stands in its place */
    test_layer_forward(&b, VISML_TRAINING);
    assert_memory_equal(a.y, b.y, N * sizeof(float));
    b.step++;
    test_layer_forward(&b, VISML_TRAINING);
    assert_memory_not_equal(a.y, b.y, N * sizeof(float));
    test_layer_close(&a);
    test_layer_close(&b);
}

static void zero_must_be_meant(void **state) {
    (void)state;
    test_layer t;
    assert_null(visml_gaussian_noise(ctx, NULL, &err));
    open(&t, LAYER(.stddev = VISML_ZERO));
    test_layer_forward(&t, VISML_TRAINING);
    assert_memory_equal(t.y, t.x[0], N * sizeof(float));
    test_layer_close(&t);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_normally_distributed),
        cmocka_unit_test(they_are_a_function_of_key_step_and_seed),
        cmocka_unit_test(zero_must_be_meant),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
