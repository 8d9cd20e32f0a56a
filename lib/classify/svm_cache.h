/* Rows of a kernel matrix, made when they are wanted, several at a time, and kept as long as there is room. Columns are in an order that
 * changes: those that still count come first, and of a row only so many blocks may be there. */
#ifndef CLASSIFY_SVM_CACHE_H
#define CLASSIFY_SVM_CACHE_H

#include "base/memory.h"
#include "classify/svm_kernel.h"

#define VISML_SVM_BATCH 14 /* rows that are made together at most: as many as a block of the product takes */

/* What computes, in one call: threads, and room for each of them. */
typedef struct visml_svm_threads {
    visml_compute compute, alone;
    char *rooms; /* visml_svm_cache_room bytes for each worker of compute */
    size_t room;
} visml_svm_threads;

typedef struct visml_svm_cache {
    visml_svm_columns columns;
    int32_t *rows;        /* [n]: columns.rows: which row of the samples each column is */
    int64_t most;         /* columns at most */
    float *data;          /* [capacity, n] */
    size_t data_floats;
    int64_t capacity;     /* rows that there is room for, with n columns */
    int32_t *slots;       /* [n]: where the row of a column is kept; -1: nowhere */
    int32_t *owners;      /* [capacity]: of which column the row is; -1: free */
    int32_t *made;        /* [capacity]: blocks of it that are there */
    uint64_t *used;       /* [capacity]: number of the call that wanted it last */
    uint8_t *recent;      /* [capacity]: wanted since the hand came by (second chance) */
    uint64_t calls;
    int64_t hand;
    float *batch, *squares; /* rows that are made: [VISML_SVM_BATCH, d], [VISML_SVM_BATCH] */
    float *spare;         /* [n] */
    int32_t *renumbered;  /* [n] */
    int64_t filled, wanted; /* blocks of the columns: made, and to be made */
    int64_t moved, count; /* rows, by their slots, that are in the new order; numbers of each that have one */
    const int32_t *order; /* that of the caller */
    int64_t work;         /* multiplications done since the caller set it to 0 */
    int32_t infinite;     /* 1: a number was not finite */
} visml_svm_cache;

/* Room for kernels of up to `most` columns of samples, rows of about `bytes` bytes. Errors: VISML_ENOMEM. */
visml_status visml_svm_cache_new(visml_svm_cache *c, visml_memory *m, const visml_compute *alone, const visml_svm_function *f,
                                 const visml_samples *s, int64_t most, size_t bytes, visml_error *err);
void visml_svm_cache_free(visml_svm_cache *c, visml_memory *m);
size_t visml_svm_cache_room(const visml_compute *alone, int64_t d);

/* Begins with n columns, c->rows[n]; nothing is there. */
void visml_svm_cache_begin(visml_svm_cache *c, int64_t n);
/* Does some of what visml_svm_cache_begin and _reorder leave to be done, until nothing is left (0): then what follows can be called. */
int visml_svm_cache_fill(visml_svm_cache *c, const visml_svm_threads *t);
/* The row of a column, `blocks` blocks of it at least; NULL: it is not there. */
const float *visml_svm_cache_find(visml_svm_cache *c, int64_t column, int64_t blocks);
/* Makes rows of columns list[count], count <= VISML_SVM_BATCH; these and that of `keep` (-1: none) are there until the next call. */
void visml_svm_cache_make(visml_svm_cache *c, const visml_svm_threads *t, const int32_t *list, int64_t count, int64_t blocks,
                          int64_t keep);
/* Column p of the first `count` becomes what order[p] was, which stays as it is until all is done. Rows that have fewer are forgotten.
 * c->rows are put in order, too. */
void visml_svm_cache_reorder(visml_svm_cache *c, const int32_t *order, int64_t count);
/* out[n, columns]: rows of the samples with all columns, not kept. n <= VISML_SVM_BATCH. */
void visml_svm_cache_compare(visml_svm_cache *c, const visml_svm_threads *t, const int32_t *rows, int64_t n, float *out);

#endif
