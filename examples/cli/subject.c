/* What evaluate, predict and info work on: a network, or a pipeline; told by the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

visml_status cli_subject_load(visml_context *ctx, const char *file, cli_subject *s, visml_error *err) {
    char kind[16];
    *s = (cli_subject){NULL, NULL};
    s->model = visml_model_load(ctx, file, err);
    if (s->model)
        return VISML_OK;
    if (err->code != VISML_EFORMAT || !visml_file_kind(ctx, file, kind, sizeof kind) || strcmp(kind, "pipeline") != 0)
        return err->code;
    s->pipeline = visml_pipeline_load(ctx, file, err);
    return s->pipeline ? VISML_OK : err->code;
}

void cli_subject_free(cli_subject *s) {
    visml_model_free(s->model);
    visml_pipeline_free(s->pipeline);
}

/* ---- classes ------------------------------------------------------------------------------------------------------------------- */

size_t cli_subject_class_count(const cli_subject *s) {
    if (s->model)
        return visml_model_class_count(s->model);
    return visml_pipeline_class_name(s->pipeline, 0) ? visml_pipeline_class_count(s->pipeline) : 0;
}

static const char *name_at(const cli_subject *s, size_t i) {
    return s->model ? visml_model_class_name(s->model, i) : visml_pipeline_class_name(s->pipeline, i);
}

const char *cli_subject_class(const cli_subject *s, size_t i, char number[24]) {
    const char *name = name_at(s, i);
    snprintf(number, 24, "%zu", i);
    return name ? name : number;
}

const char **cli_subject_names(const cli_subject *s) {
    size_t n = cli_subject_class_count(s);
    const char **names = n ? malloc(n * sizeof *names) : NULL;
    for (size_t i = 0; names && i < n; i++)
        names[i] = name_at(s, i);
    return names;
}

/* ---- pictures ------------------------------------------------------------------------------------------------------------------ */

/* Features are described as JSON; a fit and a filter are words in it, where they are not the defaults. */
static void read_words(const visml_pipeline *p, visml_source_opts *opts) {
    json_t *features = cli_features_json(visml_pipeline_features(p));
    const char *fit = json_string_value(json_object_get(features, "fit"));
    const char *filter = json_string_value(json_object_get(features, "filter"));
    opts->fit = fit ? options_number(cli_fits, fit) : 0;
    opts->filter = filter ? options_number(cli_filters, filter) : 0;
    json_decref(features);
}

visml_status cli_subject_preparation(const cli_subject *s, visml_source_opts *opts, visml_error *err) {
    const visml_model *network = s->model ? s->model : visml_pipeline_network(s->pipeline);
    const visml_shape *input = visml_pipeline_input_shape(s->pipeline);
    if (network)
        return cli_preparation_load(network, opts, err);
    read_words(s->pipeline, opts);
    if (input) {
        opts->height = (int32_t)input->dims[0];
        opts->width = (int32_t)input->dims[1];
        opts->color = (visml_color)input->dims[2];
    }
    return VISML_OK;
}
