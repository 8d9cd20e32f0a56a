#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_avgpool2d(ctx, VISML_OPTS(visml_pool2d_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("avgpool2d/plain", LAYER(.pool_size = {2, 3}, .strides = {1, 2}), &err);
    test_layer_golden("avgpool2d/same", LAYER(.pool_size = {3}, .strides = {2}, .padding = VISML_SAME), &err);
}

/* The mean is taken over what the window really covers. */
static void values_by_hand(void **state) {
    (void)state;
    const float x[] = {1, 2, 3, 4, 9, 6};
    test_layer_by_hand(LAYER(.pool_size = {2, 1}), VISML_SHAPE(2, 3, 1), VISML_INFERENCE, x, (float[]){2.5f, 5.5f, 4.5f});
    test_layer_by_hand(LAYER(.pool_size = {2}, .strides = {1}, .padding = VISML_SAME), VISML_SHAPE(2, 3, 1), VISML_INFERENCE, x,
                       (float[]){4, 5, 4.5f, 6.5f, 7.5f, 6});
}

static void a_stride_may_be_given_for_the_width_alone(void **state) {
    (void)state;
    visml_shape out;
    visml_layer *l = assert_made(LAYER(.pool_size = {3, 2}, .strides = {0, 1}), &err);
    assert_ok(visml_layer_build(l, VISML_SHAPE(9, 9, 2), 1, &out, &err), &err);
    assert_true(visml_shape_equal(&out, VISML_SHAPE(3, 8, 2)));
    visml_layer_free(l);
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
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(a_stride_may_be_given_for_the_width_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
