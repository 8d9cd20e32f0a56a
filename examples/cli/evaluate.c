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
    "\nThe images are prepared as the model file says. Classes are matched by name.\n"
    "With --json: one object with accuracy, loss, n (images measured), dropped (images that could not be read), macro_f1, per_class\n"
    "(class, precision, recall, f1, support) and confusion_matrix (a row for each true class, a column for each predicted one).\n"
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
    double loss;
    visml_report *report;
    const visml_model *model;
    const visml_dataset *data;
} result;

/* The name of a class; its number, in the caller's memory, where the model has no names. */
static const char *class_name(const visml_model *model, size_t i, char number[24]) {
    const char *name = visml_model_class_name(model, i);
    snprintf(number, 24, "%zu", i);
    return name ? name : number;
}

/* Counts are whole unless samples are weighted, which this program does not do. */
static json_t *count(double value) {
    return json_integer((json_int_t)llround(value));
}

static json_t *describe_class(const result *r, size_t i) {
    char number[24];
    json_t *o = json_object();
    json_object_set_new(o, "class", cli_json_string(class_name(r->model, i, number)));
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
    const char **names = visml_model_class_count(r->model) == classes ? malloc(classes * sizeof *names) : NULL;
    for (size_t i = 0; names && i < classes; i++)
        names[i] = visml_model_class_name(r->model, i);
    size_t n = visml_report_text(r->report, names, NULL, 0);
    char *text = malloc(n + 1);
    if (text) {
        visml_report_text(r->report, names, text, n + 1);
        printf("%s%s\naccuracy: %.4f - loss: %.4f - images: %lld - left out: %zu\n", text, n && text[n - 1] == '\n' ? "" : "\n",
               visml_report_accuracy(r->report), r->loss, (long long)visml_report_count(r->report), visml_dataset_dropped_count(r->data));
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

static int measure(const visml_model *model, visml_dataset *data, const visml_quantization *quantization, const arguments *a) {
    visml_error err = {0};
    result r = {.model = model, .data = data};
    cli_bar bar = {stderr, 0};
    visml_callback callback = {.size = (uint32_t)sizeof callback, .user = &bar, .batch_end = batch_end};
    int show = !a->json && isatty(STDERR_FILENO);
    visml_evaluate_opts opts = {.size = (uint32_t)sizeof opts, .batch_size = a->batch, .callback = show ? &callback : NULL,
                                .quantization = quantization};
    visml_status status = visml_evaluate(model, data, &opts, &r.loss, &r.report, &err);
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
static visml_quantization *calibrate(visml_context *ctx, const visml_model *model, visml_source_opts *opts, const arguments *a,
                                     visml_error *err) {
    visml_dataset *data = a->int8 ? cli_open_for_model(ctx, a->int8, model, opts, err) : NULL;
    visml_quantize_opts o = {.size = (uint32_t)sizeof o, .batch_size = a->batch};
    visml_quantization *q = data ? visml_quantize(model, data, &o, err) : NULL;
    visml_dataset_free(data);
    return q;
}

static int evaluate(const char *file, const char *data, const arguments *a) {
    visml_error err = {0};
    visml_model *model = NULL;
    visml_dataset *ds = NULL;
    visml_source_opts opts = {.size = (uint32_t)sizeof opts, .on_invalid = a->on_invalid};
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = a->threads), &err);
    if (ctx)
        model = visml_model_load(ctx, file, &err);
    if (model)
        ds = cli_open_for_model(ctx, data, model, &opts, &err);
    visml_quantization *q = ds ? calibrate(ctx, model, &opts, a, &err) : NULL;
    int code = ds && (q || !a->int8) ? measure(model, ds, q, a) : cli_fail("%s", err.message);
    visml_quantization_free(q);
    visml_dataset_free(ds);
    visml_model_free(model);
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
