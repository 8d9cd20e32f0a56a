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
static float z[N * C], y[N * C], targets[N * C], weights[N], bits[N * C], signs[N * C], unit[N];
static int32_t labels[N], binary[N];

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
    const float *targets; /* NULL: `targets` */
} setting;

static void compare(const char *name, const char *part, const float *got, int64_t n) {
    char what[64];
    test_array a = test_golden_find(&golden, "%s/%s", name, part);
    snprintf(what, sizeof what, "%s/%s", name, part);
    assert_int_equal(a.count, n);
    test_assert_close(what, got, a.values, n, 1e-6);
    free(a.values);
}

/* `pass` says what is compared with what; one unit a row where width is 1. */
static void agrees_on(visml_loss *loss, const char *name, visml_loss_pass p) {
    float rows[N], dy[N * C], in_place[N * C];
    size_t n = (size_t)(N * p.width);
    assert_made(loss, &err);
    p.compute = visml_context_compute(ctx);
    p.rows = N;
    p.scale = 1.0f / N;
    p.loss = rows;
    p.dy = dy;
    loss->cls->run(loss, &p);
    compare(name, "loss", rows, N);
    compare(name, "dy", dy, (int64_t)n);
    memcpy(in_place, p.y, n * sizeof *in_place); /* dy may be y */
    p.y = p.dy = in_place;
    loss->cls->run(loss, &p);
    assert_memory_equal(in_place, dy, n * sizeof *dy);
    visml_loss_free(loss);
}

static void agrees(visml_loss *loss, setting s) {
    agrees_on(loss, s.name, (visml_loss_pass){.width = C, .y = s.output, .labels = s.on_labels ? labels : NULL,
                                              .targets = s.on_labels ? NULL : s.targets ? s.targets : targets,
                                              .weights = s.weighted ? weights : NULL});
}

/* One unit and the class numbers 0 and 1. */
static void agrees_on_unit(visml_loss *loss, const char *name, int weighted) {
    agrees_on(loss, name, (visml_loss_pass){.width = 1, .y = unit, .labels = binary, .weights = weighted ? weights : NULL});
}

#define CCE(...) visml_categorical_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, __VA_ARGS__), &err)
#define SCCE(...) visml_sparse_categorical_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, __VA_ARGS__), &err)

static void crossentropy_agrees_with_keras(void **state) {
    (void)state;
    agrees(CCE(.from_logits = 1), (setting){"cce/logits", z, 0, 0, NULL});
    agrees(CCE(.from_logits = 1), (setting){"cce/logits_weighted", z, 0, 1, NULL});
    agrees(CCE(.from_logits = 1, .label_smoothing = 0.1), (setting){"cce/logits_smooth", z, 1, 1, NULL});
    agrees(CCE(.from_logits = 0), (setting){"cce/probabilities", y, 0, 1, NULL});
    agrees(CCE(.label_smoothing = 0.2), (setting){"cce/probabilities_smooth", y, 1, 0, NULL});
    agrees(SCCE(.from_logits = 1), (setting){"scce/logits", z, 1, 1, NULL});
    agrees(SCCE(.from_logits = 0), (setting){"scce/probabilities", y, 1, 1, NULL});
}

static void mean_squared_error_agrees_with_keras(void **state) {
    (void)state;
    agrees(visml_mean_squared_error(ctx, NULL, &err), (setting){"mse/arrays", z, 0, 1, NULL});
    agrees(visml_mean_squared_error(ctx, NULL, &err), (setting){"mse/labels", z, 1, 0, NULL});
}

#define BCE(...) visml_binary_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, __VA_ARGS__), &err)
#define FOCAL(kind, ...) visml_##kind##_focal_crossentropy(ctx, VISML_OPTS(visml_focal_opts, __VA_ARGS__), &err)

static void binary_crossentropy_agrees_with_keras(void **state) {
    (void)state;
    agrees(BCE(.from_logits = 1), (setting){"bce/logits", z, 0, 1, bits});
    agrees(BCE(.from_logits = 1, .label_smoothing = 0.1), (setting){"bce/logits_smooth", z, 0, 0, NULL});
    agrees(BCE(.from_logits = 0), (setting){"bce/probabilities", y, 0, 1, NULL});
    agrees(BCE(.label_smoothing = 0.2), (setting){"bce/probabilities_smooth", y, 0, 0, bits});
    agrees(BCE(.from_logits = 1), (setting){"bce/onehot", z, 1, 1, NULL});
    agrees_on_unit(BCE(.from_logits = 1), "bce/unit", 1);
}

static void focal_losses_agree_with_keras(void **state) {
    (void)state;
    agrees(FOCAL(categorical, .from_logits = 1), (setting){"cfce/logits", z, 0, 1, NULL});
    agrees(FOCAL(categorical, .from_logits = 0), (setting){"cfce/probabilities", y, 1, 1, NULL});
    agrees(FOCAL(categorical, .alpha = 0.6, .gamma = 1.5, .label_smoothing = 0.1), (setting){"cfce/set", y, 0, 0, NULL});
    agrees(FOCAL(binary, .from_logits = 1), (setting){"bfce/logits", z, 0, 1, bits});
    agrees(FOCAL(binary, .from_logits = 0), (setting){"bfce/probabilities", y, 0, 1, NULL});
    agrees(FOCAL(binary, .apply_class_balancing = 1, .alpha = 0.7, .gamma = 3, .label_smoothing = 0.1),
           (setting){"bfce/set", y, 0, 0, bits});
    agrees_on_unit(FOCAL(binary, .from_logits = 1), "bfce/unit", 0);
}

#define HUBER(...) visml_huber(ctx, VISML_OPTS(visml_huber_opts, __VA_ARGS__), &err)

static void distances_agree_with_keras(void **state) {
    (void)state;
    agrees(visml_mean_absolute_error(ctx, NULL, &err), (setting){"mae/arrays", z, 0, 1, NULL});
    agrees(visml_mean_absolute_error(ctx, NULL, &err), (setting){"mae/labels", z, 1, 0, NULL});
    agrees(visml_huber(ctx, NULL, &err), (setting){"huber/arrays", z, 0, 1, NULL});
    agrees(HUBER(.delta = 2.5), (setting){"huber/delta", z, 0, 0, NULL});
    agrees(visml_log_cosh(ctx, NULL, &err), (setting){"log_cosh/arrays", z, 0, 1, NULL});
    agrees(visml_poisson(ctx, NULL, &err), (setting){"poisson/arrays", y, 0, 1, NULL});
    agrees_on_unit(visml_mean_squared_error(ctx, NULL, &err), "mse/unit", 1);
}

static void hinges_agree_with_keras(void **state) {
    (void)state;
    agrees(visml_hinge(ctx, NULL, &err), (setting){"hinge/bits", z, 0, 1, bits});
    agrees(visml_hinge(ctx, NULL, &err), (setting){"hinge/signs", z, 0, 0, signs});
    agrees_on_unit(visml_hinge(ctx, NULL, &err), "hinge/unit", 0);
    agrees(visml_squared_hinge(ctx, NULL, &err), (setting){"squared_hinge/bits", z, 0, 1, bits});
    agrees(visml_squared_hinge(ctx, NULL, &err), (setting){"squared_hinge/targets", z, 0, 0, NULL});
    agrees(visml_categorical_hinge(ctx, NULL, &err), (setting){"categorical_hinge/labels", z, 1, 1, NULL});
    agrees(visml_categorical_hinge(ctx, NULL, &err), (setting){"categorical_hinge/targets", z, 0, 0, NULL});
}

static void distributions_and_directions_agree_with_keras(void **state) {
    (void)state;
    agrees(visml_kl_divergence(ctx, NULL, &err), (setting){"kl/targets", y, 0, 1, NULL});
    agrees(visml_kl_divergence(ctx, NULL, &err), (setting){"kl/labels", y, 1, 0, NULL});
    agrees(visml_cosine_similarity(ctx, NULL, &err), (setting){"cosine/targets", z, 0, 1, NULL});
    agrees(visml_cosine_similarity(ctx, NULL, &err), (setting){"cosine/labels", z, 1, 0, NULL});
}

/* Far logits keep all of their loss, and become probabilities for whoever asks. */
static void binary_logits_lose_nothing(void **state) {
    (void)state;
    const float far[] = {100, -100, 0};
    const int32_t wrong[] = {0, 1, 1};
    float rows[3], dy[3], prob[3];
    visml_loss *loss = assert_made(BCE(.from_logits = 0), &err);
    visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 3, .width = 1, .y = far, .logits = 1, .labels = wrong, .scale = 1,
                         .loss = rows, .dy = dy, .prob = prob};
    loss->cls->run(loss, &p);
    assert_true(rows[0] == 100 && rows[1] == 100 && dy[0] == 1 && dy[1] == -1 && prob[0] == 1 && prob[1] < 1e-30f && prob[2] == 0.5f);
    memcpy(prob, far, sizeof far); /* prob may be y */
    p.y = p.prob = prob;
    loss->cls->run(loss, &p);
    assert_true(rows[0] == 100 && dy[2] == -0.5f && prob[0] == 1 && prob[2] == 0.5f);
    visml_loss_free(loss);
}

/* NaN in, NaN out; and a vector of zeros has no direction. */
static void nothing_hides_a_nan(void **state) {
    (void)state;
    for (size_t i = 0; visml_loss_classes[i]; i++) {
        const float bad[] = {NAN, 0.5f, 0.5f}, zeros[] = {0, 0, 0};
        float row, dy[3];
        visml_loss *loss = assert_made(visml_loss_make(ctx, visml_loss_classes[i], NULL, &err), &err);
        visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 1, .width = 3, .y = bad, .labels = (int32_t[]){0}, .scale = 1,
                             .loss = &row, .dy = dy};
        loss->cls->run(loss, &p);
        if (!isnan(row))
            fail_msg("%s of a NaN is %g", visml_loss_classes[i]->name, (double)row);
        p.y = zeros;
        loss->cls->run(loss, &p);
        if (visml_loss_classes[i] == &visml_cosine_similarity_class)
            assert_true(row == 0 && isfinite(dy[0]));
        visml_loss_free(loss);
    }
}

static void one_unit_is_told_apart(void **state) {
    (void)state;
    visml_loss *probability = BCE(.from_logits = 0), *logit = BCE(.from_logits = 1), *hinge = visml_hinge(ctx, NULL, &err);
    assert_true(visml_loss_threshold(probability, VISML_SIGMOID) == 0.5 && visml_loss_threshold(hinge, VISML_TANH) == 0);
    assert_true(visml_loss_threshold(logit, VISML_LINEAR) == 0);
    assert_true(visml_loss_threshold(logit, VISML_SIGMOID) == 0.5); /* which is what the model gives */
    visml_loss_free(probability);
    visml_loss_free(logit);
    visml_loss_free(hinge);
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
        for (int logits = 0; logits <= (visml_loss_classes[i]->joins != 0); logits++) {
            float rows[2], dy[2 * C];
            visml_loss *loss = assert_made(visml_loss_make(ctx, visml_loss_classes[i], NULL, &err), &err);
            visml_loss_pass p = {.compute = visml_context_compute(ctx), .rows = 2, .width = C, .y = y, .logits = logits, .labels = none,
                                 .scale = 1, .loss = rows, .dy = dy};
            loss->cls->run(loss, &p);
            float moved = 0;
            assert_true(rows[0] == 0 && rows[1] != 0);
            for (int c = 0; c < C; c++) {
                assert_true(dy[c] == 0);
                moved += fabsf(dy[C + c]);
            }
            assert_true(moved > 0);
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
        for (int logits = 0; logits <= (visml_loss_classes[i]->joins != 0); logits++) {
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
    accepted(CCE(.from_logits = 0), VISML_SHAPE(3, 4), VISML_SHAPE(3, 4));
    refused(CCE(.from_logits = 0), VISML_SHAPE(3, 4), NULL,
            "categorical_crossentropy: the model's output [3, 4] must be [classes] when targets are class numbers");
    refused(SCCE(.from_logits = 0), VISML_SHAPE(3, 4), NULL,
            "sparse_categorical_crossentropy: the model's output [3, 4] must be [classes] when targets are class numbers");
    refused(SCCE(.from_logits = 0), VISML_SHAPE(3), VISML_SHAPE(3),
            "sparse_categorical_crossentropy: targets [3] must be class numbers; for arrays use categorical_crossentropy");
    accepted(BCE(.from_logits = 0), VISML_SHAPE(1), NULL);
    accepted(BCE(.from_logits = 0), VISML_SHAPE(3, 4), VISML_SHAPE(3, 4));
    refused(SCCE(.from_logits = 0), VISML_SHAPE(1), NULL, "sparse_categorical_crossentropy: the model's output [1] must have a unit for "
            "each class; for one unit use binary_crossentropy");
    accepted(visml_kl_divergence(ctx, NULL, &err), VISML_SHAPE(3, 4), VISML_SHAPE(3, 4));
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
    load("bits", bits, N * C);
    load("signs", signs, N * C);
    load("unit", unit, N);
    load("labels", numbers, N);
    for (int i = 0; i < N; i++)
        labels[i] = (int32_t)numbers[i];
    load("binary", numbers, N);
    for (int i = 0; i < N; i++)
        binary[i] = (int32_t)numbers[i];
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
        cmocka_unit_test(binary_crossentropy_agrees_with_keras),
        cmocka_unit_test(focal_losses_agree_with_keras),
        cmocka_unit_test(distances_agree_with_keras),
        cmocka_unit_test(hinges_agree_with_keras),
        cmocka_unit_test(distributions_and_directions_agree_with_keras),
        cmocka_unit_test(binary_logits_lose_nothing),
        cmocka_unit_test(nothing_hides_a_nan),
        cmocka_unit_test(one_unit_is_told_apart),
        cmocka_unit_test(probabilities_are_cut),
        cmocka_unit_test(logits_lose_nothing),
        cmocka_unit_test(a_label_of_minus_one_leaves_its_row_out),
        cmocka_unit_test(many_rows_are_as_single_ones),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
