/* visml train --model-dir: a run that keeps checkpoints and exports in a folder and goes on by itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char kinds[] = "latest|best|final", modes[] = "auto|min|max";

/* ---- exporters ----------------------------------------------------------------------------------------------------------------- */

/* One key of an exporter; 0 when it is unknown or its value cannot be. */
static int set(visml_exporter_opts *o, const char *key, const json_t *value) {
    const char *text = json_string_value(value);
    if (strcmp(key, "kind") == 0)
        return text && (o->kind = options_number(kinds, text)) >= 0;
    if (strcmp(key, "mode") == 0)
        return text && (o->mode = options_number(modes, text)) >= 0;
    if (strcmp(key, "keep") == 0) {
        o->keep = json_integer_value(value) > 0 && json_integer_value(value) <= 100 ? (int32_t)json_integer_value(value) : -1;
        return o->keep > 0;
    }
    if (strcmp(key, "name") == 0)
        return (o->name = text) != NULL;
    return strcmp(key, "monitor") == 0 && (o->monitor = text) != NULL;
}

static int read_exporter(visml_exporter_opts *o, const json_t *object, size_t i) {
    const char *key;
    json_t *value;
    *o = (visml_exporter_opts){.size = (uint32_t)sizeof *o};
    if (!json_is_object(object) || !json_object_get(object, "kind"))
        return cli_fail("train: --export: %zu: must have a \"kind\": latest, best or final", i + 1);
    json_object_foreach((json_t *)object, key, value)
        if (!set(o, key, value))
            return cli_fail("train: --export: %zu: \"%s\" is unknown or has a value that it cannot have; there are kind (latest, best, "
                            "final), name, keep (1 to 100), monitor, mode (auto, min, max)", i + 1, key);
    return CLI_OK;
}

/* The strings are those of the JSON values. */
static int read_exporters(const json_t *array, visml_exporter_opts **exporters, size_t *n) {
    *n = json_array_size(array);
    *exporters = calloc(*n + 1, sizeof **exporters);
    for (size_t i = 0; *exporters && i < *n; i++)
        if (read_exporter(*exporters + i, json_array_get(array, i), i) != CLI_OK)
            return CLI_USAGE;
    return *exporters ? CLI_OK : cli_fail("out of memory");
}

int cli_estimate_check(const cli_estimate_arguments *a) {
    visml_exporter_opts *exporters = NULL;
    size_t n;
    json_t *list = a->exporters ? cli_list("train: --export", a->exporters, "kind") : NULL;
    int code = a->exporters && !list ? CLI_USAGE : read_exporters(list, &exporters, &n);
    free(exporters);
    json_decref(list);
    return code;
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

static json_t *describe(const visml_run_result *result) {
    static const char *const whole[] = {"global_step", "epochs", "evaluations", "best_step"};
    static const char *const reals[] = {"loss", "accuracy", "val_loss", "val_accuracy", "best_val_loss", "best_val_accuracy"};
    json_t *o = json_object();
    const char *by = visml_run_result_ended_by(result), *best = visml_run_result_best_export(result);
    json_object_set_new(o, "ended_by", by ? cli_json_string(by) : json_null());
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        json_object_set_new(o, whole[i], json_integer((json_int_t)visml_run_result_get(result, whole[i])));
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        json_object_set_new(o, reals[i], cli_json_real(visml_run_result_get(result, reals[i])));
    json_object_set_new(o, "best_export", best ? cli_json_string(best) : json_null());
    return o;
}

static void tell_passed_over(const visml_run_result *result) {
    const char *text = visml_run_result_passed_over(result);
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        cli_message("passed over: %.*s", (int)n, text);
        text += n + (text[n] != 0);
    }
}

static void tell(const visml_run_result *result, int json) {
    tell_passed_over(result);
    if (!visml_run_result_ended_by(result))
        return;
    if (json)
        cli_print_json(describe(result));
    else
        printf("ended by %s after %.0f steps; best at step %.0f: val_loss %.4f\n", visml_run_result_ended_by(result),
               visml_run_result_get(result, "global_step"), visml_run_result_get(result, "best_step"),
               visml_run_result_get(result, "best_val_loss"));
}

static visml_status run(const cli_estimate_arguments *a, visml_model *model, const visml_train_opts *train, visml_eval_opts *eval,
                        visml_error *err) {
    const visml_run_opts opts = {.size = (uint32_t)sizeof opts, .model_dir = a->model_dir, .checkpoint_steps = a->checkpoint_steps,
                                 .keep_checkpoints = a->keep_checkpoints};
    visml_run_result *result = NULL;
    visml_status status = visml_train_and_evaluate(model, train, eval, &opts, &result, err);
    if (result)
        tell(result, a->json);
    visml_run_result_free(result);
    return status;
}

int cli_estimate(const cli_estimate_arguments *a, visml_model *model, const visml_train_opts *train, visml_dataset *val) {
    visml_error err = {0};
    visml_exporter_opts *exporters = NULL;
    visml_eval_opts eval = {.size = (uint32_t)sizeof eval, .data = val, .every_steps = a->eval_steps, .every_epochs = a->eval_epochs};
    json_t *list = a->exporters ? cli_list("train: --export", a->exporters, "kind") : NULL;
    if (a->exporters && !list)
        return CLI_USAGE;
    int code = read_exporters(list, &exporters, &eval.exporter_count);
    eval.exporters = eval.exporter_count ? exporters : NULL;
    if (code == CLI_OK) {
        visml_status status = run(a, model, train, &eval, &err);
        if (status == VISML_ECANCELLED)
            code = cli_fail("stopped; the same command goes on from %s", a->model_dir);
        else if (status < 0)
            code = cli_fail("%s", err.message);
    }
    free(exporters);
    json_decref(list);
    return code;
}
