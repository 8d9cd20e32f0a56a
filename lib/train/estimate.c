#include "train/estimate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "train/monitor.h"

#define MOST 9007199254740992.0 /* 2^53 */

static const visml_field train_fields[] = {
    VISML_FIELD(visml_train_opts, batch_size, I32, 0, 1, 1, 2147483647, 32),
    VISML_FIELD(visml_train_opts, max_steps, I64, VISML_FIELD_REQUIRED, 1, 1, MOST, 0),
    VISML_FIELD(visml_train_opts, epochs, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD(visml_train_opts, no_shuffle, FLAG, 0, 1, 0, 1, 0),
    {0},
};

static const visml_field eval_fields[] = {
    VISML_FIELD(visml_eval_opts, every_epochs, I32, 0, 1, 0, 2147483647, 0),
    VISML_FIELD(visml_eval_opts, steps, I64, 0, 1, 0, MOST, 0),
    VISML_FIELD(visml_eval_opts, every_steps, I64, 0, 1, 0, MOST, 0),
    VISML_FIELD(visml_eval_opts, every_seconds, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD_OF_ENUM(visml_eval_opts, mode, VISML_MODE_AUTO, visml_watch_modes),
    VISML_FIELD_OF_RESERVED(visml_eval_opts),
    {0},
};

static const visml_field run_fields[] = {
    VISML_FIELD(visml_run_opts, keep_checkpoints, I32, 0, 1, 1, VISML_MOST_KEPT, 5),
    VISML_FIELD(visml_run_opts, checkpoint_steps, I64, 0, 1, 0, MOST, 0),
    VISML_FIELD(visml_run_opts, checkpoint_seconds, F64, 0, 1, 0, DBL_MAX, 0),
    VISML_FIELD(visml_run_opts, workers, I32, 0, 1, -1, 1024, 0),
    VISML_FIELD_OF_RESERVED(visml_run_opts),
    {0},
};

/* ---- options ---- */

static visml_status read_train(visml_estimate *e, const visml_train_opts *opts, visml_error *err) {
    VISML_TRY(visml_options_read("train_and_evaluate: train", train_fields, opts, &e->train, sizeof e->train, err));
    if (!e->train.data)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: train: data is NULL, must be a dataset");
    return VISML_OK;
}

static visml_status read_eval(visml_estimate *e, const visml_eval_opts *opts, visml_error *err) {
    visml_eval_opts *o = &e->eval;
    VISML_TRY(visml_options_read("train_and_evaluate: eval", eval_fields, opts, o, sizeof *o, err));
    if (!o->data)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: eval: data is NULL, must be a dataset");
    if (!o->exporters && o->exporter_count)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: eval: exporters is NULL, exporter_count is %zu", o->exporter_count);
    if (!o->every_epochs && !o->every_steps && !(o->every_seconds > 0))
        o->every_epochs = 1;
    return visml_watch_check("train_and_evaluate: eval", o->monitor, err);
}

static visml_status read_run(visml_estimate *e, const visml_run_opts *opts, visml_error *err) {
    visml_run_opts *o = &e->run;
    VISML_TRY(visml_options_read("train_and_evaluate: run", run_fields, opts, o, sizeof *o, err));
    if (!o->model_dir || !*o->model_dir)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: run: model_dir is %s, must be the name of a folder",
                          o->model_dir ? "empty" : "NULL");
    e->checkpoints = (visml_kept_rule){.what = "train_and_evaluate", .folder = o->model_dir, .prefix = "checkpoint", .digits = 1,
                                       .keep = (size_t)o->keep_checkpoints};
    return VISML_OK;
}

/* Where it ends, and the times over the data that the loader is asked for. */
static visml_status find_end(visml_estimate *e, int32_t *epochs, visml_error *err) {
    int64_t count = visml_dataset_count(e->train.data), steps = (count + e->train.batch_size - 1) / e->train.batch_size;
    if (steps < 1)
        steps = 1; /* the feed says what is wrong with no samples */
    int64_t needed = (e->train.max_steps - 1) / steps + 1;
    if (needed > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: train: max_steps is %lld, must be at most %lld: 2147483647 epochs",
                          (long long)e->train.max_steps, (long long)INT32_MAX * (long long)steps);
    e->limit = e->train.max_steps;
    *epochs = (int32_t)needed;
    if (e->train.epochs && e->train.epochs * steps < e->limit) {
        e->limit = e->train.epochs * steps;
        *epochs = e->train.epochs;
    }
    return VISML_OK;
}

static visml_status fit_opts_of(visml_estimate *e, visml_fit_opts *o, visml_error *err) {
    const visml_train_opts *t = &e->train;
    *o = (visml_fit_opts){.size = (uint32_t)sizeof *o, .batch_size = t->batch_size, .no_shuffle = t->no_shuffle, .workers = e->run.workers,
                          .seed = e->run.seed, .validation = e->eval.data, .loss = t->loss, .optimizer = t->optimizer,
                          .class_weight = t->class_weight, .sample_weight = t->sample_weight, .callbacks = t->callbacks,
                          .callback_count = t->callback_count, .monitors = t->monitors, .monitor_count = t->monitor_count};
    return find_end(e, &o->epochs, err);
}

/* ---- the run ---- */

/* The `which` of visml_watch_available names the one that asks. */
static visml_status check_monitor(const visml_training *r, visml_error *err) {
    const visml_monitor asks = {.cls = &(const visml_monitor_class){.name = "train_and_evaluate: eval"}};
    return visml_watch_available(&asks, r->estimate->eval.monitor, r, err);
}

static visml_status run(visml_training *r, int *ended, visml_error *err) {
    VISML_TRY(visml_estimate_resume(r, err));
    VISML_TRY(visml_training_run(r, err));
    VISML_TRY(visml_exporters_finish(r, err));
    *ended = 1;
    return VISML_OK;
}

static visml_status run_and_tell(visml_training *r, visml_run_result **result, visml_error *err) {
    int ended = 0;
    VISML_TRY(check_monitor(r, err));
    VISML_TRY(visml_folder_make(&r->context->memory, r->estimate->run.model_dir, err));
    VISML_TRY(visml_exporters_init(r->estimate, r, err));
    visml_status status = run(r, &ended, err);
    if (!result)
        return status;
    visml_error failure;
    visml_run_result *told = visml_run_result_of(r, ended, &failure);
    if (told)
        *result = told;
    else if (status == VISML_OK) {
        *err = failure;
        status = failure.code;
    }
    return status;
}

static visml_status with_options(visml_estimate *e, visml_model *model, visml_run_result **result, visml_error *err) {
    visml_fit_opts opts;
    visml_training r;
    VISML_TRY(fit_opts_of(e, &opts, err));
    VISML_TRY(visml_training_init(&r, "train_and_evaluate", "train_and_evaluate: eval", model, e->train.data, &opts, err));
    r.estimate = e;
    visml_text_init(&e->passed_over, &r.context->memory);
    visml_status status = run_and_tell(&r, result, err);
    visml_text_free(&e->passed_over);
    visml_exporters_clear(e, &r.context->memory);
    visml_training_clear(&r);
    return status;
}

visml_status visml_train_and_evaluate(visml_model *model, const visml_train_opts *train, const visml_eval_opts *eval,
                                      const visml_run_opts *run_opts, visml_run_result **result, visml_error *err) {
    visml_estimate e;
    visml_error own;
    if (!err)
        err = &own;
    memset(&e, 0, sizeof e);
    e.best_row = -1;
    if (!model)
        return visml_fail(err, VISML_EINVAL, "train_and_evaluate: model is NULL, must be a model");
    VISML_TRY(read_train(&e, train, err));
    VISML_TRY(read_eval(&e, eval, err));
    VISML_TRY(read_run(&e, run_opts, err));
    return with_options(&e, model, result, err);
}
