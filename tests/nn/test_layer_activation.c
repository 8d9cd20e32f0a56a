#include "support/layer_golden.h"
#include <math.h>
#include <stdio.h>

static visml_context *ctx;
static visml_error err;

#define LAYER(...) visml_activation(ctx, VISML_OPTS(visml_activation_opts, __VA_ARGS__), &err)

static void agrees_with_keras(void **state) {
    (void)state;
    for (int32_t a = 0; visml_act_names[a]; a++) {
        char name[64];
        if (!*visml_act_names[a])
            continue; /* not for this layer */
        snprintf(name, sizeof name, "activation/%s", visml_act_names[a]);
        test_layer_golden(name, LAYER(.activation = a), &err);
    }
    test_layer_golden("activation/slope", LAYER(.activation = VISML_LEAKY_RELU, .alpha = 0.05), &err);
    test_layer_golden("activation/elu_alpha", LAYER(.activation = VISML_ELU, .alpha = 1.7), &err);
}

static void values_by_hand(void **state) {
    (void)state;
    test_layer_by_hand(LAYER(.activation = VISML_LEAKY_RELU), VISML_SHAPE(2), VISML_INFERENCE, (float[]){-2, 3}, (float[]){-0.4f, 3});
    test_layer_by_hand(LAYER(.activation = VISML_LEAKY_RELU, .alpha = VISML_ZERO), VISML_SHAPE(2), VISML_INFERENCE, (float[]){-2, 3},
                       (float[]){0, 3});
    test_layer_by_hand(LAYER(.activation = VISML_RELU6), VISML_SHAPE(5), VISML_INFERENCE, (float[]){-2, 0.5f, 6, 7, 1e9f},
                       (float[]){0, 0.5f, 6, 6, 6});
    test_layer_by_hand(LAYER(.activation = VISML_SOFTMAX), VISML_SHAPE(2, 2), VISML_INFERENCE, (float[]){1000, 1000, 0, logf(3)},
                       (float[]){0.5f, 0.5f, 0.25f, 0.75f});
}

/* What alpha is where it is not given depends on the activation; a 0 has to be meant. */
static void alphas_have_their_defaults(void **state) {
    (void)state;
    const float x[] = {-20, 3};
    test_layer_by_hand(LAYER(.activation = VISML_ELU), VISML_SHAPE(2), VISML_INFERENCE, x, (float[]){-1, 3});
    test_layer_by_hand(LAYER(.activation = VISML_ELU, .alpha = 0.25), VISML_SHAPE(2), VISML_INFERENCE, x, (float[]){-0.25f, 3});
    test_layer_by_hand(LAYER(.activation = VISML_ELU, .alpha = VISML_ZERO), VISML_SHAPE(2), VISML_INFERENCE, x, (float[]){0, 3});
    assert_null(LAYER(.activation = VISML_ELU, .alpha = -1));
    assert_string_equal(err.message, "activation: alpha is -1, must be at least 0");
    assert_null(LAYER(.activation = VISML_IDENTITY));
    assert_string_equal(err.message, "activation: activation is 7, must be one of the named constants, 0 to 19");
}

/* The layer leaves its activation to the caller. */
static void gives_its_input(void **state) {
    (void)state;
    test_layer t;
    const float x[] = {-1, 2, 1};
    test_layer_open(&t, LAYER(.activation = VISML_RELU), 1, VISML_SHAPE(3), 1);
    visml_pass p = {.compute = visml_context_compute(ctx), .batch = 1, .inputs = 1, .in = t.in, .out = &t.out,
                    .x = (const real *const[]){x}, .y = t.y};
    t.layer->cls->forward(t.layer, &p);
    assert_memory_equal(t.y, x, sizeof x);
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
        cmocka_unit_test(agrees_with_keras),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(alphas_have_their_defaults),
        cmocka_unit_test(gives_its_input),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
