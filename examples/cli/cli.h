/* What the commands of `visml` share: exit codes, messages, JSON lines, and how images are prepared.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_H
#define CLI_H

#include <jansson.h>
#include <visml/visml.h>

#include "options.h"

enum { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2 };

/* The commands: argv[0] is the command's name. They return an exit code. */
int split_main(int argc, char **argv);
int train_main(int argc, char **argv);
int evaluate_main(int argc, char **argv);
int predict_main(int argc, char **argv);
int info_main(int argc, char **argv);
int features_main(int argc, char **argv);

/* ---- output.c ---------------------------------------------------------------------------------------------------------------- */

/* One line "visml: ..." on standard error. */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and CLI_FAILURE. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A JSON value as one line on standard output, reals with as few digits as read back to the same value; takes the reference.
 * CLI_FAILURE when `value` is NULL: memory ran out. */
int cli_print_json(json_t *value);
/* A string of any bytes as JSON: where it is not UTF-8, every byte beyond ASCII becomes '?'. */
json_t *cli_json_string(const char *s);
/* A number, or null for one that is not finite. */
json_t *cli_json_real(double value);
/* The same with as few digits as read back to the same 32-bit float: 0.1, where the float as a double is 0.10000000149011612. */
json_t *cli_json_float(float value);
/* The images of a dataset that could not be used, on standard error: the first few, then their number. */
void cli_report_dropped(const visml_dataset *data);
/* Progress of a run: a bar on a terminal (redrawn ten times a second at most); `stream` is where it goes. */
typedef struct cli_bar {
    FILE *stream;
    double drawn; /* when, in seconds; 0: not yet */
} cli_bar;
void cli_bar_draw(cli_bar *bar, const visml_progress *progress, int last);

/* ---- learning.c: what training makes small, and how ------------------------------------------------------------------------------ */

typedef struct cli_optimizer_arguments {
    const char *optimizer, *schedule; /* names of classes or JSON; the schedule may be NULL */
    double learning_rate, momentum;   /* below 0, 0: not given */
} cli_optimizer_arguments;
/* CLI_OK, or CLI_USAGE or CLI_FAILURE and a message. */
int cli_optimizer(visml_context *ctx, const cli_optimizer_arguments *arguments, visml_optimizer **made);
int cli_loss(visml_context *ctx, const char *text, visml_loss **made);

/* ---- subject.c: what a file holds that can tell classes -------------------------------------------------------------------------- */

typedef struct cli_subject {
    visml_model *model;       /* one of the two */
    visml_pipeline *pipeline;
} cli_subject;
visml_status cli_subject_load(visml_context *ctx, const char *file, cli_subject *s, visml_error *err);
void cli_subject_free(cli_subject *s);
/* How many classes have names; 0: none. */
size_t cli_subject_class_count(const cli_subject *s);
/* The name of a class; its number, in the caller's memory, where it has none. */
const char *cli_subject_class(const cli_subject *s, size_t i, char number[24]);
/* The names of all classes, in memory of malloc; NULL where they have none. */
const char **cli_subject_names(const cli_subject *s);
/* Fills height, width, color, fit and filter as it needs pictures; height and width stay 0 where any will do. */
visml_status cli_subject_preparation(const cli_subject *s, visml_source_opts *opts, visml_error *err);

/* ---- features.c -------------------------------------------------------------------------------------------------------------- */

/* {"extract": ..., "then": ..., "height": ...} of a LIST, a file or JSON, another LIST or NULL, and a size or {0, 0}. The names are those
 * of the options, for messages; NULL after one. */
json_t *cli_features_read(const char *name, const char *extract, const char *then_name, const char *then, const int32_t size[2]);
/* What features are, as JSON. */
json_t *cli_features_json(const visml_features *features);

/* ---- source.c: the DATA argument ----------------------------------------------------------------------------------------------- */

/* Opens DATA: a class folder, a manifest (with ":part"), a CSV file, or "idx:IMAGES,LABELS". NULL and *err on failure. */
visml_dataset *cli_open(visml_context *ctx, const char *data, const visml_source_opts *opts, visml_error *err);
/* The one line that --help says about DATA. */
extern const char cli_data_help[];
/* 1 when the header of an image file could be read, else 0: no image, or damaged. */
int cli_probe(visml_context *ctx, const char *path, visml_image_info *info);
/* 1 for a file that starts like an image, also a damaged one. */
int cli_looks_like_image(const char *path);
/* 0 when all images that can be read have one size, which goes to *height and *width; else CLI_FAILURE, and a message has named two. */
int cli_common_size(visml_context *ctx, const char *data, visml_dataset *ds, int32_t *height, int32_t *width);
/* Opens DATA and lets its labels be numbered as these names of classes are (n 0: as they are). NULL and *err when it has another class. */
visml_dataset *cli_open_with_classes(visml_context *ctx, const char *data, const visml_source_opts *opts, const char *const *names,
                                     size_t n, visml_error *err);
/* The same for what a file holds: prepared as it needs them (*opts is filled), numbered as its classes are. */
visml_dataset *cli_open_for(visml_context *ctx, const char *data, const cli_subject *subject, visml_source_opts *opts, visml_error *err);

/* ---- preparation.c: how a picture becomes the model's input, kept in the model file ------------------------------------------- */

extern const char cli_fits[], cli_filters[], cli_colors[]; /* choices, numbered as the VISML_FIT_* and VISML_FILTER_* constants */
/* The VISML_COLOR_* of a choice of cli_colors. */
visml_color cli_color(int32_t choice);
/* Writes opts as the attributes "size", "color", "fit" and "filter". */
visml_status cli_preparation_save(visml_model *model, const visml_source_opts *opts, visml_error *err);
/* Fills height, width, color, fit and filter as the model needs them. Where it takes any size: that of the images that it was trained with,
 * or 0 where that is not known. */
visml_status cli_preparation_load(const visml_model *model, visml_source_opts *opts, visml_error *err);

/* ---- augment.c ----------------------------------------------------------------------------------------------------------------- */

/* The chain that --augment asks for: a file with the suffix .json, or a list "flip,rotation=0.1". NULL after a message. */
visml_augmentation *cli_augmentation(visml_context *ctx, const char *argument);

/* ---- architecture.c ---------------------------------------------------------------------------------------------------------- */

/* Text of an architecture: the name of one that is built in, a JSON file, or JSON. Memory of malloc; NULL after a message. */
char *cli_architecture(const char *name);
/* [H, W, C] of its "input_shape", VISML_ANY for null; 0 when it has none, 1 when it has. */
int cli_architecture_input(const char *text, int64_t shape[3]);

/* ---- lists.c ------------------------------------------------------------------------------------------------------------------ */

/* A JSON array of objects from JSON or from "name:key=value,...,name"; the names become the value of `kind`. NULL after a message, which
 * starts with `name`. */
json_t *cli_list(const char *name, const char *text, const char *kind);
typedef struct cli_monitor_list {
    visml_monitor **items;
    size_t count;
} cli_monitor_list;
/* CLI_OK, also for no text, or another code after a message; cli_monitors_free is to be called in any case. */
int cli_monitors(visml_context *ctx, const char *text, cli_monitor_list *list);
void cli_monitors_free(cli_monitor_list *list);
/* {"cat": 2}: a factor for each class of the data, in memory of malloc; NULL stays for no text. */
int cli_class_weight(const visml_dataset *data, const char *text, double **weights);

/* ---- estimate.c ---------------------------------------------------------------------------------------------------------------- */

typedef struct cli_estimate_arguments {
    const char *model_dir, *exporters;
    int32_t eval_steps, eval_epochs, checkpoint_steps, keep_checkpoints, json;
} cli_estimate_arguments;
/* CLI_OK when the exporters can be read, else another code after a message. */
int cli_estimate_check(const cli_estimate_arguments *arguments);
/* visml_train_and_evaluate, and what it has to tell. */
int cli_estimate(const cli_estimate_arguments *arguments, visml_model *model, const visml_train_opts *train, visml_dataset *val);

/* ---- interrupt.c ------------------------------------------------------------------------------------------------------------- */

/* From now on the first SIGINT or SIGTERM only sets a flag; the second ends the process. */
void cli_catch_interrupt(void);
int cli_interrupted(void);

#endif
