/* visml info: what a file holds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char details[] =
    "FILE is what `visml train` has written, or an image. With --json: for a network the architecture, its classes and attributes as\n"
    "one object, which `visml train --arch` reads back; for a pipeline its parts, as the library reads them; for an image its\n"
    "format, size and what its EXIF data say.\n"
    "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml info model.visml\n"
    "  visml info model.visml --json > network.json    change it, then: visml train DATA --arch network.json ...\n"
    "  visml info photo.jpg --json\n";

static const char *const attributes[] = {"size", "color", "fit", "filter"};
enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

/* The text that one of the library's "text, capacity" calls makes; memory of malloc, NULL when there is none. */
static char *text_of(size_t (*write)(const visml_model *, char *, size_t), const visml_model *model) {
    size_t n = write(model, NULL, 0);
    char *text = n ? malloc(n + 1) : NULL;
    if (text)
        write(model, text, n + 1);
    return text;
}

/* ---- a model ------------------------------------------------------------------------------------------------------------------- */

static json_t *describe_model(const visml_model *model) {
    char *text = text_of(visml_model_to_json, model);
    json_t *o = text ? json_loads(text, 0, NULL) : NULL, *classes = json_array(), *values = json_object();
    free(text);
    for (size_t i = 0; i < visml_model_class_count(model); i++)
        json_array_append_new(classes, cli_json_string(visml_model_class_name(model, i)));
    for (int i = 0; i < ATTRIBUTES; i++) {
        const char *value = visml_model_attribute(model, attributes[i]);
        if (value)
            json_object_set_new(values, attributes[i], cli_json_string(value));
    }
    json_object_set_new(o, "classes", classes);
    json_object_set_new(o, "attributes", values);
    return o;
}

static int print_model(const visml_model *model) {
    char *summary = text_of(visml_model_summary, model);
    size_t n = summary ? strlen(summary) : 0, classes = visml_model_class_count(model);
    if (!summary)
        return cli_fail("out of memory");
    printf("%s%s", summary, n && summary[n - 1] == '\n' ? "" : "\n");
    free(summary);
    if (classes)
        printf("Classes:");
    for (size_t i = 0; i < classes; i++)
        printf(" %s%s", visml_model_class_name(model, i), i + 1 < classes ? "," : "\n");
    for (int i = 0; i < ATTRIBUTES; i++) {
        const char *value = visml_model_attribute(model, attributes[i]);
        if (value)
            printf("%s: %s\n", attributes[i], value);
    }
    return CLI_OK;
}

/* ---- a pipeline ---------------------------------------------------------------------------------------------------------------- */

static json_t *describe_pipeline(const visml_pipeline *p) {
    size_t n = visml_pipeline_to_json(p, NULL, 0);
    char *text = n ? malloc(n + 1) : NULL;
    if (text)
        visml_pipeline_to_json(p, text, n + 1);
    json_t *o = text ? json_loads(text, 0, NULL) : NULL, *classes = json_array();
    free(text);
    const visml_shape *in = visml_pipeline_input_shape(p);
    for (size_t i = 0; visml_pipeline_class_name(p, i); i++)
        json_array_append_new(classes, cli_json_string(visml_pipeline_class_name(p, i)));
    if (in)
        json_object_set_new(o, "input_shape", json_pack("[I, I, I]", (json_int_t)in->dims[0], (json_int_t)in->dims[1],
                                                        (json_int_t)in->dims[2]));
    json_object_set_new(o, "classes", classes);
    return o;
}

/* A line "name: JSON", where there is such a part. */
static void print_part(const json_t *o, const char *name) {
    char *text = json_dumps(json_object_get(o, name), JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    if (text)
        printf("%s: %s\n", name, text);
    free(text);
}

static int print_pipeline(const visml_pipeline *p) {
    static const char *const parts[] = {"features", "network", "classifier", "input_shape", "classes"};
    json_t *o = describe_pipeline(p);
    const visml_classifier *c = visml_pipeline_classifier(p);
    if (!o)
        return cli_fail("out of memory");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        print_part(o, parts[i]);
    if (c)
        printf("vectors of %lld numbers\n", (long long)visml_classifier_feature_count(c));
    json_decref(o);
    return CLI_OK;
}

/* ---- an image ------------------------------------------------------------------------------------------------------------------ */

static const char formats[] = "unknown|jpeg|png|bmp|gif|pnm|tga"; /* numbered as VISML_FORMAT_* */

static int print_image(const visml_image_info *info, int json) {
    char format[16];
    options_word(formats, info->format, format, sizeof format);
    if (json)
        return cli_print_json(json_pack("{s:s, s:I, s:I, s:i, s:i, s:i, s:o, s:o}", "format", format, "width", (json_int_t)info->width,
                                        "height", (json_int_t)info->height, "channels", (int)info->channels, "bits", (int)info->bits,
                                        "orientation", (int)info->orientation, "camera", cli_json_string(info->camera), "taken",
                                        cli_json_string(info->taken)));
    printf("%s image, %lld wide, %lld high, %d channel%s of %d bits\n", format, (long long)info->width, (long long)info->height,
           (int)info->channels, info->channels == 1 ? "" : "s", (int)info->bits);
    if (info->orientation != 1)
        printf("EXIF orientation: %d\n", (int)info->orientation);
    if (info->camera[0])
        printf("camera: %s\n", info->camera);
    if (info->taken[0])
        printf("taken: %s\n", info->taken);
    return CLI_OK;
}

static int info(const char *file, int json) {
    visml_error err = {0};
    visml_image_info image = {.size = (uint32_t)sizeof image};
    cli_subject subject = {NULL, NULL};
    int code = CLI_FAILURE;
    visml_context *ctx = visml_context_new(NULL, &err);
    if (ctx)
        cli_subject_load(ctx, file, &subject, &err);
    /* The image comes second: TGA has no magic number, so that any bytes may look like one. */
    if (subject.model)
        code = json ? cli_print_json(describe_model(subject.model)) : print_model(subject.model);
    else if (subject.pipeline)
        code = json ? cli_print_json(describe_pipeline(subject.pipeline)) : print_pipeline(subject.pipeline);
    else if (ctx && err.code == VISML_EFORMAT && cli_probe(ctx, file, &image))
        code = print_image(&image, json);
    else
        cli_message("%s", err.message);
    cli_subject_free(&subject);
    visml_context_free(ctx);
    return code;
}

int info_main(int argc, char **argv) {
    int32_t json = 0;
    const option options[] = {{"--json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", 0, 0}};
    const command c = {"info", "FILE", 1, 1, "Show what a file holds.", details, options, 1};
    int operands, code = options_parse(&c, argc, argv, &operands);
    return code >= 0 ? code : info(argv[1], json);
}
