#include <math.h>
#include <string.h>

#include "base/error.h"
#include "train/estimate.h"

struct visml_run_result {
    visml_context *context;
    visml_history *history;
    const char *ended_by; /* static */
    char *best_export, *passed_over;
    int64_t steps, epochs, best_step, best_row;
};

static const char *reason_of(const visml_training *r) {
    if (r->stopped_by)
        return r->stopped_by;
    return visml_training_steps(r) >= r->estimate->train.max_steps ? "max_steps" : "end_of_input";
}

static visml_status take_texts(visml_run_result *result, const visml_training *r, visml_error *err) {
    visml_memory *m = &r->context->memory;
    const visml_text *t = &r->estimate->passed_over;
    visml_error failure = {0};
    result->best_export = visml_exporters_best(r->estimate, m, &failure);
    if (t->length)
        result->passed_over = visml_mem_strdup(m, t->data, &failure);
    return failure.code < 0 ? visml_fail(err, failure.code, "%s", failure.message) : VISML_OK;
}

visml_run_result *visml_run_result_of(visml_training *r, int ended, visml_error *err) {
    visml_run_result *result = visml_mem_zalloc(&r->context->memory, 1, sizeof *result, err);
    if (!result)
        return NULL;
    result->context = visml_context_retain(r->context);
    if (take_texts(result, r, err) < 0) {
        visml_run_result_free(result);
        return NULL;
    }
    result->history = r->history;
    r->history = NULL;
    result->ended_by = ended ? reason_of(r) : NULL;
    result->steps = visml_training_steps(r);
    result->epochs = result->steps / r->steps;
    result->best_step = r->estimate->best_step;
    result->best_row = r->estimate->best_row;
    return result;
}

void visml_run_result_free(visml_run_result *result) {
    if (!result)
        return;
    visml_context *ctx = result->context;
    visml_history_free(result->history);
    visml_mem_free(&ctx->memory, result->best_export);
    visml_mem_free(&ctx->memory, result->passed_over);
    visml_mem_free(&ctx->memory, result);
    visml_context_release(ctx);
}

const char *visml_run_result_ended_by(const visml_run_result *result) {
    return result ? result->ended_by : NULL;
}

const char *visml_run_result_best_export(const visml_run_result *result) {
    return result ? result->best_export : NULL;
}

const char *visml_run_result_passed_over(const visml_run_result *result) {
    return result ? result->passed_over : NULL;
}

const visml_history *visml_run_result_history(const visml_run_result *result) {
    return result ? result->history : NULL;
}

/* The four that an evaluation has; `name` may ask for the learning rate of a row, too, and for seconds: no harm. */
static double of_row(const visml_run_result *result, const char *name, int64_t row) {
    return row < 0 ? NAN : visml_history_get(result->history, name, (size_t)row);
}

double visml_run_result_get(const visml_run_result *result, const char *name) {
    if (!result || !name)
        return NAN;
    int64_t rows = (int64_t)visml_history_epochs(result->history);
    if (strcmp(name, "global_step") == 0)
        return (double)result->steps;
    if (strcmp(name, "epochs") == 0)
        return (double)result->epochs;
    if (strcmp(name, "evaluations") == 0)
        return (double)rows;
    if (strcmp(name, "best_step") == 0)
        return result->best_row < 0 ? NAN : (double)result->best_step;
    if (strncmp(name, "best_", 5) == 0)
        return of_row(result, name + 5, result->best_row);
    return of_row(result, name, rows - 1);
}
