/* Columns in at most 256 bins: bytes instead of numbers, from which trees are grown (quantile bins, as in XGBoost's "hist"). */
#ifndef CLASSIFY_BINS_H
#define CLASSIFY_BINS_H

#include "base/memory.h"
#include "classify/labelled_rows.h"

struct visml_fit_run; /* classify/classifier.h */

#define VISML_MOST_BINS 256
#define VISML_BIN_COLUMNS 16 /* side by side: their sums fit into the first cache */

/* A number x is in bin b where cuts[b - 1] <= x < cuts[b]; those that are missing (NaN) have the bin `count`. */
typedef struct visml_bin_column {
    int32_t count;   /* bins of numbers, at least 1 */
    int32_t missing; /* 1: some are missing */
    float *cuts;     /* [count]; the last one is greater than all numbers */
} visml_bin_column;

typedef struct visml_bins {
    visml_memory *memory;
    int64_t n, d, blocks;      /* of columns */
    visml_bin_column *columns; /* [d] */
    float *cuts;               /* [d, VISML_MOST_BINS], what columns point to */
    int32_t *widths;           /* [blocks]: room for bins of each column: 16, 64 or 256; 0: no column of the block tells rows apart */
    uint8_t *codes;            /* [blocks, n, VISML_BIN_COLUMNS] */
    int64_t total;             /* of the run's progress */
} visml_bins;

/* What the cuts are made from. */
typedef struct visml_cut_rules {
    int64_t rows;           /* how many there will be */
    int32_t max_bin;        /* 2 ... 256 */
    int32_t reserved;
    const uint8_t *missing; /* [d]: whether some number of the column will be missing; NULL: those of the samples say so */
    int64_t total;          /* of the run's progress */
} visml_cut_rules;

/* Cuts from rows with a weight above 0: each number its own bin where there are at most max_bin of them, else quantiles of the weights. Of
 * many rows, some at equal distances are looked at. No codes yet. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_bins_new(visml_bins *b, visml_memory *m, const visml_compute *k, const visml_samples *s, const visml_cut_rules *rules,
                            const struct visml_fit_run *run, visml_error *err);
/* The codes of rows first ... first + s->n - 1. What is missing in a column that has no bin for it is in the lowest one: it can only be of
 * a row without weight. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_bins_fill(visml_bins *b, const visml_compute *k, const visml_samples *s, int64_t first, const struct visml_fit_run *run,
                             visml_error *err);
void visml_bins_clear(visml_bins *b);

static inline uint8_t visml_bins_code(const visml_bins *b, int64_t row, int64_t column) {
    return b->codes[(column / VISML_BIN_COLUMNS * b->n + row) * VISML_BIN_COLUMNS + column % VISML_BIN_COLUMNS];
}

#endif
