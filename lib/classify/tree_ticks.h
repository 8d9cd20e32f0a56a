/* Work in portions of some milliseconds, between which the caller of a fit is asked whether to go on. */
#ifndef CLASSIFY_TREE_TICKS_H
#define CLASSIFY_TREE_TICKS_H

#include "base/parallel.h"
#include "classify/classifier.h"

#define VISML_TICK_NUMBERS (INT64_C(1) << 20) /* of a portion, for each worker: at 10 ns a number some 10 ms */
#define VISML_TICK_SORTING 4 /* a number that is sorted takes as long as so many others */

typedef struct visml_ticked_blocks {
    visml_block *fn;
    void *job;
    size_t first; /* block that fn gets as number 0; set on the way */
    const visml_fit_run *run;
    int64_t done, total; /* for its progress */
} visml_ticked_blocks;

/* fn(job, block, worker) for n blocks of about `numbers` numbers. Portions depend on these, and on how many workers there are, alone.
 * Errors: VISML_ECANCELLED. */
visml_status visml_tick_blocks(visml_ticked_blocks *t, const visml_parallel *p, size_t n, int64_t numbers, visml_error *err);

#endif
