/* Divides a folder of labelled images into three parts, says how many images of each class are in which, names the images that cannot be
 * read, and writes the parts as a manifest.
 *
 *     split_dataset DIR MANIFEST.json
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <visml/visml.h>

static int64_t count(const visml_dataset *part, int32_t label) {
    int64_t n = 0;
    for (int64_t i = 0; part && i < visml_dataset_count(part); i++)
        n += visml_dataset_label(part, i) == label;
    return n;
}

static void print_table(const visml_dataset *all, visml_dataset *const parts[3]) {
    printf("%-20s %8s %8s %8s\n", "class", "train", "val", "test");
    for (size_t c = 0; c < visml_dataset_class_count(all); c++)
        printf("%-20s %8lld %8lld %8lld\n", visml_dataset_class_name(all, c), (long long)count(parts[0], (int32_t)c),
               (long long)count(parts[1], (int32_t)c), (long long)count(parts[2], (int32_t)c));
}

/* Nothing is decoded before it is asked for, so damaged images show up here. */
static void print_unreadable(visml_dataset *all) {
    for (int64_t i = 0; i < visml_dataset_count(all); i++) {
        visml_error why = {0};
        visml_tensor *picture = visml_dataset_read(all, i, &why);
        if (!picture)
            printf("cannot be read: %s\n", why.message);
        visml_tensor_release(picture);
    }
}

int main(int argc, char **argv) {
    visml_error err = {0};
    visml_dataset *all = NULL, *parts[3] = {NULL, NULL, NULL};
    if (argc != 3) {
        fprintf(stderr, "usage: split_dataset DIR MANIFEST.json\n");
        return 2;
    }
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .seed = 1), &err);
    if (ctx)
        all = visml_dataset_from_folder(ctx, argv[1], VISML_OPTS(visml_source_opts, .height = 32, .width = 32), &err);
    if (all && visml_dataset_split(all, VISML_OPTS(visml_split_opts, .ratio = {7, 1, 2}), parts, &err) == VISML_OK &&
        visml_split_save(parts, argv[2], &err) == VISML_OK) {
        print_table(all, parts);
        print_unreadable(all);
    }
    for (int i = 0; i < 3; i++)
        visml_dataset_free(parts[i]);
    visml_dataset_free(all);
    visml_context_free(ctx);
    if (err.code < 0)
        fprintf(stderr, "split_dataset: %s\n", err.message);
    return err.code < 0;
}
