/* Many small things that are freed together: names, paths, tables. Not for tensors. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/memory.h"

typedef struct visml_arena {
    visml_memory *memory;
    struct visml_arena_block *blocks; /* newest first */
} visml_arena;

void visml_arena_init(visml_arena *a, visml_memory *memory);
/* Zeroed, aligned to 16. NULL and VISML_ENOMEM on failure. */
void *visml_arena_take(visml_arena *a, size_t bytes, visml_error *err);
char *visml_arena_strndup(visml_arena *a, const char *s, size_t n, visml_error *err);
/* Frees all; the arena is empty and usable again. */
void visml_arena_clear(visml_arena *a);

#endif
