/* The --augment argument: a JSON file, or a short list of names and numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A name of the list, its class, and the options that its number is for. */
static const struct {
    const char *name, *class, *field[2];
} known[] = {
    {"flip", "random_flip", {NULL}},
    {"rotation", "random_rotation", {"factor"}},
    {"zoom", "random_zoom", {"height_factor"}},
    {"translation", "random_translation", {"height_factor", "width_factor"}},
    {"shear", "random_shear", {"x_factor", "y_factor"}},
    {"brightness", "random_brightness", {"factor"}},
    {"contrast", "random_contrast", {"factor"}},
    {"hue", "random_hue", {"factor"}},
    {"saturation", "random_saturation", {"factor"}},
    {"grayscale", "random_grayscale", {"factor"}},
    {"erasing", "random_erasing", {"factor"}},
    {"blur", "random_gaussian_blur", {"factor"}},
    {"sharpness", "random_sharpness", {"factor"}},
    {"posterization", "random_posterization", {"factor"}},
    {"solarization", "solarization", {"threshold_factor"}},
    {"auto_contrast", "auto_contrast", {NULL}},
    {"equalization", "equalization", {NULL}},
    {"rand_augment", "rand_augment", {"factor"}},
    {"mix_up", "mix_up", {"alpha"}},
    {"cut_mix", "cut_mix", {"factor"}},
};
enum { KNOWN = sizeof known / sizeof known[0] };

static json_t *wrong(const char *item, size_t n) {
    char names[512] = "";
    for (int i = 0; i < KNOWN; i++) {
        strcat(names, i ? ", " : "");
        strcat(names, known[i].name);
    }
    cli_message("--augment: \"%.*s\" is none of %s, with a number behind as in rotation=0.1, or flip, flip=vertical, flip=both; or give a "
                "file with the suffix .json", (int)n, item, names);
    return NULL;
}

/* flip is left and right, as photographs want it. */
static const char *flip_mode(const char *value) {
    if (!value || strcmp(value, "horizontal") == 0)
        return "horizontal";
    return strcmp(value, "vertical") == 0 ? "vertical" : strcmp(value, "both") == 0 ? "horizontal_and_vertical" : NULL;
}

/* One item, "name" or "name=value"; NULL when it is none. */
static json_t *read_item(const char *item, size_t n) {
    char text[64], *end = NULL;
    if (n >= sizeof text)
        return wrong(item, n);
    memcpy(text, item, n);
    text[n] = 0;
    char *value = strchr(text, '=');
    if (value)
        *value++ = 0;
    int k = 0;
    while (k < KNOWN && strcmp(text, known[k].name) != 0)
        k++;
    int flip = k == 0;
    double number = value && !flip ? strtod(value, &end) : 0;
    if (k == KNOWN || (flip && !flip_mode(value)) || (value && !flip && (!known[k].field[0] || !*value || *end)))
        return wrong(item, n);
    json_t *object = json_pack("{s:s}", "class", known[k].class);
    if (flip)
        json_object_set_new(object, "mode", json_string(flip_mode(value)));
    for (int f = 0; f < 2 && value && !flip; f++)
        if (known[k].field[f])
            json_object_set_new(object, known[k].field[f], json_real(number));
    return object;
}

static json_t *read_list(const char *list) {
    json_t *array = json_array();
    for (const char *item = list; array && item;) {
        const char *comma = strchr(item, ',');
        json_t *object = read_item(item, comma ? (size_t)(comma - item) : strlen(item));
        if (!object) {
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, object);
        item = comma ? comma + 1 : NULL;
    }
    return array;
}

static json_t *read_file(const char *path) {
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root && error.line > 0)
        cli_message("%s:%d:%d: %s", path, error.line, error.column, error.text);
    else if (!root)
        cli_message("%s: %s", path, errno ? strerror(errno) : error.text);
    return root;
}

visml_augmentation *cli_augmentation(visml_context *ctx, const char *argument) {
    size_t n = strlen(argument);
    json_t *array = n > 5 && strcmp(argument + n - 5, ".json") == 0 ? read_file(argument) : read_list(argument);
    if (!array)
        return NULL;
    visml_error err = {0};
    char *text = json_dumps(array, JSON_COMPACT | JSON_ENCODE_ANY);
    visml_augmentation *a = text ? visml_augmentation_from_json(ctx, text, strlen(text), &err) : NULL;
    if (!a)
        cli_message("--augment: %s", text ? err.message : "out of memory");
    free(text);
    json_decref(array);
    return a;
}
