#include "support/layer_golden.h"

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    test_layer_golden("rescaling/plain", LAYER(.scale = 1 / 127.5, .offset = -1), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.scale = 0.5), VISML_SHAPE(2), VISML_INFERENCE, (float[]){0, 255}, (float[]){0, 127.5f});
    test_layer_by_hand(LAYER(.scale = VISML_ZERO, .offset = 3), VISML_SHAPE(2), VISML_INFERENCE, (float[]){0, 255}, (float[]){3, 3});
}

static void a_scale_is_required(void **state) {
    (void)state;
    assert_null(LAYER(.offset = 1));
    assert_string_equal(err.message, "rescaling: scale is not set; it is required, finite as float32");
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
        cmocka_unit_test(a_scale_is_required),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
