#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "context/context.h"
#include "train/estimate.h"
#include "train/monitor.h"

#define WARNING 2 /* a level of visml_log_fn */
#define MOST 9007199254740992LL /* 2^53 */

/* ---- writing ---- */

/* Older ones than are to be kept, not counting those behind this one: what lies there is damaged, for the run has gone on from here. */
static visml_status remove_old(const visml_training *r, int64_t now, visml_error *err) {
    const visml_estimate *e = r->estimate;
    visml_memory *m = &r->context->memory;
    int64_t *steps;
    size_t n;
    VISML_TRY(visml_kept_numbers(m, &e->checkpoints, &steps, &n, err));
    while (n > 0 && steps[n - 1] > now)
        n--;
    visml_status status = VISML_OK;
    for (size_t i = 0; i + e->checkpoints.keep < n && status == VISML_OK; i++)
        status = visml_kept_remove(m, &e->checkpoints, steps[i], err);
    visml_mem_free(m, steps);
    return status;
}

static visml_status name(visml_training *r, int64_t step, visml_error *err) {
    visml_mem_free(&r->context->memory, r->checkpoint);
    r->checkpoint = visml_kept_path(&r->context->memory, &r->estimate->checkpoints, step, err);
    return r->checkpoint ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_estimate_write(visml_training *r, visml_error *err) {
    int64_t now = visml_training_steps(r);
    VISML_TRY(name(r, now, err));
    VISML_TRY(visml_checkpoint_write(r, err));
    r->estimate->written = visml_walk_clock();
    return remove_old(r, now, err);
}

/* ---- going on ---- */

static void note(visml_training *r, const char *path, const char *reason) {
    visml_text *t = &r->estimate->passed_over;
    const char *begins = strncmp(path, reason, strlen(path)) == 0 ? "" : path;
    visml_text_add(t, "%s%s%s%s", t->length ? "\n" : "", begins, *begins ? ": " : "", reason);
    visml_log(r->context, WARNING, "train_and_evaluate: passed over: %s%s%s", begins, *begins ? ": " : "", reason);
}

/* The newest first. */
static visml_status try_each(visml_training *r, const int64_t *steps, size_t n, visml_error *err) {
    for (size_t i = n; i > 0; i--) {
        int32_t damaged;
        visml_error failure;
        VISML_TRY(name(r, steps[i - 1], err));
        visml_status status = visml_checkpoint_load(r, &damaged, &failure);
        if (status == VISML_OK)
            return VISML_OK;
        if (!damaged) {
            *err = failure;
            return status;
        }
        note(r, r->checkpoint, failure.message);
    }
    return n ? visml_fail(err, VISML_EFORMAT, "train_and_evaluate: %s: none of the %zu checkpoints is whole; remove them to start anew",
                          r->estimate->run.model_dir, n) : VISML_OK;
}

visml_status visml_estimate_resume(visml_training *r, visml_error *err) {
    int64_t *steps;
    size_t n;
    r->estimate->written = visml_walk_clock();
    VISML_TRY(visml_kept_numbers(&r->context->memory, &r->estimate->checkpoints, &steps, &n, err));
    visml_status status = try_each(r, steps, n, err);
    visml_mem_free(&r->context->memory, steps);
    return status;
}

/* ---- its part of a checkpoint ---- */

static json_t *exporters_json(const visml_estimate *e) {
    json_t *object = json_object();
    for (size_t i = 0; object && i < e->eval.exporter_count; i++)
        if (json_object_set_new(object, e->exporters[i].opts.name, visml_kept_to_json(&e->exporters[i].kept)) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

json_t *visml_estimate_to_json(const visml_training *r) {
    const visml_estimate *e = r->estimate;
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "began", (json_int_t)e->began, "evaluations",
                     (json_int_t)visml_history_epochs(r->history), "best_step", (json_int_t)e->best_step, "best_row",
                     (json_int_t)e->best_row, "exporters", exporters_json(e));
}

/* An exporter that is new here begins with nothing. */
static visml_status read_exporters(visml_training *r, const json_t *exporters, visml_error *err) {
    visml_estimate *e = r->estimate;
    for (size_t i = 0; i < e->eval.exporter_count; i++) {
        visml_kept_rule rule = visml_exporter_rule(&e->exporters[i]);
        const json_t *kept = json_object_get(exporters, e->exporters[i].opts.name);
        rule.keep = VISML_MOST_KEPT; /* fewer may be wanted now */
        if (kept)
            VISML_TRY(visml_kept_from_json(&e->exporters[i].kept, &rule, r->checkpoint, kept, err));
    }
    return VISML_OK;
}

visml_status visml_estimate_from_json(visml_training *r, const json_t *training, int64_t *rows, visml_error *err) {
    visml_estimate *e = r->estimate;
    const json_t *o, *exporters;
    const char *what = r->checkpoint;
    VISML_TRY(visml_json_object(what, training, "estimate", &o, err));
    VISML_TRY(visml_json_int(what, o, "began", 0, MOST, &e->began, err));
    VISML_TRY(visml_json_int(what, o, "evaluations", 0, 2147483647, rows, err));
    VISML_TRY(visml_json_int(what, o, "best_step", 0, MOST, &e->best_step, err));
    VISML_TRY(visml_json_int(what, o, "best_row", -1, *rows - 1, &e->best_row, err));
    VISML_TRY(visml_json_object(what, o, "exporters", &exporters, err));
    return read_exporters(r, exporters, err);
}
