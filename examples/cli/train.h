/* The parts of `visml train`: train.c reads the command line, train_setup.c makes what a run needs, train_run.c runs it;
 * train_pipeline.c does both for features and classifiers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_H
#define TRAIN_H

#include "cli.h"

/* What the command line says. */
typedef struct train_arguments {
    const char *data, *val, *arch, *checkpoint, *out, *loss, *augment;
    cli_optimizer_arguments learning;
    double val_split;
    int32_t epochs, batch, size[2], color, fit, filter, threads, on_invalid, resume, json;
    uint64_t seed;
    const char *config, *monitors, *class_weight;
    int32_t max_steps;
    cli_estimate_arguments estimate;
    const char *features, *then, *network, *layer, *classifier;
    int32_t pooling, balanced;
} train_arguments;

typedef struct train {
    const train_arguments *a;
    visml_context *ctx;
    visml_dataset *train, *val;
    visml_model *model;
    visml_optimizer *optimizer;
    visml_loss *loss; /* or NULL: the default */
    char *arch;           /* JSON text */
    char *checkpoint_dir; /* a.checkpoint, or made from the name of the model file */
    char checkpoint[4096]; /* the file in it */
    visml_source_opts source;
    cli_bar bar;
    cli_monitor_list monitors;
    double *class_weight;
} train;

/* All but arguments is empty before. CLI_OK, or another code after a message; what was made is the caller's to free in any case. */
int train_setup(train *r);
int train_run(const train_arguments *a);
/* The whole of `visml train --features` and `--network`. */
int train_pipeline(const train_arguments *a);

/* A file that cannot be written should be known before something is trained. */
int train_check_output(const char *path);
/* Cuts this share off for validation. */
int train_split(visml_dataset **data, double share, visml_dataset **val);

#endif
