/* Classifiers as JSON: {"class": "voting", "soft": true, "of": ["gaussian_naive_bayes", {"class": "random_forest", "trees": 50}]}. */
#include "base/error.h"
#include "classify/classifier.h"

static const char *name_of(size_t i) {
    return visml_classifier_family[i] ? visml_classifier_family[i]->kind.name : NULL;
}
static const visml_family family = {"classifier", name_of};

/* ---- to ---- */

json_t *visml_classifier_json(const visml_classifier *c) {
    json_t *object = visml_object_json(&c->object);
    if (!object || !c->of_count)
        return object;
    json_t *of = json_array();
    int failed = !of;
    for (size_t i = 0; !failed && i < c->of_count; i++)
        failed = json_array_append_new(of, visml_classifier_json(c->of[i]));
    if (!failed && json_object_set(object, "of", of) == 0) {
        json_decref(of);
        return object;
    }
    json_decref(of);
    json_decref(object);
    return NULL;
}

size_t visml_classifier_to_json(const visml_classifier *classifier, char *text, size_t capacity) {
    if (!classifier)
        return 0;
    return visml_description_write(classifier->object.context, visml_classifier_json(classifier), text, capacity);
}

/* ---- from ---- */

/* A name stands for an object with nothing else in it. */
visml_classifier *visml_classifier_from_entry(visml_context *ctx, const json_t *entry, visml_error *err) {
    if (!json_is_string(entry))
        return visml_classifier_from_object(ctx, entry, err);
    json_t *object = json_pack("{s:O}", "class", entry);
    visml_classifier *c = NULL;
    if (object)
        c = visml_classifier_from_object(ctx, object, err);
    else
        visml_fail(err, VISML_ENOMEM, "classifier: out of memory");
    json_decref(object);
    return c;
}

static visml_status add_entries(visml_classifier *c, const json_t *of, visml_error *err) {
    size_t n = json_array_size(of);
    if (!json_is_array(of) || n < 1)
        return visml_fail(err, VISML_EFORMAT, "%s: \"of\" must be a list of classifiers", visml_classifier_what(c));
    c->of = visml_mem_zalloc(visml_classifier_memory(c), n, sizeof(visml_classifier *), err);
    if (!c->of)
        return VISML_ENOMEM;
    for (visml_error why = {0}; c->of_count < n; c->of_count++) {
        c->of[c->of_count] = visml_classifier_from_entry(c->object.context, json_array_get(of, c->of_count), &why);
        if (!c->of[c->of_count])
            return visml_fail(err, why.code, "%s: of[%zu]: %s", visml_classifier_what(c), c->of_count, why.message);
    }
    return VISML_OK;
}

visml_classifier *visml_classifier_from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", "of", "features", "classes", "parts", NULL};
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    const visml_classifier_class *cls = visml_classifier_family[i];
    visml_classifier *c = visml_object_from_json(ctx, "classifier", &cls->kind, sizeof(visml_classifier), object, known, err);
    const json_t *of = json_object_get(object, "of");
    visml_status status = !c ? VISML_ENOMEM : VISML_OK;
    if (c && of)
        status = add_entries(c, of, err);
    if (c && status == VISML_OK && cls->check_of)
        status = cls->check_of(c, err);
    else if (c && status == VISML_OK && of)
        status = visml_fail(err, VISML_EFORMAT, "%s: \"of\": it works by no others", cls->kind.name);
    if (status == VISML_OK)
        return c;
    visml_classifier_free(c);
    return NULL;
}

visml_classifier *visml_classifier_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "classifier: ctx is NULL");
        return NULL;
    }
    json_t *object = visml_description_read(&family, ctx, text, n, err);
    visml_classifier *c = object ? visml_classifier_from_object(ctx, object, err) : NULL;
    json_decref(object);
    return c;
}
