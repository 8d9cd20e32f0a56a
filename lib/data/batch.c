#include "data/batch.h"

#include <string.h>

#include "base/error.h"

/* ---- one batch ---- */

static void destroy(visml_batch *b) {
    visml_memory *m = &b->pool->source->context->memory;
    visml_tensor_release(b->images);
    visml_tensor_release(b->targets);
    visml_mem_free(m, b->indices);
    visml_mem_free(m, b->state);
    visml_mem_free(m, b->reasons);
    visml_mem_free(m, b);
}

static visml_tensor *new_images(const visml_batch_pool *p, visml_error *err) {
    visml_shape shape = visml_shape_with_batch(&p->shape, p->capacity);
    return visml_tensor_new(p->source->context, p->source->dtype, &shape, err);
}

static visml_tensor *new_targets(const visml_batch_pool *p, visml_error *err) {
    visml_shape shape = visml_shape_make(p->classes ? 2 : 1, (int64_t[]){p->capacity, p->classes});
    if (p->source->targets) {
        shape = p->source->targets->shape;
        shape.dims[0] = p->capacity;
    }
    return visml_tensor_new(p->source->context, p->source->targets || p->classes ? VISML_F32 : VISML_I32, &shape, err);
}

static visml_batch *create(visml_batch_pool *p, visml_error *err) {
    visml_memory *m = &p->source->context->memory;
    size_t n = (size_t)p->capacity;
    visml_batch *b = visml_mem_zalloc(m, 1, sizeof *b, err);
    if (!b)
        return NULL;
    b->pool = p;
    if (!(b->images = new_images(p, err)) || !(b->targets = new_targets(p, err)) ||
        !(b->indices = visml_mem_zalloc(m, n, sizeof *b->indices, err)) || !(b->state = visml_mem_zalloc(m, n, sizeof *b->state, err)) ||
        !(b->reasons = visml_mem_zalloc(m, n, sizeof *b->reasons, err))) {
        destroy(b);
        return NULL;
    }
    return b;
}

/* ---- the pool ---- */

visml_batch_pool *visml_batch_pool_new(const visml_dataset *ds, int64_t capacity, visml_error *err) {
    visml_source *source = ds->source;
    visml_shape shape = source->shape;
    if (capacity && visml_dataset_batch_shape(ds, &shape, err) < 0) /* without samples the shape need not be known */
        return NULL;
    visml_batch_pool *p = visml_mem_zalloc(&source->context->memory, 1, sizeof *p, err);
    if (!p)
        return NULL;
    p->source = visml_source_retain(source);
    p->shape = shape;
    p->classes = visml_dataset_mixes(ds) && !source->targets ? (int64_t)visml_dataset_class_count(ds) : 0;
    p->capacity = capacity;
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

static void end(visml_batch_pool *p) {
    visml_source *source = p->source;
    pthread_mutex_destroy(&p->mutex);
    visml_mem_free(&source->context->memory, p);
    visml_source_release(source);
}

void visml_batch_pool_close(visml_batch_pool *p) {
    pthread_mutex_lock(&p->mutex);
    visml_batch *list = p->free;
    int64_t out = p->out;
    p->free = NULL;
    p->closed = 1;
    pthread_mutex_unlock(&p->mutex);
    while (list) {
        visml_batch *b = list;
        list = b->next;
        destroy(b);
    }
    if (!out)
        end(p);
}

/* A tensor that somebody else still holds stays his; the batch gets a new one. 0 when memory ran out. */
static int own_tensors(visml_batch *b, visml_error *err) {
    visml_tensor *images = NULL, *targets = NULL;
    if (atomic_load(&b->images->references) != 1 && !(images = new_images(b->pool, err)))
        return 0;
    if (atomic_load(&b->targets->references) != 1 && !(targets = new_targets(b->pool, err))) {
        visml_tensor_release(images);
        return 0;
    }
    if (images) {
        visml_tensor_release(b->images);
        b->images = images;
    }
    if (targets) {
        visml_tensor_release(b->targets);
        b->targets = targets;
    }
    return 1;
}

static void put_back(visml_batch_pool *p, visml_batch *b) {
    pthread_mutex_lock(&p->mutex);
    int last = --p->out == 0, closed = p->closed;
    if (!closed) {
        b->next = p->free;
        p->free = b;
    }
    pthread_mutex_unlock(&p->mutex);
    if (closed)
        destroy(b);
    if (closed && last)
        end(p);
}

visml_batch *visml_batch_take(visml_batch_pool *p, visml_error *err) {
    pthread_mutex_lock(&p->mutex);
    visml_batch *b = p->free;
    if (b)
        p->free = b->next;
    p->out++;
    pthread_mutex_unlock(&p->mutex);
    if (!b)
        b = create(p, err);
    else if (!own_tensors(b, err)) {
        put_back(p, b);
        return NULL;
    }
    if (!b) {
        pthread_mutex_lock(&p->mutex);
        p->out--;
        pthread_mutex_unlock(&p->mutex);
    }
    return b;
}

/* ---- filling ---- */

/* The batch is the only holder, so that its tensors may change their first dimension. */
static void set_rows(visml_tensor *t, int64_t rows) {
    t->shape.dims[0] = rows;
    t->count = visml_shape_count(&t->shape);
}

void visml_batch_reset(visml_batch *b, int64_t epoch, int64_t step, int64_t rows) {
    b->epoch = epoch;
    b->step = step;
    b->rows = b->pending = rows;
    b->failed = 0;
    set_rows(b->images, rows);
    set_rows(b->targets, rows);
}

static size_t row_bytes(const visml_tensor *t) {
    size_t n = visml_dtype_bytes(t->dtype);
    for (int32_t i = 1; i < t->shape.rank; i++)
        n *= (size_t)t->shape.dims[i];
    return n;
}

/* The reason of a failure, without the path that some messages start with: it is known. */
static void keep_reason(const visml_source *s, int64_t index, const visml_error *why, char reason[VISML_REASON_BYTES]) {
    visml_sample_name name = visml_source_sample_name(s, index);
    const char *text = why->message;
    size_t n = name.path ? strlen(name.path) : 0;
    if (n && strncmp(text, name.path, n) == 0 && strncmp(text + n, ": ", 2) == 0)
        text += n + 2;
    size_t length = strlen(text);
    if (length >= VISML_REASON_BYTES)
        for (length = VISML_REASON_BYTES - 1; length && ((unsigned char)text[length] & 0xC0) == 0x80;)
            length--;
    memcpy(reason, text, length);
    reason[length] = '\0';
}

/* 1 for the class, 0 elsewhere; all 0 without a label. */
static void share_out(visml_batch *b, int64_t row, int32_t label) {
    float *shares = (float *)(void *)b->targets->data + row * b->pool->classes;
    memset(shares, 0, (size_t)b->pool->classes * sizeof *shares);
    if (label >= 0)
        shares[label] = 1;
}

static void copy_target(visml_batch *b, int64_t row, int64_t index, int32_t label) {
    const visml_tensor *from = b->pool->source->targets;
    size_t bytes = row_bytes(b->targets);
    if (from)
        memcpy(b->targets->data + (size_t)row * bytes, from->data + (size_t)index * bytes, bytes);
    else if (b->pool->classes)
        share_out(b, row, label);
    else
        ((int32_t *)(void *)b->targets->data)[row] = label;
}

/* The pixels of a sample as the batch has them, and its label. */
static visml_status read_row(const visml_batch *b, int64_t row, const visml_dataset *ds, uint64_t seed, visml_read_buffer *buffer,
                             void *pixels, int32_t *label, visml_error *why) {
    const visml_source *s = ds->source;
    const visml_augmentation *a = ds->augmentation;
    int64_t index = visml_dataset_source_index(ds, b->indices[row]);
    if (!a || !visml_augmentation_singles(a))
        return s->class->read(s, index, buffer, pixels, label, why);
    VISML_TRY(visml_augment_room_take(&buffer->room, &s->context->memory, a, &s->shape, s->dtype, why));
    VISML_TRY(s->class->read(s, index, buffer, buffer->room.source, label, why));
    visml_augmentation_run(a, &buffer->room, &s->shape, s->dtype, visml_augment_key(seed, b->epoch, b->indices[row]), buffer->room.source,
                           pixels);
    return VISML_OK;
}

/* A label that has no place among the shares. */
static visml_status check_label(const visml_batch *b, int32_t label, visml_error *why) {
    if (!b->pool->classes || (label >= 0 && label < b->pool->classes))
        return VISML_OK;
    return visml_fail(why, VISML_EINVAL, "the label is %d, must be 0 to %lld", label, (long long)b->pool->classes - 1);
}

void visml_batch_fill_row(visml_batch *b, int64_t row, const visml_dataset *ds, uint64_t seed, visml_read_buffer *buffer) {
    int64_t index = visml_dataset_source_index(ds, b->indices[row]);
    size_t bytes = row_bytes(b->images);
    char *pixels = b->images->data + (size_t)row * bytes;
    visml_error why;
    int32_t label = -1;
    why.message[0] = '\0';
    b->state[row] = read_row(b, row, ds, seed, buffer, pixels, &label, &why);
    label = visml_dataset_map_label(ds, label);
    if (b->state[row] == VISML_OK)
        b->state[row] = check_label(b, label, &why);
    if (b->state[row] < 0) {
        memset(pixels, 0, bytes);
        keep_reason(ds->source, index, &why, b->reasons[row]);
        label = -1;
    }
    copy_target(b, row, index, label);
}

static void move_row(visml_tensor *t, int64_t to, int64_t from) {
    size_t bytes = row_bytes(t);
    memcpy(t->data + (size_t)to * bytes, t->data + (size_t)from * bytes, bytes);
}

void visml_batch_drop_failed(visml_batch *b) {
    int64_t kept = 0;
    for (int64_t row = 0; row < b->rows; row++) {
        if (b->state[row] < 0)
            continue;
        if (kept != row) {
            move_row(b->images, kept, row);
            move_row(b->targets, kept, row);
            b->indices[kept] = b->indices[row];
        }
        kept++;
    }
    b->rows = kept;
    set_rows(b->images, kept);
    set_rows(b->targets, kept);
}

/* ---- the public side ---- */

void visml_batch_free(visml_batch *b) {
    if (b)
        put_back(b->pool, b);
}

int64_t visml_batch_count(const visml_batch *b) {
    return b ? b->rows : 0;
}

int64_t visml_batch_epoch(const visml_batch *b) {
    return b ? b->epoch : 0;
}

int64_t visml_batch_step(const visml_batch *b) {
    return b ? b->step : 0;
}

visml_tensor *visml_batch_images(const visml_batch *b) {
    return b ? b->images : NULL;
}

visml_tensor *visml_batch_targets(const visml_batch *b) {
    return b ? b->targets : NULL;
}

const int64_t *visml_batch_indices(const visml_batch *b) {
    return b ? b->indices : NULL;
}
