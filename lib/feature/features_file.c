/* Fitted features as a file: a bundle whose description is the JSON of the features, and whose tensors are what each of their objects
 * learned, under the object's number: "0.boxes", "3.mean". */
#include <stdio.h>

#include "base/error.h"
#include "feature/features.h"

typedef struct prefix {
    char s[16];
} prefix;

static prefix prefix_of(size_t i) {
    prefix p;
    snprintf(p.s, sizeof p.s, "%zu", i);
    return p;
}

/* ---- saving ---- */

static size_t count_arrays(const visml_features *f) {
    size_t n = 0;
    const visml_object *o;
    for (size_t i = 0; (o = visml_features_object(f, i)) != NULL; i++)
        n += o->array_count;
    return n;
}

visml_status visml_features_draft(const visml_features *f, visml_draft *d, visml_error *err) {
    const visml_object *o;
    VISML_TRY(visml_draft_begin(d, f->context, visml_features_json(f), count_arrays(f), err));
    for (size_t i = 0; (o = visml_features_object(f, i)) != NULL; i++)
        VISML_TRY(visml_object_save(o, prefix_of(i).s, &d->names, d->tensors, &d->count, err));
    return VISML_OK;
}

visml_status visml_features_save(const visml_features *features, const char *path, visml_error *err) {
    const visml_features *f = features;
    if (!f || !path)
        return visml_fail(err, VISML_EINVAL, "features: %s is NULL", f ? "path" : "features");
    if (!f->branch_count)
        return visml_fail(err, VISML_EINVAL, "features: nothing is looked at; call visml_features_add first");
    if (!visml_features_is_fitted(f))
        return visml_fail(err, VISML_ESTATE, "features: not fitted yet; call visml_features_fit first");
    visml_draft d;
    visml_status status = visml_features_draft(f, &d, err);
    if (status == VISML_OK)
        status = visml_draft_write(&d, path, "features", err);
    visml_draft_clear(&d);
    return status;
}

/* ---- loading ---- */

/* The vectors that one transform makes are those that the next one learned from. */
static visml_status check_chain(const visml_features *f, visml_error *err) {
    int64_t length = 0;
    for (size_t i = 0; i < f->transform_count; i++) {
        const visml_transform *t = f->transforms[i];
        if (length && t->dims && t->dims != length)
            return visml_fail(err, VISML_EFORMAT, "%s learned from vectors of %lld numbers, those that it gets have %lld",
                              t->object.kind->name, (long long)t->dims, (long long)length);
        if (t->dims || length)
            length = visml_transform_class_of(t)->length(t, t->dims ? t->dims : length);
    }
    return VISML_OK;
}

static visml_status check_all(const visml_features *f, const visml_bundle *b, visml_error *err) {
    size_t n = count_arrays(f);
    if (!f->branch_count)
        return visml_fail(err, VISML_EFORMAT, "features: nothing is looked at");
    if (n != b->count)
        return visml_fail(err, VISML_EFORMAT, "holds %zu tensors, the features have %zu", b->count, n);
    if (!visml_features_is_fitted(f))
        return visml_fail(err, VISML_EFORMAT, "features: what was learned is missing");
    return check_chain(f, err);
}

static visml_status load_objects(visml_features *f, const visml_bundle *b, visml_error *err) {
    visml_object *o;
    for (size_t i = 0; (o = visml_features_object(f, i)) != NULL; i++)
        VISML_TRY(visml_object_load(o, prefix_of(i).s, b, err));
    for (size_t i = 0; i < f->branch_count; i++)
        f->branches[i].extractor->fitted = 1;
    f->closed = 1;
    return check_all(f, b, err);
}

visml_features *visml_features_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    visml_features *f = visml_features_from_object(ctx, b->description, err);
    if (f && load_objects(f, b, err) == VISML_OK)
        return f;
    visml_features_free(f);
    return NULL;
}

static void *from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err) {
    return visml_features_from_bundle(ctx, b, err);
}

visml_features *visml_features_load(visml_context *ctx, const char *path, visml_error *err) {
    return visml_bundle_load(ctx, path, "features", "features", from_bundle, err);
}
