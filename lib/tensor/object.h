/* What regions, extractors, aggregators, transforms and classifiers share: options of a class, arrays that fitting made, a count of
 * references; how they are described in JSON and kept in files is written once.
 *
 * A family's class begins with a visml_kind, its objects begin with a visml_object:
 *
 *     typedef struct visml_extractor_class { visml_kind kind; ... } visml_extractor_class;
 *     struct visml_extractor { visml_object object; }; */
#ifndef TENSOR_OBJECT_H
#define TENSOR_OBJECT_H

#include <jansson.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/options.h"
#include "context/description.h"
#include "tensor/bundle.h"

#define VISML_MAX_ARRAYS 24 /* of one object */

typedef struct visml_object visml_object;

typedef struct visml_kind {
    const char *name; /* "hog": written into files, never changed */
    size_t opts_size;
    const visml_field *fields; /* the options as data */
    /* Rules across options. NULL: none. */
    visml_status (*check)(const void *opts, visml_error *err);
    /* Looks at the arrays that a file gave: all that a fit leaves must be there, with shapes that belong together and every number in its
     * range. NULL: the class has no arrays. Errors: VISML_EFORMAT. */
    visml_status (*restore)(visml_object *object, visml_error *err);
} visml_kind;

/* Of classes without options. */
typedef struct visml_no_opts {
    uint32_t size;
} visml_no_opts;

/* What fitting found out, or what no options struct can hold. */
typedef struct visml_object_array {
    char name[32];
    visml_tensor *tensor; /* one reference; contiguous */
} visml_object_array;

struct visml_object {
    const visml_kind *kind;
    visml_context *context; /* one reference */
    _Atomic int64_t references;
    void *opts; /* checked, with defaults */
    size_t array_count;
    visml_object_array arrays[VISML_MAX_ARRAYS];
};

/* A new object of `size` bytes (zeros behind the visml_object) with one reference. `family`: "extractor", for messages.
 * Errors: VISML_EINVAL, VISML_ENOMEM. */
void *visml_object_make(visml_context *ctx, const char *family, const visml_kind *kind, size_t size, const void *opts, visml_error *err);
/* The same with options from an object like {"class": "hog", "cell_size": 8}; keys in `known` (NULL-ended) are passed over.
 * Errors: VISML_EFORMAT, VISML_EINVAL, VISML_ENOMEM. */
void *visml_object_from_json(visml_context *ctx, const char *family, const visml_kind *kind, size_t size, const json_t *object,
                             const char *const *known, visml_error *err);
/* One reference more; returns its argument. */
void *visml_object_retain(const void *object);
/* One reference less; NULL is allowed. */
void visml_object_release(void *object);

/* A new array of zeros under a name, in place of the one that had it. NULL: VISML_ENOMEM, VISML_EINVAL; the old one is then still there. */
void *visml_object_array_new(visml_object *o, const char *name, visml_dtype dtype, const visml_shape *shape, visml_error *err);
/* The same with any numbers: all of them are written next. Memory that is touched twice takes long where there is much of it. */
void *visml_object_array_unset(visml_object *o, const char *name, visml_dtype dtype, const visml_shape *shape, visml_error *err);
/* The tensor of that name, borrowed; NULL when there is none. */
visml_tensor *visml_object_array_get(const visml_object *o, const char *name);
/* Its elements; NULL when there is none. */
const void *visml_object_array_data(const visml_object *o, const char *name);
void visml_object_arrays_clear(visml_object *o);
/* The arrays of another object of the class, shared with it, in place of its own; the class looks at them as after loading.
 * Errors: VISML_ENOMEM. */
visml_status visml_object_arrays_share(visml_object *o, const visml_object *from, visml_error *err);
/* For restore: the tensor of that name with this type and rank, dims[i] >= 0 as wanted and -1 as it comes, written back.
 * Errors: VISML_EFORMAT. */
visml_status visml_object_array_expect(const visml_object *o, const char *name, visml_dtype dtype, int32_t rank, int64_t *dims,
                                       visml_error *err);

/* Adds the object's arrays to a list of what a bundle is to hold, under "<prefix>.<name>"; names are from the arena.
 * *n grows; list has room for VISML_MAX_ARRAYS more. Errors: VISML_ENOMEM. */
visml_status visml_object_save(const visml_object *o, const char *prefix, visml_arena *names, visml_bundle_tensor *list, size_t *n,
                               visml_error *err);
/* Copies the arrays under "<prefix>." out of a bundle, and has the class look at them. On failure the object has none.
 * Errors: VISML_EFORMAT, VISML_ENOMEM. */
visml_status visml_object_load(visml_object *o, const char *prefix, const visml_bundle *b, visml_error *err);

/* {"class": name, options that are not default}, or NULL. */
json_t *visml_object_json(const visml_object *o);

#endif
