/* Binned rows of a source: a walk for a sample that the cuts are made from, a second one for the bins. */
#ifndef CLASSIFY_BOOSTING_ROWS_H
#define CLASSIFY_BOOSTING_ROWS_H

#include "classify/bins.h"
#include "classify/row_walk.h"

typedef struct visml_binned_rows {
    visml_memory *memory;
    visml_bins bins;
    visml_samples rows; /* all but x, which is NULL; points to what follows */
    int32_t *places;
    float *targets, *weights;
} visml_binned_rows;

#define VISML_SAMPLE_BYTES (INT64_C(1) << 26)

/* sample_bytes: of numbers that the cuts are made from; 1024 rows at least. What any row misses has its bin, whether it is in the sample or
 * not. The run is asked after each block. Errors: those of walks, VISML_ENOMEM. Nothing is left of r on failure. */
visml_status visml_binned_rows_read(visml_binned_rows *r, visml_memory *m, const visml_compute *k, visml_row_walk *walk, int32_t max_bin,
                                    int64_t sample_bytes, const struct visml_fit_run *run, visml_error *err);
void visml_binned_rows_clear(visml_binned_rows *r);

#endif
