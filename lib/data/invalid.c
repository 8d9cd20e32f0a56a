#include "data/invalid.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A lock that a child of fork() can take although a thread that it does not have held it: the holder is told by its process. It is held
 * for a few steps only, and rarely. */
static void lock(visml_invalid *v) {
    int64_t self = (int64_t)getpid();
    for (;;) {
        int64_t holder = 0;
        if (atomic_compare_exchange_strong(&v->holder, &holder, self))
            return;
        if (holder != self && atomic_compare_exchange_strong(&v->holder, &holder, self))
            return; /* left locked by the process that this one was forked from */
        sched_yield();
    }
}

static void unlock(visml_invalid *v) {
    atomic_store(&v->holder, 0);
}

void visml_invalid_init(visml_invalid *v, visml_memory *memory) {
    memset(v, 0, sizeof *v);
    v->memory = memory;
    visml_arena_init(&v->reasons, memory);
}

void visml_invalid_free(visml_invalid *v) {
    visml_arena_clear(&v->reasons);
    visml_mem_free(v->memory, v->entries);
    visml_mem_free(v->memory, v->seen);
}

static visml_status add(visml_invalid *v, int64_t samples, int64_t index, const char *reason, visml_error *err) {
    unsigned char bit = (unsigned char)(1u << (index & 7));
    if (!v->seen && !(v->seen = visml_mem_zalloc(v->memory, (size_t)samples / 8 + 1, 1, err)))
        return VISML_ENOMEM;
    if (v->seen[index >> 3] & bit)
        return VISML_OK;
    void *entries = v->entries;
    if (visml_mem_grow(v->memory, &entries, &v->capacity, v->count + 1, sizeof *v->entries, err) < 0)
        return VISML_ENOMEM;
    v->entries = entries;
    char *copy = visml_arena_strndup(&v->reasons, reason, strlen(reason), err);
    if (!copy)
        return VISML_ENOMEM;
    v->entries[v->count] = (visml_invalid_entry){index, copy};
    v->count++;
    v->seen[index >> 3] |= bit;
    return VISML_OK;
}

visml_status visml_invalid_add(visml_invalid *v, int64_t samples, int64_t index, const char *reason, visml_error *err) {
    lock(v);
    visml_status status = add(v, samples, index, reason, err);
    unlock(v);
    return status;
}

size_t visml_invalid_count(visml_invalid *v) {
    lock(v);
    size_t n = v->count;
    unlock(v);
    return n;
}

static int by_index(const void *a, const void *b) {
    const visml_invalid_entry *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

int visml_invalid_get(visml_invalid *v, size_t i, visml_invalid_entry *entry) {
    lock(v);
    if (v->sorted < v->count) {
        qsort(v->entries, v->count, sizeof *v->entries, by_index);
        v->sorted = v->count;
    }
    int found = i < v->count;
    if (found)
        *entry = v->entries[i];
    unlock(v);
    return found;
}
