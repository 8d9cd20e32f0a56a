#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "train/estimate.h"
#include "train/monitor.h"
#include "train/train.h"

/* ---- progress and callbacks ---- */

/* NaN while it would be a division by nothing. */
static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

double visml_training_seconds(const visml_training *r) {
    return r->seconds + (visml_walk_clock() - r->since);
}

static visml_progress progress_of(const visml_training *r) {
    double seconds = visml_training_seconds(r);
    visml_progress p = {
        .size = (uint32_t)sizeof(visml_progress),
        .epochs = r->opts.epochs,
        .epoch = (int32_t)r->epoch,
        .step = r->step,
        .steps = r->steps,
        .loss = visml_sums_loss(&r->sums),
        .accuracy = visml_sums_accuracy(&r->sums, &r->feed),
        .val_loss = NAN,
        .val_accuracy = NAN,
        .seconds = seconds,
        .images_per_second = ratio((double)r->sums.rows, seconds),
        .learning_rate = visml_training_rate(r),
        .dropped = (int64_t)visml_dataset_dropped_count(r->feed.data),
    };
    if (r->estimate)
        visml_estimate_place(r, &p);
    return p;
}

/* All callbacks hear of it, also behind one that asks to stop. Returns 1 to stop. */
static int tell(const visml_training *r, visml_moment when, const visml_progress *p) {
    int stop = 0;
    for (size_t i = 0; i < r->opts.callback_count; i++) {
        const visml_callback *c = &r->callbacks[i];
        int32_t (*fn)(void *, visml_model *, const visml_progress *) =
            when == VISML_EPOCH_BEGIN ? c->epoch_begin : when == VISML_BATCH_END ? c->batch_end : c->epoch_end;
        if (fn && fn(c->user, r->model, p) != 0)
            stop = 1;
    }
    return stop;
}

static visml_status cancelled(const visml_training *r, visml_error *err) {
    return visml_fail(err, VISML_ECANCELLED, "%s: a callback asked to stop: %lld of %d epochs and %lld of %lld steps are done",
                      r->what, (long long)r->epoch, r->opts.epochs, (long long)r->step, (long long)r->steps);
}

static visml_status write_checkpoint(visml_training *r, visml_error *err) {
    return r->estimate ? visml_estimate_write(r, err) : visml_checkpoint_write(r, err);
}

/* The checkpoint that is due, or the one before a stop. */
static visml_status save(visml_training *r, int due, int stop, visml_error *err) {
    if (due || stop) {
        r->seconds = visml_training_seconds(r);
        r->since = visml_walk_clock();
        VISML_TRY(write_checkpoint(r, err));
    }
    return stop ? cancelled(r, err) : VISML_OK;
}

/* ---- one step ---- */

/* Bits, for the comparison of whole vectors at a time: the exponent of NaN and infinity is all ones. */
static int all_finite(const real *v, size_t n) {
    _Static_assert(sizeof(real) == sizeof(uint32_t), "the exponent of a float is meant");
    uint32_t bad = 0, bits;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &v[i], sizeof bits);
        bad |= (bits & 0x7F800000u) == 0x7F800000u;
    }
    return !bad;
}

static visml_status not_finite(const visml_training *r, double loss, visml_error *err) {
    const visml_model *m = r->model;
    memcpy(m->values + m->trainable_count, r->untrained, (m->value_count - m->trainable_count) * sizeof(real));
    const char *what = isnan(loss) ? "the loss is NaN" : isinf(loss) ? "the loss is infinite" : "the gradient is not finite";
    return visml_fail(err, VISML_ENONFINITE, "%s: epoch %lld/%d, step %lld/%lld: %s; the model keeps the weights from before this step. A "
                      "learning rate below %s or pixels scaled to 0 ... 1 (visml_rescaling) usually help", r->what,
                      (long long)r->epoch + 1, r->opts.epochs, (long long)r->step + 1, (long long)r->steps, what,
                      visml_shortest(visml_training_rate(r)).s);
}

/* Forward, backward and, if all is finite, the step. The forward pass has changed the moving averages by then: they are put back if not. */
visml_status visml_training_step(visml_training *r, visml_train_batch *batch, const double *rate, double *loss, visml_error *err) {
    visml_model *m = r->model;
    visml_update update = visml_training_update(r);
    const visml_compute compute = {&r->context->kernels, &r->context->parallel};
    visml_states *states = visml_trainer_states(r->trainer);
    if (r->step == 0) /* an epoch begins */
        visml_states_reset(states);
    VISML_TRY(visml_states_take(states, "fit", batch->rows, err));
    batch->step = (uint64_t)r->epoch * (uint64_t)r->steps + (uint64_t)r->step;
    memcpy(r->untrained, m->values + m->trainable_count, (m->value_count - m->trainable_count) * sizeof(real));
    double sum = visml_trainer_gradients(r->trainer, batch);
    if (!isfinite(sum) || !all_finite(update.g, m->trainable_count))
        return not_finite(r, sum, err);
    if (rate)
        update.learning_rate = *rate;
    visml_optimizer_step(r->optimizer, &compute, &update);
    r->updates++;
    visml_model_constrain(m);
    visml_model_changed(m);
    visml_sums_add(&r->sums, &r->feed, batch, sum, visml_trainer_output(r->trainer));
    *loss = sum / (double)batch->rows;
    return VISML_OK;
}

static visml_status train_on(visml_training *r, visml_batch *b, visml_error *err) {
    visml_train_batch batch;
    double loss;
    VISML_TRY(visml_feed_batch(&r->feed, b, &batch, err));
    if (batch.rows)
        return visml_training_step(r, &batch, NULL, &loss, err);
    return visml_states_take(visml_trainer_states(r->trainer), "fit", 0, err); /* no batch to a stateful layer */
}

/* A checkpoint that is due within an epoch. */
static int is_due(const visml_training *r) {
    return r->estimate ? visml_estimate_write_due(r) : r->opts.checkpoint_steps && r->step % r->opts.checkpoint_steps == 0;
}

static visml_status train_step(visml_training *r, visml_error *err) {
    visml_batch *b = NULL;
    if (r->step == r->steps) { /* evaluations need not come at the end of epochs */
        r->epoch++;
        r->step = 0;
    }
    VISML_TRY(visml_loader_next(r->loader, &b, err));
    visml_status status = train_on(r, b, err);
    visml_batch_free(b);
    VISML_TRY(status);
    r->step++;
    visml_progress p = progress_of(r);
    VISML_TRY(visml_monitors_tell(r, VISML_BATCH_END, &p, err));
    int stop = tell(r, VISML_BATCH_END, &p);
    return save(r, is_due(r), stop, err);
}

/* ---- an epoch, or what lies between two evaluations ---- */

typedef struct validation {
    visml_training *run;
    const visml_progress *trained; /* the end of training in this epoch */
} validation;

static visml_status after_validation_batch(void *user, const visml_walk *w, const visml_batch *source, const visml_train_batch *batch,
                                           const real *y, visml_error *err) {
    const validation *v = user;
    visml_progress p = *v->trained;
    (void)source, (void)batch, (void)y;
    p.validating = 1;
    p.seconds += w->seconds;
    return tell(v->run, VISML_BATCH_END, &p) ? cancelled(v->run, err) : VISML_OK;
}

/* Completes the progress of an epoch. A stop leaves a checkpoint from which the validation is done again. */
static visml_status validate(visml_training *r, visml_progress *p, visml_error *err) {
    validation v = {r, p};
    visml_walk w = {.feed = &r->validation, .session = r->session, .batch_size = r->opts.batch_size, .workers = r->opts.workers,
                    .each = after_validation_batch, .user = &v, .most = visml_estimate_eval_steps(r)};
    if (!r->opts.validation)
        return VISML_OK;
    r->seconds = p->seconds;
    visml_status status = visml_walk_run(&w, err);
    if (status == VISML_ECANCELLED)
        VISML_TRY(write_checkpoint(r, err));
    VISML_TRY(status);
    if (r->estimate && !w.sums.rows)
        return visml_fail(err, VISML_EFORMAT, "train_and_evaluate: none of the images that were to be evaluated is valid");
    p->val_loss = visml_sums_loss(&w.sums);
    p->val_accuracy = visml_sums_accuracy(&w.sums, &r->validation);
    p->seconds += w.seconds;
    p->dropped = (int64_t)visml_dataset_dropped_count(r->feed.data);
    return VISML_OK;
}

static void next_epoch(visml_training *r) {
    if (!r->estimate) {
        r->epoch++;
        r->step = 0;
    }
    r->sums = (visml_sums){0};
    r->seconds = 0;
    r->since = visml_walk_clock();
}

static visml_status end_epoch(visml_training *r, visml_error *err) {
    VISML_TRY(visml_training_check_weights(r, err));
    visml_progress p = progress_of(r);
    VISML_TRY(validate(r, &p, err));
    VISML_TRY(visml_history_add(r->history, &p, err));
    VISML_TRY(visml_monitors_tell(r, VISML_EPOCH_END, &p, err));
    if (r->estimate)
        VISML_TRY(visml_estimate_evaluated(r, &p, err));
    next_epoch(r);
    int stop = tell(r, VISML_EPOCH_END, &p);
    return save(r, 1, stop, err);
}

static visml_status train_epoch(visml_training *r, visml_error *err) {
    r->since = visml_walk_clock();
    visml_progress p = progress_of(r);
    VISML_TRY(visml_monitors_tell(r, VISML_EPOCH_BEGIN, &p, err));
    p.learning_rate = visml_training_rate(r);
    VISML_TRY(save(r, 0, tell(r, VISML_EPOCH_BEGIN, &p), err));
    while (r->estimate ? !visml_estimate_due(r) : r->step < r->steps)
        VISML_TRY(train_step(r, err));
    if (!r->sums.rows && !(r->estimate && r->updates))
        return visml_fail(err, VISML_EFORMAT, "%s: none of the %lld images is valid", r->what, (long long)r->feed.data->count);
    return end_epoch(r, err);
}

/* ---- the whole ---- */

static int has_ended(const visml_training *r) {
    return r->stopped_by || (r->estimate ? visml_estimate_ended(r) : r->epoch >= r->opts.epochs);
}

/* Where a loss that is not finite is an end, nothing is written to err. */
static visml_status train_epochs(visml_training *r, visml_error *err) {
    VISML_TRY(visml_training_open_loader(r, err));
    while (!has_ended(r)) {
        visml_error failure;
        visml_status status = train_epoch(r, &failure);
        if (status == VISML_ENONFINITE && r->ends_on_nan)
            r->stopped_by = visml_terminate_on_nan_class.name;
        else if (status < 0)
            *err = failure;
        if (status < 0 && !r->stopped_by)
            return status;
    }
    return VISML_OK;
}

/* The checkpoint of the last epoch has been written by then: it holds the weights from which the run could go on. */
static void finish(visml_training *r) {
    const visml_update update = visml_training_update(r);
    visml_optimizer_finish(r->optimizer, &update);
    visml_model_changed(r->model);
}

visml_status visml_training_run(visml_training *r, visml_error *err) {
    r->since = visml_walk_clock();
    if (!has_ended(r))
        VISML_TRY(train_epochs(r, err));
    if (r->estimate && !visml_estimate_is_evaluated(r))
        VISML_TRY(end_epoch(r, err));
    finish(r);
    visml_history_set_stopped(r->history, r->stopped_by);
    return visml_monitors_train_end(r, err);
}

visml_status visml_fit(visml_model *model, visml_dataset *data, const visml_fit_opts *opts, visml_history **history, visml_error *err) {
    visml_training r;
    visml_error own;
    if (!err)
        err = &own;
    VISML_TRY(visml_training_init(&r, "fit", "fit: validation", model, data, opts, err));
    visml_status status = r.opts.resume ? visml_checkpoint_read(&r, err) : VISML_OK;
    if (status == VISML_OK)
        status = visml_training_run(&r, err);
    if (history && (status == VISML_OK || status == VISML_ECANCELLED || status == VISML_ENONFINITE)) {
        *history = r.history;
        r.history = NULL;
    }
    visml_training_clear(&r);
    return status;
}
