/* IDX files, the format of MNIST. */
#ifndef DATA_IDX_H
#define DATA_IDX_H

#include "data/source.h"

/* The images and labels of two files, plain or gzip, as a source. what: the call, for messages about the options.
 * Errors as visml_dataset_from_idx. */
visml_source *visml_idx_source_new(visml_context *ctx, const char *what, const char *images, const char *labels,
                                   const visml_source_opts *opts, visml_error *err);

#endif
