/* Samples that lie in memory as the rows of a tensor. */
#ifndef DATA_ARRAYS_H
#define DATA_ARRAYS_H

#include "data/source.h"

typedef struct visml_arrays_source {
    visml_source base;
    visml_tensor *images; /* [count, ...], retained */
    size_t row_bytes;
    visml_shape picture;  /* of a row, as [H, W, C], when it is brought to another size or colour; else rank 0 */
} visml_arrays_source;

/* The common part of arrays and IDX: rows as they are, or as pictures that the options change. opts: checked. The labels are the caller's
 * to fill in. Errors: VISML_ENOMEM. */
visml_arrays_source *visml_arrays_source_new(visml_context *ctx, const char *kind, visml_tensor *images, const visml_shape *sample,
                                             const visml_source_opts *opts, visml_error *err);

#endif
