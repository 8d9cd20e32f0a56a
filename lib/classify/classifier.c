#include "classify/classifier.h"

#include <string.h>

#include "base/error.h"

const visml_classifier_class *const visml_classifier_family[] = {
#define CLASSIFIER(name) &visml_classifier_##name##_class,
#include "classify/classifiers.def"
#undef CLASSIFIER
    NULL,
};

visml_classifier *visml_classifier_make(visml_context *ctx, const visml_classifier_class *cls, const void *opts, visml_error *err) {
    return visml_object_make(ctx, "classifier", &cls->kind, sizeof(visml_classifier), opts, err);
}

/* ---- what it works by ---- */

static void free_list(visml_memory *m, visml_classifier **list, size_t n) {
    for (size_t i = 0; list && i < n; i++)
        visml_classifier_free(list[i]);
    visml_mem_free(m, list);
}

static visml_status take_over(visml_classifier *c, visml_classifier *const *of, size_t n, visml_error *err) {
    c->of = visml_mem_zalloc(visml_classifier_memory(c), n, sizeof(visml_classifier *), err);
    if (!c->of)
        return VISML_ENOMEM;
    memcpy(c->of, of, n * sizeof(visml_classifier *));
    c->of_count = n;
    return VISML_OK;
}

visml_classifier *visml_classifier_make_of(visml_context *ctx, const visml_classifier_class *cls, const void *opts,
                                           visml_classifier *const *of, size_t n, visml_error *err) {
    visml_classifier *c = NULL;
    size_t missing = 0;
    if (!of) {
        visml_fail(err, VISML_EINVAL, "%s: classifiers is NULL", cls->kind.name);
        return NULL;
    }
    while (missing < n && of[missing])
        missing++;
    if (missing < n)
        visml_fail(err, VISML_EINVAL, "%s: classifier %zu of those that it works by is NULL", cls->kind.name, missing);
    else
        c = visml_classifier_make(ctx, cls, opts, err);
    if (!c || take_over(c, of, n, err) < 0)
        for (size_t i = 0; i < n; i++)
            visml_classifier_free(of[i]);
    else if (!cls->check_of || cls->check_of(c, err) == VISML_OK)
        return c;
    visml_classifier_free(c);
    return NULL;
}

static visml_status clone_of(visml_classifier *to, const visml_classifier *from, visml_error *err) {
    to->of = visml_mem_zalloc(visml_classifier_memory(to), from->of_count, sizeof(visml_classifier *), err);
    if (!to->of)
        return VISML_ENOMEM;
    for (; to->of_count < from->of_count; to->of_count++)
        if ((to->of[to->of_count] = visml_classifier_clone(from->of[to->of_count], err)) == NULL)
            return VISML_ENOMEM;
    return VISML_OK;
}

visml_classifier *visml_classifier_clone(const visml_classifier *from, visml_error *err) {
    const visml_object *o = &from->object;
    visml_classifier *c = visml_mem_zalloc(&o->context->memory, 1, sizeof *c, err);
    void *opts = visml_mem_alloc(&o->context->memory, o->kind->opts_size, err);
    if (!c || !opts) {
        visml_mem_free(&o->context->memory, c);
        visml_mem_free(&o->context->memory, opts);
        return NULL;
    }
    /* The options are checked and hold their defaults: these are not to be read a second time. */
    memcpy(opts, o->opts, o->kind->opts_size);
    c->object.kind = o->kind, c->object.opts = opts, c->object.references = 1;
    c->object.context = visml_context_retain(o->context);
    if (clone_of(c, from, err) == VISML_OK)
        return c;
    visml_classifier_free(c);
    return NULL;
}

visml_status visml_classifier_parts_new(visml_classifier *c, size_t n, visml_error *err) {
    c->parts = visml_mem_zalloc(visml_classifier_memory(c), n, sizeof(visml_classifier *), err);
    c->part_count = c->parts ? n : 0;
    return c->parts ? VISML_OK : VISML_ENOMEM;
}

void visml_classifier_free(visml_classifier *classifier) {
    if (!classifier)
        return;
    visml_memory *m = visml_classifier_memory(classifier);
    free_list(m, classifier->of, classifier->of_count);
    free_list(m, classifier->parts, classifier->part_count);
    visml_tensor_release(classifier->classes);
    visml_mem_free(m, classifier->ready);
    visml_object_release(classifier);
}

/* ---- what it is ---- */

visml_task visml_classifier_task(const visml_classifier *classifier) {
    if (!classifier)
        return VISML_TASK_CLASSIFICATION;
    const visml_classifier_class *cls = visml_classifier_class_of(classifier);
    if (cls->task)
        return cls->task(classifier->object.opts);
    if (classifier->of_count)
        return visml_classifier_task(classifier->of[0]);
    visml_task task = VISML_TASK_CLASSIFICATION;
    while (task < VISML_TASK_OUTLIERS && !(cls->can & 1 << task))
        task++;
    return task;
}

const char *visml_classifier_name(const visml_classifier *classifier) {
    return classifier ? visml_classifier_what(classifier) : NULL;
}

int32_t visml_classifier_is_fitted(const visml_classifier *classifier) {
    return classifier && classifier->dims > 0;
}

int64_t visml_classifier_feature_count(const visml_classifier *classifier) {
    return classifier ? classifier->dims : 0;
}

visml_tensor *visml_classifier_classes(const visml_classifier *classifier) {
    return classifier ? classifier->classes : NULL;
}

visml_tensor *visml_classifier_array(const visml_classifier *classifier, const char *name) {
    return classifier && name ? visml_object_array_get(&classifier->object, name) : NULL;
}

int64_t visml_classifier_outputs(const visml_classifier *c) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    if (cls->outputs)
        return cls->outputs(c);
    visml_task task = visml_classifier_task(c);
    if (task == VISML_TASK_CLUSTERING)
        return c->class_count;
    return task == VISML_TASK_CLASSIFICATION && c->class_count != 2 ? c->class_count : 1;
}
