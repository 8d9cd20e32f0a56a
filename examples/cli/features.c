/* visml features: vectors of images, for a table, a classifier or a search.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "show.h"

static const char details_tail[] =
    "\nLIST is NAME[:KEY=VALUE,...],NAME... or JSON; FILE.json holds a list of extractors, or an object with \"extract\" and \"then\".\n"
    "Extractors and transforms, and their options, are those of the library (visml/feature.h, docs/features.md).\n"
    "What is to be learned is learned from DATA; --model keeps it, and --from makes the same vectors of other images.\n"
    "--out writes NumPy's format where FILE ends with .npy, and a table of text (CSV) where it ends with .csv.\n"
    "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml features photos --extract average --size 64x64 -o averages.csv\n"
    "  visml features split.json:train --extract pixels --then standardization --size 8x8 -o x.npy --labels y.npy --model f.visml\n"
    "  visml features split.json:test --from f.visml -o x-test.npy --labels y-test.npy\n"
    "  visml features photos --extract hog,lbp --size 128x128 --show drawings\n";

typedef struct arguments {
    const char *extract, *then, *from, *out, *labels, *model, *show;
    int32_t size[2], color, on_invalid, threads, json, show_as;
    uint64_t seed;
} arguments;

static int ends_with(const char *s, const char *suffix) {
    size_t n = strlen(s), k = strlen(suffix);
    return n > k && strcmp(s + n - k, suffix) == 0;
}

/* ---- what is to be made -------------------------------------------------------------------------------------------------------- */

/* {"extract": ..., "then": ...} of a list, a file, or JSON. */
static json_t *read_extract(const char *name, const char *text) {
    json_error_t where;
    json_t *root;
    if (!ends_with(text, ".json")) {
        root = cli_list(name, text, "class");
        /* An object alone is not an entry of a list here, unless it has a class. */
        if (*text == '{' && json_array_size(root) == 1 && !json_object_get(json_array_get(root, 0), "class")) {
            json_t *only = json_incref(json_array_get(root, 0));
            json_decref(root);
            root = only;
        }
    } else if (!(root = json_load_file(text, JSON_REJECT_DUPLICATES, &where))) {
        cli_message("%s:%d: %s", text, where.line, where.text);
    }
    return json_is_array(root) ? json_pack("{s:o}", "extract", root) : root;
}

json_t *cli_features_read(const char *name, const char *extract, const char *then_name, const char *then, const int32_t size[2]) {
    json_t *root = read_extract(name, extract), *list = root && then ? cli_list(then_name, then, "class") : NULL;
    if (root && !json_is_object(root)) {
        cli_message("%s: must hold a list of extractors, or an object with \"extract\"", extract);
        json_decref(root);
        root = NULL;
    }
    if (then && root) {
        if (list && json_is_array(json_object_get(root, "then")))
            json_array_extend(json_object_get(root, "then"), list);
        else if (list)
            json_object_set(root, "then", list);
    }
    int failed = !root || (then && !list);
    json_decref(list);
    if (!failed && size[0]) {
        json_object_set_new(root, "height", json_integer(size[0]));
        json_object_set_new(root, "width", json_integer(size[1]));
    }
    if (!failed)
        return root;
    json_decref(root);
    return NULL;
}

/* CLI_OK, or another code after a message. */
static int make_features(visml_context *ctx, const arguments *a, visml_features **made) {
    visml_error err = {0};
    if (a->from) {
        *made = visml_features_load(ctx, a->from, &err);
        return *made ? CLI_OK : cli_fail("%s", err.message);
    }
    json_t *root = cli_features_read("features: --extract", a->extract, "features: --then", a->then, a->size);
    if (!root)
        return CLI_USAGE;
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    *made = text ? visml_features_from_json(ctx, text, strlen(text), &err) : NULL;
    if (!*made)
        cli_message("%s", text ? err.message : "out of memory");
    free(text);
    return *made ? CLI_OK : CLI_USAGE;
}

json_t *cli_features_json(const visml_features *features) {
    size_t n = visml_features_to_json(features, NULL, 0);
    char *text = n ? malloc(n + 1) : NULL;
    if (text)
        visml_features_to_json(features, text, n + 1);
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return root;
}

/* ---- running ------------------------------------------------------------------------------------------------------------------- */

static int32_t progress(void *user, const visml_feature_progress *p) {
    if (*(const int *)user)
        fprintf(stderr, "\r%s: %lld/%lld images%s", p->passes > 1 || p->pass > 1 ? "learning" : "features", (long long)p->done,
                (long long)p->total, p->done == p->total ? "\n" : "");
    return cli_interrupted();
}

static int save(const arguments *a, const visml_features *features, const visml_table *table) {
    visml_error err = {0};
    visml_status status = VISML_OK;
    if (a->out && ends_with(a->out, ".csv"))
        status = visml_table_save_csv(table, a->out, &err);
    else if (a->out)
        status = visml_table_save_npy(table, a->out, a->labels, &err);
    if (status == VISML_OK && a->model)
        status = visml_features_save(features, a->model, &err);
    return status == VISML_OK ? CLI_OK : cli_fail("%s", err.message);
}

static int report(const arguments *a, const visml_features *features, const visml_table *table, json_t *shown, size_t dropped) {
    long long n = visml_table_count(table), d = visml_table_length(table);
    if (!a->json) {
        const char *where = a->out ? a->out : a->model ? a->model : a->show;
        printf("%s: %lld rows of %lld numbers, left out: %zu\n", where, n, d, dropped);
        if (a->show)
            printf("%s: %zu drawings\n", a->show, json_array_size(shown));
        return CLI_OK;
    }
    json_t *classes = json_array();
    for (size_t k = 0; k < visml_table_class_count(table); k++)
        json_array_append_new(classes, cli_json_string(visml_table_class_name(table, k)));
    return cli_print_json(json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:O}", "out", a->out ? cli_json_string(a->out) : json_null(), "rows",
                                    (json_int_t)n, "columns", (json_int_t)d, "dropped", (json_int_t)dropped, "classes", classes, "features",
                                    cli_features_json(features), "shown", shown));
}

static int run(const arguments *a, visml_features *features, visml_dataset *ds) {
    visml_error err = {0};
    int show = !a->json && isatty(STDERR_FILENO);
    const visml_feature_run_opts opts = {.size = (uint32_t)sizeof opts, .seed = a->seed, .progress = progress, .user = &show};
    visml_table *table = NULL;
    if (visml_features_is_fitted(features) || visml_features_fit(features, ds, &opts, &err) == VISML_OK)
        table = visml_features_extract(features, ds, &opts, &err);
    cli_report_dropped(ds);
    int code = table ? save(a, features, table) : cli_fail("%s", err.message);
    json_t *shown = json_array();
    const cli_show drawings = {a->show, a->show_as, features, ds, table, a->seed};
    if (code == CLI_OK && a->show)
        code = cli_show_all(&drawings, shown);
    if (code == CLI_OK)
        code = report(a, features, table, shown, visml_dataset_dropped_count(ds));
    json_decref(shown);
    visml_table_free(table);
    return code;
}

/* The size that features bring images to. */
static void size_of(const visml_features *features, visml_source_opts *opts) {
    json_t *root = cli_features_json(features);
    opts->height = (int32_t)json_integer_value(json_object_get(root, "height"));
    opts->width = (int32_t)json_integer_value(json_object_get(root, "width"));
    json_decref(root);
}

static int features(const char *data, const arguments *a) {
    visml_error err = {0};
    visml_features *f = NULL;
    visml_dataset *ds = NULL;
    visml_source_opts opts = {.size = (uint32_t)sizeof opts, .color = cli_color(a->color), .on_invalid = a->on_invalid};
    int32_t size[2];
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = a->threads, .seed = a->seed), &err);
    int code = ctx ? make_features(ctx, a, &f) : cli_fail("%s", err.message);
    if (code == CLI_OK) {
        size_of(f, &opts);
        ds = cli_open(ctx, data, &opts, &err);
        code = ds ? CLI_OK : cli_fail("%s", err.message);
    }
    if (code == CLI_OK && !opts.height)
        code = cli_common_size(ctx, data, ds, &size[0], &size[1]);
    if (code == CLI_OK)
        code = run(a, f, ds);
    visml_dataset_free(ds);
    visml_features_free(f);
    visml_context_free(ctx);
    return code;
}

static int check(const command *c, const arguments *a) {
    if (!a->extract == !a->from)
        return options_wrong(c, "give --extract LIST, or --from FILE, what --model wrote");
    if (a->from && (a->then || a->size[0]))
        return options_wrong(c, "--from has its transforms and its size: no --then, no --size");
    if (!a->out && !a->model && !a->show)
        return options_wrong(c, "-o FILE.npy, -o FILE.csv, --model FILE or --show DIR is missing");
    if (a->out && !ends_with(a->out, ".npy") && !ends_with(a->out, ".csv"))
        return options_wrong(c, "--out is \"%s\"; it must end with .npy or .csv", a->out);
    if (a->labels && (!a->out || !ends_with(a->out, ".npy")))
        return options_wrong(c, "--labels goes with -o FILE.npy; a CSV file has them in itself");
    return -1;
}

int features_main(int argc, char **argv) {
    arguments a = {0};
    const option options[] = {
        {"--extract", 0, OPTION_TEXT, &a.extract, "LIST", "what is looked at, \"average,pixels\", or a file FILE.json", 0, 0},
        {"--then", 0, OPTION_TEXT, &a.then, "LIST", "what is done to the vectors, \"standardization\"", 0, 0},
        {"--from", 0, OPTION_TEXT, &a.from, "FILE", "instead of --extract: what --model wrote", 0, 0},
        {"--size", 0, OPTION_SIZE, a.size, "HEIGHTxWIDTH", "bring all images to this size (default: theirs)", 1, 65535},
        {"--color", 0, OPTION_CHOICE, &a.color, cli_colors, "channels of the images (default rgb)", 0, 0},
        {"--out", 'o', OPTION_TEXT, &a.out, "FILE", "where the vectors go: FILE.npy or FILE.csv", 0, 0},
        {"--labels", 0, OPTION_TEXT, &a.labels, "FILE.npy", "where the class numbers go, beside FILE.npy", 0, 0},
        {"--model", 0, OPTION_TEXT, &a.model, "FILE", "keep the features and what they learned", 0, 0},
        {"--show", 0, OPTION_TEXT, &a.show, "DIR", "draw what is seen, the vectors by class, and clusters, into this folder", 0, 0},
        {"--show-as", 0, OPTION_CHOICE, &a.show_as, "png|svg", "files of --show (default png)", 0, 0},
        {"--seed", 0, OPTION_SEED, &a.seed, "S", "of what is drawn in learning (default 0)", 0, 0},
        {"--threads", 0, OPTION_INT, &a.threads, "N", "(default: the CPUs that this process may use)", 1, 1024},
        {"--on-invalid", 0, OPTION_CHOICE, &a.on_invalid, "drop|error", "images that cannot be read (default drop: leave out, tell)", 0, 0},
        {"--json", 0, OPTION_FLAG, &a.json, NULL, "print one JSON object", 0, 0},
    };
    char details[3072];
    snprintf(details, sizeof details, "%s%s", cli_data_help, details_tail);
    const command c = {"features", "DATA", 1, 1, "Make vectors of images.", details, options, sizeof options / sizeof options[0]};
    int operands, code = options_parse(&c, argc, argv, &operands);
    if (code < 0)
        code = check(&c, &a);
    if (code >= 0)
        return code;
    cli_catch_interrupt();
    return features(argv[1], &a);
}
