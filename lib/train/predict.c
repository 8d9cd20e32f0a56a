#include <math.h>
#include <string.h>

#include "base/error.h"
#include "train/train.h"

typedef struct prediction {
    visml_callback callback;
    float *out;   /* [count, width] */
    size_t width; /* elements of one output */
} prediction;

/* Rows of images that are invalid, but kept, stay NaN. */
static visml_status after_batch(void *user, const visml_walk *w, const visml_batch *source, const visml_train_batch *batch, const real *y,
                                visml_error *err) {
    const prediction *p = user;
    int kept = w->feed->data->source->opts.on_invalid == VISML_INVALID_KEEP;
    for (int64_t row = 0; row < batch->rows; row++)
        if (!kept || source->state[row] >= 0)
            memcpy(p->out + (size_t)source->indices[row] * p->width, y + (size_t)row * p->width, p->width * sizeof *p->out);
    return visml_evaluate_report_step(&p->callback, w, err);
}

static visml_status fill(visml_feed *f, const visml_evaluate_opts *o, prediction *p, visml_error *err) {
    visml_walk w = {.feed = f, .batch_size = o->batch_size, .workers = o->workers, .each = after_batch, .user = p};
    w.session = visml_session_new(f->model, VISML_OPTS(visml_session_opts, .max_batch = visml_walk_batch(f->data, o->batch_size),
                                                       .quantization = o->quantization, .input = &f->input), err);
    if (!w.session)
        return err->code;
    visml_status status = visml_walk_run(&w, err);
    visml_session_free(w.session);
    return status;
}

static visml_tensor *predict(visml_feed *f, const visml_evaluate_opts *o, const visml_callback *callback, visml_error *err) {
    const visml_shape *row = &f->output;
    visml_shape shape = visml_shape_with_batch(row, f->data->count);
    visml_tensor *out = visml_tensor_new(f->model->context, VISML_F32, &shape, err);
    if (!out)
        return NULL;
    prediction p = {*callback, visml_tensor_data(out), (size_t)visml_shape_count(row)};
    for (int64_t i = 0; i < visml_tensor_count(out); i++)
        p.out[i] = NAN;
    if (fill(f, o, &p, err) < 0) {
        visml_tensor_release(out);
        return NULL;
    }
    return out;
}

visml_tensor *visml_predict(const visml_model *model, visml_dataset *data, const visml_evaluate_opts *opts, visml_error *err) {
    visml_evaluate_opts o;
    visml_callback callback;
    visml_feed f;
    visml_error own;
    if (!err)
        err = &own;
    if (visml_evaluate_read_opts("predict", opts, &o, &callback, err) < 0 || visml_feed_check_plain("predict", data, err) < 0 ||
        visml_feed_init(&f, "predict", model, data, NULL, 0, err) < 0)
        return NULL;
    visml_tensor *out = predict(&f, &o, &callback, err);
    visml_feed_clear(&f);
    return out;
}
