#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/loss.h"
#include "support/golden.h"

#define N 6
#define C 5

static visml_context *ctx;
static visml_error err;
static test_golden golden;
static float z[N * C], y[N * C], targets[N * C], weights[N];
static int32_t labels[N];

static void load(const char *name, float *values, int64_t n) {
    test_array a = test_golden_find(&golden, "%s", name);
    assert_int_equal(a.count, n);
    memcpy(values, a.values, (size_t)n * sizeof *values);
    free(a.values);
}

/* What differs between the cases. */
typedef struct setting {
    const char *name;
    const float *output;
    int on_labels, weighted;
} setting;

static void compare(const char *name, const char *part, const float *got, int64_t n) {
    char what[64];
    test_array a = test_golden_find(&golden, "%s/%s", name, part);
    snprintf(what, sizeof what, "%s/%s", name, part);
    assert_int_equal(a.count, n);
    test_assert_close(what, got, a.values, n, 1e-6);
    free(a.values);
}

static void agrees(visml_loss *loss, setting s) {
    float rows[N], dy[N * C], in_place[N * C];
    assert_made(loss, &err);
    visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = N, .width = C, .y = s.output,
                         .labels = s.on_labels ? labels : NULL, .targets = s.on_labels ? NULL : targets,
                         .weights = s.weighted ? weights : NULL, .scale = 1.0f / N, .loss = rows, .dy = dy};
    loss->cls->run(loss, &p);
    compare(s.name, "loss", rows, N);
    compare(s.name, "dy", dy, N * C);
    memcpy(in_place, s.output, sizeof in_place); /* dy may be y */
    p.y = p.dy = in_place;
    loss->cls->run(loss, &p);
    assert_memory_equal(in_place, dy, sizeof dy);
    visml_loss_free(loss);
}

#define CCE(...) visml_categorical_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, __VA_ARGS__), &err)
#define SCCE(...) visml_sparse_categorical_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, __VA_ARGS__), &err)

static void crossentropy_agrees_with_keras(void **state) {
    (void)state;
    agrees(CCE(.from_logits = 1), (setting){"cce/logits", z, 0, 0});
    agrees(CCE(.from_logits = 1), (setting){"cce/logits_weighted", z, 0, 1});
    agrees(CCE(.from_logits = 1, .label_smoothing = 0.1), (setting){"cce/logits_smooth", z, 1, 1});
    agrees(CCE(.from_logits = 0), (setting){"cce/probabilities", y, 0, 1});
    agrees(CCE(.label_smoothing = 0.2), (setting){"cce/probabilities_smooth", y, 1, 0});
    agrees(SCCE(.from_logits = 1), (setting){"scce/logits", z, 1, 1});
    agrees(SCCE(.from_logits = 0), (setting){"scce/probabilities", y, 1, 1});
}

static void mean_squared_error_agrees_with_keras(void **state) {
    (void)state;
    agrees(visml_mean_squared_error(ctx, NULL, &err), (setting){"mse/arrays", z, 0, 1});
    agrees(visml_mean_squared_error(ctx, NULL, &err), (setting){"mse/labels", z, 1, 0});
}

/* Keras takes probabilities as 1e-7 ... 1 - 1e-7; what is cut off has no gradient. */
static void probabilities_are_cut(void **state) {
    (void)state;
    const float sure[] = {1, 0, 0, 1}, zero = 0;
    const int32_t wrong[] = {1, 1};
    float rows[2], dy[4], prob[4];
    visml_loss *loss = assert_made(SCCE(.from_logits = 0), &err);
    visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 2, .width = 2, .y = sure, .labels = wrong, .scale = 1, .loss = rows,
                         .dy = dy, .prob = prob};
    loss->cls->run(loss, &p);
    test_assert_close("loss", rows, (float[]){-logf(1e-7f), 1e-7f}, 2, 1e-6);
    for (int i = 0; i < 4; i++)
        assert_true(dy[i] == zero);
    assert_memory_equal(prob, sure, sizeof sure);
    visml_loss_free(loss);
}

/* The same from logits keeps all of it: 200 is the distance of the logits. */
static void logits_lose_nothing(void **state) {
    (void)state;
    const float far[] = {100, -100};
    const int32_t wrong[] = {1};
    float rows[1], dy[2], prob[2];
    visml_loss *loss = assert_made(SCCE(.from_logits = 0), &err);
    visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 1, .width = 2, .y = far, .logits = 1, .labels = wrong, .scale = 1,
                         .loss = rows, .dy = dy, .prob = prob};
    loss->cls->run(loss, &p);
    assert_true(rows[0] == 200 && dy[0] == 1 && dy[1] == -1 && prob[0] == 1);
    visml_loss_free(loss);
}

static void a_label_of_minus_one_leaves_its_row_out(void **state) {
    (void)state;
    const int32_t none[] = {-1, 2};
    for (size_t i = 0; visml_loss_classes[i]; i++)
        for (int logits = 0; logits <= visml_loss_classes[i]->joins_softmax; logits++) {
            float rows[2], dy[2 * C];
            visml_loss *loss = assert_made(visml_loss_make(ctx, visml_loss_classes[i], NULL, &err), &err);
            visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 2, .width = C, .y = y, .logits = logits, .labels = none,
                                 .scale = 1, .loss = rows, .dy = dy};
            loss->cls->run(loss, &p);
            assert_true(rows[0] == 0 && rows[1] > 0);
            for (int c = 0; c < C; c++)
                assert_true(dy[c] == 0 && dy[C + c] != 0);
            visml_loss_free(loss);
        }
}

/* More rows than the pieces that the work is cut into, against one row at a time; evaluation wants no gradient. */
static void many_rows_are_as_single_ones(void **state) {
    (void)state;
    enum { MANY = 1111 };
    static float out[MANY * 3], rows[MANY], one, weight[MANY];
    static int32_t label[MANY];
    uint64_t seed = 3;
    for (int i = 0; i < MANY * 3; i++)
        out[i] = 1.5f + test_random_float(&seed);
    for (int i = 0; i < MANY; i++) {
        label[i] = (int32_t)(test_random(&seed) % 3);
        weight[i] = 1.5f + test_random_float(&seed);
    }
    for (size_t i = 0; visml_loss_classes[i]; i++)
        for (int logits = 0; logits <= visml_loss_classes[i]->joins_softmax; logits++) {
            visml_loss *loss = assert_made(visml_loss_make(ctx, visml_loss_classes[i], NULL, &err), &err);
            visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = MANY, .width = 3, .y = out, .logits = logits,
                                 .labels = label, .weights = weight, .scale = 1, .loss = rows};
            loss->cls->run(loss, &p);
            p.rows = 1;
            p.loss = &one;
            for (int r = 0; r < MANY; r++) {
                p.y = out + 3 * r;
                p.labels = label + r;
                p.weights = weight + r;
                loss->cls->run(loss, &p);
                assert_memory_equal(&one, rows + r, sizeof one);
            }
            visml_loss_free(loss);
        }
}

static void refused(visml_loss *loss, const visml_shape *out, const visml_shape *target, const char *message) {
    assert_made(loss, &err);
    assert_status(loss->cls->check(loss, out, target == NULL, target, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
    visml_loss_free(loss);
}

static void accepted(visml_loss *loss, const visml_shape *out, const visml_shape *target) {
    assert_made(loss, &err);
    assert_ok(loss->cls->check(loss, out, target == NULL, target, &err), &err);
    visml_loss_free(loss);
}

static void targets_are_checked(void **state) {
    (void)state;
    accepted(CCE(.from_logits = 0), VISML_SHAPE(3), VISML_SHAPE(3));
    accepted(CCE(.from_logits = 0), VISML_SHAPE(3), NULL);
    accepted(SCCE(.from_logits = 0), VISML_SHAPE(3), NULL);
    accepted(visml_mean_squared_error(ctx, NULL, &err), VISML_SHAPE(3, 4), VISML_SHAPE(3, 4));
    refused(CCE(.from_logits = 0), VISML_SHAPE(3), VISML_SHAPE(4),
            "categorical_crossentropy: targets [4] must have the shape of the model's output, [3]");
    refused(CCE(.from_logits = 0), VISML_SHAPE(3, 4), NULL, "categorical_crossentropy: the model's output [3, 4] must be [classes]");
    refused(SCCE(.from_logits = 0), VISML_SHAPE(3, 4), NULL,
            "sparse_categorical_crossentropy: the model's output [3, 4] must be [classes]");
    refused(SCCE(.from_logits = 0), VISML_SHAPE(3), VISML_SHAPE(3),
            "sparse_categorical_crossentropy: targets [3] must be class numbers; for arrays use categorical_crossentropy");
    refused(visml_mean_squared_error(ctx, NULL, &err), VISML_SHAPE(3, 4), VISML_SHAPE(12),
            "mean_squared_error: targets [12] must have the shape of the model's output, [3, 4]");
    refused(visml_mean_squared_error(ctx, NULL, &err), VISML_SHAPE(3, 4), NULL,
            "mean_squared_error: the model's output [3, 4] must be [classes] when targets are class numbers");
    assert_null(SCCE(.label_smoothing = 0.1));
    assert_string_equal(err.message, "sparse_categorical_crossentropy: label_smoothing is 0.1, must be 0; categorical_crossentropy has it");
}

static int setup(void **state) {
    (void)state;
    float numbers[N];
    ctx = test_context(2);
    golden = test_golden_open("losses.bin");
    load("z", z, N * C);
    load("y", y, N * C);
    load("targets", targets, N * C);
    load("weights", weights, N);
    load("labels", numbers, N);
    for (int i = 0; i < N; i++)
        labels[i] = (int32_t)numbers[i];
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_loss_free(NULL);
    test_golden_close(&golden);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossentropy_agrees_with_keras),
        cmocka_unit_test(mean_squared_error_agrees_with_keras),
        cmocka_unit_test(probabilities_are_cut),
        cmocka_unit_test(logits_lose_nothing),
        cmocka_unit_test(a_label_of_minus_one_leaves_its_row_out),
        cmocka_unit_test(many_rows_are_as_single_ones),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
