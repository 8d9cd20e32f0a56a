/* Pipelines that can be fitted in a moment, on the drawn lines of train/toy.h. */
#ifndef PIPELINE_PIPELINES_H
#define PIPELINE_PIPELINES_H

#include "pipeline/pipeline.h"
#include "train/toy.h"

#define LINES_FEATURES "{\"extract\": [\"pixels\", {\"class\": \"average\", \"over\": \"grid\"}], \"then\": [\"standardization\"]}"
#define LINES_NEIGHBORS "{\"class\": \"k_neighbors\", \"n_neighbors\": 3}"
#define LINES_JSON "{\"features\": " LINES_FEATURES ", \"classifier\": " LINES_NEIGHBORS "}"

static inline visml_pipeline *lines_pipeline(visml_context *ctx) {
    visml_error err = {0};
    return assert_made(visml_pipeline_from_json(ctx, LINES_JSON, sizeof LINES_JSON - 1, &err), &err);
}

static inline visml_pipeline *fitted_lines(visml_context *ctx) {
    visml_error err = {0};
    visml_pipeline *p = lines_pipeline(ctx);
    visml_dataset *ds = toy_lines(ctx, 90, 1);
    assert_ok(visml_pipeline_fit(p, ds, NULL, &err), &err);
    visml_dataset_free(ds);
    return p;
}

static inline visml_classifier *lines_classifier(visml_context *ctx) {
    visml_error err = {0};
    return assert_made(visml_classifier_from_json(ctx, LINES_NEIGHBORS, sizeof LINES_NEIGHBORS - 1, &err), &err);
}

/* A small network for them, with the parameters that chance gave. `units` 1: a sigmoid. */
static inline visml_model *lines_network(visml_context *ctx, int32_t units, visml_act activation) {
    visml_error err = {0};
    visml_model *m = assert_made(visml_model_new(ctx, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), &err), &err);
    visml_model_add(m, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &err);
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 8, .kernel_size = {3, 3}, .activation = VISML_RELU),
                                    &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = units, .activation = activation), &err), &err);
    assert_ok(visml_model_build(m, 7, &err), &err);
    return m;
}

/* The pictures of a dataset of lines as one tensor. */
static inline visml_tensor *pictures_of(visml_dataset *ds) {
    visml_error err = {0};
    const int64_t n = visml_dataset_count(ds), bytes = TOY_SIZE * TOY_SIZE;
    visml_tensor *all = NULL;
    for (int64_t i = 0; i < n; i++) {
        visml_tensor *one = assert_made(visml_dataset_read(ds, i, &err), &err);
        if (!all)
            all = assert_made(visml_tensor_new(one->context, VISML_U8, VISML_SHAPE(n, TOY_SIZE, TOY_SIZE, 1), &err), &err);
        memcpy(all->data + i * bytes, one->data, (size_t)bytes);
        visml_tensor_release(one);
    }
    return all;
}

static inline void assert_same_tensors(visml_tensor *a, visml_tensor *b) {
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->data, b->data, (size_t)a->count * visml_dtype_bytes(a->dtype));
    visml_tensor_release(a);
    visml_tensor_release(b);
}

#endif
