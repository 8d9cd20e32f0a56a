/* visml evaluate: how good a model is on labelled images.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

static const char details_tail[] =
    "\nMODEL is what `visml train` has written, a network or a pipeline. The images are prepared as it says. Classes are matched by name.\n"
    "With --json: one object with accuracy, loss (of networks), n (images measured), dropped (images that could not be read),\n"
    "macro_f1, per_class (class, precision, recall, f1, support) and confusion_matrix (a row for each true class, a column for each\n"
    "predicted one).\n"
    "With --int8 the model runs on bytes, calibrated with up to 512 images of DATA, and float_accuracy is what it reaches on floats.\n"
    "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml evaluate model.visml split.json:test\n"
    "  visml evaluate model.visml idx:t10k-images.gz,t10k-labels.gz --json\n";

typedef struct arguments {
    int32_t batch, threads, on_invalid, json;
    const char *int8; /* images to calibrate with, or NULL */
} arguments;

typedef struct result {
    double loss; /* NaN of a pipeline, which has none */
    visml_report *report;
    const cli_subject *subject;
    const visml_dataset *data;
} result;

/* Counts are whole unless samples are weighted, which this program does not do. */
static json_t *count(double value) {
    return json_integer((json_int_t)llround(value));
}

static json_t *describe_class(const result *r, size_t i) {
    char number[24];
    json_t *o = json_object();
    json_object_set_new(o, "class", cli_json_string(cli_subject_class(r->subject, i, number)));
    json_object_set_new(o, "precision", cli_json_real(visml_report_precision(r->report, i)));
    json_object_set_new(o, "recall", cli_json_real(visml_report_recall(r->report, i)));
    json_object_set_new(o, "f1", cli_json_real(visml_report_f1(r->report, i)));
    json_object_set_new(o, "support", count(visml_report_support(r->report, i)));
    return o;
}

static json_t *describe(const result *r) {
    size_t n = visml_report_classes(r->report);
    json_t *o = json_object(), *per_class = json_array(), *matrix = json_array();
    json_object_set_new(o, "accuracy", cli_json_real(visml_report_accuracy(r->report)));
    if (!isnan(visml_report_float_accuracy(r->report)))
        json_object_set_new(o, "float_accuracy", cli_json_real(visml_report_float_accuracy(r->report)));
    if (r->subject->model)
        json_object_set_new(o, "loss", cli_json_real(r->loss));
    json_object_set_new(o, "n", json_integer(visml_report_count(r->report)));
    json_object_set_new(o, "dropped", json_integer((json_int_t)visml_dataset_dropped_count(r->data)));
    json_object_set_new(o, "macro_f1", cli_json_real(visml_report_macro_f1(r->report)));
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; j++)
            json_array_append_new(row, count(visml_report_confusion(r->report, i, j)));
        json_array_append_new(matrix, row);
        json_array_append_new(per_class, describe_class(r, i));
    }
    json_object_set_new(o, "per_class", per_class);
    json_object_set_new(o, "confusion_matrix", matrix);
    return o;
}

/* What running on bytes costs. */
static void print_loss_of_accuracy(const result *r) {
    double floats = visml_report_float_accuracy(r->report), bytes = visml_report_accuracy(r->report);
    if (!isnan(floats))
        printf("on bytes: accuracy %.4f - on floats: %.4f - difference: %+.4f\n", bytes, floats, bytes - floats);
}

static int print_text(const result *r) {
    size_t classes = visml_report_classes(r->report);
    const char **names = cli_subject_class_count(r->subject) == classes ? cli_subject_names(r->subject) : NULL;
    size_t n = visml_report_text(r->report, names, NULL, 0);
    char *text = malloc(n + 1);
    if (text) {
        visml_report_text(r->report, names, text, n + 1);
        printf("%s%s\naccuracy: %.4f", text, n && text[n - 1] == '\n' ? "" : "\n", visml_report_accuracy(r->report));
        if (r->subject->model)
            printf(" - loss: %.4f", r->loss);
        printf(" - images: %lld - left out: %zu\n", (long long)visml_report_count(r->report), visml_dataset_dropped_count(r->data));
        print_loss_of_accuracy(r);
    }
    free(names);
    free(text);
    return text ? CLI_OK : cli_fail("out of memory");
}

static int32_t batch_end(void *user, visml_model *model, const visml_progress *progress) {
    (void)model;
    cli_bar_draw(user, progress, 0);
    return 0;
}

static int32_t on_pictures(void *user, const visml_pipeline_progress *p) {
    const visml_progress shown = {.size = (uint32_t)sizeof shown, .epochs = 1, .step = p->done, .steps = p->total, .loss = NAN,
                                  .accuracy = NAN, .val_loss = NAN, .val_accuracy = NAN, .learning_rate = NAN};
    if (user)
        cli_bar_draw(user, &shown, 0);
    return 0;
}

static visml_status run(result *r, visml_dataset *data, const visml_quantization *quantization, const arguments *a, cli_bar *bar,
                        visml_error *err) {
    const visml_callback callback = {.size = (uint32_t)sizeof callback, .user = bar, .batch_end = batch_end};
    const visml_evaluate_opts opts = {.size = (uint32_t)sizeof opts, .batch_size = a->batch, .callback = bar ? &callback : NULL,
                                      .quantization = quantization};
    const visml_pipeline_run_opts pipeline_opts = {.size = (uint32_t)sizeof pipeline_opts, .progress = on_pictures, .user = bar};
    if (r->subject->model)
        return visml_evaluate(r->subject->model, data, &opts, &r->loss, &r->report, err);
    return visml_pipeline_evaluate(r->subject->pipeline, data, &pipeline_opts, &r->report, err);
}

static int measure(const cli_subject *subject, visml_dataset *data, const visml_quantization *quantization, const arguments *a) {
    visml_error err = {0};
    result r = {.subject = subject, .data = data, .loss = NAN};
    cli_bar bar = {stderr, 0};
    int show = !a->json && isatty(STDERR_FILENO);
    visml_status status = run(&r, data, quantization, a, show ? &bar : NULL, &err);
    if (bar.drawn > 0)
        fputc('\n', stderr);
    if (a->on_invalid == VISML_INVALID_DROP)
        cli_report_dropped(data);
    if (status < 0)
        return cli_fail("%s", err.message);
    int code = a->json ? cli_print_json(describe(&r)) : print_text(&r);
    visml_report_free(r.report);
    return code;
}

/* NULL with an error, or without --int8. */
static visml_quantization *calibrate(visml_context *ctx, const cli_subject *subject, visml_source_opts *opts, const arguments *a,
                                     visml_error *err) {
    visml_dataset *data = a->int8 ? cli_open_for(ctx, a->int8, subject, opts, err) : NULL;
    visml_quantize_opts o = {.size = (uint32_t)sizeof o, .batch_size = a->batch};
    visml_quantization *q = data ? visml_quantize(subject->model, data, &o, err) : NULL;
    visml_dataset_free(data);
    return q;
}

static int evaluate_subject(visml_context *ctx, const cli_subject *subject, const char *data, const arguments *a) {
    visml_error err = {0};
    visml_source_opts opts = {.size = (uint32_t)sizeof opts, .on_invalid = a->on_invalid};
    if (a->int8 && !subject->model)
        return cli_fail("--int8 is for networks; this file holds a pipeline");
    visml_dataset *ds = cli_open_for(ctx, data, subject, &opts, &err);
    visml_quantization *q = ds ? calibrate(ctx, subject, &opts, a, &err) : NULL;
    int code = ds && (q || !a->int8) ? measure(subject, ds, q, a) : cli_fail("%s", err.message);
    visml_quantization_free(q);
    visml_dataset_free(ds);
    return code;
}

static int evaluate(const char *file, const char *data, const arguments *a) {
    visml_error err = {0};
    cli_subject subject = {NULL, NULL};
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = a->threads), &err);
    int loaded = ctx && cli_subject_load(ctx, file, &subject, &err) == VISML_OK;
    int code = loaded ? evaluate_subject(ctx, &subject, data, a) : cli_fail("%s", err.message);
    cli_subject_free(&subject);
    visml_context_free(ctx);
    return code;
}

int evaluate_main(int argc, char **argv) {
    arguments a = {.batch = 32};
    const option options[] = {
        {"--batch", 0, OPTION_INT, &a.batch, "N", "images at a time (default 32); the result is the same", 1, 1000000},
        {"--threads", 0, OPTION_INT, &a.threads, "N", "(default: the CPUs that this process may use)", 1, 1024},
        {"--on-invalid", 0, OPTION_CHOICE, &a.on_invalid, "drop|error", "images that cannot be read (default drop: leave out, tell)", 0, 0},
        {"--int8", 0, OPTION_TEXT, &a.int8, "DATA", "run on bytes, calibrated with these images; tell the accuracy on floats too", 0, 0},
        {"--json", 0, OPTION_FLAG, &a.json, NULL, "print one JSON object", 0, 0},
    };
    char details[2048];
    snprintf(details, sizeof details, "%s%s", cli_data_help, details_tail);
    const command c = {"evaluate", "MODEL DATA", 2, 2, "Measure a model on labelled images.", details, options,
                       sizeof options / sizeof options[0]};
    int operands, code = options_parse(&c, argc, argv, &operands);
    return code >= 0 ? code : evaluate(argv[1], argv[2], &a);
}
