/* Losses and optimizers from the command line: the name of a class, or its description in JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* "adam" or {"class": "adam", ...} as an object; NULL with a message. */
static json_t *describe(const char *name, const char *text) {
    json_error_t where;
    if (*text != '{')
        return json_pack("{s:s}", "class", text);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!object)
        cli_message("train: %s is no JSON: column %d: %s", name, where.column, where.text);
    return object;
}

/* Gives the object up. NULL when memory ran out. */
static char *write_out(json_t *object) {
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static int wrong(const char *name, const visml_error *err) {
    cli_message("train: %s: %s", name, err->message);
    return CLI_USAGE;
}

/* A number or a description under a key, where one was given. */
static int add(json_t *object, const char *key, json_t *value) {
    return value ? json_object_set_new(object, key, value) : 0;
}

/* Alone first, so that its mistakes have its name. */
static int check_schedule(visml_context *ctx, const char *text) {
    visml_error err = {0};
    visml_schedule *schedule = visml_schedule_from_json(ctx, text, strlen(text), &err);
    visml_schedule_free(schedule);
    return schedule ? CLI_OK : wrong("--schedule", &err);
}

int cli_optimizer(visml_context *ctx, const cli_optimizer_arguments *a, visml_optimizer **made) {
    visml_error err = {0};
    if (a->schedule && check_schedule(ctx, a->schedule) != CLI_OK)
        return CLI_USAGE;
    json_t *object = describe("--optimizer", a->optimizer);
    json_t *schedule = a->schedule && object ? describe("--schedule", a->schedule) : NULL;
    if (!object || (a->schedule && !schedule)) {
        json_decref(object);
        return CLI_USAGE;
    }
    int failed = add(object, "learning_rate", a->learning_rate >= 0 ? json_real(a->learning_rate) : NULL) |
                 add(object, "momentum", a->momentum > 0 ? json_real(a->momentum) : NULL) | add(object, "schedule", schedule);
    char *text = write_out(object);
    if (failed || !text) {
        free(text);
        return cli_fail("out of memory");
    }
    *made = visml_optimizer_from_json(ctx, text, strlen(text), &err);
    free(text);
    return *made ? CLI_OK : wrong("--optimizer", &err);
}

int cli_loss(visml_context *ctx, const char *text, visml_loss **made) {
    visml_error err = {0};
    *made = visml_loss_from_json(ctx, text, strlen(text), &err);
    return *made ? CLI_OK : wrong("--loss", &err);
}
