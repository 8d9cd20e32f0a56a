/* Shows what an augmentation does: one PNG (or SVG) with eight variants of each picture side by side, as eight epochs of training would
 * see them.
 *
 *     contact_sheet PICTURE|DIR CHAIN.json SHEET.png [SEED [WORKERS]]
 *
 * PICTURE fills four rows, DIR (a folder of one folder of images for each class) gives a row to each of up to eight of its images.
 * The sheet is a function of pictures, chain and seed; the number of threads that read ahead (WORKERS) changes nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <visml/visml.h>

enum { COLUMNS = 8, ROWS = 8, ROWS_OF_ONE = 4, SIDE = 96, LARGEST = 1024 };

/* One picture four times: to a chain these are four samples. */
static visml_dataset *open_picture(visml_context *ctx, const char *path, visml_error *err) {
    const int64_t again[ROWS_OF_ONE] = {0};
    visml_tensor *images = NULL, *label = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(1), err);
    visml_tensor *picture = visml_image_read(ctx, path, VISML_OPTS(visml_decode_opts, .color = VISML_COLOR_RGB), err);
    visml_dataset *one = NULL, *four = NULL;
    if (picture) {
        const visml_shape *s = visml_tensor_shape(picture);
        images = visml_tensor_reshape(picture, VISML_SHAPE(1, s->dims[0], s->dims[1], s->dims[2]), err);
    }
    if (images && label)
        one = visml_dataset_from_arrays(ctx, images, label, NULL, 0, err);
    if (one)
        four = visml_dataset_subset(one, again, ROWS_OF_ONE, err);
    visml_dataset_free(one);
    visml_tensor_release(images);
    visml_tensor_release(picture);
    visml_tensor_release(label);
    return four;
}

/* Up to eight images, evenly over all. */
static visml_dataset *open_folder(visml_context *ctx, const char *path, visml_error *err) {
    visml_dataset *some = NULL, *all = visml_dataset_from_folder(
        ctx, path, VISML_OPTS(visml_source_opts, .height = SIDE, .width = SIDE, .on_invalid = VISML_INVALID_KEEP), err);
    int64_t picked[ROWS], count = visml_dataset_count(all), n = count < ROWS ? count : ROWS;
    for (int64_t i = 0; i < n; i++)
        picked[i] = i * count / n;
    if (all)
        some = visml_dataset_subset(all, picked, (size_t)n, err);
    visml_dataset_free(all);
    return some;
}

static visml_dataset *open_source(visml_context *ctx, const char *path, visml_error *err) {
    struct stat st;
    int folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return folder ? open_folder(ctx, path, err) : open_picture(ctx, path, err);
}

static visml_augmentation *read_chain(visml_context *ctx, const char *path, visml_error *err) {
    char text[8192];
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    visml_augmentation *chain = visml_augmentation_from_json(ctx, text, n, err);
    if (!file)
        snprintf(err->message, sizeof err->message, "%s: cannot be read", path);
    return chain;
}

/* A batch is what one epoch makes of all rows: a column of the sheet, whose pictures are [rows * COLUMNS, H, W, C]. */
static void place_column(visml_tensor *pictures, const visml_batch *batch) {
    visml_tensor *images = visml_batch_images(batch);
    const int64_t *d = visml_tensor_shape(images)->dims;
    size_t bytes = (size_t)(d[1] * d[2] * d[3]);
    for (int64_t row = 0; row < visml_batch_count(batch); row++)
        memcpy((unsigned char *)visml_tensor_data(pictures) + (size_t)(row * COLUMNS + visml_batch_epoch(batch)) * bytes,
               (unsigned char *)visml_tensor_data(images) + (size_t)row * bytes, bytes);
}

static visml_plot *draw_sheet(const visml_tensor *pictures, visml_error *err) {
    const int64_t *d = visml_tensor_shape(pictures)->dims;
    int64_t side = d[1] > d[2] ? d[1] : d[2];
    visml_plot_sheet_opts opts = {.size = (uint32_t)sizeof opts, .side = side < LARGEST ? (int32_t)side : LARGEST, .columns = COLUMNS};
    return visml_plot_contact_sheet(pictures, NULL, NULL, 0, &opts, err);
}

static visml_plot *draw(visml_context *ctx, visml_dataset *ds, uint64_t seed, int32_t workers, visml_error *err) {
    visml_shape s;
    int64_t rows = visml_dataset_count(ds);
    if (visml_dataset_sample_shape(ds, &s, err) < 0)
        return NULL;
    visml_tensor *pictures = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(rows * COLUMNS, s.dims[0], s.dims[1], s.dims[2]), err);
    visml_loader *loader = visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = (int32_t)rows, .epochs = COLUMNS, .seed = seed,
                                                           .workers = workers), err);
    visml_batch *batch = NULL;
    int ok = pictures && loader;
    while (ok && (ok = visml_loader_next(loader, &batch, err) == VISML_OK) && batch) {
        place_column(pictures, batch);
        visml_batch_free(batch);
    }
    visml_loader_free(loader);
    visml_plot *sheet = ok ? draw_sheet(pictures, err) : NULL;
    visml_tensor_release(pictures);
    return sheet;
}

int main(int argc, char **argv) {
    visml_error err = {0};
    if (argc < 4 || argc > 6) {
        fprintf(stderr, "usage: contact_sheet PICTURE|DIR CHAIN.json SHEET.png [SEED [WORKERS]]\n");
        return 2;
    }
    visml_context *ctx = visml_context_new(NULL, &err);
    visml_dataset *source = ctx ? open_source(ctx, argv[1], &err) : NULL, *augmented = NULL;
    visml_augmentation *chain = source ? read_chain(ctx, argv[2], &err) : NULL;
    if (chain)
        augmented = visml_dataset_augment(source, chain, &err);
    visml_plot *sheet = augmented ? draw(ctx, augmented, argc > 4 ? strtoull(argv[4], NULL, 10) : 1, argc > 5 ? atoi(argv[5]) : 0, &err)
                                  : NULL;
    int failed = !sheet || visml_plot_save(sheet, argv[3], &err) < 0;
    if (failed)
        fprintf(stderr, "contact_sheet: %s\n", err.message);
    visml_plot_free(sheet);
    visml_dataset_free(augmented);
    visml_augmentation_free(chain);
    visml_dataset_free(source);
    visml_context_free(ctx);
    return failed;
}
