/* Putting features together. */
#include "feature/features.h"

#include <string.h>

#include "base/error.h"


static const char *const fit_names[] = {"stretch", "crop", "pad", NULL};
static const char *const filter_names[] = {"bilinear", "nearest", "area", NULL};
static const char *const color_names[] = {"as_is", "gray", "", "rgb", NULL};

const visml_field visml_features_fields[] = {
    VISML_FIELD(visml_features_opts, height, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD(visml_features_opts, width, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD_OF_ENUM(visml_features_opts, color, 0, color_names),
    VISML_FIELD_OF_ENUM(visml_features_opts, fit, 0, fit_names),
    VISML_FIELD_OF_ENUM(visml_features_opts, filter, 0, filter_names),
    VISML_FIELD(visml_features_opts, equalize, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_features_opts),
    {0},
};

visml_features *visml_features_new(visml_context *ctx, const visml_features_opts *opts, visml_error *err) {
    if (!ctx) {
        visml_fail(err, VISML_EINVAL, "features: ctx is NULL, must be a context");
        return NULL;
    }
    visml_features *f = visml_mem_zalloc(&ctx->memory, 1, sizeof *f, err);
    if (!f)
        return NULL;
    f->context = visml_context_retain(ctx);
    f->references = 1;
    if (visml_options_read("features", visml_features_fields, opts, &f->opts, sizeof f->opts, err) == VISML_OK) {
        if (!f->opts.height == !f->opts.width)
            return f;
        visml_fail(err, VISML_EINVAL, "features: height is %d and width %d; give both, or neither", (int)f->opts.height,
                   (int)f->opts.width);
    }
    visml_features_free(f);
    return NULL;
}

visml_features *visml_features_retain(const visml_features *f) {
    visml_features *mine = (visml_features *)(uintptr_t)f; /* the count is not what const promises */
    atomic_fetch_add_explicit(&mine->references, 1, memory_order_relaxed);
    return mine;
}

static void free_branch(visml_branch *b) {
    visml_extractor_free(b->extractor);
    visml_regions_free(b->regions);
    visml_aggregator_free(b->encode);
    visml_aggregator_free(b->pool);
}

void visml_features_free(visml_features *features) {
    visml_features *f = features;
    if (!f || atomic_fetch_sub_explicit(&f->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = f->context;
    for (size_t i = 0; i < f->branch_count; i++)
        free_branch(&f->branches[i]);
    for (size_t i = 0; i < f->transform_count; i++)
        visml_transform_free(f->transforms[i]);
    visml_mem_free(&ctx->memory, f);
    visml_context_release(ctx);
}

static visml_status share_learned(visml_features *to, const visml_features *from, visml_error *err) {
    const visml_object *o;
    for (size_t i = 0; (o = visml_features_object(from, i)) != NULL; i++)
        VISML_TRY(visml_object_arrays_share(visml_features_object(to, i), o, err));
    for (size_t i = 0; i < from->branch_count; i++)
        to->branches[i].extractor->fitted = from->branches[i].extractor->fitted;
    return VISML_OK;
}

visml_features *visml_features_copy(const visml_features *f, visml_error *err) {
    json_t *description = visml_features_json(f);
    if (!description) {
        visml_fail(err, VISML_ENOMEM, "features: out of memory");
        return NULL;
    }
    visml_features *copy = visml_features_from_object(f->context, description, err);
    json_decref(description);
    if (!copy || share_learned(copy, f, err) == VISML_OK)
        return copy;
    visml_features_free(copy);
    return NULL;
}

/* ---- adding ---- */

static visml_status check_add(const visml_features *f, const void *what, const char *name, visml_error *err) {
    if (!f || !what)
        return visml_fail(err, VISML_EINVAL, "features: %s is NULL%s", f ? name : "features", f ? "; making it failed?" : "");
    if (f->closed)
        return visml_fail(err, VISML_ESTATE, "features: fitted already; what has learned from the others cannot have more of them");
    return VISML_OK;
}

static visml_status add_extractor(visml_features *f, visml_extractor *e, visml_error *err) {
    VISML_TRY(check_add(f, e, "extractor", err));
    if (f->branch_count == VISML_MAX_BRANCHES)
        return visml_fail(err, VISML_ELIMIT, "features: there are %d extractors, the most that can be", VISML_MAX_BRANCHES);
    visml_regions *whole = visml_regions_whole(f->context, err);
    if (!whole)
        return VISML_ENOMEM;
    f->branches[f->branch_count++] = (visml_branch){.extractor = visml_object_retain(e), .regions = whole};
    return VISML_OK;
}

visml_status visml_features_add(visml_features *features, visml_extractor *extractor, visml_error *err) {
    visml_status status = add_extractor(features, extractor, err);
    visml_extractor_free(extractor);
    return status;
}

/* The branch that was added last. */
static visml_status last_branch(visml_features *f, const void *what, const char *name, visml_branch **b, visml_error *err) {
    VISML_TRY(check_add(f, what, name, err));
    if (!f->branch_count)
        return visml_fail(err, VISML_ESTATE, "features: there is no extractor yet; call visml_features_add first");
    *b = &f->branches[f->branch_count - 1];
    return VISML_OK;
}

visml_status visml_features_over(visml_features *features, visml_regions *regions, visml_error *err) {
    visml_branch *b = NULL;
    visml_status status = last_branch(features, regions, "regions", &b, err);
    if (status < 0) {
        visml_regions_free(regions);
        return status;
    }
    visml_regions_free(b->regions);
    b->regions = regions;
    return VISML_OK;
}

/* Takes the aggregator over, also on failure. */
static visml_status set_aggregator(visml_features *f, visml_aggregator *a, int pool, visml_error *err) {
    visml_branch *b = NULL;
    visml_status status = last_branch(f, a, "aggregator", &b, err);
    if (status < 0) {
        visml_aggregator_free(a);
        return status;
    }
    visml_aggregator **to = pool ? &b->pool : &b->encode;
    visml_aggregator_free(*to);
    *to = a;
    return VISML_OK;
}

visml_status visml_features_encode(visml_features *features, visml_aggregator *aggregator, visml_error *err) {
    return set_aggregator(features, aggregator, 0, err);
}

visml_status visml_features_pool(visml_features *features, visml_aggregator *aggregator, visml_error *err) {
    return set_aggregator(features, aggregator, 1, err);
}

visml_status visml_features_then(visml_features *features, visml_transform *transform, visml_error *err) {
    visml_features *f = features;
    visml_status status = check_add(f, transform, "transform", err);
    if (status == VISML_OK && f->transform_count == VISML_MAX_TRANSFORMS)
        status = visml_fail(err, VISML_ELIMIT, "features: there are %d transforms, the most that can be", VISML_MAX_TRANSFORMS);
    if (status < 0)
        visml_transform_free(transform);
    else
        f->transforms[f->transform_count++] = transform;
    return status;
}

/* ---- what it is made of ---- */

static visml_object *part_of(const visml_branch *b, size_t i) {
    visml_object *parts[] = {&b->extractor->object, &b->regions->object, b->encode ? &b->encode->object : NULL,
                             b->pool ? &b->pool->object : NULL};
    size_t n = 0;
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        if (parts[k] && n++ == i)
            return parts[k];
    return NULL;
}

visml_object *visml_features_object(const visml_features *f, size_t i) {
    for (size_t k = 0; k < f->branch_count; k++) {
        const visml_branch *b = &f->branches[k];
        size_t parts = 2 + (b->encode != NULL) + (b->pool != NULL);
        if (i < parts)
            return part_of(b, i);
        i -= parts;
    }
    return i < f->transform_count ? &f->transforms[i]->object : NULL;
}

static int branch_waits(const visml_branch *b) {
    return visml_extractor_waits(b->extractor) || (b->encode && visml_aggregator_waits(b->encode)) ||
           (b->pool && visml_aggregator_waits(b->pool));
}

int32_t visml_features_is_fitted(const visml_features *features) {
    const visml_features *f = features;
    if (!f || !f->branch_count)
        return 0;
    for (size_t i = 0; i < f->branch_count; i++)
        if (branch_waits(&f->branches[i]))
            return 0;
    for (size_t i = 0; i < f->transform_count; i++)
        if (visml_transform_waits(f->transforms[i]))
            return 0;
    return 1;
}
