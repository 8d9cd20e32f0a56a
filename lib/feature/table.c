/* The vectors of a dataset. */
#include "feature/table.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/walk_dataset.h"

visml_table *visml_table_retain(const visml_table *t) {
    visml_table *mine = (visml_table *)(uintptr_t)t; /* the count is not what const promises */
    atomic_fetch_add_explicit(&mine->references, 1, memory_order_relaxed);
    return mine;
}

void visml_table_free(visml_table *table) {
    visml_table *t = table;
    if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_context *ctx = t->context;
    visml_memory *m = &ctx->memory;
    visml_tensor_release(t->values);
    visml_tensor_release(t->labels);
    visml_mem_free(m, t->samples);
    visml_mem_free(m, t->paths);
    visml_mem_free(m, t->class_names);
    visml_arena_clear(&t->arena);
    visml_mem_free(m, t);
    visml_context_release(ctx);
}

/* ---- what is in it ---- */

int64_t visml_table_count(const visml_table *table) {
    return table ? table->count : 0;
}

int64_t visml_table_length(const visml_table *table) {
    return table ? table->length : 0;
}

visml_tensor *visml_table_values(const visml_table *table) {
    return table ? table->values : NULL;
}

visml_tensor *visml_table_labels(const visml_table *table) {
    return table ? table->labels : NULL;
}

int64_t visml_table_sample(const visml_table *table, int64_t i) {
    return table && i >= 0 && i < table->count ? table->samples[i] : -1;
}

const char *visml_table_path(const visml_table *table, int64_t i) {
    return table && table->paths && i >= 0 && i < table->count ? table->paths[i] : NULL;
}

size_t visml_table_class_count(const visml_table *table) {
    return table ? table->classes : 0;
}

const char *visml_table_class_name(const visml_table *table, size_t k) {
    return table && k < table->classes ? table->class_names[k] : NULL;
}

/* ---- making one ---- */

typedef struct extraction {
    const visml_features *f;
    visml_dataset *dataset;
    visml_feature_run_opts opts;
    visml_compute compute;
    visml_table *to;    /* its count grows */
    int64_t d;          /* numbers before the transforms */
    int64_t held, block; /* rows in x; how many it has room for */
    int64_t base;        /* row of the first picture of a walk's block */
    float *x;            /* [block, d]; without transforms these are the table's rows */
} extraction;

static visml_status look(void *user, visml_features_worker *w, const visml_tensor *image, int64_t i, size_t slot, visml_error *err) {
    extraction *e = user;
    if (w->plan.length != e->d)
        return visml_fail(err, VISML_EINVAL, "features: picture %lld gives a vector of %lld numbers, the first one %lld; bring pictures to "
                          "one size", (long long)i, (long long)w->plan.length, (long long)e->d);
    return visml_features_picture(e->f, w, image, e->x + (e->base + (int64_t)slot) * e->d, err);
}

/* The rows that are held go through the transforms and become the table's last ones. */
static visml_status flush(extraction *e, visml_error *err) {
    visml_table *t = e->to;
    float *y = NULL;
    if (!e->held || !e->f->transform_count)
        return VISML_OK;
    VISML_TRY(visml_features_transforms(e->f, &e->compute, 0, e->f->transform_count, e->held, e->d, e->x, &y, err));
    memcpy((float *)(void *)t->values->data + (t->count - e->held) * t->length, y, (size_t)(e->held * t->length) * sizeof *y);
    if (y != e->x)
        visml_mem_free(&t->context->memory, y);
    e->held = 0;
    return VISML_OK;
}

static visml_status begin(void *user, size_t pictures, visml_error *err) {
    extraction *e = user;
    if (e->held + (int64_t)pictures > e->block)
        VISML_TRY(flush(e, err));
    e->base = e->held;
    return VISML_OK;
}

static visml_status name_row(extraction *e, int64_t i, visml_error *err) {
    const char *path = visml_dataset_path(e->dataset, i);
    if (!e->to->paths)
        return VISML_OK;
    e->to->paths[e->to->count] = visml_arena_strndup(&e->to->arena, path ? path : "", path ? strlen(path) : 0, err);
    return e->to->paths[e->to->count] ? VISML_OK : VISML_ENOMEM;
}

static visml_status take(void *user, int64_t i, size_t slot, visml_error *err) {
    extraction *e = user;
    visml_table *t = e->to;
    VISML_TRY(name_row(e, i, err));
    if (e->held != e->base + (int64_t)slot) /* a picture before it was passed over */
        memcpy(e->x + e->held * e->d, e->x + (e->base + (int64_t)slot) * e->d, (size_t)e->d * sizeof *e->x);
    e->held++;
    ((int32_t *)(void *)t->labels->data)[t->count] = visml_dataset_label(e->dataset, i);
    t->samples[t->count++] = i;
    return VISML_OK;
}

static visml_status copy_classes(visml_table *t, const visml_dataset *ds, visml_error *err) {
    size_t n = visml_dataset_class_count(ds);
    t->class_names = visml_mem_zalloc(&t->context->memory, n + 1, sizeof *t->class_names, err);
    if (!t->class_names)
        return VISML_ENOMEM;
    for (size_t k = 0; k < n; k++) {
        const char *name = visml_dataset_class_name(ds, k);
        t->class_names[k] = visml_arena_strndup(&t->arena, name, strlen(name), err);
        if (!t->class_names[k])
            return VISML_ENOMEM;
    }
    t->classes = n;
    return VISML_OK;
}

/* A table with room for all pictures. */
static visml_status make_table(extraction *e, int64_t length, visml_error *err) {
    visml_context *ctx = e->f->context;
    int64_t n = visml_dataset_count(e->dataset);
    visml_table *t = e->to = visml_mem_zalloc(&ctx->memory, 1, sizeof *t, err);
    if (!t)
        return VISML_ENOMEM;
    t->context = visml_context_retain(ctx);
    t->references = 1;
    t->length = length;
    visml_arena_init(&t->arena, &ctx->memory);
    t->values = visml_tensor_unset(ctx, VISML_F32, VISML_SHAPE(n, length), err); /* rows that are not set are cut off */
    t->labels = t->values ? visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), err) : NULL;
    t->samples = t->labels ? visml_mem_zalloc(&ctx->memory, (size_t)n + 1, sizeof *t->samples, err) : NULL;
    if (!t->samples)
        return VISML_ENOMEM;
    if (visml_dataset_path(e->dataset, 0) && !(t->paths = visml_mem_zalloc(&ctx->memory, (size_t)n, sizeof *t->paths, err)))
        return VISML_ENOMEM;
    return copy_classes(t, e->dataset, err);
}

/* Room for vectors before the transforms: a quarter of what may be used, or for all; for a block of the walk at least. */
static visml_status make_room(extraction *e, visml_error *err) {
    visml_memory *m = &e->f->context->memory;
    int64_t n = visml_dataset_count(e->dataset), most = (int64_t)(e->opts.memory / 4 / ((uint64_t)e->d * sizeof *e->x));
    size_t bytes;
    if (!e->f->transform_count) {
        e->x = (float *)(void *)e->to->values->data;
        e->block = n;
        return VISML_OK;
    }
    e->block = most < VISML_WALK_BLOCK ? VISML_WALK_BLOCK : most;
    e->block = n < e->block ? n : e->block;
    if (!visml_size_mul((size_t)e->block, (size_t)e->d, &bytes) || !visml_size_mul(bytes, sizeof *e->x, &bytes))
        return visml_fail(err, VISML_ENOMEM, "features: vectors of %lld numbers do not fit in memory", (long long)e->d);
    e->x = visml_mem_alloc(m, bytes, err);
    return e->x ? VISML_OK : VISML_ENOMEM;
}

/* Pictures that were passed over leave no rows. */
static visml_status cut_rows(visml_table *t, visml_error *err) {
    visml_tensor **both[] = {&t->values, &t->labels};
    for (int i = 0; i < 2; i++) {
        visml_tensor *whole = *both[i], *rows = whole->shape.dims[0] == t->count ? whole : visml_tensor_slice(whole, 0, t->count, err);
        if (!rows)
            return VISML_ENOMEM;
        if (rows != whole)
            visml_tensor_release(whole);
        *both[i] = rows;
    }
    return VISML_OK;
}

static visml_status extract(extraction *e, visml_error *err) {
    visml_features_plan plan;
    visml_shape s;
    int64_t length;
    VISML_TRY(visml_dataset_sample_shape(e->dataset, &s, err));
    VISML_TRY(visml_features_length(e->f, &s, &length, err));
    VISML_TRY(visml_features_plan_make(e->f, &e->compute, 0, s.dims[0], s.dims[1], s.dims[2], &plan, err));
    e->d = plan.length;
    VISML_TRY(make_table(e, length, err));
    VISML_TRY(make_room(e, err));
    visml_dataset_walk walk = {.features = e->f, .dataset = e->dataset, .opts = &e->opts, .pass = 1, .passes = 1, .user = e,
                               .begin = begin, .look = look, .take = take};
    VISML_TRY(visml_dataset_walk_run(&walk, err));
    VISML_TRY(flush(e, err));
    return cut_rows(e->to, err);
}

static visml_status check(const visml_features *f, const visml_dataset *ds, visml_error *err) {
    if (!f || !ds)
        return visml_fail(err, VISML_EINVAL, "features: %s is NULL", f ? "dataset" : "features");
    if (!f->branch_count)
        return visml_fail(err, VISML_EINVAL, "features: nothing is looked at; call visml_features_add first");
    return VISML_OK;
}

visml_table *visml_features_extract(const visml_features *features, visml_dataset *dataset, const visml_feature_run_opts *opts,
                                    visml_error *err) {
    extraction e = {.f = features, .dataset = dataset};
    if (check(features, dataset, err) < 0 ||
        visml_options_read("features", visml_feature_run_fields, opts, &e.opts, sizeof e.opts, err) < 0)
        return NULL;
    visml_memory *m = &features->context->memory;
    e.compute = visml_context_compute(features->context);
    visml_status status = extract(&e, err);
    if (features->transform_count)
        visml_mem_free(m, e.x);
    if (status == VISML_OK)
        return e.to;
    visml_table_free(e.to);
    return NULL;
}
