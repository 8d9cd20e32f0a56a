/* What `visml train` needs before the first step.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train.h"

int train_check_output(const char *path) {
    struct stat st;
    char *folder = strdup(path);
    if (!folder)
        return cli_fail("out of memory");
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    const char *where = slash ? folder : ".";
    int code = CLI_OK;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        code = cli_fail("%s: is a folder; -o takes the name of a file", path);
    else if (access(where, W_OK) != 0)
        code = cli_fail("%s: cannot write there: %s", where, strerror(errno));
    free(folder);
    return code;
}

/* A checkpoint is the only trace of an interrupted run: it is never overwritten by a run that does not continue it. */
static int check_checkpoint(train *r) {
    const train_arguments *a = r->a;
    size_t n = strlen(a->out) + sizeof ".checkpoint";
    struct stat st;
    if (a->estimate.model_dir)
        return CLI_OK; /* it has its own */
    r->checkpoint_dir = a->checkpoint ? strdup(a->checkpoint) : malloc(n);
    if (!r->checkpoint_dir)
        return cli_fail("out of memory");
    if (!a->checkpoint)
        snprintf(r->checkpoint_dir, n, "%s.checkpoint", a->out);
    if (snprintf(r->checkpoint, sizeof r->checkpoint, "%s/checkpoint.visml", r->checkpoint_dir) >= (int)sizeof r->checkpoint)
        return cli_fail("%s: the name is too long", r->checkpoint_dir);
    int found = stat(r->checkpoint, &st) == 0;
    if (found && !a->resume)
        return cli_fail("%s is left from a run before: --resume continues it; remove the file to start anew", r->checkpoint);
    if (!found && a->resume)
        cli_message("%s does not exist: training starts at the beginning", r->checkpoint);
    return CLI_OK;
}

/* Size and colour: as asked for, else as the architecture says, else as the images are. */
static int choose_preparation(train *r) {
    const train_arguments *a = r->a;
    visml_source_opts *o = &r->source;
    int64_t input[3];
    int known = cli_architecture_input(r->arch, input), fixed = known && input[0] > 0 && input[1] > 0;
    *o = (visml_source_opts){.size = (uint32_t)sizeof *o, .on_invalid = a->on_invalid, .fit = a->fit, .filter = a->filter};
    o->color = a->color >= 0 ? cli_color(a->color) : 0;
    if (known && a->color < 0 && (input[2] == 1 || input[2] == 3 || input[2] == 4))
        o->color = (visml_color)input[2];
    if (a->size[0] > 0 || fixed) {
        o->height = a->size[0] > 0 ? a->size[0] : (int32_t)input[0];
        o->width = a->size[0] > 0 ? a->size[1] : (int32_t)input[1];
        return CLI_OK;
    }
    visml_error err = {0};
    visml_dataset *ds = cli_open(r->ctx, a->data, o, &err);
    int code = ds ? cli_common_size(r->ctx, a->data, ds, &o->height, &o->width) : cli_fail("%s", err.message);
    visml_dataset_free(ds);
    return code;
}

static int open_train(train *r) {
    visml_error err = {0};
    r->train = cli_open(r->ctx, r->a->data, &r->source, &err);
    if (!r->train)
        return cli_fail("%s", err.message);
    size_t classes = visml_dataset_class_count(r->train);
    if (classes < 2)
        return cli_fail("%s: there is one class only (\"%s\"); a classifier needs two or more", r->a->data,
                        classes ? visml_dataset_class_name(r->train, 0) : "");
    return CLI_OK;
}

/* The shape of the images, with what the architecture leaves open. */
static visml_status find_input(const train *r, visml_shape *shape, visml_error *err) {
    int64_t input[3];
    int known = cli_architecture_input(r->arch, input);
    visml_status status = visml_dataset_sample_shape(r->train, shape, err);
    for (int i = 0; i < 3 && known && shape->rank == 3; i++)
        if (input[i] == VISML_ANY)
            shape->dims[i] = VISML_ANY;
    return status;
}

static int make_model(train *r) {
    visml_error err = {0};
    visml_shape shape = {0};
    size_t n = visml_dataset_class_count(r->train);
    const char **names = malloc(n * sizeof *names);
    if (!names)
        return cli_fail("out of memory");
    for (size_t i = 0; i < n; i++)
        names[i] = visml_dataset_class_name(r->train, i);
    if (find_input(r, &shape, &err) == VISML_OK)
        r->model = visml_model_from_json(r->ctx, r->arch, strlen(r->arch), &shape, (int32_t)n, &err);
    r->source.color = shape.rank == 3 && shape.dims[2] > 0 ? (visml_color)shape.dims[2] : 0;
    int ok = r->model && visml_model_build(r->model, 0, &err) == VISML_OK &&
             visml_model_set_classes(r->model, names, n, &err) == VISML_OK &&
             cli_preparation_save(r->model, &r->source, &err) == VISML_OK;
    free(names);
    return ok ? CLI_OK : cli_fail("%s", err.message);
}

int train_split(visml_dataset **data, double share, visml_dataset **val) {
    visml_error err = {0};
    visml_dataset *parts[3] = {NULL, NULL, NULL};
    visml_split_opts opts = {.size = (uint32_t)sizeof opts, .ratio = {1 - share, share, 0}};
    if (visml_dataset_split(*data, &opts, parts, &err) < 0)
        return cli_fail("%s", err.message);
    visml_dataset_free(*data);
    visml_dataset_free(parts[2]);
    *data = parts[0];
    *val = parts[1];
    if (!*data || !*val || visml_dataset_count(*data) == 0 || visml_dataset_count(*val) == 0)
        return cli_fail("--val-split %g leaves one of the two parts empty", share);
    return CLI_OK;
}

/* The part for validation, cut off the training data or opened as a set of its own. */
static int open_val(train *r) {
    const train_arguments *a = r->a;
    visml_error err = {0};
    if (a->val) {
        r->val = cli_open_for(r->ctx, a->val, &(cli_subject){.model = r->model}, &r->source, &err);
        return r->val ? CLI_OK : cli_fail("%s", err.message);
    }
    return a->val_split > 0 ? train_split(&r->train, a->val_split, &r->val) : CLI_OK;
}

/* The training part alone: validation sees the images as they are. */
static int augment(train *r) {
    visml_error err = {0};
    if (!r->a->augment)
        return CLI_OK;
    visml_augmentation *chain = cli_augmentation(r->ctx, r->a->augment);
    if (!chain)
        return CLI_FAILURE;
    visml_dataset *augmented = visml_dataset_augment(r->train, chain, &err);
    visml_augmentation_free(chain);
    if (!augmented)
        return cli_fail("--augment: %s", err.message);
    visml_dataset_free(r->train);
    r->train = augmented;
    return CLI_OK;
}

static int make_learning(train *r) {
    int code = cli_optimizer(r->ctx, &r->a->learning, &r->optimizer);
    return code == CLI_OK && r->a->loss ? cli_loss(r->ctx, r->a->loss, &r->loss) : code;
}

static int make_monitors(train *r) {
    int code = cli_estimate_check(&r->a->estimate);
    if (code == CLI_OK)
        code = cli_monitors(r->ctx, r->a->monitors, &r->monitors);
    return code == CLI_OK ? cli_class_weight(r->train, r->a->class_weight, &r->class_weight) : code;
}

int train_setup(train *r) {
    const train_arguments *a = r->a;
    visml_error err = {0};
    int code = train_check_output(a->out);
    if (code == CLI_OK)
        code = check_checkpoint(r);
    if (code == CLI_OK)
        code = (r->arch = cli_architecture(a->arch)) ? CLI_OK : CLI_FAILURE;
    if (code != CLI_OK)
        return code;
    r->ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = a->threads, .seed = a->seed), &err);
    if (!r->ctx)
        return cli_fail("%s", err.message);
    int (*const steps[])(train *) = {make_learning, choose_preparation, open_train, make_model, open_val, augment, make_monitors};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == CLI_OK; i++)
        code = steps[i](r);
    return code;
}
