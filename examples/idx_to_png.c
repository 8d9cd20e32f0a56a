/* Cuts one picture out of a data set in IDX files, such as MNIST or Fashion-MNIST, and writes it as a PNG file; prints its label.
 *
 *     idx_to_png IMAGES LABELS NUMBER PICTURE.png
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <visml/visml.h>

int main(int argc, char **argv) {
    visml_error err = {0};
    visml_dataset *data = NULL;
    visml_tensor *picture = NULL;
    if (argc != 5) {
        fprintf(stderr, "usage: idx_to_png IMAGES LABELS NUMBER PICTURE.png\n");
        return 2;
    }
    int64_t i = (int64_t)strtoll(argv[3], NULL, 10);
    visml_context *ctx = visml_context_new(NULL, &err);
    if (ctx)
        data = visml_dataset_from_idx(ctx, argv[1], argv[2], NULL, &err);
    if (data)
        picture = visml_dataset_read(data, i, &err);
    if (picture && visml_image_write_png(picture, argv[4], &err) == VISML_OK)
        printf("%s\n", visml_dataset_class_name(data, (size_t)visml_dataset_label(data, i)));
    visml_tensor_release(picture);
    visml_dataset_free(data);
    visml_context_free(ctx);
    if (err.code < 0)
        fprintf(stderr, "idx_to_png: %s\n", err.message);
    return err.code < 0;
}
