/* What every row of losses.def promises; the values are in tests/nn/test_loss.c, the gradients in test_gradients.c. */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "contract/option_contract.h"
#include "nn/loss.h"

#define ROWS 700
#define WIDTH 9

static visml_context *ctx;
static visml_error err;

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_loss_make(c, t->cls, opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_loss *)object)->opts;
}

static void free_loss(void *object) {
    visml_loss_free(object);
}

static void options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; visml_loss_classes[i]; i++) {
        const visml_loss_class *c = visml_loss_classes[i];
        test_options t = {c->name, c->fields, c->opts_size, NULL, make, options_of, free_loss, c, ctx};
        test_options_sizes(&t);
        test_options_ranges(&t);
        test_options_allocations(&t);
    }
}

static json_t *to_json(const void *object) {
    return visml_loss_describe(object);
}

static void classes_are_found_and_described(void **state) {
    (void)state;
    for (size_t i = 0; visml_loss_classes[i]; i++) {
        const visml_loss_class *c = visml_loss_classes[i];
        assert_ptr_equal(visml_loss_class_find(c->name), c);
        visml_loss *loss = assert_made(visml_loss_make(ctx, c, NULL, &err), &err);
        json_t *object = visml_loss_describe(loss);
        assert_string_equal(json_string_value(json_object_get(object, "class")), c->name);
        assert_int_equal(json_object_size(object), 1); /* all else is default */
        visml_loss *again = assert_made(visml_loss_from_description(ctx, object, &err), &err);
        assert_ptr_equal(again->cls, c);
        assert_memory_equal(again->opts, loss->opts, c->opts_size);
        visml_loss_free(again);
        json_decref(object);
        assert_int_equal(visml_loss_from_logits(loss), 0);
        assert_true(c->joins == 0 || c->joins == VISML_SOFTMAX || c->joins == VISML_SIGMOID);
        test_json_allocations(to_json, loss);
        visml_loss_free(loss);
    }
    assert_null(visml_loss_class_find("adam"));
    assert_null(visml_loss_class_find(NULL));
}

typedef struct result {
    float rows[ROWS], dy[ROWS * WIDTH], prob[ROWS * WIDTH];
} result;

static void run_in(const visml_loss_class *cls, int logits, int32_t threads, uint32_t mask, result *r) {
    static float y[ROWS * WIDTH], weights[ROWS];
    static int32_t labels[ROWS];
    uint64_t seed = 5;
    for (int i = 0; i < ROWS * WIDTH; i++)
        y[i] = 1.1f + test_random_float(&seed);
    for (int i = 0; i < ROWS; i++) {
        labels[i] = (int32_t)(test_random(&seed) % WIDTH);
        weights[i] = 1 + test_random_float(&seed);
    }
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = mask), &err), &err);
    visml_loss *loss = assert_made(visml_loss_make(c, cls, NULL, &err), &err);
    visml_loss_pass p = {.compute = visml_context_compute(c), .rows = ROWS, .width = WIDTH, .y = y, .logits = logits, .labels = labels,
                         .weights = weights, .scale = 1.0f / ROWS, .loss = r->rows, .dy = r->dy, .prob = r->prob};
    memset(r, 0xFF, sizeof *r); /* NaN */
    cls->run(loss, &p);
    visml_loss_free(loss);
    visml_context_free(c);
}

static void threads_and_levels_change_nothing(void **state) {
    static const int32_t counts[] = {2, 3, 8};
    static result want, got;
    (void)state;
    for (size_t i = 0; visml_loss_classes[i]; i++)
        for (int logits = 0; logits <= (visml_loss_classes[i]->joins != 0); logits++) {
            run_in(visml_loss_classes[i], logits, 1, VISML_CPU_REF, &want);
            for (int j = 0; j < ROWS * WIDTH; j++)
                assert_true(want.dy[j] == want.dy[j] && want.prob[j] == want.prob[j] && want.rows[j / WIDTH] == want.rows[j / WIDTH]);
            for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
                run_in(visml_loss_classes[i], logits, counts[t], VISML_CPU_REF, &got);
                assert_memory_equal(&got, &want, sizeof got);
            }
            for (uint32_t level = VISML_CPU_AVX2; level <= VISML_CPU_NEON; level *= 2)
                if (visml_cpu_levels() & level) {
                    run_in(visml_loss_classes[i], logits, 2, level, &got);
                    assert_memory_equal(&got, &want, sizeof got);
                }
        }
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
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(classes_are_found_and_described),
        cmocka_unit_test(threads_and_levels_change_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
