/* `visml train --features` and `--network`: what looks at images, and a classifier behind it, fitted and saved as one.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

typedef struct run {
    const train_arguments *a;
    visml_context *ctx;
    visml_pipeline *pipeline;
    visml_dataset *train, *val;
    visml_source_opts source;
    visml_report *report; /* of the images for validation, or NULL */
    int show;             /* progress goes to a terminal */
} run;

/* ---- what is to be fitted ------------------------------------------------------------------------------------------------------ */

/* The one object of a list; NULL after a message. */
static json_t *read_classifier(const char *text) {
    json_t *list = cli_list("train: --classifier", text, "class"), *only = NULL;
    if (list && json_array_size(list) == 1)
        only = json_incref(json_array_get(list, 0));
    else if (list)
        cli_message("train: --classifier is \"%s\"; it must be a single classifier", text);
    json_decref(list);
    return only;
}

/* How images are brought to their size is a part of the features, so that other programs do it, too. */
static json_t *read_features(const train_arguments *a) {
    char word[16];
    json_t *features = cli_features_read("train: --features", a->features, "train: --then", a->then, a->size);
    if (features && a->size[0] && a->fit)
        json_object_set_new(features, "fit", json_string(options_word(cli_fits, a->fit, word, sizeof word)));
    if (features && a->size[0] && a->filter)
        json_object_set_new(features, "filter", json_string(options_word(cli_filters, a->filter, word, sizeof word)));
    return features;
}

static int wrong(const visml_error *err) {
    cli_message("train: %s", err->message);
    return CLI_USAGE;
}

static int from_features(run *r) {
    visml_error err = {0};
    json_t *features = read_features(r->a), *classifier = features ? read_classifier(r->a->classifier) : NULL;
    json_t *whole = classifier ? json_pack("{s:O, s:O}", "features", features, "classifier", classifier) : NULL;
    char *text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
    json_decref(features);
    json_decref(classifier);
    json_decref(whole);
    if (!text)
        return CLI_USAGE;
    r->pipeline = visml_pipeline_from_json(r->ctx, text, strlen(text), &err);
    free(text);
    return r->pipeline ? CLI_OK : wrong(&err);
}

static visml_classifier *make_classifier(run *r, visml_error *err) {
    json_t *object = read_classifier(r->a->classifier);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    visml_classifier *c = text ? visml_classifier_from_json(r->ctx, text, strlen(text), err) : NULL;
    json_decref(object);
    free(text);
    return c;
}

static int from_network(run *r) {
    visml_error err = {0};
    visml_model *model = visml_model_load(r->ctx, r->a->network, &err);
    if (!model)
        return cli_fail("%s", err.message);
    visml_classifier *c = make_classifier(r, &err);
    const visml_pipeline_network_opts opts = {.size = (uint32_t)sizeof opts, .pooling = r->a->pooling, .layer = r->a->layer};
    if (c)
        r->pipeline = visml_pipeline_from_network(model, &opts, c, &err);
    visml_model_free(model);
    return r->pipeline ? CLI_OK : err.message[0] ? wrong(&err) : CLI_USAGE;
}

/* ---- what it learns from ------------------------------------------------------------------------------------------------------- */

/* Of a network its input; of features their size, that of the images where they have none. */
static int choose_preparation(run *r) {
    const train_arguments *a = r->a;
    visml_error err = {0};
    visml_source_opts *o = &r->source;
    *o = (visml_source_opts){.size = (uint32_t)sizeof *o, .on_invalid = a->on_invalid, .color = a->color >= 0 ? cli_color(a->color) : 0};
    if (cli_subject_preparation(&(cli_subject){.pipeline = r->pipeline}, o, &err) < 0)
        return cli_fail("%s", err.message);
    if (a->network)
        return CLI_OK;
    json_t *features = cli_features_json(visml_pipeline_features(r->pipeline));
    o->height = (int32_t)json_integer_value(json_object_get(features, "height"));
    o->width = (int32_t)json_integer_value(json_object_get(features, "width"));
    json_decref(features);
    return CLI_OK;
}

static int open_train(run *r) {
    visml_error err = {0};
    int code = choose_preparation(r);
    if (code != CLI_OK)
        return code;
    r->train = cli_open(r->ctx, r->a->data, &r->source, &err);
    if (!r->train)
        return cli_fail("%s", err.message);
    return r->source.height ? CLI_OK : cli_common_size(r->ctx, r->a->data, r->train, &r->source.height, &r->source.width);
}

static int open_val(run *r) {
    visml_error err = {0};
    if (!r->a->val)
        return r->a->val_split > 0 ? train_split(&r->train, r->a->val_split, &r->val) : CLI_OK;
    size_t n = visml_dataset_class_count(r->train);
    const char **names = malloc(n * sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = visml_dataset_class_name(r->train, i);
    if (names)
        r->val = cli_open_with_classes(r->ctx, r->a->val, &r->source, names, n, &err);
    free(names);
    return r->val ? CLI_OK : cli_fail("%s", names ? err.message : "out of memory");
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

static int32_t progress(void *user, const visml_pipeline_progress *p) {
    static const char *const stages[] = {"", "features learn: image", "features: image", "classifier:"};
    const run *r = user;
    if (r->show)
        fprintf(stderr, "\r%s %lld/%lld%s", stages[p->stage], (long long)p->done, (long long)p->total, p->done == p->total ? "\n" : "");
    return cli_interrupted();
}

static int fit(run *r) {
    visml_error err = {0};
    const visml_pipeline_fit_opts opts = {.size = (uint32_t)sizeof opts, .class_weighting = r->a->balanced, .seed = r->a->seed,
                                          .validation = r->val, .progress = progress, .user = r};
    r->show = !r->a->json && isatty(STDERR_FILENO);
    cli_catch_interrupt();
    visml_status status = visml_pipeline_fit(r->pipeline, r->train, &opts, &err);
    if (r->show)
        fputc('\n', stderr);
    if (status == VISML_OK && r->val)
        status = visml_pipeline_evaluate(r->pipeline, r->val, NULL, &r->report, &err);
    if (r->a->on_invalid == VISML_INVALID_DROP)
        cli_report_dropped(r->train);
    return status == VISML_OK ? CLI_OK : cli_fail("%s", err.message);
}

static int tell(const run *r) {
    long long images = visml_dataset_count(r->train), columns = visml_classifier_feature_count(visml_pipeline_classifier(r->pipeline));
    size_t classes = visml_pipeline_class_count(r->pipeline), dropped = visml_dataset_dropped_count(r->train);
    if (r->a->json) {
        json_t *o = json_pack("{s:I, s:I, s:I, s:I}", "images", (json_int_t)images, "classes", (json_int_t)classes, "columns",
                              (json_int_t)columns, "dropped", (json_int_t)dropped);
        if (r->report)
            json_object_set_new(o, "val_accuracy", cli_json_real(visml_report_accuracy(r->report)));
        return cli_print_json(o);
    }
    printf("%lld images of %zu classes, left out: %zu; vectors of %lld numbers\n", images, classes, dropped, columns);
    if (r->report)
        printf("%lld images to validate with - val_accuracy: %.4f\n", (long long)visml_report_count(r->report),
               visml_report_accuracy(r->report));
    printf("saved %s\n", r->a->out);
    return CLI_OK;
}

static int save(run *r) {
    visml_error err = {0};
    return visml_pipeline_save(r->pipeline, r->a->out, &err) < 0 ? cli_fail("%s", err.message) : tell(r);
}

static int make_pipeline(run *r) {
    visml_error err = {0};
    r->ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = r->a->threads, .seed = r->a->seed), &err);
    if (!r->ctx)
        return cli_fail("%s", err.message);
    return r->a->network ? from_network(r) : from_features(r);
}

int train_pipeline(const train_arguments *a) {
    run r = {.a = a};
    int code = train_check_output(a->out);
    int (*const steps[])(run *) = {make_pipeline, open_train, open_val, fit, save};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == CLI_OK; i++)
        code = steps[i](&r);
    visml_report_free(r.report);
    visml_dataset_free(r.val);
    visml_dataset_free(r.train);
    visml_pipeline_free(r.pipeline);
    visml_context_free(r.ctx);
    return code;
}
