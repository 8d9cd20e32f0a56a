/* A run in a JSON file: its keys are the options of the command, without dashes in front and with '_' for '-'. What the command line gives
 * as well goes before. Objects that hold options of one kind may be put together under a name of GROUPS.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static const char *const groups[] = {"preparation", "training", "evaluation", "checkpoints"};

/* What Keras' users would write. */
static const struct {
    const char *key, *option;
} others[] = {{"architecture", "arch"}, {"batch_size", "batch"}, {"learning_rate", "lr"}, {"exporters", "export"},
              {"augmentation", "augment"}};

static int is_group(const char *key) {
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strcmp(groups[i], key) == 0)
            return 1;
    return 0;
}

/* "--val-split" for "val_split". NULL when memory ran out or there is no such option; *out is the row. */
static char *option_name(const command *c, const char *key, const option **out) {
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].key, key) == 0)
            key = others[i].option;
    size_t n = strlen(key);
    char *name = malloc(n + 3);
    *out = NULL;
    if (!name)
        return NULL;
    snprintf(name, n + 3, "--%s", key);
    for (char *p = name + 2; *p; p++)
        if (*p == '_')
            *p = '-';
    for (int i = 0; i < c->option_count; i++)
        if (strcmp(c->options[i].name, name) == 0 && strcmp(name, "--config") != 0)
            *out = &c->options[i];
    return name;
}

/* The text that the option would have on the command line; NULL for what no text can say. */
static char *value_text(const option *o, const json_t *value) {
    char text[64];
    if (o->kind == OPTION_SIZE && json_array_size(value) == 2) {
        snprintf(text, sizeof text, "%lldx%lld", (long long)json_integer_value(json_array_get(value, 0)),
                 (long long)json_integer_value(json_array_get(value, 1)));
        return strdup(text);
    }
    return json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static int push(config *g, char *argument) {
    char **more = argument ? realloc(g->argv, (size_t)(g->argc + 2) * sizeof *more) : NULL;
    if (!more) {
        free(argument);
        return cli_fail("out of memory");
    }
    g->argv = more;
    g->argv[g->argc++] = argument;
    g->argv[g->argc] = NULL;
    return CLI_OK;
}

static int add_option(config *g, const option *o, const json_t *value) {
    if (json_is_null(value) || (o->kind == OPTION_FLAG && json_is_false(value)))
        return CLI_OK;
    if (o->kind == OPTION_FLAG && json_is_true(value))
        return push(g, strdup(o->name));
    char *text = value_text(o, value), *argument = NULL;
    size_t n = text ? strlen(o->name) + strlen(text) + 2 : 0;
    if (text && (argument = malloc(n)))
        snprintf(argument, n, "%s=%s", o->name, text);
    free(text);
    return push(g, argument);
}

static int unknown(const command *c, const char *path, const char *where, const char *key) {
    char names[2000] = "";
    size_t used = 0;
    for (int i = 0; i < c->option_count && used < sizeof names - 64; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", c->options[i].name + 2);
    for (char *p = names; *p; p++)
        if (*p == '-')
            *p = '_';
    return options_wrong(c, "%s: \"%s%s\" is unknown; there are %s", path, where, key, names);
}

static int add_object(config *g, const command *c, const char *path, const char *where, const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        const option *o;
        char *name = option_name(c, key, &o), inner[80];
        free(name);
        int code;
        if (o)
            code = add_option(g, o, value);
        else if (!*where && is_group(key) && json_is_object(value)) {
            snprintf(inner, sizeof inner, "%s.", key);
            code = add_object(g, c, path, inner, value);
        } else
            code = unknown(c, path, where, key);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static int read_config(config *g, const command *c, const char *path) {
    json_error_t error;
    errno = 0;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root && error.line > 0)
        return cli_fail("%s:%d:%d: %s", path, error.line, error.column, error.text);
    if (!root)
        return cli_fail("%s: %s", path, errno ? strerror(errno) : error.text);
    int code = json_is_object(root) ? add_object(g, c, path, "", root) : options_wrong(c, "%s: must hold a JSON object", path);
    json_decref(root);
    return code;
}

/* The last --config FILE of the command line. */
static const char *find_config(int argc, char **argv) {
    const char *path = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            path = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            path = argv[++i];
    }
    return path;
}

int config_read(config *g, const command *c, int argc, char **argv) {
    const char *path = find_config(argc, argv);
    int code = push(g, strdup(argv[0]));
    if (code == CLI_OK && path)
        code = read_config(g, c, path);
    for (int i = 1; i < argc && code == CLI_OK; i++)
        code = push(g, strdup(argv[i]));
    g->all = malloc((size_t)(g->argc + 1) * sizeof *g->all);
    if (code == CLI_OK && !g->all)
        code = cli_fail("out of memory");
    if (code == CLI_OK)
        memcpy(g->all, g->argv, (size_t)(g->argc + 1) * sizeof *g->all);
    return code == CLI_OK ? -1 : code;
}

void config_free(config *g) {
    for (int i = 0; i < g->argc; i++)
        free(g->argv[i]);
    free(g->argv);
    free(g->all);
}
