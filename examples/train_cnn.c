/* Trains a small convolutional network on a folder that holds one folder of images for each class, measures it on images that it has not
 * seen, and saves it.
 *
 *     train_cnn DIR MODEL.visml
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <visml/visml.h>

static int32_t show(void *user, visml_model *model, const visml_progress *progress) {
    char line[512];
    (void)user;
    (void)model;
    visml_progress_text(progress, 0, line, sizeof line);
    puts(line);
    return 0; /* anything else stops the training */
}

static visml_status train(visml_context *ctx, const char *dir, const char *file, visml_error *err) {
    visml_dataset *parts[3] = {NULL, NULL, NULL};
    visml_report *report = NULL;
    size_t classes;

    /* [README */
    visml_dataset *all = visml_dataset_from_folder(ctx, dir, VISML_OPTS(visml_source_opts, .height = 32, .width = 32), err);
    if (!all || visml_dataset_split(all, NULL, parts, err) < 0) /* train : val : test = 7 : 1 : 2, class by class */
        goto end;
    classes = visml_dataset_class_count(all);

    visml_model *net = visml_model_new(ctx, VISML_SHAPE(32, 32, 3), err);
    visml_model_add(net, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), err), err);
    visml_model_add(net, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 16, .kernel_size = {3, 3},
                                                      .activation = VISML_RELU), err), err);
    visml_model_add(net, visml_maxpool2d(ctx, NULL, err), err);
    visml_model_add(net, visml_flatten(ctx, NULL, err), err);
    visml_model_add(net, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = (int32_t)classes, .activation = VISML_SOFTMAX), err), err);

    visml_callback callback = {.size = sizeof callback, .epoch_end = show};
    visml_fit_opts fit = {.size = sizeof fit, .epochs = 5, .validation = parts[1], .callbacks = &callback, .callback_count = 1};
    if (visml_model_build(net, 1, err) == VISML_OK && visml_fit(net, parts[0], &fit, NULL, err) == VISML_OK &&
        visml_evaluate(net, parts[2], NULL, NULL, &report, err) == VISML_OK && visml_model_save(net, file, err) == VISML_OK)
        printf("accuracy on images it has not seen: %.3f\n", visml_report_accuracy(report));
    /* README] */

    visml_model_free(net);
end:
    visml_report_free(report);
    for (int i = 0; i < 3; i++)
        visml_dataset_free(parts[i]);
    visml_dataset_free(all);
    return err->code;
}

int main(int argc, char **argv) {
    visml_error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: train_cnn DIR MODEL.visml\n");
        return 2;
    }
    visml_context *ctx = visml_context_new(NULL, &err);
    if (ctx)
        train(ctx, argv[1], argv[2], &err);
    visml_context_free(ctx);
    if (err.code < 0)
        fprintf(stderr, "train_cnn: %s\n", err.message);
    return err.code < 0;
}
