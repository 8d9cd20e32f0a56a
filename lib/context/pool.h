/* The thread pool of a context. */
#ifndef CONTEXT_POOL_H
#define CONTEXT_POOL_H

#include "base/memory.h"
#include "base/parallel.h"

typedef struct visml_pool visml_pool;

/* Nothing is started yet: the first run starts threads - 1 threads. threads >= 2. */
visml_pool *visml_pool_new(visml_memory *memory, int32_t threads, visml_error *err);
/* Stops the threads. */
void visml_pool_free(visml_pool *pool);
/* The run function of a visml_parallel whose self is the pool. Where threads cannot be started, the caller does all the work. */
void visml_pool_run(const visml_parallel *self, size_t n, visml_block *fn, void *arg);

#endif
