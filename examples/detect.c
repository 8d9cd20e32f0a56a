/* Finds things in a picture: gradients in a window that is moved over it and over smaller copies of it (Dalal and Triggs 2005).
 *
 *     detect WINDOWS PICTURE OUT.png [CLASSIFIER.json [THRESHOLD]]
 *
 * WINDOWS is a folder of one folder of small pictures for each class; the class called "background" has windows without a thing. They are
 * learned from first. A line is printed for each thing that was found: score, class, top, left, height, width; OUT.png is the picture with
 * their frames. CLASSIFIER.json says what decides (visml/classify.h), by default a linear support vector machine; THRESHOLD which
 * score counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <visml/visml.h>

enum { SIDE = 64, LONGEST = 4096 };

/* Cells of 8 pixels in blocks of 2, as Dalal and Triggs have it. */
static const char features[] = "{\"height\": 64, \"width\": 64, \"color\": \"rgb\", \"extract\": [{\"class\": \"hog\", "
                               "\"cells_per_block\": [2, 2]}]}";

/* The whole file, or what decides by default. */
static int read_classifier(const char *path, char text[LONGEST]) {
    snprintf(text, LONGEST, "{\"class\": \"linear_svm\"}");
    if (!path)
        return 1;
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(text, 1, LONGEST - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = 0;
    return n > 0;
}

static visml_pipeline *learn(visml_context *ctx, const char *folder, const char *classifier, visml_error *err) {
    char text[LONGEST + sizeof features + 64];
    int n = snprintf(text, sizeof text, "{\"features\": %s, \"classifier\": %s}", features, classifier);
    visml_pipeline *p = visml_pipeline_from_json(ctx, text, (size_t)n, err);
    const visml_source_opts source = {.size = (uint32_t)sizeof source, .height = SIDE, .width = SIDE};
    visml_dataset *ds = p ? visml_dataset_from_folder(ctx, folder, &source, err) : NULL;
    if (ds && visml_pipeline_fit(p, ds, NULL, err) == VISML_OK) {
        visml_dataset_free(ds);
        return p;
    }
    visml_dataset_free(ds);
    visml_pipeline_free(p);
    return NULL;
}

/* A frame of two pixels, in red. */
static void draw(visml_tensor *picture, const float *box) {
    const int64_t *d = visml_tensor_shape(picture)->dims;
    unsigned char *pixels = visml_tensor_data(picture);
    for (int64_t y = (int64_t)box[0]; y < (int64_t)(box[0] + box[2]) && y < d[0]; y++)
        for (int64_t x = (int64_t)box[1]; x < (int64_t)(box[1] + box[3]) && x < d[1]; x++) {
            float down = (float)y - box[0], across = (float)x - box[1];
            if (down >= 2 && across >= 2 && down < box[2] - 3 && across < box[3] - 3)
                continue;
            memcpy(pixels + (y * d[1] + x) * 3, "\xff\x20\x20", 3);
        }
}

static void tell(const visml_pipeline *p, visml_tensor *picture, visml_tensor *boxes, visml_tensor *scores, visml_tensor *labels) {
    const float *box = visml_tensor_data(boxes), *score = visml_tensor_data(scores);
    const int32_t *label = visml_tensor_data(labels);
    for (int64_t i = 0; i < visml_tensor_count(scores); i++, box += 4) {
        printf("%.4f %s %.0f %.0f %.0f %.0f\n", (double)score[i], visml_pipeline_class_name(p, (size_t)label[i]), (double)box[0],
               (double)box[1], (double)box[2], (double)box[3]);
        draw(picture, box);
    }
}

static int detect(visml_context *ctx, char **argv, const char *classifier, double threshold, visml_error *err) {
    visml_tensor *boxes = NULL, *scores = NULL, *labels = NULL;
    visml_tensor *picture = visml_image_read(ctx, argv[2], VISML_OPTS(visml_decode_opts, .color = VISML_COLOR_RGB), err);
    visml_pipeline *p = picture ? learn(ctx, argv[1], classifier, err) : NULL;
    int ok = p && visml_pipeline_detect(p, picture, VISML_OPTS(visml_detect_opts, .background = "background", .threshold = threshold),
                                        &boxes, &scores, &labels, err) == VISML_OK;
    if (ok) {
        tell(p, picture, boxes, scores, labels);
        ok = visml_image_write_png(picture, argv[3], err) == VISML_OK;
    }
    visml_tensor_release(boxes);
    visml_tensor_release(scores);
    visml_tensor_release(labels);
    visml_tensor_release(picture);
    visml_pipeline_free(p);
    return ok;
}

int main(int argc, char **argv) {
    visml_error err = {0};
    char classifier[LONGEST];
    if (argc < 4 || argc > 6) {
        fprintf(stderr, "usage: detect WINDOWS PICTURE OUT.png [CLASSIFIER.json [THRESHOLD]]\n");
        return 2;
    }
    if (!read_classifier(argc > 4 ? argv[4] : NULL, classifier)) {
        fprintf(stderr, "detect: %s: cannot be read\n", argv[4]);
        return 1;
    }
    visml_context *ctx = visml_context_new(NULL, &err);
    int ok = ctx && detect(ctx, argv, classifier, argc > 5 ? strtod(argv[5], NULL) : 0, &err);
    if (!ok)
        fprintf(stderr, "detect: %s\n", err.message);
    visml_context_free(ctx);
    return ok ? 0 : 1;
}
