#include "train/toy.h"

static visml_error err;

/* ---- learning ---- */

static void lines_are_learned(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *train = toy_lines(ctx, 300, 1), *val = toy_lines(ctx, 90, 2);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, train, VISML_OPTS(visml_fit_opts, .epochs = 12, .validation = val), &h, &err), &err);
    assert_int_equal(visml_history_epochs(h), 12);
    assert_true(visml_history_get(h, "loss", 11) < 0.2 * visml_history_get(h, "loss", 0));
    assert_true(visml_history_get(h, "val_accuracy", 11) > 0.97);
    assert_true(visml_history_get(h, "learning_rate", 11) == 0.001);
    assert_true(visml_history_get(h, "seconds", 11) > 0);
    assert_true(visml_history_get(h, "images_per_second", 11) > 0);
    visml_history_free(h);
    visml_model_free(m);
    visml_dataset_free(train);
    visml_dataset_free(val);
    visml_context_free(ctx);
}

static void blobs_are_learned_by_every_optimizer(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 200, 1);
    visml_optimizer *all[] = {
        visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.1), &err),
        visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.05, .momentum = 0.9), &err),
        visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.05, .momentum = 0.9, .nesterov = 1), &err),
        visml_adam(ctx, VISML_OPTS(visml_adam_opts, .learning_rate = 0.05), &err),
        visml_adamw(ctx, VISML_OPTS(visml_adam_opts, .learning_rate = 0.05), &err),
        visml_nadam(ctx, VISML_OPTS(visml_moments_opts, .learning_rate = 0.05), &err),
        visml_adamax(ctx, VISML_OPTS(visml_moments_opts, .learning_rate = 0.05), &err),
        visml_rmsprop(ctx, VISML_OPTS(visml_rmsprop_opts, .learning_rate = 0.05), &err),
        visml_adagrad(ctx, VISML_OPTS(visml_adagrad_opts, .learning_rate = 0.5), &err),
        visml_adadelta(ctx, VISML_OPTS(visml_adadelta_opts, .learning_rate = 100), &err),
        visml_lion(ctx, VISML_OPTS(visml_lion_opts, .learning_rate = 0.05), &err),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
        visml_history *h = NULL;
        assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 5, .optimizer = all[i]), &h, &err), &err);
        assert_true(visml_history_get(h, "accuracy", 4) == 1);
        assert_true(isnan(visml_history_get(h, "val_loss", 4)));
        visml_history_free(h);
        visml_model_free(m);
        visml_optimizer_free(all[i]);
    }
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- one unit for two classes ---- */

typedef struct unit_run {
    double loss, accuracy;
} unit_run;

static unit_run learn_unit(visml_context *ctx, visml_act activation, visml_loss *loss) {
    visml_dataset *ds = toy_blobs(ctx, 200, 1);
    visml_model *m = toy_dense(ctx, 2, 1, activation);
    visml_optimizer *sgd = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.1), &err);
    visml_history *h = NULL;
    visml_report *report = NULL;
    unit_run r = {0};
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 6, .optimizer = sgd, .loss = loss, .validation = ds,
                                          .class_weight = (double[]){1, 1}), &h, &err), &err);
    assert_ok(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .loss = loss), &r.loss, &report, &err), &err);
    assert_true(visml_history_get(h, "val_accuracy", 5) == visml_report_accuracy(report));
    assert_true(visml_history_get(h, "val_loss", 5) == r.loss);
    r.accuracy = visml_report_accuracy(report);
    assert_int_equal(visml_report_classes(report), 2);
    assert_true(visml_report_confusion(report, 0, 0) == 100 * visml_report_recall(report, 0));
    visml_report_free(report);
    visml_history_free(h);
    visml_optimizer_free(sgd);
    visml_model_free(m);
    visml_dataset_free(ds);
    return r;
}

/* A logistic function that the loss takes over, one that it is told has not been applied, and the loss that nobody asked for. */
static void one_unit_tells_two_classes_apart(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_loss *plain = visml_binary_crossentropy(ctx, NULL, &err), *hinge = visml_hinge(ctx, NULL, &err);
    visml_loss *logits = visml_binary_crossentropy(ctx, VISML_OPTS(visml_crossentropy_opts, .from_logits = 1), &err);
    unit_run a = learn_unit(ctx, VISML_SIGMOID, plain), b = learn_unit(ctx, VISML_LINEAR, logits), c = learn_unit(ctx, VISML_SIGMOID, NULL);
    unit_run d = learn_unit(ctx, VISML_LINEAR, hinge);
    assert_true(a.accuracy == 1 && b.accuracy == 1 && d.accuracy == 1);
    assert_true(a.loss == b.loss && a.loss == c.loss && a.loss < 0.2);
    visml_loss_free(plain);
    visml_loss_free(logits);
    visml_loss_free(hinge);
    visml_context_free(ctx);
}

static void three_classes_need_more_than_one_unit(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    const float x[] = {1, 2, 3};
    const int32_t labels[] = {0, 1, 2};
    visml_dataset *ds = toy_rows(ctx, 3, 1, x, 0, labels), *lines = toy_lines(ctx, 9, 1);
    visml_model *m = toy_dense(ctx, 1, 1, VISML_SIGMOID), *cnn = visml_model_new(ctx, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), &err);
    assert_status(visml_fit(m, ds, NULL, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "fit: the data has 3 classes, the model's output [1] tells two apart: its last layer must have 3 "
                        "units");
    visml_model_add(cnn, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(cnn, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 1), &err), &err);
    assert_ok(visml_model_build(cnn, 0, &err), &err);
    assert_status(visml_fit(cnn, lines, NULL, NULL, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "fit: the data has 3 classes, the model's output [1] tells two apart: its last layer must have 3 "
                        "units");
    visml_model_free(m);
    visml_model_free(cnn);
    visml_dataset_free(ds);
    visml_dataset_free(lines);
    visml_context_free(ctx);
}

/* ---- what the optimizer is asked for ---- */

static double rates[64];
static size_t rate_count;

static int32_t note_rate(void *user, visml_model *m, const visml_progress *p) {
    (void)user, (void)m;
    if (rate_count < 64)
        rates[rate_count++] = p->learning_rate;
    return 0;
}

static void progress_shows_what_a_schedule_has_come_to(void **state) {
    (void)state;
    static const char json[] = "{\"class\": \"sgd\", \"schedule\": {\"class\": \"piecewise_constant_decay\", \"boundaries\": [2, 4], "
                               "\"values\": [0.5, 0.25, 0.125]}}";
    static const double want[] = {0.5, 0.5, 0.25, 0.25, 0.125, 0.125};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 96, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_optimizer *o = assert_made(visml_optimizer_from_json(ctx, json, sizeof json - 1, &err), &err);
    const visml_callback c = {.size = sizeof c, .batch_end = note_rate};
    visml_history *h = NULL;
    rate_count = 0;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 2, .optimizer = o, .callbacks = &c, .callback_count = 1), &h, &err),
              &err);
    assert_int_equal(rate_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(rates[i] == want[i]); /* of the step that comes next: 1, 2, ... */
    assert_true(visml_history_get(h, "learning_rate", 0) == 0.25 && visml_history_get(h, "learning_rate", 1) == 0.125);
    visml_history_free(h);
    visml_optimizer_free(o);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void run_with(const char *json, int32_t batch, float w[6]) {
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 64, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_optimizer *o = assert_made(visml_optimizer_from_json(ctx, json, strlen(json), &err), &err);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .batch_size = batch, .no_shuffle = 1, .optimizer = o), NULL, &err),
              &err);
    for (size_t i = 0, n = 0; i < m->param_count; i++)
        for (size_t k = 0; k < m->params[i].count; k++)
            w[n++] = m->values[m->params[i].offset + k];
    visml_optimizer_free(o);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* Two halves of a batch, accumulated, are the batch. */
static void accumulated_steps_are_one_of_the_larger_batch(void **state) {
    (void)state;
    float whole[6], halves[6];
    run_with("{\"class\": \"adam\", \"learning_rate\": 0.05}", 32, whole);
    run_with("{\"class\": \"adam\", \"learning_rate\": 0.05, \"gradient_accumulation_steps\": 2}", 16, halves);
    for (int i = 0; i < 6; i++)
        assert_true(fabsf(whole[i] - halves[i]) < 1e-5f);
}

/* With a momentum of 1 the average stays at what it was after the first step; with 0 it is the weights themselves. */
static void the_average_is_what_the_model_ends_with(void **state) {
    (void)state;
    float plain[6], last[6], first[6];
    run_with("{\"class\": \"sgd\", \"learning_rate\": 0.5}", 16, plain);
    run_with("{\"class\": \"sgd\", \"learning_rate\": 0.5, \"use_ema\": true, \"ema_momentum\": 0}", 16, last);
    run_with("{\"class\": \"sgd\", \"learning_rate\": 0.5, \"use_ema\": true, \"ema_momentum\": 1}", 16, first);
    float moved = 0;
    for (int i = 0; i < 6; i++) {
        assert_true(fabsf(plain[i] - last[i]) < 1e-6f);
        moved += fabsf(plain[i] - first[i]);
    }
    assert_true(moved > 0.1f);
}

/* y = 2 a - b + 3, from arrays: mean squared error without being told. */
static void a_plane_is_fitted(void **state) {
    (void)state;
    float x[64][2], y[64];
    uint64_t random = 5;
    for (int i = 0; i < 64; i++) {
        x[i][0] = test_random_float(&random);
        x[i][1] = test_random_float(&random);
        y[i] = 2 * x[i][0] - x[i][1] + 3;
    }
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_rows(ctx, 64, 2, &x[0][0], 1, y);
    visml_model *m = toy_dense(ctx, 2, 1, VISML_LINEAR);
    visml_optimizer *o = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.2), &err);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 200, .optimizer = o), &h, &err), &err);
    assert_true(visml_history_get(h, "loss", 199) < 1e-9);
    assert_true(isnan(visml_history_get(h, "accuracy", 199)));
    const real *w = m->values + m->params[0].offset, *b = m->values + m->params[1].offset;
    assert_true(fabs((double)w[0] - 2) < 1e-4 && fabs((double)w[1] + 1) < 1e-4 && fabs((double)b[0] - 3) < 1e-4);
    visml_history_free(h);
    visml_optimizer_free(o);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- one step, worked out by hand ---- */

/* w = 0.5, b = 0 on (1 -> 2), (3 -> 1): errors -1.5 and 0.5; dw = (2 * -1.5 * 1 + 2 * 0.5 * 3) / 2 = 0,
 * db = (2 * -1.5 + 2 * 0.5) / 2 = -1. */
static void the_divisor_is_the_number_of_rows(void **state) {
    (void)state;
    static const float x[] = {1, 3}, y[] = {2, 1};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_rows(ctx, 2, 1, x, 1, y);
    visml_model *m = toy_dense(ctx, 1, 1, VISML_LINEAR);
    real *w = m->values + m->params[0].offset, *b = m->values + m->params[1].offset;
    *w = 0.5f;
    *b = 0;
    visml_optimizer *o = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.25), &err);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .optimizer = o), &h, &err), &err);
    assert_true(*w == 0.5f && *b == 0.25f);
    assert_true(visml_history_get(h, "loss", 0) == (2.25 + 0.25) / 2);
    visml_history_free(h);
    /* weights 4 and 0: dw = 2 * -1.25 * 1 * 4 / 2 = -5, db the same (w + b = 0.75) */
    visml_tensor *weights = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2), &err);
    ((float *)visml_tensor_data(weights))[0] = 4;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .optimizer = o, .sample_weight = weights), &h, &err), &err);
    assert_true(*w == 1.75f && *b == 1.5f);
    assert_true(visml_history_get(h, "loss", 0) == 4 * 1.5625 / 2);
    visml_history_free(h);
    visml_tensor_release(weights);
    visml_optimizer_free(o);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- weights ---- */

/* Parameters after full-batch steps by gradient descent. rate is set so that sums of gradients, not means, are what steps are made of. */
static visml_model *descend(visml_context *ctx, visml_dataset *ds, const double *class_weight, const visml_tensor *sample_weight) {
    int64_t n = visml_dataset_count(ds);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_optimizer *o = visml_sgd(ctx, VISML_OPTS(visml_sgd_opts, .learning_rate = 0.01 * (double)n), &err);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 20, .batch_size = (int32_t)n, .optimizer = o,
                                          .class_weight = class_weight, .sample_weight = sample_weight), NULL, &err), &err);
    visml_optimizer_free(o);
    return m;
}

static void assert_near(visml_model *a, visml_model *b) {
    for (size_t i = 0; i < a->value_count; i++)
        assert_true(fabs((double)a->values[i] - (double)b->values[i]) <= 2e-6 * (1 + fabs((double)b->values[i])));
    visml_model_free(a);
    visml_model_free(b);
}

static void weights_stand_for_repeated_samples(void **state) {
    (void)state;
    enum { N = 12 };
    int64_t by_sample[3 * N], by_class[3 * N], by_both[6 * N];
    size_t samples = 0, classes = 0, both = 0;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, N, 3);
    visml_tensor *w = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(N), &err);
    const double class_weight[] = {1, 3};
    for (int64_t i = 0; i < N; i++) {
        int64_t times = i % 3; /* 0, 1, 2 */
        ((float *)visml_tensor_data(w))[i] = (float)times;
        for (int64_t k = 0; k < times; k++)
            by_sample[samples++] = i;
        for (int64_t k = 0; k < (int64_t)class_weight[i % 2]; k++)
            by_class[classes++] = i;
        for (int64_t k = 0; k < times * (int64_t)class_weight[i % 2]; k++)
            by_both[both++] = i;
    }
    visml_dataset *a = visml_dataset_subset(ds, by_sample, samples, &err), *b = visml_dataset_subset(ds, by_class, classes, &err),
                  *c = visml_dataset_subset(ds, by_both, both, &err);
    assert_near(descend(ctx, ds, NULL, w), descend(ctx, a, NULL, NULL));
    assert_near(descend(ctx, ds, class_weight, NULL), descend(ctx, b, NULL, NULL));
    assert_near(descend(ctx, ds, class_weight, w), descend(ctx, c, NULL, NULL));
    visml_model *m = descend(ctx, ds, class_weight, NULL), *plain = descend(ctx, ds, NULL, NULL);
    assert_int_not_equal(toy_hash(m), toy_hash(plain));
    visml_model_free(m);
    visml_model_free(plain);
    visml_tensor_release(w);
    visml_dataset_free(ds);
    visml_dataset_free(a);
    visml_dataset_free(b);
    visml_dataset_free(c);
    visml_context_free(ctx);
}

/* ---- the same bits ---- */

static uint32_t train_with(int32_t threads, int32_t workers, uint32_t levels) {
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = levels), &err);
    visml_dataset *ds = toy_lines(ctx, 100, 1), *val = toy_lines(ctx, 20, 2);
    visml_model *m = toy_cnn(ctx);
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 2, .workers = workers, .seed = 9, .validation = val,
                                          .class_weight = (double[]){1, 2, 0.5}), NULL, &err), &err);
    uint32_t hash = toy_hash(m);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    return hash;
}

static void threads_and_workers_change_no_bit(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 3, 8}, workers[] = {-1, 1, 2, 3};
    uint32_t want = train_with(1, -1, 0);
    for (size_t t = 0; t < 4; t++)
        for (size_t w = 0; w < 4; w++)
            assert_int_equal(train_with(threads[t], workers[w], 0), want);
}

/* All levels with fused multiply-add, and the reference, which asks for it. */
static void levels_change_no_bit(void **state) {
    (void)state;
    const uint32_t all = VISML_CPU_AVX2 | VISML_CPU_AVX512 | VISML_CPU_NEON, want = train_with(2, -1, VISML_CPU_REF);
    visml_context *ctx = test_context(1);
    uint32_t here = visml_context_cpu(ctx) & all;
    visml_context_free(ctx);
    for (uint32_t level = 1; level <= VISML_CPU_NEON; level *= 2)
        if (here & level)
            assert_int_equal(train_with(2, -1, level), want);
}

static void the_seed_matters(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 64, 1);
    uint32_t hashes[3];
    for (uint64_t i = 0; i < 3; i++) {
        visml_model *m = toy_cnn(ctx);
        assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .seed = i / 2 + 1), NULL, &err), &err);
        hashes[i] = toy_hash(m);
        visml_model_free(m);
    }
    assert_int_equal(hashes[0], hashes[1]);
    assert_int_not_equal(hashes[0], hashes[2]);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_learned),
        cmocka_unit_test(blobs_are_learned_by_every_optimizer),
        cmocka_unit_test(one_unit_tells_two_classes_apart),
        cmocka_unit_test(three_classes_need_more_than_one_unit),
        cmocka_unit_test(progress_shows_what_a_schedule_has_come_to),
        cmocka_unit_test(accumulated_steps_are_one_of_the_larger_batch),
        cmocka_unit_test(the_average_is_what_the_model_ends_with),
        cmocka_unit_test(a_plane_is_fitted),
        cmocka_unit_test(the_divisor_is_the_number_of_rows),
        cmocka_unit_test(weights_stand_for_repeated_samples),
        cmocka_unit_test(threads_and_workers_change_no_bit),
        cmocka_unit_test(levels_change_no_bit),
        cmocka_unit_test(the_seed_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
