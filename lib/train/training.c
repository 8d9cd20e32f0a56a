#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "train/monitor.h"
#include "train/train.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_fit_opts, epochs, I32, 0, 1, 1, 2147483647, 1),
    VISML_FIELD(visml_fit_opts, batch_size, I32, 0, 1, 1, 2147483647, 32),
    VISML_FIELD(visml_fit_opts, no_shuffle, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_fit_opts, workers, I32, 0, 1, -1, 1024, 0),
    VISML_FIELD(visml_fit_opts, resume, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_fit_opts, checkpoint_steps, I64, 0, 1, 0, 9007199254740992.0, 0),
    {0},
};

/* ---- options ---- */

static visml_status read_options(visml_training *r, const visml_fit_opts *opts, visml_error *err) {
    visml_fit_opts *o = &r->opts;
    VISML_TRY(visml_options_read(r->what, fields, opts, o, sizeof *o, err));
    if (!o->checkpoint_dir && (o->resume || o->checkpoint_steps))
        return visml_fail(err, VISML_EINVAL, "%s: %s is set, but checkpoint_dir is not", r->what,
                          o->resume ? "resume" : "checkpoint_steps");
    if (o->checkpoint_dir && !*o->checkpoint_dir)
        return visml_fail(err, VISML_EINVAL, "%s: checkpoint_dir is empty, must be the name of a folder", r->what);
    if (!o->callbacks && o->callback_count)
        return visml_fail(err, VISML_EINVAL, "%s: callbacks is NULL, callback_count is %zu", r->what, o->callback_count);
    if (!o->monitors && o->monitor_count)
        return visml_fail(err, VISML_EINVAL, "%s: monitors is NULL, monitor_count is %zu", r->what, o->monitor_count);
    if (!o->seed)
        o->seed = r->context->seed;
    return VISML_OK;
}

visml_status visml_callback_read(const char *what, const void *theirs, visml_callback *ours, visml_error *err) {
    static const visml_field callback_fields[] = {VISML_FIELD_OF_RESERVED(visml_callback), {0}};
    return visml_options_read(what, callback_fields, theirs, ours, sizeof *ours, err);
}

/* Callbacks of an older header lie closer together than ours: the first one's size says how far apart they are. */
static visml_status copy_callbacks(visml_training *r, visml_error *err) {
    size_t n = r->opts.callback_count;
    char what[64];
    if (!n)
        return VISML_OK;
    snprintf(what, sizeof what, "%s: callbacks", r->what);
    uint32_t stride = r->opts.callbacks[0].size;
    r->callbacks = visml_mem_zalloc(&r->context->memory, n, sizeof *r->callbacks, err);
    if (!r->callbacks)
        return VISML_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const void *theirs = (const char *)r->opts.callbacks + i * stride;
        VISML_TRY(visml_callback_read(what, theirs, &r->callbacks[i], err));
    }
    return VISML_OK;
}

static visml_status name_checkpoint(visml_training *r, visml_error *err) {
    const char *dir = r->opts.checkpoint_dir, name[] = "/checkpoint.visml";
    if (!dir)
        return VISML_OK;
    VISML_TRY(visml_folder_make(&r->context->memory, dir, err));
    size_t n = strlen(dir);
    r->checkpoint = visml_mem_alloc(&r->context->memory, n + sizeof name, err);
    if (!r->checkpoint)
        return VISML_ENOMEM;
    memcpy(r->checkpoint, dir, n);
    memcpy(r->checkpoint + n, name, sizeof name);
    return VISML_OK;
}

/* ---- memory ---- */

static visml_status list_variables(visml_training *r, visml_error *err) {
    const visml_model *m = r->model;
    r->variables = visml_mem_zalloc(&r->context->memory, m->param_count, sizeof *r->variables, err);
    if (!r->variables)
        return VISML_ENOMEM;
    for (size_t i = 0; i < m->param_count; i++)
        if (visml_model_param_trainable(m, i)) /* what is frozen does not decay */
            r->variables[r->variable_count++] = (visml_variable){m->params[i].name, m->params[i].offset, m->params[i].count};
    return VISML_OK;
}

static visml_status take_slots(visml_training *r, visml_error *err) {
    visml_memory *m = &r->context->memory;
    size_t count = visml_optimizer_slots(r->optimizer, r->slot_names);
    for (; r->slot_count < count; r->slot_count++)
        if (!(r->slots[r->slot_count] = visml_mem_zalloc(m, r->model->trainable_count, sizeof(real), err)))
            return VISML_ENOMEM;
    visml_optimizer_start(r->optimizer, r->model->trainable_count, r->slots);
    VISML_TRY(list_variables(r, err));
    r->untrained = visml_mem_zalloc(m, r->model->value_count - r->model->trainable_count, sizeof(real), err);
    return r->untrained ? VISML_OK : VISML_ENOMEM;
}

static visml_status choose_optimizer(visml_training *r, visml_error *err) {
    r->optimizer = r->opts.optimizer;
    if (!r->optimizer)
        r->optimizer = r->own_optimizer = visml_adam(r->context, NULL, err);
    return r->optimizer ? VISML_OK : err->code;
}

static visml_status prepare_validation(visml_training *r, visml_error *err) {
    visml_feed *f = &r->validation;
    if (!r->opts.validation)
        return VISML_OK;
    VISML_TRY(visml_feed_check_plain(r->validating, r->opts.validation, err));
    VISML_TRY(visml_feed_init(f, r->validating, r->model, r->opts.validation, r->opts.loss, 1, err));
    VISML_TRY(visml_feed_check_same_classes(f, &r->feed, err));
    VISML_TRY(visml_feed_check_batches(f, r->opts.batch_size, err));
    int32_t batch = visml_walk_batch(f->data, r->opts.batch_size);
    r->session = visml_session_new(r->model, VISML_OPTS(visml_session_opts, .max_batch = batch, .input = &f->input), err);
    return r->session ? VISML_OK : err->code;
}

static visml_status prepare(visml_training *r, visml_error *err) {
    VISML_TRY(visml_feed_check_classes(&r->feed, err));
    VISML_TRY(visml_feed_check_batches(&r->feed, r->opts.batch_size, err));
    VISML_TRY(visml_feed_set_weights(&r->feed, r->opts.class_weight, r->opts.sample_weight, r->batch, err));
    VISML_TRY(copy_callbacks(r, err));
    VISML_TRY(choose_optimizer(r, err));
    VISML_TRY(prepare_validation(r, err));
    VISML_TRY(take_slots(r, err));
    r->trainer = visml_trainer_new(r->model, r->feed.loss, r->batch, r->opts.seed, err);
    if (!r->trainer || visml_trainer_fit(r->trainer, &r->feed.input, err) < 0 || !(r->history = visml_history_new(r->context, err)))
        return err->code;
    VISML_TRY(name_checkpoint(r, err));
    return visml_monitors_begin(r, err);
}

visml_status visml_training_init(visml_training *r, const char *what, const char *validating, visml_model *model, visml_dataset *data,
                                 const visml_fit_opts *opts, visml_error *err) {
    memset(r, 0, sizeof *r);
    if (!model)
        return visml_fail(err, VISML_EINVAL, "%s: model is NULL, must be a model", what);
    r->what = what;
    r->validating = validating;
    r->context = model->context;
    r->model = model;
    r->rate = NAN;
    VISML_TRY(read_options(r, opts, err));
    VISML_TRY(visml_feed_init(&r->feed, what, model, data, r->opts.loss, 1, err));
    r->batch = visml_walk_batch(data, r->opts.batch_size);
    r->steps = (data->count + r->opts.batch_size - 1) / r->opts.batch_size;
    visml_status status = prepare(r, err);
    if (status < 0)
        visml_training_clear(r);
    return status;
}

void visml_training_clear(visml_training *r) {
    visml_memory *m = &r->context->memory;
    visml_monitors_clear(r);
    visml_loader_free(r->loader);
    visml_trainer_free(r->trainer);
    visml_session_free(r->session);
    visml_history_free(r->history);
    visml_optimizer_free(r->own_optimizer);
    visml_feed_clear(&r->validation);
    visml_feed_clear(&r->feed);
    for (size_t i = 0; i < r->slot_count; i++)
        visml_mem_free(m, r->slots[i]);
    visml_mem_free(m, r->variables);
    visml_mem_free(m, r->untrained);
    visml_mem_free(m, r->callbacks);
    visml_mem_free(m, r->checkpoint);
    memset(r, 0, sizeof *r);
}

visml_status visml_training_open_loader(visml_training *r, visml_error *err) {
    r->loader = visml_loader_new(r->feed.data, VISML_OPTS(visml_loader_opts, .batch_size = r->opts.batch_size,
                                 .shuffle = !r->opts.no_shuffle, .workers = r->opts.workers, .epochs = r->opts.epochs,
                                 .seed = r->opts.seed, .start_epoch = r->epoch, .start_batch = r->step), err);
    return r->loader ? VISML_OK : err->code;
}

visml_update visml_training_update(const visml_training *r) {
    return (visml_update){
        .n = r->model->trainable_count,
        .variables = r->variables,
        .count = r->variable_count,
        .w = r->model->values,
        .g = visml_trainer_grads(r->trainer),
        .slots = r->slots,
        .step = r->updates,
        .learning_rate = visml_training_rate(r),
    };
}

visml_status visml_training_check_weights(const visml_training *r, visml_error *err) {
    for (size_t i = 0; i < r->model->value_count; i++)
        if (!isfinite(r->model->values[i]))
            return visml_fail(err, VISML_ENONFINITE, "%s: epoch %lld/%d, step %lld/%lld: the weights are no longer finite after this "
                              "step; a smaller learning rate usually helps", r->what, (long long)r->epoch + 1, r->opts.epochs,
                              (long long)r->step, (long long)r->steps);
    return VISML_OK;
}

int64_t visml_training_steps(const visml_training *r) {
    return r->epoch * r->steps + r->step;
}

double visml_training_rate(const visml_training *r) {
    return isnan(r->rate) ? visml_optimizer_learning_rate(r->optimizer, r->updates) : r->rate;
}
