/* Lists of things with options on the command line: "early_stopping:patience=3,csv_logger:path=log.csv", or JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A value as JSON reads it: 3, 0.1, true; all else is a string. */
static json_t *value_of(const char *text, size_t n) {
    json_t *value = json_loadb(text, n, JSON_DECODE_ANY, NULL);
    return value ? value : json_stringn(text, n);
}

/* One part between commas: "name", "name:key=value" or, for the thing before it, "key=value". */
static int add_part(json_t *array, const char *kind, const char *part, size_t n) {
    const char *colon = memchr(part, ':', n), *equals = memchr(part, '=', n);
    size_t name = colon && (!equals || colon < equals) ? (size_t)(colon - part) : equals ? 0 : n;
    if (name && json_array_append_new(array, json_pack("{s:s%}", kind, part, name)) < 0)
        return -1;
    json_t *object = json_array_get(array, json_array_size(array) - 1);
    if (name == n && object)
        return 0;
    const char *key = part + name + (name > 0), *end = part + n;
    if (!object || !equals || equals == key)
        return -1;
    char *word = strndup(key, (size_t)(equals - key));
    int failed = !word || json_object_set_new(object, word, value_of(equals + 1, (size_t)(end - equals - 1))) < 0;
    free(word);
    return failed ? -1 : 0;
}

static json_t *from_words(const char *text, const char *kind) {
    json_t *array = json_array();
    for (const char *part = text; array; part++) {
        size_t n = strcspn(part, ",");
        if (n == 0 || add_part(array, kind, part, n) < 0) {
            json_decref(array);
            return NULL;
        }
        part += n;
        if (!*part)
            break;
    }
    return array;
}

json_t *cli_list(const char *name, const char *text, const char *kind) {
    json_error_t where;
    json_t *root = *text == '[' || *text == '{' ? json_loads(text, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (!root && (*text == '[' || *text == '{')) {
        cli_message("%s: column %d: %s", name, where.column, where.text);
        return NULL;
    }
    if (!root && !(root = from_words(text, kind)))
        cli_message("%s is \"%s\"; it must be a JSON array or NAME[:KEY=VALUE,...],NAME...", name, text);
    if (json_is_object(root)) {
        json_t *array = json_pack("[o]", root);
        return array;
    }
    return root;
}

/* ---- monitors ------------------------------------------------------------------------------------------------------------------ */

static visml_monitor *make_monitor(visml_context *ctx, const json_t *object, size_t i) {
    visml_error err = {0};
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY);
    visml_monitor *m = text ? visml_monitor_from_json(ctx, text, strlen(text), &err) : NULL;
    if (!m)
        cli_message("train: --monitors: %zu: %s", i + 1, text ? err.message : "out of memory");
    free(text);
    return m;
}

int cli_monitors(visml_context *ctx, const char *text, cli_monitor_list *list) {
    json_t *array = text ? cli_list("train: --monitors", text, "class") : NULL;
    if (!text)
        return CLI_OK;
    size_t n = json_array_size(array);
    list->items = calloc(n + 1, sizeof(visml_monitor *));
    for (size_t i = 0; list->items && i < n; i++, list->count++)
        if (!(list->items[i] = make_monitor(ctx, json_array_get(array, i), i)))
            break;
    int made = array && list->items && list->count == n;
    json_decref(array);
    return made ? CLI_OK : CLI_USAGE;
}

void cli_monitors_free(cli_monitor_list *list) {
    for (size_t i = 0; i < list->count; i++)
        visml_monitor_free(list->items[i]);
    free(list->items);
}

/* ---- weights of classes ---------------------------------------------------------------------------------------------------------- */

/* {"cat": 2, "dog": 1}; 1 where nothing is said. */
int cli_class_weight(const visml_dataset *data, const char *text, double **weights) {
    size_t n = visml_dataset_class_count(data);
    json_error_t where;
    const char *name;
    json_t *value, *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (!text)
        return CLI_OK;
    int code = json_is_object(object) ? CLI_OK : CLI_USAGE;
    if (code != CLI_OK)
        cli_message("train: --class-weight is \"%s\"; it must be a JSON object {\"CLASS\": NUMBER, ...}", text);
    *weights = malloc((n + 1) * sizeof **weights);
    for (size_t i = 0; *weights && i < n; i++)
        (*weights)[i] = 1;
    json_object_foreach(object, name, value) {
        size_t i = 0;
        while (i < n && strcmp(visml_dataset_class_name(data, i), name) != 0)
            i++;
        if (i < n && *weights && json_is_number(value)) {
            (*weights)[i] = json_number_value(value);
            continue;
        }
        cli_message(i < n ? "train: --class-weight: \"%s\" must have a number" : "train: --class-weight: there is no class \"%s\"", name);
        code = CLI_USAGE;
        break;
    }
    json_decref(object);
    return *weights ? code : cli_fail("out of memory");
}
