#include <math.h>
#include <string.h>

#include "base/error.h"
#include "metric/report.h"
#include "train/train.h"

/* ---- options and progress ---- */

static const visml_field fields[] = {
    VISML_FIELD(visml_evaluate_opts, batch_size, I32, 0, 1, 1, 2147483647, 32),
    VISML_FIELD(visml_evaluate_opts, workers, I32, 0, 1, -1, 1024, 0),
    VISML_FIELD_OF_RESERVED(visml_evaluate_opts),
    {0},
};

visml_status visml_evaluate_read_opts(const char *what, const visml_evaluate_opts *opts, visml_evaluate_opts *out, visml_callback *callback,
                                      visml_error *err) {
    memset(callback, 0, sizeof *callback);
    VISML_TRY(visml_options_read(what, fields, opts, out, sizeof *out, err));
    if (!out->callback)
        return VISML_OK;
    visml_status status = visml_callback_read("callback", out->callback, callback, err);
    return status < 0 ? visml_fail_in(err, status, "%s", what) : VISML_OK;
}

visml_status visml_evaluate_report_step(const visml_callback *callback, const visml_walk *w, visml_error *err) {
    if (!callback->batch_end)
        return VISML_OK;
    const visml_progress p = {
        .size = (uint32_t)sizeof p,
        .epochs = 1,
        .step = w->step,
        .steps = w->steps,
        .loss = w->feed->loss ? visml_sums_loss(&w->sums) : NAN,
        .accuracy = visml_sums_accuracy(&w->sums, w->feed),
        .val_loss = NAN,
        .val_accuracy = NAN,
        .seconds = w->seconds,
        .images_per_second = w->seconds > 0 ? (double)w->sums.rows / w->seconds : NAN,
        .learning_rate = NAN,
        .dropped = (int64_t)visml_dataset_dropped_count(w->feed->data),
    };
    if (callback->batch_end(callback->user, (visml_model *)w->feed->model, &p) == 0)
        return VISML_OK;
    return visml_fail(err, VISML_ECANCELLED, "%s: the callback asked to stop after step %lld/%lld", w->feed->what, (long long)w->step,
                      (long long)w->steps);
}

/* ---- evaluate ---- */

typedef struct evaluation {
    visml_callback callback;
    visml_report *report; /* or NULL */
    /* with a quantization and a report: the same on floats */
    visml_session *floats;
    visml_report *float_report;
} evaluation;

/* A report tells two classes apart at 0.5; one unit whose classes meet elsewhere, at 0, becomes a score for each class. */
static visml_tensor *scores_of(const visml_feed *f, int64_t rows, const real *y, visml_error *err) {
    visml_context *ctx = f->model->context;
    if (f->width > 1 || visml_feed_threshold(f) > 0)
        return visml_tensor_wrap(ctx, VISML_REAL_DTYPE, VISML_SHAPE(rows, f->width), NULL, (void *)y, NULL, NULL, err);
    visml_tensor *scores = visml_tensor_new(ctx, VISML_REAL_DTYPE, VISML_SHAPE(rows, 2), err);
    real *pairs = scores ? visml_tensor_data(scores) : NULL;
    for (int64_t i = 0; pairs && i < rows; i++) {
        pairs[2 * i] = -y[i];
        pairs[2 * i + 1] = y[i];
    }
    return scores;
}

static visml_status add_to_report(visml_report *report, const visml_walk *w, const visml_batch *source, const real *y, visml_error *err) {
    visml_tensor *scores = scores_of(w->feed, source->rows, y, err);
    if (!scores)
        return err->code;
    visml_status status = visml_report_add(report, source->targets, scores, NULL, err);
    visml_tensor_release(scores);
    return status;
}

static visml_status after_batch(void *user, const visml_walk *w, const visml_batch *source, const visml_train_batch *batch, const real *y,
                                visml_error *err) {
    const evaluation *e = user;
    if (e->report && batch->rows)
        VISML_TRY(add_to_report(e->report, w, source, y, err));
    if (e->floats && batch->rows) {
        const real *float_y;
        visml_session_losses(e->floats, NULL, batch, &float_y);
        VISML_TRY(add_to_report(e->float_report, w, source, float_y, err));
    }
    return visml_evaluate_report_step(&e->callback, w, err);
}

static visml_session *open_session(const visml_feed *f, const visml_evaluate_opts *o, const visml_quantization *q, visml_error *err) {
    return visml_session_new(f->model, VISML_OPTS(visml_session_opts, .max_batch = visml_walk_batch(f->data, o->batch_size),
                                                  .quantization = q, .input = &f->input), err);
}

static visml_status open_floats(const visml_feed *f, const visml_evaluate_opts *o, evaluation *e, visml_error *err) {
    if (!o->quantization || !e->report)
        return VISML_OK;
    e->float_report = visml_report_new(f->model->context, (size_t)f->width, err);
    e->floats = e->float_report ? open_session(f, o, NULL, err) : NULL;
    return e->floats ? VISML_OK : err->code;
}

static void close_floats(evaluation *e) {
    if (e->floats) {
        e->report->compared = 1;
        e->report->float_accuracy = visml_report_accuracy(e->float_report);
    }
    visml_session_free(e->floats);
    visml_report_free(e->float_report);
}

static visml_status walk(visml_feed *f, const visml_evaluate_opts *o, evaluation *e, double *loss, visml_error *err) {
    visml_walk w = {.feed = f, .batch_size = o->batch_size, .workers = o->workers, .each = after_batch, .user = e};
    w.session = open_session(f, o, o->quantization, err);
    if (!w.session)
        return err->code;
    visml_status status = open_floats(f, o, e, err);
    if (status == VISML_OK)
        status = visml_walk_run(&w, err);
    visml_session_free(w.session);
    close_floats(e);
    VISML_TRY(status);
    if (!w.sums.rows)
        return visml_fail(err, VISML_EFORMAT, "evaluate: none of the %lld images is valid", (long long)f->data->count);
    *loss = visml_sums_loss(&w.sums);
    return VISML_OK;
}

static visml_status evaluate(visml_feed *f, const visml_evaluate_opts *o, const visml_callback *callback, double *loss,
                             visml_report **report, visml_error *err) {
    evaluation e = {.callback = *callback};
    double mean = 0;
    if (report && !f->labelled)
        return visml_fail(err, VISML_EINVAL, "evaluate: a report needs targets that are class numbers; pass NULL as report");
    if (report && !(e.report = visml_report_new(f->model->context, (size_t)f->width, err)))
        return err->code;
    visml_status status = walk(f, o, &e, &mean, err);
    if (status < 0) {
        visml_report_free(e.report);
        return status;
    }
    if (loss)
        *loss = mean;
    if (report)
        *report = e.report;
    return VISML_OK;
}

visml_status visml_evaluate(const visml_model *model, visml_dataset *data, const visml_evaluate_opts *opts, double *loss,
                            visml_report **report, visml_error *err) {
    visml_evaluate_opts o;
    visml_callback callback;
    visml_feed f;
    visml_error own;
    if (!err)
        err = &own;
    VISML_TRY(visml_evaluate_read_opts("evaluate", opts, &o, &callback, err));
    VISML_TRY(visml_feed_check_plain("evaluate", data, err));
    VISML_TRY(visml_feed_init(&f, "evaluate", model, data, o.loss, 1, err));
    visml_status status = evaluate(&f, &o, &callback, loss, report, err);
    visml_feed_clear(&f);
    return status;
}
