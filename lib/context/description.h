/* What losses, optimizers, schedules, extractors, classifiers and the like share: each is described in JSON as
 * {"class": "adam", "learning_rate": 0.01}, or by the name of its class alone when all else is default. */
#ifndef CONTEXT_DESCRIPTION_H
#define CONTEXT_DESCRIPTION_H

#include <jansson.h>

#include "base/options.h"
#include "context/context.h"

/* A family of classes. */
typedef struct visml_family {
    const char *what; /* "optimizer": what messages start with */
    const char *(*name)(size_t i); /* of class i; NULL behind the last */
} visml_family;

/* The class that object["class"] names. Errors: VISML_EFORMAT (with the names that there are). */
visml_status visml_description_class(const visml_family *family, const json_t *object, size_t *index, visml_error *err);
/* A caller's options struct of `size` bytes (visml_mem_free) from an object; the keys in `known` (NULL-ended) are passed over.
 * NULL: VISML_EFORMAT, VISML_ENOMEM. */
void *visml_description_options(visml_context *ctx, const char *name, const visml_field *fields, const json_t *object,
                                const char *const *known, size_t size, visml_error *err);
/* {"class": name} with the fields that are not default, or NULL. */
json_t *visml_description_new(const char *name, const visml_field *fields, const void *opts);

/* From the text of an object, or the bare name of a class: an object (json_decref). Errors: VISML_EINVAL (NULL), VISML_EFORMAT,
 * VISML_ENOMEM. */
json_t *visml_description_read(const visml_family *family, visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The object (which is given up; may be NULL) as text, as visml_model_to_json. */
size_t visml_description_write(visml_context *ctx, json_t *object, char *text, size_t capacity);

#endif
