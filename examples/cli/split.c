/* visml split: parts to train, validate and test with.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "cli.h"

static const char details[] =
    "The parts are written as a JSON manifest; nothing is copied. The same seed gives the same parts on every machine.\n"
    "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml split photos -o split.json\n"
    "  visml split photos --ratio 8:1:1 --seed 7 -o split.json\n"
    "  visml split patients.csv --group patient -o split.json    nothing of one patient is in two parts\n";

typedef struct arguments {
    double ratio[3];
    const char *group, *out;
    uint64_t seed;
    int32_t stratify, random, json;
} arguments;

static const char *const names[] = {"train", "val", "test"};

static json_t *describe(const char *out, visml_dataset *const parts[3]) {
    json_t *o = json_pack("{s:o}", "manifest", cli_json_string(out));
    for (int i = 0; o && i < 3; i++)
        json_object_set_new(o, names[i], json_integer(parts[i] ? visml_dataset_count(parts[i]) : 0));
    return o;
}

static int report(const arguments *a, visml_dataset *const parts[3]) {
    if (a->json)
        return cli_print_json(describe(a->out, parts));
    printf("%s:", a->out);
    for (int i = 0; i < 3; i++)
        printf(" %s %lld%s", names[i], (long long)(parts[i] ? visml_dataset_count(parts[i]) : 0), i < 2 ? "," : "\n");
    return CLI_OK;
}

static int split(const char *data, const arguments *a) {
    visml_error err = {0};
    visml_dataset *ds = NULL, *parts[3] = {NULL, NULL, NULL};
    visml_split_opts opts = {.size = (uint32_t)sizeof opts, .ratio = {a->ratio[0], a->ratio[1], a->ratio[2]}, .group = a->group};
    opts.mode = a->group ? VISML_SPLIT_GROUPED : a->random ? VISML_SPLIT_RANDOM : VISML_SPLIT_STRATIFIED;
    int code = CLI_FAILURE;
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .seed = a->seed), &err);
    if (ctx)
        ds = cli_open(ctx, data, NULL, &err);
    if (ds && visml_dataset_split(ds, &opts, parts, &err) == VISML_OK && visml_split_save(parts, a->out, &err) == VISML_OK)
        code = report(a, parts);
    else
        cli_message("%s", err.message);
    for (int i = 0; i < 3; i++)
        visml_dataset_free(parts[i]);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return code;
}

int split_main(int argc, char **argv) {
    arguments a = {.ratio = {7, 1, 2}};
    const option options[] = {
        {"--ratio", 0, OPTION_RATIO, a.ratio, "A:B:C", "shares of train, val and test (default 7:1:2)", 0, 0},
        {"--stratify", 0, OPTION_FLAG, &a.stratify, NULL, "divide each class in this ratio (the default)", 0, 0},
        {"--random", 0, OPTION_FLAG, &a.random, NULL, "divide the whole, whatever the classes", 0, 0},
        {"--group", 0, OPTION_TEXT, &a.group, "COLUMN",
         "keep together what has the same text in this column of the CSV file,\n                                "
         "or of that which a manifest came from; \"folder\": what lies in one folder", 0, 0},
        {"--seed", 0, OPTION_SEED, &a.seed, "S", "of the shuffling (default 0)", 0, 0},
        {"--out", 'o', OPTION_TEXT, &a.out, "FILE.json", "the manifest to write (required)", 0, 0},
        {"--json", 0, OPTION_FLAG, &a.json, NULL, "print the sizes as one JSON object", 0, 0},
    };
    const command c = {"split", "DATA", 1, 1, "Divide labelled images into parts to train, validate and test with.", details, options,
                       sizeof options / sizeof options[0]};
    int operands, code = options_parse(&c, argc, argv, &operands);
    if (code >= 0)
        return code;
    if (!a.out)
        return options_wrong(&c, "-o FILE.json is missing");
    if ((a.stratify != 0) + (a.random != 0) + (a.group != NULL) > 1)
        return options_wrong(&c, "--stratify, --random and --group exclude each other");
    return split(argv[1], &a);
}
