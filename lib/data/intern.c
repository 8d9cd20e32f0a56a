#include "data/intern.h"

#include <stdlib.h>
#include <string.h>

void visml_intern_init(visml_intern *t, visml_memory *memory) {
    memset(t, 0, sizeof *t);
    visml_arena_init(&t->arena, memory);
}

void visml_intern_free(visml_intern *t) {
    visml_memory *m = t->arena.memory;
    visml_mem_free(m, t->strings);
    visml_mem_free(m, t->table);
    visml_arena_clear(&t->arena);
    visml_intern_init(t, m);
}

static uint64_t hash(const char *s, size_t n) { /* FNV-1a */
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* The slot that holds the string, or the free one where it belongs. */
static size_t find(const size_t *table, size_t slots, const char *const *strings, const char *s, size_t n) {
    size_t i = (size_t)hash(s, n) & (slots - 1);
    for (; table[i]; i = (i + 1) & (slots - 1)) {
        const char *other = strings[table[i] - 1];
        if (strncmp(other, s, n) == 0 && !other[n])
            break;
    }
    return i;
}

/* Keeps the table at most half full. */
static visml_status make_room(visml_intern *t, visml_error *err) {
    if (2 * (t->count + 1) <= t->slots)
        return VISML_OK;
    size_t slots = t->slots ? 2 * t->slots : 64;
    size_t *table = visml_mem_zalloc(t->arena.memory, slots, sizeof *table, err);
    if (!table)
        return VISML_ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        table[find(table, slots, t->strings, t->strings[i], strlen(t->strings[i]))] = i + 1;
    visml_mem_free(t->arena.memory, t->table);
    t->table = table;
    t->slots = slots;
    return VISML_OK;
}

visml_status visml_intern_add(visml_intern *t, const char *s, size_t n, size_t *id, visml_error *err) {
    void *strings = t->strings;
    if (make_room(t, err) < 0 ||
        visml_mem_grow(t->arena.memory, &strings, &t->capacity, t->count + 1, sizeof *t->strings, err) < 0)
        return VISML_ENOMEM;
    t->strings = strings;
    size_t slot = find(t->table, t->slots, t->strings, s, n);
    if (!t->table[slot]) {
        char *copy = visml_arena_strndup(&t->arena, s, n, err);
        if (!copy)
            return VISML_ENOMEM;
        t->strings[t->count++] = copy;
        t->table[slot] = t->count;
    }
    *id = t->table[slot] - 1;
    return VISML_OK;
}

typedef struct named {
    const char *string;
    size_t id;
} named;

static int by_bytes(const void *a, const void *b) {
    return strcmp(((const named *)a)->string, ((const named *)b)->string);
}

visml_status visml_intern_rank(const visml_intern *t, size_t *rank, visml_error *err) {
    named *all = visml_mem_zalloc(t->arena.memory, t->count, sizeof *all, err);
    if (!all)
        return VISML_ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        all[i] = (named){t->strings[i], i};
    if (t->count)
        qsort(all, t->count, sizeof *all, by_bytes);
    for (size_t i = 0; i < t->count; i++)
        rank[all[i].id] = i;
    visml_mem_free(t->arena.memory, all);
    return VISML_OK;
}
