/* Tells what is on a picture: loads a model, brings the picture to the model's input, runs it.
 *
 *     classify_image MODEL.visml PICTURE
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <visml/visml.h>

/* The picture as a batch of one, [1, H, W, C]. */
static visml_tensor *load(visml_context *ctx, const visml_shape *input, const char *path, visml_error *err) {
    visml_tensor *batch = NULL, *fitted = NULL;
    visml_color color = (visml_color)input->dims[2]; /* the VISML_COLOR_* are numbers of channels */
    visml_tensor *picture = visml_image_read(ctx, path, VISML_OPTS(visml_decode_opts, .color = color), err);
    if (picture)
        fitted = visml_image_fit(picture, input->dims[0], input->dims[1], VISML_FIT_STRETCH, VISML_FILTER_BILINEAR, err);
    if (fitted)
        batch = visml_tensor_reshape(fitted, VISML_SHAPE(1, input->dims[0], input->dims[1], input->dims[2]), err);
    visml_tensor_release(fitted); /* the batch is a view and keeps the memory */
    visml_tensor_release(picture);
    return batch;
}

static void print_best(const visml_model *model, const visml_tensor *scores) {
    const float *p = visml_tensor_data(scores);
    int64_t best = 0;
    for (int64_t i = 1; i < visml_tensor_count(scores); i++) {
        if (p[i] > p[best])
            best = i;
    }
    const char *name = visml_model_class_name(model, (size_t)best);
    if (name)
        printf("%s %.4f\n", name, (double)p[best]);
    else /* classes need not have names */
        printf("class %lld %.4f\n", (long long)best, (double)p[best]);
}

static void classify(visml_context *ctx, const char *file, const char *path, visml_error *err) {
    visml_tensor *x = NULL, *y = NULL;
    visml_session *session = NULL;
    visml_model *model = visml_model_load(ctx, file, err);
    const visml_shape *output = model ? visml_model_output_shape(model) : NULL;
    if (model)
        session = visml_session_new(model, VISML_OPTS(visml_session_opts, .max_batch = 1), err);
    if (session)
        x = load(ctx, visml_model_input_shape(model), path, err);
    if (x)
        y = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, output->dims[0]), err);
    if (y && visml_session_run(session, x, y, err) == VISML_OK)
        print_best(model, y);
    visml_tensor_release(y);
    visml_tensor_release(x);
    visml_session_free(session);
    visml_model_free(model);
}

int main(int argc, char **argv) {
    visml_error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: classify_image MODEL.visml PICTURE\n");
        return 2;
    }
    visml_context *ctx = visml_context_new(NULL, &err);
    if (ctx)
        classify(ctx, argv[1], argv[2], &err);
    visml_context_free(ctx);
    if (err.code < 0)
        fprintf(stderr, "classify_image: %s\n", err.message);
    return err.code < 0;
}
