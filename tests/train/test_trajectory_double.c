/* The same code built with double: the first 50 losses of seed-cnn without dropout, with Adam as it is by default, are those that PyTorch
 * has in float64. (In float32 rounding decides at this learning rate, in
 * every implementation: see tests/golden/make_loss_trajectory.py.) */
#include "train/trajectory.h"

#include "nn/optimizer.h"

static void losses_are_those_of_pytorch(void **state) {
    (void)state;
    static unsigned char pixels[BATCH][PIXELS];
    double losses[STEPS], want[STEPS];
    int32_t labels[BATCH];
    visml_error err = {0};
    visml_context *ctx = test_context(2);
    visml_model *m = trajectory_model(ctx);
    visml_loss *loss = assert_made(visml_sparse_categorical_crossentropy(ctx, NULL, &err), &err);
    visml_optimizer *adam = assert_made(visml_adam(ctx, NULL, &err), &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, BATCH, 1, &err), &err);
    real *slots[2] = {calloc(m->trainable_count, sizeof(real)), calloc(m->trainable_count, sizeof(real))};
    const visml_compute compute = {&ctx->kernels, &ctx->parallel};
    for (int64_t step = 0; step < STEPS; step++) {
        for (int64_t row = 0; row < BATCH; row++)
            labels[row] = trajectory_sample(step, row, pixels[row]);
        const visml_train_batch batch = {.rows = BATCH, .x = pixels, .x_dtype = VISML_U8, .labels = labels, .divisor = BATCH,
                                         .step = (uint64_t)step};
        losses[step] = visml_trainer_gradients(t, &batch) / BATCH;
        adam->cls->step(adam, &compute, m->trainable_count, m->values, visml_trainer_grads(t), slots, step + 1, 1e-3);
    }
    trajectory_golden(1, want);
    trajectory_compare(losses, want, 1e-8); /* 3e-11 were measured */
    free(slots[0]);
    free(slots[1]);
    visml_trainer_free(t);
    visml_optimizer_free(adam);
    visml_loss_free(loss);
    visml_model_free(m);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
