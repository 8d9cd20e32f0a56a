/* Batches made ahead by threads of their own, handed out in order. */
#ifndef DATA_PREFETCH_H
#define DATA_PREFETCH_H

#include "data/batch.h"
#include "data/order.h"

typedef struct visml_prefetch_jobs {
    void *user;
    /* Prepares the batch that comes next; 0 when there are no more. One call at a time, in order. */
    int (*open)(void *user, visml_batch *b);
    /* Fills a row. Several calls at once, in any order. */
    void (*fill)(void *user, visml_batch *b, int64_t row, visml_read_buffer *buffer);
} visml_prefetch_jobs;

typedef struct visml_prefetch visml_prefetch;

/* `ahead` batches of the pool are in work at one time. Threads that cannot be started are done without; with none, the work is done in
 * visml_prefetch_wait. Errors: VISML_ENOMEM. */
visml_prefetch *visml_prefetch_new(visml_batch_pool *pool, const visml_prefetch_jobs *jobs, int32_t workers, int32_t ahead,
                                   visml_error *err);
/* Stops the threads after the row that each is at. Gives all batches back. */
void visml_prefetch_free(visml_prefetch *p);

/* The next batch once it is full (it stays here until visml_prefetch_advance), or NULL after the last.
 * Errors: VISML_ESTATE in a child of fork(), which has none of the threads. */
visml_status visml_prefetch_wait(visml_prefetch *p, visml_batch **b, visml_error *err);
/* The batch that wait gave is the caller's now; `spare` takes its place. */
void visml_prefetch_advance(visml_prefetch *p, visml_batch *spare);

#endif
