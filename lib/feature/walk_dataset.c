#include "feature/walk_dataset.h"

#include <string.h>

#include "base/error.h"
#include "data/dataset.h"

typedef struct state {
    const visml_dataset_walk *walk;
    visml_context *context;
    visml_features_worker *workers;
    int64_t first; /* of the block */
    struct {
        visml_status status;
        int32_t invalid; /* the picture could not be read: for the dataset to list */
        visml_error error;
    } slots[VISML_WALK_BLOCK];
} state;

static visml_status look_at(state *s, size_t slot, size_t worker, visml_error *err) {
    const visml_dataset_walk *walk = s->walk;
    int64_t i = s->first + (int64_t)slot;
    visml_features_worker *w = &s->workers[worker];
    visml_tensor *image = visml_dataset_read(walk->dataset, i, err);
    if (!image) {
        s->slots[slot].invalid = err->code != VISML_ENOMEM;
        return err->code;
    }
    visml_status status = visml_features_check_image(&w->compute, image, err);
    s->slots[slot].invalid = status < 0;
    if (status == VISML_OK)
        status = visml_features_prepare(walk->features, w, image, err);
    if (status == VISML_OK)
        status = walk->look(walk->user, w, image, i, slot, err);
    visml_tensor_release(image);
    return status;
}

static void look_task(void *arg, size_t slot, size_t worker) {
    state *s = arg;
    visml_error err = {0};
    s->slots[slot].invalid = 0;
    s->slots[slot].status = look_at(s, slot, worker, &err);
    if (s->slots[slot].status < 0)
        s->slots[slot].error = err;
}

static visml_status fail_as(const visml_error *why, visml_error *err) {
    if (err)
        *err = *why;
    return why->code;
}

/* A picture that could not be read is listed, or fails the walk, as the dataset was told. */
static visml_status handle_invalid(const state *s, size_t slot, visml_error *err) {
    visml_dataset *ds = s->walk->dataset;
    visml_source *source = ds->source;
    int64_t index = visml_dataset_source_index(ds, s->first + (int64_t)slot);
    visml_sample_name name = visml_source_sample_name(source, index);
    const char *reason = s->slots[slot].error.message, *shown = visml_sample_name_text(&name);
    size_t skip = strlen(shown);
    if (source->opts.on_invalid == VISML_INVALID_ERROR)
        return fail_as(&s->slots[slot].error, err);
    if (strncmp(reason, shown, skip) == 0 && reason[skip] == ':') /* the list has the name in a place of its own */
        reason += skip + 2;
    return visml_invalid_add(&source->invalid, source->count, index, reason, err);
}

static visml_status take_slot(const state *s, size_t slot, visml_error *err) {
    const visml_dataset_walk *walk = s->walk;
    if (s->slots[slot].invalid)
        return handle_invalid(s, slot, err);
    if (s->slots[slot].status < 0)
        return fail_as(&s->slots[slot].error, err);
    return walk->take ? walk->take(walk->user, s->first + (int64_t)slot, slot, err) : VISML_OK;
}

static visml_status report(const visml_dataset_walk *walk, int64_t done, int64_t total, visml_error *err) {
    visml_feature_progress p = {.size = sizeof p, .pass = walk->pass, .passes = walk->passes, .done = done, .total = total};
    if (!walk->opts || !walk->opts->progress || walk->opts->progress(walk->opts->user, &p) == 0)
        return VISML_OK;
    return visml_fail(err, VISML_ECANCELLED, "features: stopped by the caller after %lld of %lld pictures", (long long)done,
                      (long long)total);
}

static visml_status walk_blocks(state *s, const visml_parallel *parallel, visml_error *err) {
    int64_t total = visml_dataset_count(s->walk->dataset);
    for (s->first = 0; s->first < total; s->first += VISML_WALK_BLOCK) {
        size_t n = total - s->first < VISML_WALK_BLOCK ? (size_t)(total - s->first) : VISML_WALK_BLOCK;
        if (s->walk->begin)
            VISML_TRY(s->walk->begin(s->walk->user, n, err));
        visml_parallel_run(parallel, n, look_task, s);
        for (size_t slot = 0; slot < n; slot++)
            VISML_TRY(take_slot(s, slot, err));
        VISML_TRY(report(s->walk, s->first + (int64_t)n, total, err));
    }
    return VISML_OK;
}

visml_status visml_dataset_walk_run(const visml_dataset_walk *walk, visml_error *err) {
    visml_context *ctx = walk->features->context;
    visml_compute c = visml_context_compute(ctx);
    visml_memory *m = &ctx->memory;
    state *s = visml_mem_zalloc(m, 1, sizeof *s, err);
    visml_features_worker *workers = s ? visml_mem_zalloc(m, c.parallel->workers, sizeof *workers, err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (workers) {
        *s = (state){.walk = walk, .context = ctx, .workers = workers};
        for (size_t i = 0; i < c.parallel->workers; i++)
            workers[i] = (visml_features_worker){.compute = visml_context_alone(ctx), .raw = walk->raw};
        status = walk_blocks(s, c.parallel, err);
        for (size_t i = 0; i < c.parallel->workers; i++)
            visml_features_worker_clear(walk->features, &workers[i]);
    }
    visml_mem_free(m, workers);
    visml_mem_free(m, s);
    return status;
}
