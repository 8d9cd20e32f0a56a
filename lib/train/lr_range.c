/* The learning-rate range test (Smith 2017, section 3.3): one short run in which the rate grows from step to step by the same factor.
 * The weights are put back in the end. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "train/train.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_lr_range_opts, batch_size, I32, 0, 1, 1, 2147483647, 32),
    VISML_FIELD(visml_lr_range_opts, steps, I32, 0, 1, 2, 1000000, 100),
    VISML_FIELD(visml_lr_range_opts, workers, I32, 0, 1, -1, 1024, 0),
    VISML_FIELD(visml_lr_range_opts, start, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    VISML_FIELD(visml_lr_range_opts, end, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 10),
    VISML_FIELD(visml_lr_range_opts, smoothing, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.9),
    VISML_FIELD(visml_lr_range_opts, stop_factor, F64, VISML_FIELD_OPEN_MIN, 1, 1, DBL_MAX, 4),
    {0},
};

typedef struct point {
    double rate, loss, smoothed;
} point;

struct visml_lr_range {
    visml_context *context;
    point *points;
    size_t count;
    double suggestion;
};

/* ---- what came out ---- */

void visml_lr_range_free(visml_lr_range *r) {
    if (!r)
        return;
    visml_context *ctx = r->context;
    visml_mem_free(&ctx->memory, r->points);
    visml_mem_free(&ctx->memory, r);
    visml_context_release(ctx);
}

size_t visml_lr_range_count(const visml_lr_range *r) {
    return r ? r->count : 0;
}

double visml_lr_range_learning_rate(const visml_lr_range *r, size_t i) {
    return i < visml_lr_range_count(r) ? r->points[i].rate : NAN;
}

double visml_lr_range_loss(const visml_lr_range *r, size_t i) {
    return i < visml_lr_range_count(r) ? r->points[i].loss : NAN;
}

double visml_lr_range_smoothed(const visml_lr_range *r, size_t i) {
    return i < visml_lr_range_count(r) ? r->points[i].smoothed : NAN;
}

double visml_lr_range_suggestion(const visml_lr_range *r) {
    return r ? r->suggestion : NAN;
}

/* The rate of steepest descent before the minimum. Rates lie evenly on a logarithmic axis: differences of neighbours compare. The first
 * averages are of few losses and jump about: as many as an average reaches back are left out, of few points a quarter. */
static double suggest(const visml_lr_range *r, double smoothing) {
    size_t lowest = 0, few = r->count / 4;
    double steepest = 0, rate = NAN, reach = ceil(1 / (1 - smoothing));
    for (size_t i = 1; i < r->count; i++)
        if (r->points[i].smoothed < r->points[lowest].smoothed)
            lowest = i;
    for (size_t i = 1 + (reach < (double)few ? (size_t)reach : few); i <= lowest && i + 1 < r->count; i++) {
        double slope = (r->points[i + 1].smoothed - r->points[i - 1].smoothed) / 2;
        if (slope < steepest) {
            steepest = slope;
            rate = r->points[i].rate;
        }
    }
    return rate;
}

/* ---- the run ---- */

typedef struct range_run {
    visml_training training;
    visml_lr_range_opts opts;
    visml_callback callback;
    visml_lr_range *range;
    real *values; /* of the model, before */
    double average, best; /* of the losses; the smallest of the smoothed ones */
} range_run;

/* Averages of the first losses lean towards 0; the division by the sum of their weights takes it out (Kingma and Ba 2015, section 3). */
static void note(range_run *t, double rate, double loss) {
    const double keep = t->opts.smoothing;
    visml_lr_range *r = t->range;
    t->average = keep * t->average + (1 - keep) * loss;
    double smoothed = t->average / (1 - pow(keep, (double)(r->count + 1)));
    r->points[r->count++] = (point){rate, loss, smoothed};
    t->best = r->count == 1 ? smoothed : fmin(t->best, smoothed);
}

static double rate_of(const range_run *t, size_t step) {
    return t->opts.start * pow(t->opts.end / t->opts.start, (double)step / (double)(t->opts.steps - 1));
}

/* Batches that are left; the last when the loss is far above the best one. */
static int goes_on(const range_run *t) {
    const visml_lr_range *r = t->range;
    return r->count < (size_t)t->opts.steps && !(r->count > 1 && r->points[r->count - 1].smoothed > t->opts.stop_factor * fabs(t->best));
}

static visml_status tell(const range_run *t, double rate, visml_error *err) {
    const visml_lr_range *r = t->range;
    const visml_progress p = {
        .size = (uint32_t)sizeof p, .epochs = 1, .step = (int64_t)r->count, .steps = t->opts.steps,
        .loss = r->count ? r->points[r->count - 1].smoothed : NAN, .accuracy = NAN, .val_loss = NAN, .val_accuracy = NAN,
        .images_per_second = NAN, .learning_rate = rate, .dropped = (int64_t)visml_dataset_dropped_count(t->training.feed.data),
    };
    if (!t->callback.batch_end || t->callback.batch_end(t->callback.user, t->training.model, &p) == 0)
        return VISML_OK;
    return visml_fail(err, VISML_ECANCELLED, "lr_range_test: the callback asked to stop after step %zu/%d", r->count, t->opts.steps);
}

/* One batch; *found: it had rows. A loss that is not finite ends the test, and is no failure. */
static visml_status run_batch(range_run *t, visml_batch *b, int *found, int *finite, visml_error *err) {
    double rate = rate_of(t, t->range->count), loss;
    visml_train_batch batch;
    VISML_TRY(visml_feed_batch(&t->training.feed, b, &batch, err));
    if (!batch.rows)
        return VISML_OK;
    *found = 1;
    visml_status status = visml_training_step(&t->training, &batch, &rate, &loss, err);
    *finite = status != VISML_ENONFINITE;
    if (!*finite)
        return VISML_OK;
    VISML_TRY(status);
    note(t, rate, loss);
    return tell(t, rate, err);
}

static visml_status next(range_run *t, int *found, int *finite, visml_error *err) {
    visml_training *r = &t->training;
    visml_batch *b = NULL;
    VISML_TRY(visml_loader_next(r->loader, &b, err));
    visml_status status = run_batch(t, b, found, finite, err);
    visml_batch_free(b);
    if (++r->step == r->steps) {
        r->step = 0;
        r->epoch++;
    }
    return status;
}

static visml_status run(range_run *t, visml_error *err) {
    visml_training *r = &t->training;
    int found = 0, finite = 1;
    r->opts.epochs = INT32_MAX;
    VISML_TRY(visml_training_open_loader(r, err));
    while (finite && goes_on(t)) {
        VISML_TRY(next(t, &found, &finite, err));
        if (r->epoch && !found)
            return visml_fail(err, VISML_EFORMAT, "lr_range_test: none of the %lld images is valid", (long long)r->feed.data->count);
    }
    t->range->suggestion = suggest(t->range, t->opts.smoothing);
    return VISML_OK;
}

/* ---- memory ---- */

static visml_status read_options(range_run *t, const visml_lr_range_opts *opts, visml_error *err) {
    VISML_TRY(visml_options_read("lr_range_test", fields, opts, &t->opts, sizeof t->opts, err));
    if (!(t->opts.end > t->opts.start))
        return visml_fail(err, VISML_EINVAL, "lr_range_test: end is %s, must be above start, %s", visml_shortest(t->opts.end).s,
                          visml_shortest(t->opts.start).s);
    return t->opts.callback ? visml_callback_read("lr_range_test: callback", t->opts.callback, &t->callback, err) : VISML_OK;
}

static visml_status take_memory(range_run *t, visml_error *err) {
    const visml_model *m = t->training.model;
    visml_memory *memory = &m->context->memory;
    t->range = visml_mem_zalloc(memory, 1, sizeof *t->range, err);
    if (!t->range)
        return VISML_ENOMEM;
    t->range->context = visml_context_retain(m->context);
    t->range->points = visml_mem_zalloc(memory, (size_t)t->opts.steps, sizeof *t->range->points, err);
    if (!t->range->points)
        return VISML_ENOMEM;
    t->values = visml_mem_zalloc(memory, m->value_count, sizeof *t->values, err);
    if (!t->values)
        return VISML_ENOMEM;
    memcpy(t->values, m->values, m->value_count * sizeof *t->values);
    return VISML_OK;
}

static void put_back(range_run *t) {
    visml_model *m = t->training.model;
    if (t->values) {
        memcpy(m->values, t->values, m->value_count * sizeof *t->values);
        visml_model_changed(m);
    }
    visml_mem_free(&m->context->memory, t->values);
}

static visml_status run_test(range_run *t, visml_error *err) {
    VISML_TRY(take_memory(t, err));
    return run(t, err);
}

visml_lr_range *visml_lr_range_test(visml_model *model, visml_dataset *data, const visml_lr_range_opts *opts, visml_error *err) {
    range_run t;
    visml_error own;
    if (!err)
        err = &own;
    memset(&t, 0, sizeof t);
    if (read_options(&t, opts, err) < 0)
        return NULL;
    const visml_fit_opts fit = {.size = (uint32_t)sizeof fit, .batch_size = t.opts.batch_size, .workers = t.opts.workers,
                                .seed = t.opts.seed, .loss = t.opts.loss, .optimizer = t.opts.optimizer};
    if (visml_training_init(&t.training, "lr_range_test", NULL, model, data, &fit, err) < 0)
        return NULL;
    visml_status status = run_test(&t, err);
    put_back(&t);
    visml_training_clear(&t.training);
    if (status == VISML_OK)
        return t.range;
    visml_lr_range_free(t.range);
    return NULL;
}
