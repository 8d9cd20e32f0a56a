/* Pipelines as JSON: {"features": ["hog"], "classifier": "linear_svm"}. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "pipeline/pipeline.h"

/* ---- to ---- */

static json_t *describe(const visml_pipeline *p) {
    json_t *object = json_object();
    if (object && json_object_set_new(object, p->features ? "features" : "network",
                                      p->features ? visml_features_json(p->features) : visml_model_describe(p->network)) == 0 &&
        (!p->classifier || json_object_set_new(object, "classifier", visml_classifier_json(p->classifier)) == 0))
        return object;
    json_decref(object);
    return NULL;
}

size_t visml_pipeline_to_json(const visml_pipeline *pipeline, char *text, size_t capacity) {
    if (!pipeline)
        return 0;
    return visml_description_write(pipeline->context, describe(pipeline), text, capacity);
}

/* ---- from ---- */

static visml_status check_keys(const json_t *object, visml_error *err) {
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return visml_fail(err, VISML_EFORMAT, "pipeline: must be an object {\"features\": ..., \"classifier\": ...}");
    if (json_object_get(object, "network"))
        return visml_fail(err, VISML_EUNSUPPORTED, "pipeline: the parameters of a network are no JSON; call "
                          "visml_pipeline_from_network, or load a file");
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        if (strcmp(key, "features") != 0 && strcmp(key, "classifier") != 0)
            return visml_fail(err, VISML_EFORMAT, "pipeline: there is no key \"%.64s\"; there are \"features\" and \"classifier\"", key);
    return VISML_OK;
}

static visml_pipeline *from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    if (check_keys(object, err) < 0)
        return NULL;
    visml_features *f = visml_features_from_object(ctx, json_object_get(object, "features"), err);
    visml_classifier *c = f ? visml_classifier_from_entry(ctx, json_object_get(object, "classifier"), err) : NULL;
    if (f && c)
        return visml_pipeline_new(ctx, f, c, err);
    visml_features_free(f);
    return NULL;
}

visml_pipeline *visml_pipeline_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    if (!ctx || !text) {
        visml_fail(err, VISML_EINVAL, "pipeline: %s is NULL", ctx ? "text" : "ctx");
        return NULL;
    }
    json_t *object = visml_json_parse("pipeline", text, n, err);
    visml_pipeline *p = object ? from_object(ctx, object, err) : NULL;
    json_decref(object);
    return p;
}
