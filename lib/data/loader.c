#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"
#include "data/dataset.h"
#include "data/mixing.h"
#include "data/prefetch.h"

#define DEFAULT_BATCH 32
#define MOST_DEFAULT_WORKERS 8
#define MOST_WORKERS 1024
#define LARGEST 9007199254740992.0 /* 2^53: no more than a double can count */

struct visml_loader {
    visml_dataset *dataset;
    visml_loader_opts opts;
    visml_order order;
    visml_batch_pool *pool;
    visml_prefetch *prefetch;
    visml_batch *spare; /* takes the place of the batch that is handed out next */
    int64_t *partners;  /* for visml_batch_mix; NULL: nothing is mixed */
    int64_t steps;
    int64_t epoch, step; /* of the batch that is opened next */
    int32_t failed;
};

static const visml_field fields[] = {
    VISML_FIELD(visml_loader_opts, batch_size, I32, 0, 1, 1, 2147483647, DEFAULT_BATCH),
    VISML_FIELD(visml_loader_opts, shuffle, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_loader_opts, drop_remainder, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_loader_opts, workers, I32, 0, 1, -1, MOST_WORKERS, 0),
    VISML_FIELD(visml_loader_opts, prefetch, I32, 0, 1, 1, 65536, 0),
    VISML_FIELD(visml_loader_opts, epochs, I64, 0, 1, -1, LARGEST, 1),
    VISML_FIELD(visml_loader_opts, start_epoch, I64, 0, 1, 0, LARGEST, 0),
    VISML_FIELD(visml_loader_opts, start_batch, I64, 0, 1, 0, LARGEST, 0),
    {0},
};

/* ---- making ---- */

static int32_t default_workers(const visml_dataset *ds) {
    int32_t threads = ds->source->context->threads;
    if (!ds->source->class->slow && !(ds->augmentation && visml_augmentation_singles(ds->augmentation)))
        return 0;
    return threads < MOST_DEFAULT_WORKERS ? threads : MOST_DEFAULT_WORKERS;
}

static void choose_workers(visml_loader_opts *o, const visml_dataset *ds) {
    if (o->workers == 0)
        o->workers = default_workers(ds);
    else if (o->workers < 0)
        o->workers = 0;
    if (o->workers == 0)
        o->prefetch = 1; /* nobody works ahead */
    else if (o->prefetch == 0)
        o->prefetch = 2 * o->workers;
}

static visml_status read_options(visml_loader *l, const visml_loader_opts *opts, visml_error *err) {
    visml_loader_opts *o = &l->opts;
    VISML_TRY(visml_options_read("loader", fields, opts, o, sizeof *o, err));
    choose_workers(o, l->dataset);
    if (!o->seed)
        o->seed = l->dataset->source->context->seed;
    int64_t count = l->dataset->count;
    l->steps = count / o->batch_size + (!o->drop_remainder && count % o->batch_size != 0);
    if (o->start_batch > l->steps)
        return visml_fail(err, VISML_EINVAL, "loader: start_batch is %lld, must be 0 to %lld, the batches of an epoch",
                          (long long)o->start_batch, (long long)l->steps);
    l->epoch = o->start_epoch;
    l->step = o->start_batch;
    return VISML_OK;
}

/* ---- what the prefetcher asks for ---- */

/* The next batch's place in the order; 0 when there are no more. Called under the prefetcher's lock. */
static int open_batch(void *user, visml_batch *b) {
    visml_loader *l = user;
    if (l->step >= l->steps) {
        l->step = 0;
        l->epoch++;
    }
    if (!l->steps || (l->opts.epochs >= 0 && l->epoch >= l->opts.epochs))
        return 0;
    int64_t begin = l->step * l->opts.batch_size, rows = l->dataset->count - begin;
    if (rows > l->opts.batch_size)
        rows = l->opts.batch_size;
    visml_batch_reset(b, l->epoch, l->step, rows);
    visml_order_get(&l->order, l->epoch, begin, rows, b->indices);
    l->step++;
    return 1;
}

static void fill_row(void *user, visml_batch *b, int64_t row, visml_read_buffer *buffer) {
    const visml_loader *l = user;
    visml_batch_fill_row(b, row, l->dataset, l->opts.seed, buffer);
}

static visml_status prepare(visml_loader *l, visml_error *err) {
    visml_source *s = l->dataset->source;
    visml_read_buffer buffer = {0};
    int64_t capacity = l->opts.batch_size < l->dataset->count ? l->opts.batch_size : l->dataset->count;
    visml_status status = l->dataset->count ? visml_source_find_shape(s, &buffer, err) : VISML_OK;
    visml_read_buffer_free(s, &buffer);
    VISML_TRY(status);
    VISML_TRY(visml_order_init(&l->order, &s->context->memory, l->dataset->count, l->opts.shuffle, l->opts.seed, err));
    if (visml_dataset_mixes(l->dataset) &&
        !(l->partners = visml_mem_zalloc(&s->context->memory, 2 * (size_t)capacity, sizeof *l->partners, err)))
        return VISML_ENOMEM;
    l->pool = visml_batch_pool_new(l->dataset, capacity, err);
    if (!l->pool)
        return VISML_ENOMEM;
    visml_prefetch_jobs jobs = {l, open_batch, fill_row};
    l->prefetch = visml_prefetch_new(l->pool, &jobs, l->opts.workers, l->opts.prefetch, err);
    return l->prefetch ? VISML_OK : VISML_ENOMEM;
}

visml_loader *visml_loader_new(visml_dataset *ds, const visml_loader_opts *opts, visml_error *err) {
    if (!ds) {
        visml_fail(err, VISML_EINVAL, "loader: ds is NULL, must be a dataset");
        return NULL;
    }
    visml_loader *l = visml_mem_zalloc(&ds->source->context->memory, 1, sizeof *l, err);
    if (!l)
        return NULL;
    l->dataset = visml_dataset_retain(ds);
    if (read_options(l, opts, err) < 0 || prepare(l, err) < 0) {
        visml_loader_free(l);
        return NULL;
    }
    return l;
}

void visml_loader_free(visml_loader *l) {
    if (!l)
        return;
    visml_dataset *ds = l->dataset;
    visml_memory *m = &ds->source->context->memory;
    visml_prefetch_free(l->prefetch);
    visml_batch_free(l->spare);
    if (l->pool)
        visml_batch_pool_close(l->pool);
    visml_order_free(&l->order, m);
    visml_mem_free(m, l->partners);
    visml_mem_free(m, l);
    visml_dataset_free(ds);
}

int64_t visml_loader_steps(const visml_loader *l) {
    return l ? l->steps : 0;
}

/* ---- going on ---- */

/* The first row whose failure is the caller's to know: memory ran out, or invalid images are errors. -1: none. */
static int64_t fatal_row(const visml_loader *l, const visml_batch *b) {
    int all = l->dataset->source->opts.on_invalid == VISML_INVALID_ERROR;
    for (int64_t row = 0; b->failed && row < b->rows; row++)
        if (b->state[row] == VISML_ENOMEM || (b->state[row] < 0 && all))
            return row;
    return -1;
}

static visml_status list_invalid(visml_loader *l, const visml_batch *b, int64_t end, visml_error *err) {
    visml_source *s = l->dataset->source;
    for (int64_t row = 0; row < end; row++)
        if (b->state[row] < 0)
            VISML_TRY(visml_invalid_add(&s->invalid, s->count, visml_dataset_source_index(l->dataset, b->indices[row]), b->reasons[row],
                                        err));
    return VISML_OK;
}

static visml_status fail_at(visml_loader *l, const visml_batch *b, int64_t row, visml_error *err) {
    visml_sample_name name = visml_source_sample_name(l->dataset->source, visml_dataset_source_index(l->dataset, b->indices[row]));
    l->failed = 1;
    return visml_fail(err, b->state[row], "%s: %s", visml_sample_name_text(&name), b->reasons[row]);
}

/* What failed rows mean. On VISML_ENOMEM from listing them nothing is lost: the same batch comes again. */
static visml_status settle(visml_loader *l, visml_batch *b, visml_error *err) {
    if (!b->failed)
        return VISML_OK;
    int64_t fatal = fatal_row(l, b);
    VISML_TRY(list_invalid(l, b, fatal < 0 ? b->rows : fatal, err));
    if (fatal >= 0)
        return fail_at(l, b, fatal, err);
    if (l->dataset->source->opts.on_invalid == VISML_INVALID_DROP)
        visml_batch_drop_failed(b);
    return VISML_OK;
}

visml_status visml_loader_next(visml_loader *l, visml_batch **batch, visml_error *err) {
    if (!l || !batch)
        return visml_fail(err, VISML_EINVAL, "loader_next: %s is NULL", l ? "batch" : "loader");
    if (l->failed)
        return visml_fail(err, VISML_ESTATE, "loader_next: the loader ended with an error before; make a new one");
    visml_batch *b = NULL;
    VISML_TRY(visml_prefetch_wait(l->prefetch, &b, err));
    if (!b) {
        *batch = NULL;
        return VISML_OK;
    }
    if (!l->spare && !(l->spare = visml_batch_take(l->pool, err)))
        return VISML_ENOMEM;
    VISML_TRY(settle(l, b, err));
    visml_batch *ready = l->partners ? visml_batch_mix(b, l->spare, l->dataset->augmentation, l->opts.seed, l->partners) : b;
    visml_prefetch_advance(l->prefetch, ready == b ? l->spare : b);
    l->spare = NULL;
    *batch = ready;
    return VISML_OK;
}
