/* Pictures become the vectors that a classifier decides by: with features, or with the layers of a network. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "data/dataset.h"
#include "pipeline/pipeline.h"

visml_status visml_pipeline_tell(visml_pipeline_progress_fn fn, void *user, const visml_pipeline_progress *progress, visml_error *err) {
    if (!fn || fn(user, progress) == 0)
        return VISML_OK;
    return visml_fail(err, VISML_ECANCELLED, "pipeline: stopped by the caller at %lld of %lld", (long long)progress->done,
                      (long long)progress->total);
}

void visml_vectors_clear(visml_vectors *v) {
    visml_tensor_release(v->x);
    visml_tensor_release(v->labels);
    visml_tensor_release(v->samples);
    *v = (visml_vectors){0};
}

static int32_t tell_pictures(const visml_vectors_run *run, int64_t done, int64_t total) {
    visml_pipeline_progress p = {.size = sizeof p, .stage = VISML_PIPELINE_VECTORS, .done = done, .total = total, .loss = NAN,
                                 .validation = NAN};
    if (run->total) { /* a network counts batches */
        p.done = run->first + run->count * done / total;
        p.total = run->total;
    }
    return run->progress ? run->progress(run->user, &p) : 0;
}

/* ---- features ---- */

static int32_t on_picture(void *user, const visml_feature_progress *progress) {
    return tell_pictures(user, progress->done, progress->total);
}

static visml_status by_features(const visml_vectors_run *run, visml_dataset *dataset, visml_vectors *v, visml_error *err) {
    const visml_feature_run_opts opts = {.size = sizeof opts, .memory = run->memory, .progress = on_picture,
                                         .user = (void *)(uintptr_t)run};
    visml_table *table = visml_features_extract(run->features, dataset, &opts, err);
    if (!table)
        return err->code;
    int64_t n = visml_table_count(table);
    v->x = visml_tensor_retain(visml_table_values(table));
    v->labels = visml_tensor_retain(visml_table_labels(table));
    v->samples = visml_tensor_new(run->features->context, VISML_I64, VISML_SHAPE(n), err);
    for (int64_t i = 0; v->samples && i < n; i++)
        ((int64_t *)(void *)v->samples->data)[i] = visml_table_sample(table, i);
    visml_table_free(table);
    return v->samples ? VISML_OK : VISML_ENOMEM;
}

/* ---- a network ---- */

static int32_t on_batch(void *user, visml_model *model, const visml_progress *progress) {
    (void)model;
    return tell_pictures(user, progress->step, progress->steps);
}

/* visml_predict leaves the rows of invalid pictures NaN. */
static int is_valid(const float *row, int64_t d) {
    for (int64_t j = 0; j < d; j++)
        if (!isnan(row[j]))
            return 1;
    return 0;
}

/* Rows without a picture go; the others move up. */
static visml_status keep_valid(visml_context *ctx, visml_dataset *dataset, visml_tensor *rows, visml_vectors *v, visml_error *err) {
    int64_t n = rows->shape.dims[0], d = rows->shape.dims[1], kept = 0;
    float *x = (float *)(void *)rows->data;
    visml_tensor *labels = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), err);
    visml_tensor *samples = labels ? visml_tensor_new(ctx, VISML_I64, VISML_SHAPE(n), err) : NULL;
    for (int64_t i = 0; samples && i < n; i++) {
        if (!is_valid(x + i * d, d))
            continue;
        memmove(x + kept * d, x + i * d, (size_t)d * sizeof *x);
        ((int32_t *)(void *)labels->data)[kept] = visml_dataset_label(dataset, i);
        ((int64_t *)(void *)samples->data)[kept++] = i;
    }
    v->x = samples ? visml_tensor_slice(rows, 0, kept, err) : NULL;
    v->labels = v->x ? visml_tensor_slice(labels, 0, kept, err) : NULL;
    v->samples = v->labels ? visml_tensor_slice(samples, 0, kept, err) : NULL;
    visml_tensor_release(labels);
    visml_tensor_release(samples);
    return v->samples ? VISML_OK : VISML_ENOMEM;
}

static visml_status by_network(const visml_vectors_run *run, visml_dataset *dataset, visml_vectors *v, visml_error *err) {
    const visml_callback callback = {.size = sizeof callback, .user = (void *)(uintptr_t)run, .batch_end = on_batch};
    const visml_evaluate_opts opts = {.size = sizeof opts, .callback = &callback};
    visml_tensor *rows = visml_predict(run->network, dataset, &opts, err);
    if (!rows)
        return err->code;
    visml_status status = keep_valid(run->network->context, dataset, rows, v, err);
    visml_tensor_release(rows);
    return status;
}

static visml_status look(const visml_vectors_run *run, visml_dataset *dataset, visml_vectors *v, visml_error *err) {
    visml_error why = {0};
    *v = (visml_vectors){0};
    visml_status status = run->features ? by_features(run, dataset, v, &why) : by_network(run, dataset, v, &why);
    if (status == VISML_OK)
        return VISML_OK;
    visml_vectors_clear(v);
    return visml_fail(err, status, "%s", why.message);
}

visml_status visml_vectors_of(const visml_vectors_run *run, visml_dataset *dataset, visml_vectors *v, visml_error *err) {
    VISML_TRY(look(run, dataset, v, err));
    if (v->x->shape.dims[0])
        return VISML_OK;
    visml_vectors_clear(v);
    return visml_fail(err, VISML_EFORMAT, "pipeline: none of the %lld images is valid", (long long)visml_dataset_count(dataset));
}

/* ---- parts ---- */

static visml_dataset *part_of(visml_dataset *dataset, int64_t first, int64_t count, visml_error *err) {
    visml_memory *m = &dataset->source->context->memory;
    int64_t *indices = visml_mem_alloc(m, (size_t)count * sizeof *indices, err);
    for (int64_t i = 0; indices && i < count; i++)
        indices[i] = first + i;
    visml_dataset *part = indices ? visml_dataset_subset(dataset, indices, (size_t)count, err) : NULL;
    visml_mem_free(m, indices);
    return part;
}

visml_status visml_vectors_of_part(const visml_vectors_run *run, visml_dataset *dataset, int64_t first, int64_t count, visml_vectors *v,
                                   visml_error *err) {
    visml_vectors_run own = *run;
    visml_dataset *part = part_of(dataset, first, count, err);
    if (!part)
        return VISML_ENOMEM;
    own.first = first;
    own.count = count;
    own.total = visml_dataset_count(dataset);
    visml_status status = look(&own, part, v, err);
    visml_dataset_free(part);
    for (int64_t i = 0; status == VISML_OK && i < v->samples->count; i++)
        ((int64_t *)(void *)v->samples->data)[i] += first;
    return status;
}

visml_status visml_vectors_check_labels(const visml_vectors *v, const visml_dataset *dataset, visml_error *err) {
    const int32_t *labels = (const int32_t *)(const void *)v->labels->data;
    const int64_t *samples = (const int64_t *)(const void *)v->samples->data;
    for (int64_t i = 0; i < v->labels->count; i++) {
        const char *path = visml_dataset_path(dataset, samples[i]);
        if (labels[i] < 0)
            return visml_fail(err, VISML_EINVAL, "pipeline: sample %lld%s%s%s has no label", (long long)samples[i], path ? " (" : "",
                              path ? path : "", path ? ")" : "");
    }
    return VISML_OK;
}

/* ---- pictures in memory ---- */

/* x [N, H, W, C] */
static visml_tensor *run_batch(const visml_model *network, const visml_tensor *x, visml_error *err) {
    const visml_shape input = visml_shape_make(3, x->shape.dims + 1);
    int64_t n = x->shape.dims[0];
    visml_session *s = visml_session_new(network, VISML_OPTS(visml_session_opts, .max_batch = n < 1 ? 1 : n < 32 ? (int32_t)n : 32,
                                                             .input = &input), err);
    const visml_shape *out = visml_session_output_shape(s);
    visml_shape shape = out ? visml_shape_with_batch(out, n) : (visml_shape){0};
    visml_tensor *y = s ? visml_tensor_new(network->context, VISML_F32, &shape, err) : NULL;
    if (y && visml_session_run(s, x, y, err) < 0) {
        visml_tensor_release(y);
        y = NULL;
    }
    visml_session_free(s);
    return y;
}

visml_tensor *visml_network_run(const visml_model *network, const visml_tensor *images, visml_error *err) {
    if (visml_tensor_check("pipeline: images", images, 0, err) < 0)
        return NULL;
    if (images->shape.rank != 3 && images->shape.rank != 4) {
        visml_fail(err, VISML_EINVAL, "pipeline: images are %s, must be [N, H, W, C] or [H, W, C]", visml_shape_format(&images->shape).s);
        return NULL;
    }
    if (images->shape.rank == 4)
        return run_batch(network, images, err);
    const visml_shape one = visml_shape_with_batch(&images->shape, 1);
    visml_tensor *x = visml_tensor_reshape((visml_tensor *)(uintptr_t)images, &one, err); /* its count of references alone changes */
    visml_tensor *y = x ? run_batch(network, x, err) : NULL;
    visml_tensor_release(x);
    return y;
}
