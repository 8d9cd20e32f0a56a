/* Fitted classifiers as a file: a bundle whose description is the JSON of the classifier with what it learned from and the parts that it
 * works by, {"class": ..., "features": 784, "classes": [0, 1], "parts": [{"class": ...}, ...]}; its tensors are the arrays of each, under
 * its number: the classifier is 0, then its parts, each followed by its own. */
#include <stdio.h>

#include "base/error.h"
#include "classify/checks.h"
#include "classify/classifier.h"

typedef struct prefix {
    char s[24];
} prefix;

static prefix prefix_of(size_t i) {
    prefix p;
    snprintf(p.s, sizeof p.s, "%zu", i);
    return p;
}

/* ---- saving ---- */

static json_t *fitted_json(const visml_classifier *c);

static int add_classes(json_t *object, const visml_tensor *classes) {
    const int32_t *labels = (const int32_t *)(const void *)classes->data;
    json_t *list = json_array();
    int failed = json_object_set_new(object, "classes", list);
    for (int64_t i = 0; !failed && i < classes->count; i++)
        failed = json_array_append_new(list, json_integer(labels[i]));
    return failed;
}

static int add_parts(json_t *object, const visml_classifier *c) {
    json_t *list = json_array();
    int failed = json_object_set_new(object, "parts", list);
    for (size_t i = 0; !failed && i < c->part_count; i++)
        failed = json_array_append_new(list, fitted_json(c->parts[i]));
    return failed;
}

static json_t *fitted_json(const visml_classifier *c) {
    json_t *object = visml_classifier_json(c);
    if (object && json_object_set_new(object, "features", json_integer(c->dims)) == 0 &&
        (!c->classes || !add_classes(object, c->classes)) && (!c->part_count || !add_parts(object, c)))
        return object;
    json_decref(object);
    return NULL;
}

static size_t count_arrays(const visml_classifier *c) {
    size_t n = c->object.array_count;
    for (size_t i = 0; i < c->part_count; i++)
        n += count_arrays(c->parts[i]);
    return n;
}

static visml_status list_arrays(const visml_classifier *c, size_t *number, visml_draft *d, visml_error *err) {
    VISML_TRY(visml_object_save(&c->object, prefix_of((*number)++).s, &d->names, d->tensors, &d->count, err));
    for (size_t i = 0; i < c->part_count; i++)
        VISML_TRY(list_arrays(c->parts[i], number, d, err));
    return VISML_OK;
}

visml_status visml_classifier_draft(const visml_classifier *c, visml_draft *d, visml_error *err) {
    size_t number = 0;
    VISML_TRY(visml_draft_begin(d, c->object.context, fitted_json(c), count_arrays(c), err));
    return list_arrays(c, &number, d, err);
}

visml_status visml_classifier_save(const visml_classifier *classifier, const char *path, visml_error *err) {
    if (!classifier || !path)
        return visml_fail(err, VISML_EINVAL, "classifier: %s is NULL", classifier ? "path" : "classifier");
    if (!classifier->dims)
        return visml_fail(err, VISML_ESTATE, "%s: not fitted yet; call visml_classifier_fit first", visml_classifier_what(classifier));
    visml_draft d;
    visml_status status = visml_classifier_draft(classifier, &d, err);
    if (status == VISML_OK)
        status = visml_draft_write(&d, path, "classifier", err);
    visml_draft_clear(&d);
    return status;
}

/* ---- loading ---- */

static visml_status read_classes(visml_classifier *c, const json_t *list, visml_error *err) {
    size_t n = json_array_size(list);
    int classifies = visml_classifier_task(c) == VISML_TASK_CLASSIFICATION;
    if (classifies != (n > 0))
        return visml_fail(err, VISML_EFORMAT, "%s: \"classes\" must %s", visml_classifier_what(c),
                          classifies ? "be a list of labels" : "not be there");
    if (!classifies)
        return VISML_OK;
    c->classes = visml_tensor_new(c->object.context, VISML_I32, VISML_SHAPE((int64_t)n), err);
    if (!c->classes)
        return VISML_ENOMEM;
    int32_t *labels = (int32_t *)(void *)c->classes->data;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        json_int_t label = json_integer_value(v);
        if (!json_is_integer(v) || label != (int32_t)label || (i && label <= labels[i - 1]))
            return visml_fail(err, VISML_EFORMAT, "%s: classes[%zu] must be a whole number of 32 bits, greater than the one before",
                              visml_classifier_what(c), i);
        labels[i] = (int32_t)label;
    }
    c->class_count = (int64_t)n;
    return VISML_OK;
}

#define MOST_FEATURES (INT64_C(1) << 40)

static visml_status read_facts(visml_classifier *c, const json_t *object, visml_error *err) {
    const json_t *features = json_object_get(object, "features");
    json_int_t d = json_integer_value(features);
    if (!json_is_integer(features) || d < 1 || d > MOST_FEATURES)
        return visml_fail(err, VISML_EFORMAT, "%s: \"features\" must be the number of columns that it learned from",
                          visml_classifier_what(c));
    c->dims = (int64_t)d;
    return read_classes(c, json_object_get(object, "classes"), err);
}

/* With all its parts, without what they learned. */
static visml_classifier *from_fitted(visml_context *ctx, const json_t *object, visml_error *err);

static visml_status read_parts(visml_classifier *c, const json_t *list, visml_error *err) {
    size_t n = json_array_size(list);
    if (n == 0)
        return VISML_OK;
    VISML_TRY(visml_classifier_parts_new(c, n, err));
    for (size_t i = 0; i < n; i++)
        if ((c->parts[i] = from_fitted(c->object.context, json_array_get(list, i), err)) == NULL)
            return VISML_EFORMAT;
    return VISML_OK;
}

static visml_classifier *from_fitted(visml_context *ctx, const json_t *object, visml_error *err) {
    visml_classifier *c = visml_classifier_from_object(ctx, object, err);
    if (c && read_facts(c, object, err) == VISML_OK && read_parts(c, json_object_get(object, "parts"), err) == VISML_OK)
        return c;
    visml_classifier_free(c);
    return NULL;
}

/* Parts first: a class that looks at what it has finds them ready. Numbers are those of saving. */
/* Numbers that cannot be worked with are none that a classifier has learned. */
static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    visml_error why = {0};
    visml_status status = cls->prepare ? cls->prepare(c, k, &why) : VISML_OK;
    if (status == VISML_OK)
        return VISML_OK;
    return visml_fail(err, status == VISML_ENONFINITE ? VISML_EFORMAT : status, "%s", why.message);
}

static visml_status load_learned(visml_classifier *c, const visml_compute *k, const visml_bundle *b, size_t *number, visml_error *err) {
    size_t own = (*number)++;
    for (size_t i = 0; i < c->part_count; i++)
        VISML_TRY(load_learned(c->parts[i], k, b, number, err));
    VISML_TRY(visml_object_load(&c->object, prefix_of(own).s, b, err));
    return prepare(c, k, err);
}

static visml_status load_all(visml_classifier *c, const visml_bundle *b, visml_error *err) {
    visml_compute k = visml_context_compute(c->object.context);
    size_t number = 0;
    VISML_TRY(load_learned(c, &k, b, &number, err));
    size_t n = count_arrays(c);
    if (n != b->count)
        return visml_fail(err, VISML_EFORMAT, "%s: %zu tensors, the classifier has %zu", visml_classifier_what(c), b->count, n);
    return VISML_OK;
}

visml_classifier *visml_classifier_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    visml_classifier *c = from_fitted(ctx, b->description, err);
    if (c && load_all(c, b, err) == VISML_OK)
        return c;
    visml_classifier_free(c);
    return NULL;
}

static void *from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    return visml_classifier_from_bundle(ctx, b, err);
}

visml_classifier *visml_classifier_load(visml_context *ctx, const char *path, visml_error *err) {
    return visml_bundle_load(ctx, path, "classifier", "classifier", from_bundle, err);
}
