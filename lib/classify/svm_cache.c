#include "classify/svm_cache.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define FILLED 8 /* blocks of columns that each thread makes at a time */
#define MOVED ((int64_t)1 << 21) /* numbers of rows that are put in order at a time */
#define MOVE_WORK 128 /* multiplications that it costs to move one, roughly */
#define LEAST_ROWS (2 * VISML_SVM_BATCH + 2) /* so that those of a call and the one kept always fit */

/* ---- room ---- */

static size_t tile_bytes(void) {
    return VISML_SVM_BATCH * VISML_SVM_BLOCK * sizeof(float);
}

size_t visml_svm_cache_room(const visml_compute *alone, int64_t d) {
    return tile_bytes() + visml_svm_room(alone, d);
}

/* As many rows as the bytes hold, LEAST_ROWS at least, one for each column at most. */
static int64_t rows_that_fit(size_t floats, int64_t n) {
    int64_t fit = (int64_t)(floats / (size_t)n);
    return fit > n ? n : fit;
}

static visml_status allocate(visml_svm_cache *c, visml_memory *m, const visml_compute *alone, visml_error *err) {
    size_t most = (size_t)c->most, d = (size_t)c->columns.samples->d, blocks;
    if (!visml_size_mul((size_t)visml_svm_blocks(c->most), visml_svm_block_bytes(c->columns.function, alone, (int64_t)d), &blocks))
        blocks = SIZE_MAX;
    c->columns.blocks = visml_mem_alloc(m, blocks, err);
    c->columns.squares = c->columns.blocks ? visml_mem_alloc(m, most * sizeof(float), err) : NULL;
    c->rows = c->columns.squares ? visml_mem_alloc(m, 3 * most * sizeof(int32_t), err) : NULL;
    c->spare = c->rows ? visml_mem_alloc(m, most * sizeof(float), err) : NULL;
    c->batch = c->spare ? visml_mem_alloc(m, VISML_SVM_BATCH * (d + 1) * sizeof(float), err) : NULL;
    c->owners = c->batch ? visml_mem_alloc(m, 2 * (size_t)c->capacity * sizeof(int32_t), err) : NULL;
    c->used = c->owners ? visml_mem_alloc(m, (size_t)c->capacity * sizeof *c->used, err) : NULL;
    c->recent = c->used ? visml_mem_alloc(m, (size_t)c->capacity, err) : NULL;
    c->data = c->recent ? visml_mem_alloc(m, c->data_floats * sizeof(float), err) : NULL;
    return c->data ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_svm_cache_new(visml_svm_cache *c, visml_memory *m, const visml_compute *alone, const visml_svm_function *f,
                                 const visml_samples *s, int64_t most, size_t bytes, visml_error *err) {
    *c = (visml_svm_cache){.columns = {.function = f, .samples = s}, .most = most};
    size_t all = (size_t)most * (size_t)(most > LEAST_ROWS ? most : LEAST_ROWS);
    size_t least = (size_t)most * LEAST_ROWS, wanted = bytes / sizeof(float);
    c->data_floats = wanted < least ? least : wanted < all ? wanted : all;
    c->capacity = most > LEAST_ROWS ? most : LEAST_ROWS; /* of fewer columns more rows fit */
    c->columns.block_bytes = visml_svm_block_bytes(f, alone, s->d);
    VISML_TRY(allocate(c, m, alone, err));
    c->slots = c->rows + most, c->renumbered = c->slots + most;
    c->squares = c->batch + VISML_SVM_BATCH * s->d;
    c->made = c->owners + c->capacity;
    c->columns.rows = c->rows;
    return VISML_OK;
}

void visml_svm_cache_free(visml_svm_cache *c, visml_memory *m) {
    visml_mem_free(m, c->columns.blocks);
    visml_mem_free(m, c->columns.squares);
    visml_mem_free(m, c->rows);
    visml_mem_free(m, c->spare);
    visml_mem_free(m, c->batch);
    visml_mem_free(m, c->owners);
    visml_mem_free(m, c->used);
    visml_mem_free(m, c->recent);
    visml_mem_free(m, c->data);
}

/* ---- columns ---- */

typedef struct fill_job {
    visml_svm_cache *c;
    const visml_svm_threads *t;
} fill_job;

static void fill_block(void *arg, size_t block, size_t worker) {
    const fill_job *j = arg;
    visml_svm_fill(&j->c->columns, &j->t->alone, j->c->filled + (int64_t)block, j->t->rooms + worker * j->t->room + tile_bytes());
}

static void fill_some(visml_svm_cache *c, const visml_svm_threads *t) {
    fill_job j = {c, t};
    const visml_samples *s = c->columns.samples;
    int64_t most = FILLED * (int64_t)t->compute.parallel->workers, left = c->wanted - c->filled, blocks = left < most ? left : most;
    if (blocks > 0)
        visml_parallel_run(t->compute.parallel, (size_t)blocks, fill_block, &j);
    c->filled += blocks;
    c->work += blocks * VISML_SVM_BLOCK * s->d * visml_svm_fill_work(s);
}

static void want_columns(visml_svm_cache *c, int64_t count) {
    c->filled = 0;
    c->wanted = visml_svm_blocks(count);
}

void visml_svm_cache_begin(visml_svm_cache *c, int64_t n) {
    c->columns.n = n;
    c->capacity = rows_that_fit(c->data_floats, n > LEAST_ROWS ? n : LEAST_ROWS);
    c->capacity = c->capacity < LEAST_ROWS ? LEAST_ROWS : c->capacity;
    c->hand = 0, c->calls = 0, c->infinite = 0, c->moved = c->capacity;
    for (int64_t i = 0; i < n; i++)
        c->slots[i] = -1;
    for (int64_t i = 0; i < c->capacity; i++)
        c->owners[i] = -1, c->used[i] = 0, c->recent[i] = 0;
    want_columns(c, n);
}

/* ---- rows ---- */

static float *data_of(const visml_svm_cache *c, int32_t slot) {
    return c->data + slot * c->columns.n;
}

const float *visml_svm_cache_find(visml_svm_cache *c, int64_t column, int64_t blocks) {
    int32_t slot = c->slots[column];
    if (slot < 0 || c->made[slot] < blocks)
        return NULL;
    c->recent[slot] = 1;
    return data_of(c, slot);
}

/* A row that none wanted since the hand came by last, and that this call does not want either. */
static int32_t find_slot(visml_svm_cache *c) {
    for (;; c->hand = (c->hand + 1) % c->capacity) {
        if (c->owners[c->hand] >= 0 && (c->recent[c->hand] || c->used[c->hand] == c->calls)) {
            c->recent[c->hand] = 0;
            continue;
        }
        if (c->owners[c->hand] >= 0)
            c->slots[c->owners[c->hand]] = -1;
        return (int32_t)c->hand;
    }
}

static void want(visml_svm_cache *c, int64_t column) {
    if (column >= 0 && c->slots[column] >= 0)
        c->used[c->slots[column]] = c->calls;
}

static void give_slot(visml_svm_cache *c, int32_t column) {
    if (c->slots[column] >= 0)
        return;
    int32_t slot = find_slot(c);
    c->slots[column] = slot, c->owners[slot] = column, c->made[slot] = 0, c->recent[slot] = 1;
    c->used[slot] = c->calls;
}

typedef struct make_job {
    visml_svm_cache *c;
    const visml_svm_threads *t;
    visml_svm_rows rows;
    int64_t first; /* block */
    float *to[VISML_SVM_BATCH];
} make_job;

static void make_block(void *arg, size_t task, size_t worker) {
    const make_job *j = arg;
    const visml_svm_columns *columns = &j->c->columns;
    int64_t block = j->first + (int64_t)task, n = visml_block_length(block, VISML_SVM_BLOCK, columns->n);
    char *room = j->t->rooms + worker * j->t->room;
    float *tile = (float *)(void *)room;
    visml_svm_compare(columns, &j->t->alone, &j->rows, block, tile, VISML_SVM_BLOCK, room + tile_bytes());
    for (int64_t i = 0; i < j->rows.n; i++)
        memcpy(j->to[i] + block * VISML_SVM_BLOCK, tile + i * VISML_SVM_BLOCK, (size_t)n * sizeof *tile);
}

static void make_blocks(make_job *j, int64_t blocks) {
    visml_svm_cache *c = j->c;
    if (j->first >= blocks)
        return;
    visml_svm_take_rows(c->columns.function, &j->t->alone, &j->rows, c->batch, c->squares, j->t->rooms + tile_bytes());
    visml_parallel_run(j->t->compute.parallel, (size_t)(blocks - j->first), make_block, j);
    c->work += j->rows.n * (blocks - j->first) * VISML_SVM_BLOCK * (c->columns.samples->d + 16) * visml_svm_pair_work(c->columns.function);
    int64_t begin = j->first * VISML_SVM_BLOCK, end = blocks * VISML_SVM_BLOCK < c->columns.n ? blocks * VISML_SVM_BLOCK : c->columns.n;
    for (int64_t i = 0; i < j->rows.n; i++)
        c->infinite |= !j->t->alone.kernels->all_finite((size_t)(end - begin), j->to[i] + begin);
}

void visml_svm_cache_make(visml_svm_cache *c, const visml_svm_threads *t, const int32_t *list, int64_t count, int64_t blocks,
                          int64_t keep) {
    int32_t rows[VISML_SVM_BATCH];
    make_job j = {.c = c, .t = t, .rows = {.samples = c->columns.samples, .rows = rows}, .first = blocks};
    c->calls++;
    want(c, keep);
    for (int64_t i = 0; i < count; i++)
        want(c, list[i]);
    for (int64_t i = 0; i < count; i++) {
        give_slot(c, list[i]);
        int32_t slot = c->slots[list[i]];
        c->recent[slot] = 1;
        if (c->made[slot] >= blocks)
            continue;
        j.first = c->made[slot] < j.first ? c->made[slot] : j.first;
        c->made[slot] = (int32_t)blocks;
        j.to[j.rows.n] = data_of(c, slot);
        rows[j.rows.n++] = c->rows[list[i]];
    }
    make_blocks(&j, blocks);
}

void visml_svm_cache_compare(visml_svm_cache *c, const visml_svm_threads *t, const int32_t *rows, int64_t n, float *out) {
    make_job j = {.c = c, .t = t, .rows = {.samples = c->columns.samples, .rows = rows, .n = n}};
    for (int64_t i = 0; i < n; i++)
        j.to[i] = out + i * c->columns.n;
    make_blocks(&j, visml_svm_blocks(c->columns.n));
}

/* ---- another order ---- */

static void move_row(visml_svm_cache *c, int32_t slot) {
    float *row = data_of(c, slot);
    for (int64_t p = 0; p < c->count; p++)
        c->spare[p] = row[c->order[p]];
    memcpy(row, c->spare, (size_t)c->count * sizeof *row);
}

static void move_some(visml_svm_cache *c) {
    for (int64_t numbers = 0; numbers < MOVED && c->moved < c->capacity; c->moved++)
        if (c->owners[c->moved] >= 0) {
            move_row(c, (int32_t)c->moved);
            numbers += c->count;
            c->work += c->count * MOVE_WORK;
        }
}

int visml_svm_cache_fill(visml_svm_cache *c, const visml_svm_threads *t) {
    if (c->moved < c->capacity)
        move_some(c);
    else
        fill_some(c, t);
    return c->moved < c->capacity || c->filled < c->wanted;
}

void visml_svm_cache_reorder(visml_svm_cache *c, const int32_t *order, int64_t count) {
    int64_t blocks = visml_svm_blocks(count);
    for (int32_t slot = 0; slot < c->capacity; slot++)
        if (c->owners[slot] >= 0 && c->made[slot] < blocks) {
            c->slots[c->owners[slot]] = -1;
            c->owners[slot] = -1;
        }
    c->moved = 0, c->count = count, c->order = order;
    for (int64_t p = 0; p < count; p++)
        c->renumbered[p] = c->slots[order[p]];
    for (int64_t p = 0; p < count; p++)
        if ((c->slots[p] = c->renumbered[p]) >= 0)
            c->owners[c->slots[p]] = (int32_t)p;
    for (int64_t p = 0; p < count; p++)
        c->renumbered[p] = c->rows[order[p]];
    memcpy(c->rows, c->renumbered, (size_t)count * sizeof *c->rows);
    want_columns(c, count);
}
