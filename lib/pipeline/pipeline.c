/* Putting pipelines together, and what they are made of. */
#include "pipeline/pipeline.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"

#define MOST_CLASSES 1000000 /* a label above is no class number */

visml_pipeline *visml_pipeline_make(visml_context *ctx, visml_error *err) {
    visml_pipeline *p = visml_mem_zalloc(&ctx->memory, 1, sizeof *p, err);
    if (p)
        p->context = visml_context_retain(ctx);
    return p;
}

void visml_pipeline_free(visml_pipeline *pipeline) {
    visml_pipeline *p = pipeline;
    if (!p)
        return;
    visml_context *ctx = p->context;
    visml_features_free(p->given);
    visml_features_free(p->features);
    visml_model_free(p->network);
    visml_classifier_free(p->classifier);
    visml_pipeline_names_free(ctx, p->names, p->width);
    visml_mem_free(&ctx->memory, p);
    visml_context_release(ctx);
}

/* ---- the names of classes ---- */

void visml_pipeline_names_free(visml_context *ctx, char **names, size_t n) {
    for (size_t i = 0; names && i < n; i++)
        visml_mem_free(&ctx->memory, names[i]);
    visml_mem_free(&ctx->memory, names);
}

char **visml_pipeline_names_copy(visml_context *ctx, const char *const *names, size_t n, visml_error *err) {
    char **copy = visml_mem_zalloc(&ctx->memory, n, sizeof *copy, err);
    for (size_t i = 0; copy && i < n; i++)
        if (!(copy[i] = visml_mem_strdup(&ctx->memory, names[i], err))) {
            visml_pipeline_names_free(ctx, copy, n);
            return NULL;
        }
    return copy;
}

visml_status visml_pipeline_set_classes(visml_pipeline *pipeline, const char *const *names, size_t n, visml_error *err) {
    visml_pipeline *p = pipeline;
    char **copy = NULL;
    VISML_TRY(visml_pipeline_check_fitted(p, err));
    if (n && n != p->width)
        return visml_fail(err, VISML_EINVAL, "pipeline: n is %zu, must be the number of classes, %zu", n, p->width);
    for (size_t i = 0; i < n; i++)
        if (!names || !names[i])
            return visml_fail(err, VISML_EINVAL, "pipeline: names[%zu] is NULL", i);
    if (n && !(copy = visml_pipeline_names_copy(p->context, names, n, err)))
        return VISML_ENOMEM;
    visml_pipeline_names_free(p->context, p->names, p->width);
    p->names = copy;
    return VISML_OK;
}

visml_status visml_pipeline_measure(const visml_tensor *labels, size_t *width, visml_error *err) {
    const int32_t *l = (const int32_t *)(const void *)labels->data;
    if (l[0] < 0 || l[labels->count - 1] >= MOST_CLASSES)
        return visml_fail(err, VISML_EINVAL, "pipeline: the classifier knows the label %d, must be a class number, 0 to %d",
                          (int)(l[0] < 0 ? l[0] : l[labels->count - 1]), MOST_CLASSES - 1);
    *width = (size_t)l[labels->count - 1] + 1;
    return VISML_OK;
}

/* ---- features and a classifier ---- */

static visml_status check_classifier(const visml_classifier *c, visml_error *err) {
    if (!c)
        return visml_fail(err, VISML_EINVAL, "pipeline: classifier is NULL; making it failed?");
    if (visml_classifier_task(c) != VISML_TASK_CLASSIFICATION)
        return visml_fail(err, VISML_EINVAL, "pipeline: the task of %s must be classification", visml_classifier_what(c));
    return VISML_OK;
}

static visml_status check_features(const visml_features *f, visml_error *err) {
    if (!f)
        return visml_fail(err, VISML_EINVAL, "pipeline: features is NULL; making them failed?");
    if (!f->branch_count)
        return visml_fail(err, VISML_EINVAL, "features: nothing is looked at; call visml_features_add first");
    return VISML_OK;
}

static visml_status begin(visml_context *ctx, const visml_features *f, const visml_classifier *c, visml_pipeline **p, visml_error *err) {
    if (!ctx)
        return visml_fail(err, VISML_EINVAL, "pipeline: ctx is NULL, must be a context");
    VISML_TRY(check_features(f, err));
    VISML_TRY(check_classifier(c, err));
    *p = visml_pipeline_make(ctx, err);
    if (!*p)
        return VISML_ENOMEM;
    return visml_features_is_fitted(f) && c->dims ? visml_pipeline_measure(c->classes, &(*p)->width, err) : VISML_OK;
}

visml_pipeline *visml_pipeline_new(visml_context *ctx, visml_features *features, visml_classifier *classifier, visml_error *err) {
    visml_pipeline *p = NULL;
    if (begin(ctx, features, classifier, &p, err) < 0) {
        visml_features_free(features);
        visml_classifier_free(classifier);
        visml_pipeline_free(p);
        return NULL;
    }
    p->given = features;
    p->features = visml_features_retain(features);
    p->classifier = classifier;
    return p;
}

/* ---- a network ---- */

static const char *const pooling_names[] = {"average", "maximum", "flatten", NULL};
static const visml_field network_fields[] = {
    VISML_FIELD_OF_ENUM(visml_pipeline_network_opts, pooling, 0, pooling_names),
    {0},
};

/* The name of the layer that the last layer with parameters reads; NULL: that reads the input itself, or there is none. */
static const char *layer_before_head(const visml_model *m) {
    size_t head = m->node_count - 1;
    while (head > 0 && !m->nodes[head].param_count)
        head--;
    return head > 0 && m->nodes[head].inputs[0] > 0 ? visml_model_layer_name(m, (size_t)m->nodes[head].inputs[0] - 1) : NULL;
}

static visml_layer *pooling_layer(visml_context *ctx, int32_t rank, visml_layer_pooling pooling, visml_error *err) {
    if (pooling == VISML_LAYER_POOLING_FLATTEN)
        return visml_flatten(ctx, NULL, err);
    if (rank == 2)
        return pooling == VISML_LAYER_POOLING_MAXIMUM ? visml_global_maxpool1d(ctx, NULL, err) : visml_global_avgpool1d(ctx, NULL, err);
    return pooling == VISML_LAYER_POOLING_MAXIMUM ? visml_global_maxpool2d(ctx, NULL, err) : visml_global_avgpool2d(ctx, NULL, err);
}

/* A copy of the layers up to this one; what it gives becomes a vector. */
static visml_model *take_layers(const visml_model *m, const char *layer, visml_layer_pooling pooling, visml_error *err) {
    visml_model *part = visml_model_cut(m, layer, err);
    visml_error why = {0};
    if (!part)
        return NULL;
    int32_t rank = part->nodes[part->node_count - 1].shape.rank;
    if (rank > 1)
        visml_model_add(part, pooling_layer(m->context, rank, pooling, &why), &why);
    if (visml_model_build(part, 0, &why) == VISML_OK)
        return part;
    visml_fail(err, why.code, "pipeline: %.900s", why.message);
    visml_model_free(part);
    return NULL;
}

static visml_status check_model(const visml_model *m, visml_error *err) {
    if (!m)
        return visml_fail(err, VISML_EINVAL, "pipeline: model is NULL, must be a model");
    if (!m->built)
        return visml_fail(err, VISML_ESTATE, "pipeline: the model is not built; call visml_model_build first");
    if (m->nodes[0].shape.rank != 3)
        return visml_fail(err, VISML_EINVAL, "pipeline: the model's input is %s, must be a picture [H, W, C]",
                          visml_shape_format_open(&m->nodes[0].shape).s);
    return VISML_OK;
}

/* Takes the network over. */
static visml_pipeline *around_network(visml_model *network, visml_error *err) {
    visml_pipeline *p = visml_pipeline_make(network->context, err);
    if (!p) {
        visml_model_free(network);
        return NULL;
    }
    p->network = network;
    p->input = network->nodes[0].shape;
    return p;
}

static visml_model *layers_of(const visml_model *model, const visml_pipeline_network_opts *opts, visml_error *err) {
    visml_pipeline_network_opts o;
    if (check_model(model, err) < 0 || visml_options_read("pipeline", network_fields, opts, &o, sizeof o, err) < 0)
        return NULL;
    const char *layer = o.layer ? o.layer : layer_before_head(model);
    if (layer)
        return take_layers(model, layer, o.pooling, err);
    visml_fail(err, VISML_EINVAL, "pipeline: the model has no layer before the last one with parameters; give `layer`");
    return NULL;
}

visml_pipeline *visml_pipeline_from_network(const visml_model *model, const visml_pipeline_network_opts *opts, visml_classifier *classifier,
                                            visml_error *err) {
    visml_model *network = check_classifier(classifier, err) == VISML_OK ? layers_of(model, opts, err) : NULL;
    visml_pipeline *p = network ? around_network(network, err) : NULL;
    if (p)
        p->classifier = classifier;
    else
        visml_classifier_free(classifier);
    if (p && classifier->dims && visml_pipeline_measure(classifier->classes, &p->width, err) < 0) {
        visml_pipeline_free(p);
        return NULL;
    }
    return p;
}

/* One output for each class; a single one tells two apart. */
static visml_status check_outputs(const visml_model *m, size_t *width, visml_error *err) {
    const visml_shape *out = &m->nodes[m->node_count - 1].shape;
    size_t n = out->rank == 1 && out->dims[0] > 0 ? (size_t)out->dims[0] : 0, names = visml_model_class_count(m);
    if (!n)
        return visml_fail(err, VISML_EINVAL, "pipeline: the model's output is %s, must be a number for each class",
                          visml_shape_format_open(out).s);
    *width = n == 1 ? 2 : n;
    if (names && names != *width)
        return visml_fail(err, VISML_EINVAL, "pipeline: the model has names for %zu classes, its output is for %zu", names, *width);
    return VISML_OK;
}

visml_pipeline *visml_pipeline_from_model(const visml_model *model, visml_error *err) {
    size_t width = 0;
    if (check_model(model, err) < 0 || check_outputs(model, &width, err) < 0)
        return NULL;
    visml_model *copy = take_layers(model, visml_model_layer_name(model, visml_model_layer_count(model) - 1), 0, err);
    visml_pipeline *p = copy ? around_network(copy, err) : NULL;
    if (!p)
        return NULL;
    p->width = width;
    if (!model->class_count || visml_pipeline_set_classes(p, (const char *const *)model->classes, model->class_count, err) == VISML_OK)
        return p;
    visml_pipeline_free(p);
    return NULL;
}

/* ---- what it is ---- */

int32_t visml_pipeline_is_fitted(const visml_pipeline *pipeline) {
    return pipeline && pipeline->width > 0;
}

visml_status visml_pipeline_check_fitted(const visml_pipeline *p, visml_error *err) {
    if (!p)
        return visml_fail(err, VISML_EINVAL, "pipeline: pipeline is NULL");
    return p->width ? VISML_OK : visml_fail(err, VISML_ESTATE, "pipeline: not fitted yet; call visml_pipeline_fit first");
}

const visml_features *visml_pipeline_features(const visml_pipeline *pipeline) {
    return pipeline ? pipeline->features : NULL;
}

const visml_model *visml_pipeline_network(const visml_pipeline *pipeline) {
    return pipeline ? pipeline->network : NULL;
}

const visml_classifier *visml_pipeline_classifier(const visml_pipeline *pipeline) {
    return pipeline ? pipeline->classifier : NULL;
}

const visml_shape *visml_pipeline_input_shape(const visml_pipeline *pipeline) {
    return pipeline && pipeline->input.rank ? &pipeline->input : NULL;
}

size_t visml_pipeline_class_count(const visml_pipeline *pipeline) {
    return pipeline ? pipeline->width : 0;
}

const char *visml_pipeline_class_name(const visml_pipeline *pipeline, size_t i) {
    return pipeline && pipeline->names && i < pipeline->width ? pipeline->names[i] : NULL;
}
