#include "support/layer_golden.h"
#include <math.h>
#include <string.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_embedding(ctx, VISML_OPTS(visml_embedding_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("embedding/plain", LAYER(.input_dim = 7, .output_dim = 5), &err);
    test_layer_golden("embedding/image", LAYER(.input_dim = 300, .output_dim = 3), &err);
}

/* Rows that are not there give NaN and get no gradient; fractions are cut off; the numbers themselves have no gradient. */
static void numbers_without_a_row(void **state) {
    (void)state;
    const float ids[8] = {0, 2, 2.75f, 3, -1, NAN, INFINITY, -0.5f}, dy[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const int row[8] = {0, 2, 2, -1, -1, -1, -1, 0};
    const float zeros[8] = {0};
    test_layer t;
    test_layer_open(&t, LAYER(.input_dim = 3, .output_dim = 1), 1, VISML_SHAPE(8), 1);
    memcpy(t.x[0], ids, sizeof ids);
    memcpy(t.dy, dy, sizeof dy);
    test_layer_forward(&t, VISML_TRAINING);
    for (int i = 0; i < 8; i++)
        assert_true(row[i] < 0 ? isnan(t.y[i]) : t.y[i] == t.params[0][row[i]]);
    test_layer_backward(&t);
    assert_true(t.grads[0][0] == 129 && t.grads[0][1] == 0 && t.grads[0][2] == 6);
    assert_memory_equal(t.dx[0], zeros, sizeof zeros);
    test_layer_close(&t);
}

static void mistakes_are_named(void **state) {
    (void)state;
    test_layer_refuses(LAYER(.input_dim = 3, .output_dim = 1), VISML_SHAPE(1, 1, 1, 1, 1, 1, 1), 1,
                       "input [1, 1, 1, 1, 1, 1, 1] must have 1 to 6 dimensions: one is added");
    assert_null(LAYER(.input_dim = 16777217, .output_dim = 1));
    assert_string_equal(err.message, "embedding: input_dim is 16777217, must be 1 to 16777216");
    assert_null(LAYER(.input_dim = 3));
    assert_string_equal(err.message, "embedding: output_dim is not set; it is required, at least 1");
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
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(numbers_without_a_row),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
