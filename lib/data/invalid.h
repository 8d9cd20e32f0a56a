/* The samples of a source that were found invalid: each once, with its reason. */
#ifndef DATA_INVALID_H
#define DATA_INVALID_H

#include "base/arena.h"

#define VISML_REASON_BYTES 256 /* a reason and its end zero; longer ones are cut */

typedef struct visml_invalid_entry {
    int64_t index;
    const char *reason;
} visml_invalid_entry;

typedef struct visml_invalid {
    visml_memory *memory;
    _Atomic int64_t holder; /* the process that holds the lock; 0: nobody */
    visml_arena reasons;
    visml_invalid_entry *entries;
    size_t count, capacity, sorted; /* entries[0 ... sorted - 1] are in order */
    unsigned char *seen;            /* a bit for each sample; NULL until the first entry */
    int64_t samples;
} visml_invalid;

void visml_invalid_init(visml_invalid *v, visml_memory *memory);
void visml_invalid_free(visml_invalid *v);

/* Thread-safety of all below: any thread. */
/* A sample that is listed already is left as it is. samples: how many there are. Errors: VISML_ENOMEM. */
visml_status visml_invalid_add(visml_invalid *v, int64_t samples, int64_t index, const char *reason, visml_error *err);
size_t visml_invalid_count(visml_invalid *v);
/* The i-th in the order of sample numbers. 0 when there is no such entry. The reason lives as long as the list. */
int visml_invalid_get(visml_invalid *v, size_t i, visml_invalid_entry *entry);

#endif
