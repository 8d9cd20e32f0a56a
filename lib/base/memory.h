/* Allocation through the context's allocator, counted against its budget. Nothing in the library calls malloc itself. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdatomic.h>

#include "visml/base.h"

#define VISML_ALIGN 64 /* of every allocation, in bytes: a cache line and the widest vector */

typedef struct visml_memory {
    visml_allocator allocator;
    uint64_t limit; /* bytes; 0: none */
    _Atomic uint64_t used, peak;
} visml_memory;

/* allocator NULL: the C library's. Errors: VISML_EINVAL for a table without functions. */
visml_status visml_memory_init(visml_memory *m, const visml_allocator *allocator, uint64_t limit, visml_error *err);

/* `bytes` bytes (0 gives a valid pointer too), aligned to VISML_ALIGN, not cleared. NULL and VISML_ENOMEM in err (may be NULL). */
void *visml_mem_alloc(visml_memory *m, size_t bytes, visml_error *err);
/* count * size bytes of zeros; NULL also when the product does not fit. */
void *visml_mem_zalloc(visml_memory *m, size_t count, size_t size, visml_error *err);
/* NULL is allowed. */
void visml_mem_free(visml_memory *m, void *p);
/* These bytes of a block will not be read any more: the system may have their pages back before the block is freed. */
void visml_mem_discard(void *p, size_t bytes);
/* Grows an array to at least `need` elements, doubling; *p may be NULL with *capacity 0. On failure *p and *capacity stay. */
visml_status visml_mem_grow(visml_memory *m, void **p, size_t *capacity, size_t need, size_t size, visml_error *err);
/* A copy of a string (n bytes of it, a zero is added). */
char *visml_mem_strndup(visml_memory *m, const char *s, size_t n, visml_error *err);
char *visml_mem_strdup(visml_memory *m, const char *s, visml_error *err);

#endif
