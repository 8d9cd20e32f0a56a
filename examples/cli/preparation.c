/* How a picture becomes the model's input: written into the model file by train, read again by evaluate and predict.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

const char cli_fits[] = "stretch|crop|pad";
const char cli_filters[] = "bilinear|nearest|area";
const char cli_colors[] = "rgb|gray|rgba";

static const visml_color colors[] = {VISML_COLOR_RGB, VISML_COLOR_GRAY, VISML_COLOR_RGBA};
enum { COLORS = sizeof colors / sizeof colors[0] };

visml_color cli_color(int32_t choice) {
    return choice >= 0 && choice < COLORS ? colors[choice] : VISML_COLOR_AS_IS;
}

static int32_t color_choice(visml_color color) {
    for (int32_t i = 0; i < COLORS; i++) {
        if (colors[i] == color)
            return i;
    }
    return -1;
}

visml_status cli_preparation_save(visml_model *model, const visml_source_opts *opts, visml_error *err) {
    char size[32], color[16], fit[16], filter[16];
    snprintf(size, sizeof size, "%dx%d", (int)opts->height, (int)opts->width);
    const struct {
        const char *key, *value;
    } rows[] = {{"size", size},
                {"color", options_word(cli_colors, color_choice(opts->color), color, sizeof color)},
                {"fit", options_word(cli_fits, opts->fit, fit, sizeof fit)},
                {"filter", options_word(cli_filters, opts->filter, filter, sizeof filter)}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        visml_status status = visml_model_set_attribute(model, rows[i].key, rows[i].value, err);
        if (status < 0)
            return status;
    }
    return VISML_OK;
}

static visml_status fail(visml_error *err, const char *format, const char *a, const char *b) {
    snprintf(err->message, sizeof err->message, format, a, b);
    return err->code = VISML_EFORMAT;
}

/* The number of the word that the attribute holds; 0, the default, when there is none. */
static visml_status load_choice(const visml_model *model, const char *key, const char *choices, int32_t *out, visml_error *err) {
    const char *word = visml_model_attribute(model, key);
    int32_t number = word ? options_number(choices, word) : 0;
    if (number < 0)
        return fail(err, "the model's attribute \"%s\" must be one of %s", key, choices);
    *out = number;
    return VISML_OK;
}

visml_status cli_preparation_load(const visml_model *model, visml_source_opts *opts, visml_error *err) {
    const visml_shape *in = visml_model_input_shape(model);
    /* Channels are the input's own, and so is the size unless it is open: then the attribute "size" counts. */
    if (!in || in->rank != 3 || in->dims[0] > INT32_MAX || in->dims[1] > INT32_MAX || color_choice((visml_color)in->dims[2]) < 0)
        return fail(err, "the model's input is not a picture: its shape must be %s%s", "[height, width, 1, 3 or 4]", "");
    int height = 0, width = 0;
    const char *size = visml_model_attribute(model, "size");
    if (!size || sscanf(size, "%dx%d", &height, &width) != 2 || height < 0 || width < 0)
        height = width = 0;
    opts->height = in->dims[0] == VISML_ANY ? height : (int32_t)in->dims[0];
    opts->width = in->dims[1] == VISML_ANY ? width : (int32_t)in->dims[1];
    opts->color = (visml_color)in->dims[2]; /* the constants are the numbers of channels */
    visml_status status = load_choice(model, "fit", cli_fits, &opts->fit, err);
    return status < 0 ? status : load_choice(model, "filter", cli_filters, &opts->filter, err);
}
