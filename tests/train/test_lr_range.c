#include "train/toy.h"

static visml_error err;

static visml_lr_range *test_range(visml_model *m, visml_dataset *ds, const visml_lr_range_opts *opts) {
    uint32_t before = toy_hash(m);
    visml_lr_range *r = visml_lr_range_test(m, ds, opts, &err);
    assert_int_equal(toy_hash(m), before);
    return r;
}

static void rates_grow_by_a_factor_and_the_weights_are_put_back(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = toy_lines(ctx, 100, 1);
    visml_model *m = toy_cnn(ctx);
    visml_lr_range *r = assert_made(test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 31, .start = 1e-5, .end = 0.01)), &err);
    assert_int_equal(visml_lr_range_count(r), 31);
    double average = 0;
    for (size_t i = 0; i < 31; i++) {
        double rate = visml_lr_range_learning_rate(r, i), loss = visml_lr_range_loss(r, i);
        assert_true(fabs(rate - 1e-5 * pow(10, (double)i / 10)) < 1e-12 * rate + 1e-15 && loss > 0);
        average = 0.9 * average + 0.1 * loss;
        assert_true(fabs(visml_lr_range_smoothed(r, i) - average / (1 - pow(0.9, (double)i + 1))) < 1e-12);
    }
    assert_true(isnan(visml_lr_range_learning_rate(r, 31)) && isnan(visml_lr_range_loss(r, 31)) && isnan(visml_lr_range_smoothed(r, 31)));
    double suggestion = visml_lr_range_suggestion(r);
    assert_true(suggestion > 1e-5 && suggestion < 0.01);
    visml_lr_range_free(r);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* A line through points: beyond the rate at which gradient descent falls apart, the loss grows without bound, and the test ends. */
static void it_ends_when_the_loss_runs_away(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    float x[64], y[64];
    uint64_t random = 5;
    for (int i = 0; i < 64; i++) {
        x[i] = test_random_float(&random);
        y[i] = 3 * x[i] + 1;
    }
    visml_dataset *ds = toy_rows(ctx, 64, 1, x, 1, y);
    visml_model *m = toy_dense(ctx, 1, 1, VISML_LINEAR);
    visml_optimizer *sgd = visml_sgd(ctx, NULL, &err);
    visml_lr_range *r = test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 200, .start = 1e-4, .end = 1e6, .optimizer = sgd));
    assert_made(r, &err);
    size_t n = visml_lr_range_count(r);
    assert_true(n > 20 && n < 200);
    assert_true(visml_lr_range_learning_rate(r, n - 1) < 100);
    assert_true(visml_lr_range_suggestion(r) > 0.003 && visml_lr_range_suggestion(r) < 1); /* it falls apart above 1 */
    visml_lr_range_free(r);
    /* Straight to where the weights overflow: what was seen before is kept. */
    r = test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 60, .start = 1e20, .end = 1e30, .optimizer = sgd, .stop_factor = 1e300));
    assert_made(r, &err);
    assert_true(visml_lr_range_count(r) >= 1 && visml_lr_range_count(r) < 10 && isnan(visml_lr_range_suggestion(r)));
    visml_lr_range_free(r);
    visml_optimizer_free(sgd);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void threads_change_no_number(void **state) {
    (void)state;
    double losses[2][25];
    for (int k = 0; k < 2; k++) {
        visml_context *ctx = test_context(k ? 3 : 1);
        visml_dataset *ds = toy_lines(ctx, 70, 1);
        visml_model *m = toy_cnn(ctx);
        visml_lr_range *r = test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 25, .batch_size = 16, .end = 0.1));
        assert_made(r, &err);
        assert_int_equal(visml_lr_range_count(r), 25);
        for (size_t i = 0; i < 25; i++)
            losses[k][i] = visml_lr_range_loss(r, i);
        visml_lr_range_free(r);
        visml_model_free(m);
        visml_dataset_free(ds);
        visml_context_free(ctx);
    }
    assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
}

static int32_t stop_at_five(void *user, visml_model *m, const visml_progress *p) {
    (void)user, (void)m;
    assert_int_equal(p->steps, 100);
    return p->step == 5;
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_blobs(ctx, 64, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    const visml_callback c = {.size = sizeof c, .batch_end = stop_at_five};
    assert_null(test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .callback = &c)));
    assert_int_equal(err.code, VISML_ECANCELLED);
    assert_string_equal(err.message, "lr_range_test: the callback asked to stop after step 5/100");
    assert_null(test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .start = 1, .end = 0.5)));
    assert_string_equal(err.message, "lr_range_test: end is 0.5, must be above start, 1");
    assert_null(test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 1)));
    assert_string_equal(err.message, "lr_range_test: steps is 1, must be 2 to 1000000");
    assert_null(visml_lr_range_test(NULL, ds, NULL, &err));
    assert_string_equal(err.message, "lr_range_test: model is NULL, must be a model");
    visml_dataset *wide = toy_rows(ctx, 2, 3, (float[]){1, 2, 3, 4, 5, 6}, 0, (int32_t[]){0, 1});
    assert_null(test_range(m, wide, NULL));
    assert_string_equal(err.message, "lr_range_test: the images are [3], the model's input is [2]: build the model for their shape");
    visml_dataset_free(wide);
    assert_null(visml_lr_range_test(m, NULL, NULL, NULL));
    assert_true(visml_lr_range_count(NULL) == 0 && isnan(visml_lr_range_suggestion(NULL)));
    visml_lr_range_free(NULL);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* Every allocation fails in turn: an error, no leak, the weights as they were. */
static void failing_allocations_do_no_harm(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err);
    visml_dataset *ds = toy_blobs(ctx, 16, 1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_lr_range *r = NULL;
    int64_t before = a.live;
    for (int64_t n = 1; !r; n++) {
        a.countdown = n;
        r = test_range(m, ds, VISML_OPTS(visml_lr_range_opts, .steps = 3, .workers = -1));
        a.countdown = -1;
        assert_true(r || (err.code == VISML_ENOMEM && a.live == before));
    }
    visml_lr_range_free(r);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_grow_by_a_factor_and_the_weights_are_put_back),
        cmocka_unit_test(it_ends_when_the_loss_runs_away),
        cmocka_unit_test(threads_change_no_number),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(failing_allocations_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
