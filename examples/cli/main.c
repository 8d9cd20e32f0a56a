/* visml: train, measure and use image classifiers from the command line. One file for each command.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"split", split_main, "divide labelled images into parts to train, validate and test with"},
    {"train", train_main, "train a network, or features and a classifier, and save it"},
    {"evaluate", evaluate_main, "measure a model on labelled images"},
    {"predict", predict_main, "tell the class of images"},
    {"features", features_main, "make vectors of images: histograms, gradients, textures and what else there is"},
    {"info", info_main, "show what a model file, a manifest or an image holds"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int help(void) {
    printf("Usage: visml COMMAND ...\n\nFrom a folder of images to a trained, measured, saved classifier.\n\nCommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\nvisml COMMAND --help   the options of a command, with examples\n"
           "visml --version        the version of the program and of the library\n"
           "\nA first run, on a folder that holds one folder of images for each class:\n"
           "  visml split photos -o split.json\n"
           "  visml train split.json:train --val split.json:val --arch small-cnn --size 64x64 --epochs 10 -o model.visml\n"
           "  visml evaluate model.visml split.json:test\n"
           "  visml predict model.visml picture.jpg\n"
           "\nExit status: 0 done, 1 failed, 2 the command line is wrong.\n");
    return CLI_OK;
}

static int version(void) {
    printf("visml %d.%d.%d (libvisml %s)\n", VISML_VERSION_MAJOR, VISML_VERSION_MINOR, VISML_VERSION_PATCH, visml_version_string());
    return CLI_OK;
}

static int run(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help();
    if (strcmp(name, "--version") == 0)
        return version();
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        cli_message("there is no command \"%s\"", name);
    else
        cli_message("no command given");
    cli_message("`visml --help` shows the commands");
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    int code = run(argc, argv);
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_OK)
        code = cli_fail("cannot write to standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    return code;
}
