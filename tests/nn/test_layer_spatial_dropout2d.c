#include "support/layer_golden.h"
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_spatial_dropout2d(ctx, VISML_OPTS(visml_dropout_opts, __VA_ARGS__), &err)

enum { CHANNELS = 400, PLACES = 45, BATCH = 10 };

static void open(test_layer *t, visml_layer *layer) {
    test_layer_open(t, assert_made(layer, &err), BATCH, VISML_SHAPE(9, 5, 400), 1);
    t->key = 5;
    t->step = 6;
    for (int i = 0; i < BATCH * PLACES * CHANNELS; i++)
        t->x[0][i] = t->dy[i] = 3;
}

/* A channel of a sample is there or not; backward has the same mask. */
static void drops_whole_channels(void **state) {
    (void)state;
    test_layer t;
    open(&t, LAYER(.rate = 0.25));
    test_layer_forward(&t, VISML_TRAINING);
    int dropped = 0;
    for (int i = 0; i < BATCH; i++)
        for (int c = 0; c < CHANNELS; c++) {
            const float *y = t.y + i * PLACES * CHANNELS + c;
            assert_true(*y == 0 || *y == 4);
            for (int p = 1; p < PLACES; p++)
                assert_true(y[p * CHANNELS] == *y);
            dropped += *y == 0;
        }
    assert_in_range(dropped, 1000 - 110, 1000 + 110); /* 4 deviations of sqrt(4000 / 4 * 3 / 4) */
    assert_true(memcmp(t.y, t.y + PLACES * CHANNELS, CHANNELS * sizeof *t.y) != 0); /* samples differ */
    test_layer_backward(&t);
    assert_memory_equal(t.dx[0], t.y, BATCH * PLACES * CHANNELS * sizeof(float)); /* dy is x here: the same mask */
    test_layer_forward(&t, VISML_INFERENCE);
    assert_memory_equal(t.y, t.x[0], BATCH * PLACES * CHANNELS * sizeof(float));
    test_layer_close(&t);
}

static void the_mask_is_a_function_of_key_step_and_seed(void **state) {
    (void)state;
    test_layer a, b;
    open(&a, LAYER(.rate = 0.5));
    open(&b, LAYER(.rate = 0.5, .seed = 5));
    test_layer_forward(&a, VISML_TRAINING);
    b.key = 8; /* the seed stands in its place */
    test_layer_forward(&b, VISML_TRAINING);
    assert_memory_equal(a.y, b.y, BATCH * PLACES * CHANNELS * sizeof(float));
    b.step++;
    test_layer_forward(&b, VISML_TRAINING);
    assert_memory_not_equal(a.y, b.y, BATCH * PLACES * CHANNELS * sizeof(float));
    test_layer_close(&a);
    test_layer_close(&b);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.rate = 0.5), VISML_SHAPE(3, 4), 1, "input [3, 4] must have three dimensions: height, width and channels");
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
        cmocka_unit_test(drops_whole_channels),
        cmocka_unit_test(the_mask_is_a_function_of_key_step_and_seed),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
