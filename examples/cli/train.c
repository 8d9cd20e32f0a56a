/* visml train: a network from labelled images to a model file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "train.h"

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
    "\nWith --features a pipeline is fitted in place of a network: FEATURES are as for `visml features --extract`, CLASSIFIER is a name\n"
    "with its options, svm, linear_svm:C=0.1, k_neighbors:n_neighbors=3, ..., or JSON (visml/classify.h). --network takes the layers of a\n"
    "model file in place of features. evaluate, predict and info work on the file as on a network's.\n"
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
    "  visml train photos --val-split 0.1 --features hog,color_moments --then standardization --size 64x64 --classifier svm\n"
    "      -o photos.visml\n"
    "  visml train photos --network model.visml --layer flatten --classifier gaussian_naive_bayes -o photos.visml\n"
    "  visml train --config run.json\n";

/* What is for networks that are trained, and was given all the same; NULL: nothing. */
static const char *network_option(const train_arguments *a) {
    const struct {
        int given;
        const char *name;
    } options[] = {{a->epochs != 0, "--epochs"}, {a->augment != NULL, "--augment"}, {a->loss != NULL, "--loss"},
                   {a->learning.schedule != NULL, "--schedule"}, {a->learning.learning_rate >= 0, "--lr"},
                   {a->checkpoint || a->resume, "--checkpoint and --resume"}, {a->monitors != NULL, "--monitors"},
                   {a->class_weight != NULL, "--class-weight"}, {a->estimate.model_dir != NULL, "--model-dir"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].given)
            return options[i].name;
    return NULL;
}

/* Of a pipeline; -1 to go on. */
static int check_pipeline(const command *c, const train_arguments *a) {
    const char *other = network_option(a);
    if (a->features && a->network)
        return options_wrong(c, "--features and --network exclude each other");
    if (!a->features && !a->network)
        return a->classifier || a->then || a->layer ? options_wrong(c, "--classifier, --then and --layer are for --features or --network")
                                                    : -1;
    if (!a->classifier)
        return options_wrong(c, "--classifier is missing");
    if (a->network && (a->then || a->size[0]))
        return options_wrong(c, "--then and --size are for --features; a network has its own size");
    if (a->features && a->layer)
        return options_wrong(c, "--layer is for --network");
    return other ? options_wrong(c, "%s: of networks that are trained, not for --features and --network", other) : -1;
}

/* What the table cannot tell. */
static int check(const command *c, const train_arguments *a) {
    const cli_estimate_arguments *e = &a->estimate;
    if (!a->data)
        return options_wrong(c, "DATA is missing");
    if (!a->out)
        return options_wrong(c, "-o FILE is missing");
    if (a->val && a->val_split > 0)
        return options_wrong(c, "--val and --val-split exclude each other");
    if (a->features || a->network || a->classifier || a->then || a->layer)
        return check_pipeline(c, a);
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
    train_arguments a = {.arch = "small-cnn", .batch = 32, .color = -1, .learning = {.optimizer = "adam", .learning_rate = -1}};
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
        {"--features", 0, OPTION_TEXT, &a.features, "FEATURES", "fit a pipeline: \"hog,color_moments\", or a FILE.json", 0, 0},
        {"--then", 0, OPTION_TEXT, &a.then, "LIST", "what is done to its vectors, \"standardization\"", 0, 0},
        {"--network", 0, OPTION_TEXT, &a.network, "MODEL", "or: look with the layers of this model file", 0, 0},
        {"--layer", 0, OPTION_TEXT, &a.layer, "NAME", "of it: whose output is taken (default: what the last one reads)", 0, 0},
        {"--pooling", 0, OPTION_CHOICE, &a.pooling, "average|maximum|flatten", "how that becomes a vector (default average)", 0, 0},
        {"--classifier", 0, OPTION_TEXT, &a.classifier, "CLASSIFIER", "what decides, \"k_neighbors:n_neighbors=3\", or JSON", 0, 0},
        {"--balanced", 0, OPTION_FLAG, &a.balanced, NULL, "its classes count the same, however many images they have", 0, 0},
        {"--out", 'o', OPTION_TEXT, &a.out, "FILE", "the model file to write (required)", 0, 0},
    };
    static char details[12288]; /* called once */
    snprintf(details, sizeof details, "%s\n%s", cli_data_help, details_head);
    const command c = {"train", "DATA", 0, 1, "Train a network on labelled images and save it as a model file.", details, options,
                       sizeof options / sizeof options[0]};
    config g = {0};
    int operands, code = config_read(&g, &c, argc, argv);
    if (code < 0)
        code = options_parse(&c, g.argc, g.all, &operands);
    if (code < 0 && operands)
        a.data = g.all[1];
    a.estimate.json = a.json;
    if (code < 0)
        code = check(&c, &a);
    if (code < 0)
        code = a.features || a.network ? train_pipeline(&a) : train_run(&a);
    config_free(&g);
    return code;
}
