/* The first 50 losses of seed-cnn without dropout, through visml_fit, are Keras' within 1e-4. */
#include "train/trajectory.h"

#include "visml/train.h"

static int32_t sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    (void)user, (void)reason;
    *label = trajectory_sample(index / BATCH, index % BATCH, pixels);
    return 0;
}

typedef struct trace {
    double losses[STEPS], sum;
} trace;

/* The progress has the mean over the epoch up to now. */
static int32_t batch_end(void *user, visml_model *model, const visml_progress *p) {
    trace *t = user;
    (void)model;
    double sum = p->loss * (double)p->step;
    t->losses[p->step - 1] = sum - t->sum;
    t->sum = sum;
    return 0;
}

static void losses_are_those_of_keras(void **state) {
    (void)state;
    visml_error err = {0};
    trace t = {0};
    double want[STEPS];
    visml_context *ctx = test_context(2);
    visml_dataset *ds = visml_dataset_from_callback(ctx, STEPS * BATCH, VISML_U8, VISML_SHAPE(SIDE, SIDE, CHANNELS), NULL, CLASSES, sample,
                                                    NULL, NULL, &err);
    assert_made(ds, &err);
    visml_model *m = trajectory_model(ctx);
    visml_optimizer *adam = assert_made(visml_adam(ctx, VISML_OPTS(visml_adam_opts, .learning_rate = 3e-6), &err), &err);
    const visml_callback callback = {.size = sizeof callback, .user = &t, .batch_end = batch_end};
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .no_shuffle = 1, .batch_size = BATCH, .optimizer = adam, .callbacks = &callback,
                                          .callback_count = 1), NULL, &err), &err);
    trajectory_golden(0, want);
    trajectory_compare(t.losses, want, 1e-4);
    visml_optimizer_free(adam);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_keras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
