/* Strings told apart: each distinct one gets a number, in the order of first appearance. */
#ifndef DATA_INTERN_H
#define DATA_INTERN_H

#include "base/arena.h"

typedef struct visml_intern {
    visml_arena arena;
    const char **strings; /* [count] */
    size_t count, capacity;
    size_t *table; /* open addressing: number + 1, 0 is free; [slots], a power of two */
    size_t slots;
} visml_intern;

void visml_intern_init(visml_intern *t, visml_memory *memory);
void visml_intern_free(visml_intern *t);
/* The number of a string of n bytes without zeros, a new one when it is new. Errors: VISML_ENOMEM. */
visml_status visml_intern_add(visml_intern *t, const char *s, size_t n, size_t *id, visml_error *err);
/* The numbers in the order of the strings' bytes: rank[id] is the place of string id. [count] each, the caller's. */
visml_status visml_intern_rank(const visml_intern *t, size_t *rank, visml_error *err);

#endif
