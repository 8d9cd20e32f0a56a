/* What a pipeline says of pictures. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "data/dataset.h"
#include "pipeline/pipeline.h"
#include "train/class_names.h"

/* What the classifier, or else the network, decides by. */
static visml_tensor *look(const visml_pipeline *p, const visml_tensor *images, visml_error *err) {
    return p->features ? visml_features_transform(p->features, images, err) : visml_network_run(p->network, images, err);
}

visml_tensor *visml_pipeline_transform(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err) {
    if (pipeline && pipeline->classifier)
        return look(pipeline, images, err);
    if (pipeline)
        visml_fail(err, VISML_EUNSUPPORTED, "pipeline: a network decides by itself: there are no vectors");
    else
        visml_fail(err, VISML_EINVAL, "pipeline: pipeline is NULL");
    return NULL;
}

/* ---- scores ---- */

static visml_tensor *matrix(const visml_pipeline *p, int64_t n, visml_error *err) {
    return visml_tensor_new(p->context, VISML_F32, VISML_SHAPE(n, (int64_t)p->width), err);
}

static float *floats(const visml_tensor *t) {
    return (float *)(void *)t->data;
}

/* A single output tells two classes apart: the probability of the second, or what is above 0 for it. */
static visml_tensor *network_scores(const visml_pipeline *p, const visml_tensor *x, visml_error *err) {
    int64_t n = x->shape.dims[0];
    if (x->shape.dims[1] > 1)
        return visml_tensor_retain((visml_tensor *)(uintptr_t)x);
    visml_tensor *y = matrix(p, n, err);
    const int likely = visml_pipeline_has_probabilities(p);
    for (int64_t i = 0; y && i < n; i++) {
        floats(y)[2 * i] = likely ? 1 - floats(x)[i] : -floats(x)[i];
        floats(y)[2 * i + 1] = floats(x)[i];
    }
    return y;
}

/* Columns of the classifier's classes to those of the pipeline's. One column stands for two classes, or for a single one. */
static void spread(const visml_pipeline *p, const visml_tensor *from, float missing, float *y) {
    const visml_tensor *classes = p->classifier->classes;
    const int32_t *labels = (const int32_t *)(const void *)classes->data;
    int64_t n = from->shape.dims[0], columns = from->shape.dims[1];
    const int apart = columns == 1 && classes->count == 2;
    const float *x = floats(from);
    for (int64_t i = 0; i < n; i++, x += columns, y += p->width) {
        for (size_t k = 0; k < p->width; k++)
            y[k] = missing;
        if (apart)
            y[labels[0]] = -x[0];
        for (int64_t k = 0; k < columns; k++)
            y[labels[k + apart]] = x[k];
    }
}

/* The class that is chosen has the largest score, and none before it an equal one. */
static void lift(size_t width, int32_t chosen, float *y) {
    float most = -INFINITY;
    int first = 1;
    for (size_t k = 0; k < width; k++) {
        most = y[k] > most ? y[k] : most;
        first &= k >= (size_t)chosen || y[k] < y[chosen];
    }
    if (!first || y[chosen] < most)
        y[chosen] = nextafterf(most, INFINITY);
}

static visml_status lift_all(const visml_pipeline *p, const visml_tensor *x, visml_tensor *y, visml_error *err) {
    visml_tensor *chosen = visml_classifier_predict(p->classifier, x, err);
    if (!chosen)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < chosen->count; i++)
        lift(p->width, ((const int32_t *)(const void *)chosen->data)[i], floats(y) + i * (int64_t)p->width);
    visml_tensor_release(chosen);
    return VISML_OK;
}

static visml_tensor *classifier_scores(const visml_pipeline *p, const visml_tensor *x, visml_error *err) {
    const int likely = visml_pipeline_has_probabilities(p);
    visml_tensor *own = likely ? visml_classifier_predict_proba(p->classifier, x, err) : visml_classifier_decision(p->classifier, x, err);
    visml_tensor *y = own ? matrix(p, own->shape.dims[0], err) : NULL;
    if (y)
        spread(p, own, likely ? 0 : -INFINITY, floats(y));
    visml_tensor_release(own);
    if (!y || lift_all(p, x, y, err) == VISML_OK)
        return y;
    visml_tensor_release(y);
    return NULL;
}

visml_tensor *visml_pipeline_score_vectors(const visml_pipeline *p, const visml_tensor *x, visml_error *err) {
    return p->classifier ? classifier_scores(p, x, err) : network_scores(p, x, err);
}

int32_t visml_pipeline_has_probabilities(const visml_pipeline *pipeline) {
    if (!visml_pipeline_is_fitted(pipeline))
        return 0;
    if (pipeline->classifier)
        return visml_classifier_has_probabilities(pipeline->classifier);
    int32_t ends_in = visml_model_ends_in(pipeline->network);
    const visml_shape *out = visml_model_output_shape(pipeline->network);
    return out->dims[0] == 1 ? ends_in == VISML_SIGMOID : ends_in == VISML_SOFTMAX;
}

/* ---- pictures ---- */

visml_tensor *visml_pipeline_scores(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err) {
    if (visml_pipeline_check_fitted(pipeline, err) < 0)
        return NULL;
    visml_tensor *x = look(pipeline, images, err);
    visml_tensor *y = x ? visml_pipeline_score_vectors(pipeline, x, err) : NULL;
    visml_tensor_release(x);
    return y;
}

static visml_tensor *probabilities(const visml_pipeline *p, const visml_tensor *x, visml_error *err) {
    visml_tensor *own = visml_classifier_predict_proba(p->classifier, x, err);
    visml_tensor *y = own ? matrix(p, own->shape.dims[0], err) : NULL;
    if (y)
        spread(p, own, 0, floats(y));
    visml_tensor_release(own);
    return y;
}

visml_tensor *visml_pipeline_predict_proba(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err) {
    if (visml_pipeline_check_fitted(pipeline, err) < 0)
        return NULL;
    if (!pipeline->classifier && !visml_pipeline_has_probabilities(pipeline)) {
        visml_fail(err, VISML_EUNSUPPORTED, "pipeline: the network ends in no %s: its outputs are no probabilities",
                   pipeline->width == 2 ? "softmax or sigmoid" : "softmax");
        return NULL;
    }
    visml_tensor *x = look(pipeline, images, err);
    visml_tensor *y = !x ? NULL : pipeline->classifier ? probabilities(pipeline, x, err) : network_scores(pipeline, x, err);
    visml_tensor_release(x);
    return y;
}

/* The largest of each row, the first of equals. */
static visml_tensor *largest(const visml_pipeline *p, const visml_tensor *scores, visml_error *err) {
    int64_t n = scores->shape.dims[0];
    visml_tensor *labels = visml_tensor_new(p->context, VISML_I32, VISML_SHAPE(n), err);
    for (int64_t i = 0; labels && i < n; i++) {
        const float *y = floats(scores) + i * (int64_t)p->width;
        int32_t best = 0;
        for (int32_t k = 1; (size_t)k < p->width; k++)
            best = y[k] > y[best] ? k : best;
        ((int32_t *)(void *)labels->data)[i] = best;
    }
    return labels;
}

static visml_tensor *network_labels(const visml_pipeline *p, const visml_tensor *x, visml_error *err) {
    visml_tensor *scores = network_scores(p, x, err);
    visml_tensor *labels = scores ? largest(p, scores, err) : NULL;
    visml_tensor_release(scores);
    return labels;
}

visml_tensor *visml_pipeline_predict(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err) {
    if (visml_pipeline_check_fitted(pipeline, err) < 0)
        return NULL;
    visml_tensor *x = look(pipeline, images, err);
    visml_tensor *labels = !x ? NULL
                           : pipeline->classifier ? visml_classifier_predict(pipeline->classifier, x, err)
                                                  : network_labels(pipeline, x, err);
    visml_tensor_release(x);
    return labels;
}

/* ---- datasets ---- */

static const visml_field run_fields[] = {
    VISML_FIELD_OF_RESERVED(visml_pipeline_run_opts),
    VISML_FIELD(visml_pipeline_run_opts, memory, U64, 0, 1, 1, 1e15, 2147483648.0),
    {0},
};

static visml_status walk(const visml_pipeline *p, visml_dataset *ds, const visml_pipeline_run_opts *opts, visml_vectors *v,
                         visml_error *err) {
    visml_pipeline_run_opts o;
    VISML_TRY(visml_pipeline_check_fitted(p, err));
    if (!ds)
        return visml_fail(err, VISML_EINVAL, "pipeline: dataset is NULL");
    VISML_TRY(visml_options_read("pipeline", run_fields, opts, &o, sizeof o, err));
    const visml_vectors_run run = {.features = p->features, .network = p->network, .progress = o.progress, .user = o.user,
                                   .memory = o.memory};
    return visml_vectors_of(&run, ds, v, err);
}

/* Rows to their places in the dataset. */
static visml_tensor *place(const visml_pipeline *p, int64_t count, const visml_vectors *v, const visml_tensor *scores, visml_error *err) {
    visml_tensor *all = matrix(p, count, err);
    size_t bytes = p->width * sizeof(float);
    for (int64_t i = 0; all && i < all->count; i++)
        floats(all)[i] = NAN;
    for (int64_t i = 0; all && i < v->samples->count; i++)
        memcpy(floats(all) + ((const int64_t *)(const void *)v->samples->data)[i] * (int64_t)p->width,
               floats(scores) + i * (int64_t)p->width, bytes);
    return all;
}

visml_tensor *visml_pipeline_score_dataset(const visml_pipeline *pipeline, visml_dataset *dataset, const visml_pipeline_run_opts *opts,
                                           visml_error *err) {
    visml_vectors v = {0};
    if (walk(pipeline, dataset, opts, &v, err) < 0)
        return NULL;
    visml_tensor *scores = visml_pipeline_score_vectors(pipeline, v.x, err);
    visml_tensor *all = scores ? place(pipeline, visml_dataset_count(dataset), &v, scores, err) : NULL;
    visml_tensor_release(scores);
    visml_vectors_clear(&v);
    return all;
}

static visml_status check_names(const visml_pipeline *p, const visml_dataset *ds, visml_error *err) {
    const visml_class_names data = {.data = ds}, own = {.names = (const char *const *)p->names, .count = p->names ? p->width : 0};
    size_t at;
    if (!visml_class_names_differ(&data, &own, &at))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "pipeline: class %zu is \"%s\" in the data, \"%s\" in the pipeline: give the data the pipeline's "
                      "order with visml_dataset_with_classes", at, visml_class_names_at(&data, at), visml_class_names_at(&own, at));
}

static visml_status report_on(const visml_pipeline *p, const visml_vectors *v, visml_report **report, visml_error *err) {
    visml_tensor *scores = visml_pipeline_score_vectors(p, v->x, err);
    visml_report *r = scores ? visml_report_new(p->context, p->width, err) : NULL;
    visml_error why = {0};
    visml_status status = r ? visml_report_add(r, v->labels, scores, NULL, &why) : VISML_ENOMEM;
    visml_tensor_release(scores);
    if (status == VISML_OK) {
        *report = r;
        return VISML_OK;
    }
    visml_report_free(r);
    return r ? visml_fail(err, status, "pipeline: %.900s", why.message) : status;
}

visml_status visml_pipeline_evaluate(const visml_pipeline *pipeline, visml_dataset *dataset, const visml_pipeline_run_opts *opts,
                                     visml_report **report, visml_error *err) {
    visml_vectors v = {0};
    VISML_TRY(visml_pipeline_check_fitted(pipeline, err));
    if (!dataset || !report)
        return visml_fail(err, VISML_EINVAL, "pipeline: %s is NULL", dataset ? "report" : "dataset");
    VISML_TRY(check_names(pipeline, dataset, err));
    VISML_TRY(walk(pipeline, dataset, opts, &v, err));
    visml_status status = report_on(pipeline, &v, report, err);
    visml_vectors_clear(&v);
    return status;
}
