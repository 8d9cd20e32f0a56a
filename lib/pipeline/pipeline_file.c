/* A pipeline as a file: a bundle of kind "pipeline". Its parts "features", "network" and "classifier" are what files of these alone hold;
 * beside them its description has "classes" (names, or their number) and "input" (the shape of pictures, where it is known). */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "pipeline/pipeline.h"

/* ---- out ---- */

static json_t *classes_json(const visml_pipeline *p) {
    if (!p->names)
        return json_integer((json_int_t)p->width);
    json_t *list = json_array();
    for (size_t i = 0; list && i < p->width; i++)
        if (json_array_append_new(list, json_string(p->names[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *facts_json(const visml_pipeline *p) {
    const int64_t *d = p->input.dims;
    json_t *object = json_object();
    if (object && json_object_set_new(object, "classes", classes_json(p)) == 0 &&
        (!p->input.rank || json_object_set_new(object, "input", json_pack("[I, I, I]", (json_int_t)d[0], (json_int_t)d[1],
                                                                          (json_int_t)d[2])) == 0))
        return object;
    json_decref(object);
    return NULL;
}

static visml_status draft_network(const visml_model *m, visml_draft *d, visml_error *err) {
    VISML_TRY(visml_draft_begin(d, m->context, json_object(), m->param_count, err));
    return visml_model_to_bundle(m, d->description, d->tensors, &d->count, err);
}

/* Names of tensors are copied, so that a part is not needed any more. */
static visml_status add_part(visml_draft *whole, const char *name, visml_draft *part, visml_status status, visml_error *err) {
    if (status == VISML_OK)
        status = visml_draft_add_part(whole, name, part, err);
    visml_draft_clear(part);
    return status;
}

static visml_status gather(const visml_pipeline *p, visml_draft *whole, visml_error *err) {
    visml_draft part;
    VISML_TRY(visml_draft_begin(whole, p->context, facts_json(p), 0, err));
    if (p->features)
        VISML_TRY(add_part(whole, "features", &part, visml_features_draft(p->features, &part, err), err));
    if (p->network)
        VISML_TRY(add_part(whole, "network", &part, draft_network(p->network, &part, err), err));
    if (p->classifier)
        VISML_TRY(add_part(whole, "classifier", &part, visml_classifier_draft(p->classifier, &part, err), err));
    return VISML_OK;
}

visml_status visml_pipeline_save(const visml_pipeline *pipeline, const char *path, visml_error *err) {
    VISML_TRY(visml_pipeline_check_fitted(pipeline, err));
    if (!path)
        return visml_fail(err, VISML_EINVAL, "pipeline: path is NULL");
    visml_draft d;
    visml_status status = gather(pipeline, &d, err);
    if (status == VISML_OK)
        status = visml_draft_write(&d, path, "pipeline", err);
    visml_draft_clear(&d);
    return status;
}

/* ---- in ---- */

/* What makes a part of a pipeline. */
typedef visml_status read_part(visml_pipeline *p, const visml_bundle *part, visml_error *err);

static visml_status read_features(visml_pipeline *p, const visml_bundle *part, visml_error *err) {
    p->features = visml_features_from_bundle(p->context, part, err);
    p->given = p->features ? visml_features_from_object(p->context, part->description, err) : NULL;
    return p->given ? VISML_OK : err->code;
}

static visml_status read_network(visml_pipeline *p, const visml_bundle *part, visml_error *err) {
    p->network = visml_model_from_bundle(p->context, part, err);
    if (!p->network)
        return err->code;
    if (p->network->param_count != part->count)
        return visml_fail(err, VISML_EFORMAT, "network: holds %zu tensors, the layers have %zu", part->count, p->network->param_count);
    p->input = p->network->nodes[0].shape;
    const visml_shape *out = visml_model_output_shape(p->network);
    return p->input.rank == 3 && out->rank == 1 && out->dims[0] > 0
               ? VISML_OK
               : visml_fail(err, VISML_EFORMAT, "network: must make a vector of a picture, makes %s of %s", visml_shape_format(out).s,
                            visml_shape_format(&p->input).s);
}

static visml_status read_classifier(visml_pipeline *p, const visml_bundle *part, visml_error *err) {
    p->classifier = visml_classifier_from_bundle(p->context, part, err);
    if (!p->classifier)
        return err->code;
    return visml_classifier_task(p->classifier) == VISML_TASK_CLASSIFICATION
               ? VISML_OK
               : visml_fail(err, VISML_EFORMAT, "classifier: its task must be classification");
}

/* Tensors of no part are none of ours. */
static visml_status read_parts(visml_pipeline *p, const visml_bundle *b, visml_error *err) {
    static const struct {
        const char *name;
        read_part *read;
    } parts[] = {{"features", read_features}, {"network", read_network}, {"classifier", read_classifier}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        visml_bundle part;
        VISML_TRY(visml_bundle_part(b, parts[i].name, &part, err));
        used += part.count;
        visml_status status = part.description ? parts[i].read(p, &part, err) : VISML_OK;
        visml_bundle_clear(&part);
        VISML_TRY(status);
    }
    return used == b->count ? VISML_OK : visml_fail(err, VISML_EFORMAT, "holds %zu tensors, its parts have %zu", b->count, used);
}

static visml_status read_names(visml_pipeline *p, const json_t *list, visml_error *err) {
    size_t n = json_array_size(list);
    const char **names = visml_mem_zalloc(&p->context->memory, n, sizeof *names, err);
    visml_status status = names ? VISML_OK : VISML_ENOMEM;
    for (size_t i = 0; i < n && status == VISML_OK; i++)
        if (!(names[i] = json_string_value(json_array_get(list, i))))
            status = visml_fail(err, VISML_EFORMAT, "\"classes\"[%zu] must be a string", i);
    if (status == VISML_OK && !(p->names = visml_pipeline_names_copy(p->context, names, n, err)))
        status = VISML_ENOMEM;
    visml_mem_free(&p->context->memory, names);
    return status;
}

/* How many classes there are must be what the classifier, or the network, says. */
static visml_status check_width(const visml_pipeline *p, visml_error *err) {
    size_t least = 0;
    if (p->classifier)
        VISML_TRY(visml_pipeline_measure(p->classifier->classes, &least, err));
    else
        least = (size_t)visml_model_output_shape(p->network)->dims[0];
    if (!p->classifier && p->width != (least == 1 ? 2 : least))
        return visml_fail(err, VISML_EFORMAT, "\"classes\" has %zu of them, the network %zu", p->width, least == 1 ? 2 : least);
    return p->width >= least ? VISML_OK : visml_fail(err, VISML_EFORMAT, "\"classes\" has %zu of them, the classifier knows %zu", p->width,
                                                     least);
}

#define MOST_CLASSES (1 << 20)

static visml_status read_classes(visml_pipeline *p, const json_t *classes, visml_error *err) {
    json_int_t n = json_is_array(classes) ? (json_int_t)json_array_size(classes) : json_integer_value(classes);
    if (n < 1 || n > MOST_CLASSES)
        return visml_fail(err, VISML_EFORMAT, "\"classes\" must be a list of names, or their number");
    if (json_is_array(classes))
        VISML_TRY(read_names(p, classes, err));
    p->width = (size_t)n; /* the names are as many */
    return check_width(p, err);
}

static visml_status read_input(visml_pipeline *p, const json_t *input, visml_error *err) {
    int64_t d[3];
    if (!input || p->network)
        return VISML_OK;
    for (size_t i = 0; i < 3; i++) {
        d[i] = json_integer_value(json_array_get(input, i));
        if (d[i] < 1 || d[i] > 65535)
            return visml_fail(err, VISML_EFORMAT, "\"input\" must be the height, width and channels of a picture");
    }
    p->input = visml_shape_make(3, d);
    return VISML_OK;
}

/* What looks makes vectors as long as those that the classifier learned from, where that can be told without a picture. */
static visml_status check_length(const visml_pipeline *p, visml_error *err) {
    int64_t length = 0;
    if (!p->classifier)
        return VISML_OK;
    if (p->network)
        length = visml_model_output_shape(p->network)->dims[0];
    else if (p->input.rank)
        VISML_TRY(visml_features_length(p->features, &p->input, &length, err));
    if (length && length != p->classifier->dims)
        return visml_fail(err, VISML_EFORMAT, "vectors have %lld numbers, those that the classifier learned from %lld", (long long)length,
                          (long long)p->classifier->dims);
    return VISML_OK;
}

static visml_status fill(visml_pipeline *p, const visml_bundle *b, visml_error *err) {
    VISML_TRY(read_parts(p, b, err));
    if (!p->features == !p->network || (p->features && !p->classifier))
        return visml_fail(err, VISML_EFORMAT, "a pipeline has features or a network, and a classifier behind features");
    VISML_TRY(read_classes(p, json_object_get(b->description, "classes"), err));
    VISML_TRY(read_input(p, json_object_get(b->description, "input"), err));
    return check_length(p, err);
}

static void *from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    visml_pipeline *p = visml_pipeline_make(ctx, err);
    if (p && fill(p, b, err) == VISML_OK)
        return p;
    visml_pipeline_free(p);
    return NULL;
}

visml_pipeline *visml_pipeline_load(visml_context *ctx, const char *path, visml_error *err) {
    return visml_bundle_load(ctx, path, "pipeline", "pipeline", from_bundle, err);
}

/* ---- any file ---- */

size_t visml_file_kind(visml_context *ctx, const char *path, char *kind, size_t capacity) {
    visml_bundle b;
    if (kind && capacity)
        kind[0] = 0;
    if (!ctx || !path || (!kind && capacity) || visml_bundle_read(ctx, path, NULL, &b, NULL) < 0)
        return 0;
    size_t n = strlen(b.kind);
    if (kind && capacity)
        snprintf(kind, capacity, "%s", b.kind);
    visml_bundle_clear(&b);
    return n;
}
