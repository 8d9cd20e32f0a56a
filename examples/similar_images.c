/* Finds the pictures of a folder that look most like a given one: one PNG (or SVG) with the picture and its ten nearest, the nearest first.
 *
 *     similar_images DIR PICTURE SHEET.png [FEATURES.json [METRIC]]
 *
 * DIR is a folder of one folder of images for each class. FEATURES.json says by what pictures are compared (visml/feature.h); by
 * default the colours of small copies. METRIC is l2 (default), cosine, chi2, l1 or intersection. A line is printed for each picture that
 * was found: its distance and its path.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <visml/visml.h>

enum { NEAREST = 10, COLUMNS = 4, SIDE = 96 };

static const char default_features[] =
    "{\"height\": 64, \"width\": 64, \"color\": \"rgb\", \"extract\": [{\"class\": \"average\", \"over\": "
    "{\"class\": \"grid\", \"rows\": 8, \"columns\": 8}}]}";

static visml_features *read_features(visml_context *ctx, const char *path, visml_error *err) {
    char text[8192];
    if (!path)
        return visml_features_from_json(ctx, default_features, sizeof default_features - 1, err);
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(err->message, sizeof err->message, "%s: cannot be read", path);
        return NULL;
    }
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    return visml_features_from_json(ctx, text, n, err);
}

static visml_metric read_metric(const char *name) {
    static const char *const names[] = {"l2", "cosine", "chi2", "l1", "intersection"};
    for (int32_t i = 0; name && i < 5; i++)
        if (strcmp(name, names[i]) == 0)
            return i + 1;
    return name ? -1 : VISML_METRIC_L2;
}

/* The vectors of all pictures, one after the other. */
static visml_tensor *read_vectors(visml_context *ctx, visml_dataset *ds, const visml_features *f, visml_error *err) {
    visml_tensor *all = NULL;
    for (int64_t i = 0, n = visml_dataset_count(ds); i < n; i++) {
        visml_tensor *image = visml_dataset_read(ds, i, err);
        visml_tensor *v = image ? visml_features_transform(f, image, err) : NULL;
        int64_t d = v ? visml_tensor_shape(v)->dims[1] : 0;
        if (v && !all)
            all = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, d), err);
        int ok = v && all;
        if (ok)
            memcpy((float *)visml_tensor_data(all) + i * d, visml_tensor_data(v), (size_t)d * sizeof(float));
        visml_tensor_release(v);
        visml_tensor_release(image);
        if (!ok) {
            visml_tensor_release(all);
            return NULL;
        }
    }
    return all;
}

/* Picture number `at` of [n, SIDE, SIDE, 3]; takes it over. */
static int place(visml_tensor *pictures, int at, visml_tensor *picture) {
    if (!picture)
        return 0;
    memcpy((unsigned char *)visml_tensor_data(pictures) + (size_t)at * SIDE * SIDE * 3, visml_tensor_data(picture), SIDE * SIDE * 3);
    visml_tensor_release(picture);
    return 1;
}

static int draw(visml_context *ctx, visml_dataset *ds, const visml_tensor *query, const visml_tensor *places, const char *path,
                visml_error *err) {
    int n = (int)visml_tensor_shape(places)->dims[1];
    const int32_t *found = visml_tensor_data(places);
    visml_tensor *pictures = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(n + 1, SIDE, SIDE, 3), err);
    int ok = pictures && place(pictures, 0, visml_image_resize(query, SIDE, SIDE, VISML_FILTER_BILINEAR, err));
    for (int i = 0; ok && i < n; i++)
        ok = place(pictures, i + 1, visml_dataset_read(ds, found[i], err));
    const visml_plot_sheet_opts opts = {.size = (uint32_t)sizeof opts, .side = SIDE, .columns = COLUMNS};
    visml_plot *sheet = ok ? visml_plot_contact_sheet(pictures, NULL, NULL, 0, &opts, err) : NULL;
    ok = sheet && visml_plot_save(sheet, path, err) == VISML_OK;
    visml_plot_free(sheet);
    visml_tensor_release(pictures);
    return ok;
}

static void print(visml_dataset *ds, visml_tensor *places, visml_tensor *distances) {
    for (int64_t i = 0; i < visml_tensor_shape(places)->dims[1]; i++)
        printf("%.6g %s\n", (double)((float *)visml_tensor_data(distances))[i],
               visml_dataset_path(ds, ((int32_t *)visml_tensor_data(places))[i]));
}

/* 1 when the sheet was written. */
static int find(visml_context *ctx, visml_dataset *ds, const visml_features *f, visml_metric metric, char **argv, visml_error *err) {
    visml_tensor *all = read_vectors(ctx, ds, f, err), *places = NULL, *distances = NULL;
    visml_index *index = all ? visml_index_new(ctx, all, VISML_OPTS(visml_index_opts, .metric = metric), err) : NULL;
    visml_tensor *query = index ? visml_image_read(ctx, argv[2], VISML_OPTS(visml_decode_opts, .color = VISML_COLOR_RGB), err) : NULL;
    visml_tensor *small = query ? visml_image_resize(query, SIDE, SIDE, VISML_FILTER_BILINEAR, err) : NULL;
    visml_tensor *v = small ? visml_features_transform(f, small, err) : NULL;
    int64_t k = visml_index_count(index) < NEAREST ? visml_index_count(index) : NEAREST;
    int ok = v && visml_index_search(index, v, k, &places, &distances, err) == VISML_OK && draw(ctx, ds, query, places, argv[3], err);
    if (ok)
        print(ds, places, distances);
    visml_tensor_release(v);
    visml_tensor_release(small);
    visml_tensor_release(query);
    visml_tensor_release(places);
    visml_tensor_release(distances);
    visml_index_free(index);
    visml_tensor_release(all);
    return ok;
}

int main(int argc, char **argv) {
    visml_error err = {0};
    visml_metric metric = read_metric(argc == 6 ? argv[5] : NULL);
    if (argc < 4 || argc > 6 || metric < 0) {
        fprintf(stderr, "usage: similar_images DIR PICTURE SHEET.png [FEATURES.json [l2|cosine|chi2|l1|intersection]]\n");
        return 2;
    }
    visml_context *ctx = visml_context_new(NULL, &err);
    visml_dataset *ds = ctx ? visml_dataset_from_folder(ctx, argv[1], VISML_OPTS(visml_source_opts, .height = SIDE, .width = SIDE,
                                                                                 .color = VISML_COLOR_RGB), &err) : NULL;
    visml_features *f = ds ? read_features(ctx, argc > 4 ? argv[4] : NULL, &err) : NULL;
    int ok = f && (visml_features_is_fitted(f) || visml_features_fit(f, ds, NULL, &err) == VISML_OK) &&
             find(ctx, ds, f, metric, argv, &err);
    if (!ok)
        fprintf(stderr, "similar_images: %s\n", err.message);
    visml_features_free(f);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return !ok;
}
