#include "support/layer_golden.h"
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_dropout(ctx, VISML_OPTS(visml_dropout_opts, __VA_ARGS__), &err)

static void open(test_layer *t, visml_layer *layer, uint64_t key, uint64_t step) {
    test_layer_open(t, assert_made(layer, &err), 4, VISML_SHAPE(50, 50), 1);
    t->key = key;
    t->step = step;
    for (int i = 0; i < 10000; i++)
        t->x[0][i] = t->dy[i] = 3;
}

static void drops_as_often_as_asked_and_scales_the_rest(void **state) {
    (void)state;
    test_layer t;
    open(&t, LAYER(.rate = 0.25), 5, 6);
    test_layer_forward(&t, VISML_TRAINING);
    int dropped = 0;
    for (int i = 0; i < 10000; i++) {
        assert_true(t.y[i] == 0 || t.y[i] == 4);
        dropped += t.y[i] == 0;
    }
    assert_in_range(dropped, 2500 - 174, 2500 + 174); /* 4 deviations of sqrt(10000 / 4 * 3 / 4) */
    test_layer_backward(&t);
    assert_memory_equal(t.dx[0], t.y, 10000 * sizeof(float)); /* dy is x here: the same mask */
    test_layer_forward(&t, VISML_INFERENCE);
    assert_memory_equal(t.y, t.x[0], 10000 * sizeof(float));
    test_layer_close(&t);
}

static void mask_of(float *mask, visml_layer *layer, uint64_t key, uint64_t step) {
    test_layer t;
    open(&t, layer, key, step);
    test_layer_forward(&t, VISML_TRAINING);
    memcpy(mask, t.y, 10000 * sizeof(float));
    test_layer_close(&t);
}

static void the_mask_is_a_function_of_key_and_step(void **state) {
    (void)state;
    static float a[10000], b[10000];
    mask_of(a, LAYER(.rate = 0.5), 1, 2);
    mask_of(b, LAYER(.rate = 0.5), 1, 2);
    assert_memory_equal(a, b, sizeof a);
    mask_of(b, LAYER(.rate = 0.5), 1, 3);
    assert_memory_not_equal(a, b, sizeof a);
    mask_of(b, LAYER(.rate = 0.5), 2, 2);
    assert_memory_not_equal(a, b, sizeof a);
    mask_of(a, LAYER(.rate = 0.5, .seed = 9), 1, 2); /* a seed of its own: the run's key is not used */
    mask_of(b, LAYER(.rate = 0.5, .seed = 9), 7, 2);
    assert_memory_equal(a, b, sizeof a);
}

static void a_rate_of_zero_must_be_meant(void **state) {
    (void)state;
    test_layer t;
    assert_null(visml_dropout(ctx, NULL, &err));
    assert_string_equal(err.message, "dropout: rate is not set; it is required, 0 to below 1");
    open(&t, LAYER(.rate = VISML_ZERO), 1, 1);
    test_layer_forward(&t, VISML_TRAINING);
    assert_memory_equal(t.y, t.x[0], 10000 * sizeof(float));
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
        cmocka_unit_test(drops_as_often_as_asked_and_scales_the_rest),
        cmocka_unit_test(the_mask_is_a_function_of_key_and_step),
        cmocka_unit_test(a_rate_of_zero_must_be_meant),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
