/* Batches and where their memory goes when they are done with. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include <pthread.h>

#include "data/dataset.h"

/* The batches of one loader. It outlives the loader while a caller still holds a batch. */
typedef struct visml_batch_pool {
    visml_source *source; /* retained; its shape is known */
    visml_shape shape;    /* of a sample in a batch */
    int64_t classes;      /* targets of class numbers are rows of so many shares; 0: they are the numbers themselves */
    int64_t capacity;     /* rows of a batch */
    pthread_mutex_t mutex;
    visml_batch *free; /* for the next use */
    int64_t out;       /* batches that are not free */
    int32_t closed;    /* the loader is gone */
} visml_batch_pool;

struct visml_batch {
    visml_batch_pool *pool;
    visml_batch *next; /* in the free list */
    int64_t epoch, step, rows;
    visml_tensor *images, *targets;
    int64_t *indices;    /* [capacity] */
    visml_status *state; /* [capacity] what became of each row */
    char (*reasons)[VISML_REASON_BYTES]; /* [capacity] for the rows that failed */
    int64_t pending;     /* rows not filled yet */
    int64_t failed;      /* rows that failed */
};

/* Batches of samples of `ds`, whose source knows its shape. Errors: VISML_EINVAL (its augmentation), VISML_ENOMEM. */
visml_batch_pool *visml_batch_pool_new(const visml_dataset *ds, int64_t capacity, visml_error *err);
/* The loader's end of it. */
void visml_batch_pool_close(visml_batch_pool *pool);

/* A used batch, or a new one when all are out. Errors: VISML_ENOMEM. */
visml_batch *visml_batch_take(visml_batch_pool *pool, visml_error *err);
/* Empty, with so many rows to fill. */
void visml_batch_reset(visml_batch *b, int64_t epoch, int64_t step, int64_t rows);
/* Reads a row; seed: of its augmentation. May be called for different rows from several threads at once. */
void visml_batch_fill_row(visml_batch *b, int64_t row, const visml_dataset *ds, uint64_t seed, visml_read_buffer *buffer);
/* Closes the gaps that failed rows leave. */
void visml_batch_drop_failed(visml_batch *b);

#endif
