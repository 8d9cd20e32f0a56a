#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_permute(ctx, VISML_OPTS(visml_permute_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("permute/two", LAYER(.dims = {2, 1}), &err);
    test_layer_golden("permute/three", LAYER(.dims = {3, 1, 2}), &err);
    test_layer_golden("permute/last_stays", LAYER(.dims = {2, 1, 3}), &err);
    test_layer_golden("permute/five", LAYER(.dims = {4, 1, 5, 3, 2}), &err);
    test_layer_golden("permute/ones", LAYER(.dims = {3, 1, 2}), &err);
}

/* Against plain loops: every order of four dimensions, one of them of a single element. */
static void every_order(void **state) {
    (void)state;
    const int64_t d[4] = {3, 1, 18, 5};
    for (int code = 0; code < 256; code++) {
        int o[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        if (((1 << o[0]) | (1 << o[1]) | (1 << o[2]) | (1 << o[3])) != 15)
            continue;
        test_layer t;
        test_layer_open(&t, LAYER(.dims = {o[0] + 1, o[1] + 1, o[2] + 1, o[3] + 1}), 2, VISML_SHAPE(3, 1, 18, 5), 1);
        test_layer_forward(&t, VISML_TRAINING);
        for (int64_t i = 0; i < 2 * 270; i++) {
            int64_t at[4], left = i;
            for (int k = 3; k >= 0; k--) {
                at[o[k]] = left % d[o[k]];
                left /= d[o[k]];
            }
            assert_true(t.y[i] == t.x[0][((left * d[0] + at[0]) * d[1] + at[1]) * d[2] * d[3] + at[2] * d[3] + at[3]]);
        }
        test_layer_close(&t);
    }
}

static void mistakes_are_named(void **state) {
    (void)state;
    const visml_shape in = *VISML_SHAPE(2, 3);
    test_layer_refuses(LAYER(.dims = {1, 1}), &in, 1, "dims must name each of 1 to 2 once for input [2, 3]");
    test_layer_refuses(LAYER(.dims = {2, 1, 3}), &in, 1, "dims must name each of 1 to 2 once for input [2, 3]");
    test_layer_refuses(LAYER(.dims = {1}), &in, 1, "dims must name each of 1 to 2 once for input [2, 3]");
    assert_null(visml_permute(ctx, NULL, &err));
    assert_string_equal(err.message, "permute: dims is empty; at least one number is required");
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
        cmocka_unit_test(every_order),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
