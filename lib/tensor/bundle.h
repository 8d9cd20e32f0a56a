/* A file of tensors with names beside JSON metadata: a model, a checkpoint, fitted features or a classifier. */
#ifndef TENSOR_BUNDLE_H
#define TENSOR_BUNDLE_H

#include <jansson.h>

#include "tensor/tensor.h"

typedef struct visml_bundle_tensor {
    const char *name; /* UTF-8; those of a model's parameters hold one '/', those of others none */
    visml_dtype dtype;
    visml_shape shape;
    const void *data; /* contiguous, little-endian on disk */
} visml_bundle_tensor;

/* Writes a safetensors file: `kind` ("model", "checkpoint"), `description` (any JSON) and checksums go into __metadata__.
 * Errors: VISML_EIO, VISML_EINVAL (a name that is empty or given twice), VISML_ELIMIT (more than 65,536 tensors), VISML_ENOMEM. */
visml_status visml_bundle_write(visml_context *ctx, const char *path, const char *kind, const json_t *description,
                                const visml_bundle_tensor *tensors, size_t n, visml_error *err);
visml_tensor *visml_bundle_write_memory(visml_context *ctx, const char *kind, const json_t *description,
                                        const visml_bundle_tensor *tensors, size_t n, visml_error *err);

typedef struct visml_bundle {
    visml_context *context; /* one reference */
    const unsigned char *bytes; /* the whole file, owned unless borrowed */
    int32_t borrowed;
    int32_t once; /* set by a reader of owned bytes who needs no tensor twice: what was copied from is given back at once */
    json_t *header;    /* holds names and kind */
    const char *kind;
    json_t *description;
    visml_bundle_tensor *tensors; /* in file order; data may lie at any alignment */
    size_t count;
} visml_bundle;

/* Reads and verifies. `kind` NULL: any. Errors: VISML_EIO, VISML_EFORMAT, VISML_EUNSUPPORTED (of a newer release), VISML_ELIMIT,
 * VISML_ENOMEM. On failure nothing is left to clear. */
visml_status visml_bundle_read(visml_context *ctx, const char *path, const char *kind, visml_bundle *out, visml_error *err);
/* `bytes` are borrowed until visml_bundle_clear. */
visml_status visml_bundle_read_memory(visml_context *ctx, const void *bytes, size_t n, const char *kind, visml_bundle *out,
                                      visml_error *err);
void visml_bundle_clear(visml_bundle *b);
/* NULL when there is none. */
const visml_bundle_tensor *visml_bundle_find(const visml_bundle *b, const char *name);

#endif
