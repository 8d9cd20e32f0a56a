#include "base/arena.h"

#include <string.h>

#include "base/checked.h"

#define BLOCK_BYTES 65536u

typedef struct visml_arena_block {
    struct visml_arena_block *next;
    size_t used, capacity; /* of the bytes behind this struct */
    size_t pad;
} block;

_Static_assert(sizeof(block) % 16 == 0, "what follows a block must be aligned to 16");

void visml_arena_init(visml_arena *a, visml_memory *memory) {
    a->memory = memory;
    a->blocks = NULL;
}

static block *add_block(visml_arena *a, size_t bytes, visml_error *err) {
    size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES, total;
    if (!visml_size_add(capacity, sizeof(block), &total))
        total = (size_t)-1; /* refused by the allocator with its message */
    block *b = visml_mem_alloc(a->memory, total, err);
    if (!b)
        return NULL;
    b->next = a->blocks;
    b->used = 0;
    b->capacity = capacity;
    a->blocks = b;
    return b;
}

void *visml_arena_take(visml_arena *a, size_t bytes, visml_error *err) {
    size_t need;
    if (!visml_size_align(bytes, 16, &need))
        need = (size_t)-1;
    block *b = a->blocks;
    if (!b || b->capacity - b->used < need)
        b = add_block(a, need, err);
    if (!b)
        return NULL;
    void *p = (char *)(b + 1) + b->used;
    b->used += need;
    return memset(p, 0, bytes);
}

char *visml_arena_strndup(visml_arena *a, const char *s, size_t n, visml_error *err) {
    char *copy = visml_arena_take(a, n + 1, err);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

void visml_arena_clear(visml_arena *a) {
    while (a->blocks) {
        block *b = a->blocks;
        a->blocks = b->next;
        visml_mem_free(a->memory, b);
    }
}
