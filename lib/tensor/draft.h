/* A file in the making: a description and tensors, gathered from those who have them; and files that are made of parts. A part called
 * "features" has its description under that key of the file's own, and its tensors under "features.<name>". */
#ifndef TENSOR_DRAFT_H
#define TENSOR_DRAFT_H

#include "base/arena.h"
#include "tensor/bundle.h"

typedef struct visml_draft {
    visml_context *context; /* borrowed */
    json_t *description;
    visml_arena names;      /* of tensors, where nobody else has them */
    visml_bundle_tensor *tensors;
    size_t count;
    size_t capacity;        /* of bytes, as visml_mem_grow has it */
} visml_draft;

/* Takes the description over; NULL: memory ran out. Room for `tensors` of them. To be cleared, also on failure. Errors: VISML_ENOMEM. */
visml_status visml_draft_begin(visml_draft *d, visml_context *ctx, json_t *description, size_t tensors, visml_error *err);
void visml_draft_clear(visml_draft *d);
/* The part's description and tensors (whose data are borrowed until the draft is written). Errors: VISML_ENOMEM. */
visml_status visml_draft_add_part(visml_draft *d, const char *name, const visml_draft *part, visml_error *err);
/* Errors: as visml_bundle_write. */
visml_status visml_draft_write(const visml_draft *d, const char *path, const char *kind, visml_error *err);

/* A part of what was read, as if it were a file of its own; to be cleared by visml_bundle_clear before the whole is. `part->count` is 0 and
 * its description NULL where there is none. Errors: VISML_ENOMEM. */
visml_status visml_bundle_part(const visml_bundle *b, const char *name, visml_bundle *part, visml_error *err);
/* Reads a file of `kind` and makes of it what `make` does; NULL on failure. What the file asks for and cannot have is wrong with the file,
 * so that VISML_EINVAL of `make` becomes VISML_EFORMAT; messages begin with the path. `what`: "features", for messages.
 * Errors: VISML_EINVAL (ctx or path is NULL), as visml_bundle_read, those of `make`. */
void *visml_bundle_load(visml_context *ctx, const char *path, const char *kind, const char *what,
                        void *(*make)(visml_context *ctx, const visml_bundle *b, visml_error *err), visml_error *err);

#endif
