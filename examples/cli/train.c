/* visml train: a network from labelled images to a model file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static const char details_head[] =
    "ARCH is one of\n"
    "  small-cnn             two convolutions and two dense layers\n"
    "  seed-cnn              six convolutions with batch normalisation and dropout, two dense layers\n"
    "  FILE.json             what `visml info --json` prints for a model: {\"layers\": [{\"class\": \"conv2d\", ...}, ...]};\n"
    "                        a dense layer with \"units\": 0 gets as many as there are classes\n"
    "\nLIST is any of flip, rotation, zoom, translation, shear, brightness, contrast, hue, saturation, grayscale, erasing, blur,\n"
    "sharpness, posterization, solarization, auto_contrast, equalization, rand_augment, mix_up, cut_mix, in the order in which they\n"
    "are applied, most with a number behind: zoom=0.1. Or it is FILE.json, [{\"class\": \"random_rotation\", \"factor\": 0.1}, ...],\n"
    "with all options of each. Images for validation stay as they are.\n"
    "\nOptimizers: sgd, adam, rmsprop, adamw, nadam, adamax, adagrad, adadelta, lion. Optimizers, losses and schedules are named, or\n"
    "described as in visml/nn.h: {\"class\": \"adamw\", \"weight_decay\": 0.01, \"clipnorm\": 1}.\n"
    "\nOn a terminal a bar shows the progress; elsewhere there is one line an epoch. Ctrl-C stops after the batch under way and leaves\n"
    "a checkpoint; the same command with --resume goes on from there and ends with the same model, bit for bit, as if it had not been\n"
    "stopped. The number of threads does not change the model either.\n"
    "With --json: one object a line and epoch: epoch, loss, accuracy, val_loss, val_accuracy, seconds, images_per_second,\n"
    "learning_rate, dropped.\n"
    "Exit status: 0 done, 1 failed or stopped, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml train photos --val-split 0.1 --arch small-cnn --size 64x64 --epochs 10 -o model.visml\n"
    "  visml train split.json:train --val split.json:val --arch seed-cnn --size 32x32 --epochs 20 --batch 128 -o model.visml\n"
    "  visml train idx:train-images.gz,train-labels.gz --arch small-cnn --epochs 5 --json -o model.visml\n"
    "  visml train photos --val-split 0.1 --size 64x64 --augment flip,rotation=0.05,zoom=0.1,mix_up -o model.visml\n"
    "  visml train photos --size 64x64 --arch my-network.json -o model.visml --resume\n"
    "  visml train photos --size 64x64 --optimizer sgd --momentum 0.9 --schedule '{\"class\": \"cosine_decay\",\n"
    "      \"initial_learning_rate\": 0.1, \"decay_steps\": 5000}' -o model.visml\n"
    "  visml train photos --val-split 0.1 --size 64x64 --epochs 100 --monitors early_stopping:patience=5 -o model.visml\n"
    "  visml train photos --val-split 0.1 --size 64x64 --model-dir run --max-steps 5000 --eval-steps 500 --export best,final\n"
    "      -o model.visml\n"
    "  visml train --config run.json\n";

typedef struct arguments {
    const char *data, *val, *arch, *checkpoint, *out, *loss, *augment;
    cli_optimizer_arguments learning;
    double val_split;
    int32_t epochs, batch, size[2], color, fit, filter, threads, on_invalid, resume, json;
    uint64_t seed;
    const char *config, *monitors, *class_weight;
    int32_t max_steps;
    cli_estimate_arguments estimate;
} arguments;

typedef struct run {
    const arguments *a;
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
} run;

static void run_free(run *r) {
    cli_monitors_free(&r->monitors);
    free(r->class_weight);
    visml_optimizer_free(r->optimizer);
    visml_loss_free(r->loss);
    visml_model_free(r->model);
    visml_dataset_free(r->train);
    visml_dataset_free(r->val);
    visml_context_free(r->ctx);
    free(r->arch);
    free(r->checkpoint_dir);
}

/* ---- progress ------------------------------------------------------------------------------------------------------------------ */

static json_t *describe_epoch(const visml_progress *p, int validated) {
    json_t *o = json_object();
    json_object_set_new(o, "epoch", json_integer(p->epoch + 1));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    json_object_set_new(o, "accuracy", cli_json_real(p->accuracy));
    if (validated) {
        json_object_set_new(o, "val_loss", cli_json_real(p->val_loss));
        json_object_set_new(o, "val_accuracy", cli_json_real(p->val_accuracy));
    }
    json_object_set_new(o, "seconds", cli_json_real(p->seconds));
    json_object_set_new(o, "images_per_second", cli_json_real(p->images_per_second));
    json_object_set_new(o, "learning_rate", cli_json_real(p->learning_rate));
    json_object_set_new(o, "dropped", json_integer(p->dropped));
    return o;
}

static int32_t epoch_begin(void *user, visml_model *model, const visml_progress *p) {
    const run *r = user;
    (void)model;
    if (r->bar.stream)
        printf("Epoch %d/%d\n", (int)p->epoch + 1, (int)p->epochs);
    return cli_interrupted();
}

static int32_t batch_end(void *user, visml_model *model, const visml_progress *p) {
    run *r = user;
    (void)model;
    if (r->bar.stream && !p->validating)
        cli_bar_draw(&r->bar, p, 0);
    return cli_interrupted();
}

static int32_t epoch_end(void *user, visml_model *model, const visml_progress *p) {
    run *r = user;
    char line[512];
    (void)model;
    if (r->a->json) {
        cli_print_json(describe_epoch(p, r->val != NULL));
    } else if (r->bar.stream) {
        cli_bar_draw(&r->bar, p, 1);
    } else {
        visml_progress_text(p, 0, line, sizeof line);
        puts(line);
        fflush(stdout);
    }
    return cli_interrupted();
}

/* ---- what is needed before the first step --------------------------------------------------------------------------------------- */

/* A model that cannot be saved should be known before it is trained. */
static int check_output(const char *path) {
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
static int check_checkpoint(run *r) {
    const arguments *a = r->a;
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
static int choose_preparation(run *r) {
    const arguments *a = r->a;
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

static int open_train(run *r) {
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
static visml_status find_input(const run *r, visml_shape *shape, visml_error *err) {
    int64_t input[3];
    int known = cli_architecture_input(r->arch, input);
    visml_status status = visml_dataset_sample_shape(r->train, shape, err);
    for (int i = 0; i < 3 && known && shape->rank == 3; i++)
        if (input[i] == VISML_ANY)
            shape->dims[i] = VISML_ANY;
    return status;
}

static int make_model(run *r) {
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

/* The part for validation, cut off the training data or opened as a set of its own. */
static int open_val(run *r) {
    const arguments *a = r->a;
    visml_error err = {0};
    if (a->val) {
        r->val = cli_open_for_model(r->ctx, a->val, r->model, &r->source, &err);
        return r->val ? CLI_OK : cli_fail("%s", err.message);
    }
    if (!(a->val_split > 0))
        return CLI_OK;
    visml_dataset *parts[3] = {NULL, NULL, NULL};
    visml_split_opts opts = {.size = (uint32_t)sizeof opts, .ratio = {1 - a->val_split, a->val_split, 0}};
    if (visml_dataset_split(r->train, &opts, parts, &err) < 0)
        return cli_fail("%s", err.message);
    visml_dataset_free(r->train);
    visml_dataset_free(parts[2]);
    r->train = parts[0];
    r->val = parts[1];
    if (!r->train || !r->val || visml_dataset_count(r->train) == 0 || visml_dataset_count(r->val) == 0)
        return cli_fail("--val-split %g leaves one of the two parts empty", a->val_split);
    return CLI_OK;
}

/* The training part alone: validation sees the images as they are. */
static int augment(run *r) {
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

static int make_learning(run *r) {
    int code = cli_optimizer(r->ctx, &r->a->learning, &r->optimizer);
    return code == CLI_OK && r->a->loss ? cli_loss(r->ctx, r->a->loss, &r->loss) : code;
}

static int make_monitors(run *r) {
    int code = cli_estimate_check(&r->a->estimate);
    if (code == CLI_OK)
        code = cli_monitors(r->ctx, r->a->monitors, &r->monitors);
    return code == CLI_OK ? cli_class_weight(r->train, r->a->class_weight, &r->class_weight) : code;
}

static void announce(const run *r) {
    const visml_shape *in = visml_model_input_shape(r->model);
    int64_t params = 0;
    for (size_t i = 0; i < visml_model_param_count(r->model); i++) {
        visml_tensor *t = visml_model_param(r->model, i, NULL);
        params += visml_tensor_count(t);
        visml_tensor_release(t);
    }
    printf("%lld images of %zu classes", (long long)visml_dataset_count(r->train), visml_dataset_class_count(r->train));
    if (r->val)
        printf(", %lld to validate with", (long long)visml_dataset_count(r->val));
    if (in->dims[0] == VISML_ANY || in->dims[1] == VISML_ANY)
        printf("; input of any size, here %dx%dx%lld, %lld parameters\n", (int)r->source.height, (int)r->source.width,
               (long long)in->dims[2], (long long)params);
    else
        printf("; input %lldx%lldx%lld, %lld parameters\n", (long long)in->dims[0], (long long)in->dims[1], (long long)in->dims[2],
               (long long)params);
    fflush(stdout);
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

/* With --model-dir. */
static int estimate(run *r, const visml_callback *callback) {
    const arguments *a = r->a;
    const visml_train_opts opts = {.size = (uint32_t)sizeof opts, .data = r->train, .batch_size = a->batch, .max_steps = a->max_steps,
                                   .epochs = a->epochs, .loss = r->loss, .optimizer = r->optimizer, .class_weight = r->class_weight,
                                   .monitors = r->monitors.items, .monitor_count = r->monitors.count,
                                   .callbacks = callback, .callback_count = 1};
    return cli_estimate(&a->estimate, r->model, &opts, r->val);
}

static int fit(run *r) {
    const arguments *a = r->a;
    visml_error err = {0};
    visml_callback callback = {.size = (uint32_t)sizeof callback, .user = r,
                               .epoch_begin = epoch_begin, .batch_end = batch_end, .epoch_end = epoch_end};
    visml_fit_opts opts = {.size = (uint32_t)sizeof opts, .epochs = a->epochs ? a->epochs : 10, .batch_size = a->batch,
                           .resume = a->resume, .validation = r->val, .loss = r->loss, .optimizer = r->optimizer,
                           .callbacks = &callback, .callback_count = 1,
                           .checkpoint_dir = r->checkpoint_dir, .class_weight = r->class_weight, .monitors = r->monitors.items,
                           .monitor_count = r->monitors.count};
    if (!a->json && isatty(STDOUT_FILENO))
        r->bar.stream = stdout;
    if (a->estimate.model_dir)
        return estimate(r, &callback);
    visml_status status = visml_fit(r->model, r->train, &opts, NULL, &err);
    if (r->bar.stream && r->bar.drawn > 0)
        putchar('\n');
    if (status == VISML_OK)
        return CLI_OK;
    if (status == VISML_ECANCELLED)
        return cli_fail("stopped; the same command with --resume continues from %s", r->checkpoint_dir);
    cli_message("%s", err.message);
    if (access(r->checkpoint, F_OK) == 0)
        cli_message("the last checkpoint is in %s", r->checkpoint_dir);
    else if (!a->checkpoint)
        rmdir(r->checkpoint_dir); /* empty: made for this run */
    return CLI_FAILURE;
}

static int save(run *r) {
    visml_error err = {0};
    if (visml_model_save(r->model, r->a->out, &err) < 0)
        return cli_fail("%s; the trained weights are in %s: the same command with --resume tries again", err.message,
                        r->a->estimate.model_dir ? r->a->estimate.model_dir : r->checkpoint_dir);
    if (!r->a->checkpoint && r->checkpoint_dir) { /* its work is done */
        unlink(r->checkpoint);
        rmdir(r->checkpoint_dir);
    }
    if (!r->a->json)
        printf("saved %s\n", r->a->out);
    return CLI_OK;
}

static int train(run *r) {
    const arguments *a = r->a;
    visml_error err = {0};
    int code = check_output(a->out);
    if (code == CLI_OK)
        code = check_checkpoint(r);
    if (code == CLI_OK)
        code = (r->arch = cli_architecture(a->arch)) ? CLI_OK : CLI_FAILURE;
    if (code != CLI_OK)
        return code;
    r->ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = a->threads, .seed = a->seed), &err);
    if (!r->ctx)
        return cli_fail("%s", err.message);
    int (*const steps[])(run *) = {make_learning, choose_preparation, open_train, make_model, open_val, augment, make_monitors};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == CLI_OK; i++)
        code = steps[i](r);
    if (code != CLI_OK)
        return code;
    if (!a->json)
        announce(r);
    cli_catch_interrupt();
    code = fit(r);
    if (a->on_invalid == VISML_INVALID_DROP)
        cli_report_dropped(r->train);
    return code == CLI_OK ? save(r) : code;
}

/* What the table cannot tell. */
static int check(const command *c, const arguments *a) {
    const cli_estimate_arguments *e = &a->estimate;
    if (!a->data)
        return options_wrong(c, "DATA is missing");
    if (!a->out)
        return options_wrong(c, "-o FILE is missing");
    if (a->val && a->val_split > 0)
        return options_wrong(c, "--val and --val-split exclude each other");
    if (a->learning.momentum > 0 && strcmp(a->learning.optimizer, "adam") == 0)
        return options_wrong(c, "--momentum is for --optimizer sgd");
    if (!e->model_dir && (a->max_steps || e->exporters || e->eval_steps || e->eval_epochs || e->checkpoint_steps || e->keep_checkpoints))
        return options_wrong(c, "--max-steps, --export, --eval-steps, --eval-epochs, --checkpoint-steps and --keep-checkpoints are for "
                             "--model-dir");
    if (e->model_dir && !a->max_steps)
        return options_wrong(c, "--model-dir needs --max-steps");
    if (e->model_dir && !a->val && !(a->val_split > 0))
        return options_wrong(c, "--model-dir needs --val or --val-split");
    if (e->model_dir && (a->resume || a->checkpoint))
        return options_wrong(c, "--model-dir goes on by itself: without --resume and --checkpoint");
    return -1;
}

int train_main(int argc, char **argv) {
    arguments a = {.arch = "small-cnn", .batch = 32, .color = -1, .learning = {.optimizer = "adam", .learning_rate = -1}};
    const option options[] = {
        {"--val", 0, OPTION_TEXT, &a.val, "DATA", "labelled images to validate with after each epoch", 0, 0},
        {"--val-split", 0, OPTION_REAL, &a.val_split, "F", "or: this share of the training images, 0.1 say", 0.000001, 0.999999},
        {"--arch", 0, OPTION_TEXT, &a.arch, "ARCH", "the network (default small-cnn)", 0, 0},
        {"--epochs", 0, OPTION_INT, &a.epochs, "N", "times over all images (default 10)", 1, 1000000},
        {"--batch", 0, OPTION_INT, &a.batch, "N", "images a step (default 32)", 1, 1000000},
        {"--optimizer", 0, OPTION_TEXT, &a.learning.optimizer, "O", "adam, adamw, sgd, rmsprop, ... or JSON (default adam)", 0, 0},
        {"--lr", 0, OPTION_REAL, &a.learning.learning_rate, "X", "learning rate (default 0.001; sgd: 0.01)", 0, 1e6},
        {"--momentum", 0, OPTION_REAL, &a.learning.momentum, "X", "of sgd and rmsprop (default 0)", 0, 1},
        {"--schedule", 0, OPTION_TEXT, &a.learning.schedule, "JSON", "a learning rate for each step, in place of --lr", 0, 0},
        {"--loss", 0, OPTION_TEXT, &a.loss, "L", "its name or JSON (default sparse_categorical_crossentropy)", 0, 0},
        {"--size", 0, OPTION_SIZE, a.size, "HxW", "bring all images to this height and width", 1, 65535},
        {"--color", 0, OPTION_CHOICE, &a.color, cli_colors, "channels (default rgb; for idx: as they are)", 0, 0},
        {"--fit", 0, OPTION_CHOICE, &a.fit, cli_fits, "for images of another shape (default stretch)", 0, 0},
        {"--filter", 0, OPTION_CHOICE, &a.filter, cli_filters, "how they are resized (default bilinear)", 0, 0},
        {"--augment", 0, OPTION_TEXT, &a.augment, "LIST", "change the training images: flip,rotation=0.1,... or FILE.json", 0, 0},
        {"--seed", 0, OPTION_SEED, &a.seed, "S", "of the first weights, the order, dropout and augmentation (default 0)", 0, 0},
        {"--threads", 0, OPTION_INT, &a.threads, "N", "(default: the CPUs that this process may use)", 1, 1024},
        {"--on-invalid", 0, OPTION_CHOICE, &a.on_invalid, "drop|error", "images that cannot be read (default drop: leave out, tell)", 0, 0},
        {"--checkpoint", 0, OPTION_TEXT, &a.checkpoint, "DIR", "where to keep the state of the run; stays there when it is done\n"
         "                                (default: beside the model file, removed when it is done)", 0, 0},
        {"--resume", 0, OPTION_FLAG, &a.resume, NULL, "go on from the checkpoint of a run that was stopped", 0, 0},
        {"--json", 0, OPTION_FLAG, &a.json, NULL, "one JSON object a line and epoch", 0, 0},
        {"--config", 0, OPTION_TEXT, &a.config, "FILE.json", "the options from a file: {\"data\": \"photos\", \"epochs\": 10, ...}", 0, 0},
        {"--data", 0, OPTION_TEXT, &a.data, "DATA", "the same as the operand", 0, 0},
        {"--monitors", 0, OPTION_TEXT, &a.monitors, "LIST", "early_stopping:patience=3,csv_logger:path=log.csv, or a JSON array", 0, 0},
        {"--class-weight", 0, OPTION_TEXT, &a.class_weight, "JSON", "{\"CLASS\": FACTOR, ...} for the loss of each class", 0, 0},
        {"--model-dir", 0, OPTION_TEXT, &a.estimate.model_dir, "DIR",
         "go on by itself from checkpoints in this folder;\n                                exports go there, too", 0, 0},
        {"--max-steps", 0, OPTION_INT, &a.max_steps, "N", "with --model-dir: batches in all (or --epochs, if that is less)", 1, 2147483647},
        {"--eval-steps", 0, OPTION_INT, &a.estimate.eval_steps, "N", "with it: validate after each N batches", 1, 2147483647},
        {"--eval-epochs", 0, OPTION_INT, &a.estimate.eval_epochs, "N", "or: N times over the images (default 1)", 1, 1000000},
        {"--checkpoint-steps", 0, OPTION_INT, &a.estimate.checkpoint_steps, "N", "a checkpoint also after each N batches", 1, 2147483647},
        {"--keep-checkpoints", 0, OPTION_INT, &a.estimate.keep_checkpoints, "N", "(default 5)", 1, 100},
        {"--export", 0, OPTION_TEXT, &a.estimate.exporters, "LIST", "latest,best:keep=3,monitor=val_accuracy,final, or a JSON array", 0, 0},
        {"--out", 'o', OPTION_TEXT, &a.out, "FILE", "the model file to write (required)", 0, 0},
    };
    static char details[12288]; /* called once */
    snprintf(details, sizeof details, "%s\n%s", cli_data_help, details_head);
    const command c = {"train", "DATA", 0, 1, "Train a network on labelled images and save it as a model file.", details, options,
                       sizeof options / sizeof options[0]};
    config g = {0};
    run r = {.a = &a};
    int operands, code = config_read(&g, &c, argc, argv);
    if (code < 0)
        code = options_parse(&c, g.argc, g.all, &operands);
    if (code < 0 && operands)
        a.data = g.all[1];
    a.estimate.json = a.json;
    if (code < 0)
        code = check(&c, &a);
    if (code < 0)
        code = train(&r);
    run_free(&r);
    config_free(&g);
    return code;
}
