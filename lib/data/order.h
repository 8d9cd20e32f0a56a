/* The order of the samples in an epoch: a function of (seed, epoch) alone. */
#ifndef DATA_ORDER_H
#define DATA_ORDER_H

#include "base/memory.h"

/* What a key is for, so that the same seed gives independent streams. */
#define VISML_STREAM_ORDER 0x6f72646572u /* "order" */
#define VISML_STREAM_SPLIT 0x73706c6974u /* "split" */

typedef struct visml_order {
    int64_t count;
    uint64_t seed;
    int64_t epoch;   /* that `values` are for; -1: none yet */
    int64_t *values; /* [count]; NULL: not shuffled, sample i comes i-th */
} visml_order;

visml_status visml_order_init(visml_order *o, visml_memory *m, int64_t count, int32_t shuffle, uint64_t seed, visml_error *err);
void visml_order_free(visml_order *o, visml_memory *m);
/* Copies positions begin ... begin + n - 1 of an epoch's order. */
void visml_order_get(visml_order *o, int64_t epoch, int64_t begin, int64_t n, int64_t *out);

#endif
