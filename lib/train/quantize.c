/* From images to the ranges that a network's bytes need: two walks over them in float, first for the ends, then for the distribution. */
#include <string.h>

#include "base/error.h"
#include "model/calibration.h"
#include "train/train.h"

#define DEFAULT_PERCENTILE 99.99

static const visml_field fields[] = {
    VISML_FIELD(visml_quantize_opts, batch_size, I32, 0, 1, 1, 2147483647, 32),
    VISML_FIELD(visml_quantize_opts, workers, I32, 0, 1, -1, 1024, 0),
    VISML_FIELD(visml_quantize_opts, samples, I64, 0, 1, 1, 9007199254740992.0, 512),
    VISML_FIELD(visml_quantize_opts, percentile, F64, VISML_FIELD_OPEN_MIN, 1, 50, 100, DEFAULT_PERCENTILE),
    VISML_FIELD_OF_RESERVED(visml_quantize_opts),
    {0},
};

typedef struct calibration {
    visml_quantization *q;
    visml_callback callback;
} calibration;

static visml_status after_batch(void *user, const visml_walk *w, const visml_batch *source, const visml_train_batch *batch, const real *y,
                                visml_error *err) {
    calibration *c = user;
    (void)source, (void)y;
    if (batch->rows && batch->x_dtype != VISML_U8)
        c->q->input_bytes = 0;
    return visml_evaluate_report_step(&c->callback, w, err);
}

/* `samples` of a dataset, evenly over it: folders are in the order of their classes. */
static visml_dataset *some_of(visml_dataset *data, int64_t samples, visml_error *err) {
    int64_t count = visml_dataset_count(data), n = count < samples ? count : samples;
    int64_t *indices = visml_mem_zalloc(&data->source->context->memory, (size_t)n + 1, sizeof *indices, err);
    if (!indices)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        indices[i] = (int64_t)((double)i * ((double)count / (double)n));
    visml_dataset *part = visml_dataset_subset(data, indices, (size_t)n, err);
    visml_mem_free(&data->source->context->memory, indices);
    return part;
}

static visml_status walk(visml_feed *f, const visml_quantize_opts *o, calibration *c, visml_error *err) {
    visml_walk w = {.feed = f, .batch_size = o->batch_size, .workers = o->workers, .each = after_batch, .user = c};
    w.session = visml_session_new(f->model, VISML_OPTS(visml_session_opts, .max_batch = visml_walk_batch(f->data, o->batch_size),
                                                       .input = &f->input), err);
    if (!w.session)
        return err->code;
    visml_session_observe(w.session, c->q);
    visml_status status = visml_walk_run(&w, err);
    if (status == VISML_OK && !w.sums.rows)
        status = visml_fail(err, VISML_EFORMAT, "quantize: none of the %lld images is valid", (long long)f->data->count);
    if (status == VISML_OK && o->percentile < 100) {
        status = visml_calibration_count(c->q, err);
        if (status == VISML_OK)
            status = visml_walk_run(&w, err);
    }
    visml_session_free(w.session);
    return status;
}

static visml_quantization *calibrate(const visml_model *model, visml_dataset *part, const visml_quantize_opts *o,
                                     const visml_callback *callback, visml_error *err) {
    visml_feed f;
    calibration c = {.callback = *callback};
    if (visml_feed_check_plain("quantize", part, err) < 0 || visml_feed_init(&f, "quantize", model, part, NULL, 0, err) < 0)
        return NULL;
    c.q = visml_calibration_open(model, err);
    if (c.q && walk(&f, o, &c, err) < 0) {
        visml_quantization_free(c.q);
        c.q = NULL;
    }
    visml_feed_clear(&f);
    if (c.q)
        visml_calibration_finish(c.q, o->percentile);
    return c.q;
}

static visml_status read_opts(const visml_quantize_opts *opts, visml_quantize_opts *o, visml_callback *callback, visml_error *err) {
    memset(callback, 0, sizeof *callback);
    VISML_TRY(visml_options_read("quantize", fields, opts, o, sizeof *o, err));
    if (!o->callback)
        return VISML_OK;
    visml_status status = visml_options_copy("callback", o->callback, callback, sizeof *callback, err);
    return status < 0 ? visml_fail_in(err, status, "quantize") : VISML_OK;
}

static visml_status check(const visml_model *model, const visml_dataset *data, visml_error *err) {
    if (!model)
        return visml_fail(err, VISML_EINVAL, "quantize: model is NULL, must be a model");
    if (!model->built)
        return visml_fail(err, VISML_ESTATE, "quantize: the model is not built: call visml_model_build first");
    if (!data)
        return visml_fail(err, VISML_EINVAL, "quantize: data is NULL, must be a dataset");
    if (!visml_dataset_count(data))
        return visml_fail(err, VISML_EINVAL, "quantize: data is empty, must have images");
    return VISML_OK;
}

visml_quantization *visml_quantize(const visml_model *model, visml_dataset *data, const visml_quantize_opts *opts, visml_error *err) {
    visml_quantize_opts o;
    visml_callback callback;
    visml_error own;
    if (!err)
        err = &own;
    if (read_opts(opts, &o, &callback, err) < 0 || check(model, data, err) < 0)
        return NULL;
    visml_dataset *part = some_of(data, o.samples, err);
    if (!part)
        return NULL;
    visml_quantization *q = calibrate(model, part, &o, &callback, err);
    visml_dataset_free(part);
    return q;
}
