/* A few training steps of seed-cnn, on the public headers alone: what instructions.sh counts the instructions of.
 *
 *     training_step STEPS [avx2|sse4|ref]     batch 32, 32x32x3, 10 classes, Adam; one thread */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <visml/visml.h>

#define BATCH 32
#define CLASSES 10

static void add_block(visml_context *ctx, visml_model *m, int32_t filters, visml_error *err) {
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = filters, .kernel_size = {3}, .padding = VISML_SAME,
                                                    .activation = VISML_RELU), err), err);
    visml_model_add(m, visml_batchnorm(ctx, NULL, err), err);
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = filters, .kernel_size = {3},
                                                    .activation = VISML_RELU), err), err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, err), err);
    visml_model_add(m, visml_dropout(ctx, VISML_OPTS(visml_dropout_opts, .rate = 0.25), err), err);
}

static visml_model *seed_cnn(visml_context *ctx, visml_error *err) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(32, 32, 3), err);
    visml_model_add(m, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), err), err);
    for (int32_t filters = 32; filters <= 128; filters *= 2)
        add_block(ctx, m, filters, err);
    visml_model_add(m, visml_flatten(ctx, NULL, err), err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 512, .activation = VISML_RELU), err), err);
    visml_model_add(m, visml_dropout(ctx, VISML_OPTS(visml_dropout_opts, .rate = 0.5), err), err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = CLASSES, .activation = VISML_SOFTMAX), err), err);
    return visml_model_build(m, 1, err) < 0 ? visml_model_free(m), NULL : m;
}

/* Pixels and labels from a linear congruential generator (Knuth's MMIX constants). */
static visml_dataset *noise(visml_context *ctx, int64_t count, visml_error *err) {
    visml_tensor *images = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(count, 32, 32, 3), err);
    visml_tensor *labels = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(count), err);
    visml_dataset *data = NULL;
    if (images && labels) {
        uint64_t state = 1;
        unsigned char *pixels = visml_tensor_data(images);
        int32_t *classes = visml_tensor_data(labels);
        for (int64_t i = 0; i < visml_tensor_count(images); i++)
            pixels[i] = (unsigned char)((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
        for (int64_t i = 0; i < count; i++)
            classes[i] = (int32_t)(i % CLASSES);
        data = visml_dataset_from_arrays(ctx, images, labels, NULL, CLASSES, err);
    }
    visml_tensor_release(images);
    visml_tensor_release(labels);
    return data;
}

static uint32_t mask_of(const char *level) {
    return !strcmp(level, "sse4") ? VISML_CPU_SSE4 : !strcmp(level, "ref") ? VISML_CPU_REF : VISML_CPU_SSE4 | VISML_CPU_AVX2;
}

int main(int argc, char **argv) {
    visml_error err = {.size = sizeof err};
    long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    uint32_t mask = mask_of(argc > 2 ? argv[2] : "avx2");
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .cpu_mask = mask), &err);
    visml_model *m = ctx ? seed_cnn(ctx, &err) : NULL;
    visml_dataset *data = m ? noise(ctx, (int64_t)steps * BATCH, &err) : NULL;
    visml_history *history = NULL;
    int status = 1;
    if (data && visml_fit(m, data, VISML_OPTS(visml_fit_opts, .batch_size = BATCH, .no_shuffle = 1), &history, &err) == VISML_OK) {
        printf("loss %.6f after %ld steps\n", visml_history_get(history, "loss", 0), steps);
        status = 0;
    } else {
        fprintf(stderr, "training_step: %s\n", err.message);
    }
    visml_history_free(history);
    visml_dataset_free(data);
    visml_model_free(m);
    visml_context_free(ctx);
    return status;
}
