/* Options as data: one table of fields drives defaults, range checks with one wording, and JSON. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <jansson.h>

#include "base/memory.h"

typedef enum visml_field_kind {
    VISML_FIELD_I32 = 1,
    VISML_FIELD_I64,
    VISML_FIELD_U64,
    VISML_FIELD_F64, /* VISML_ZERO is read as 0 */
    VISML_FIELD_ENUM, /* int32_t with names */
    VISML_FIELD_FLAG, /* int32_t, 0 or 1; true/false in JSON */
    VISML_FIELD_NAME, /* const char *; not copied by visml_options_read */
    VISML_FIELD_RESERVED, /* four bytes without a meaning yet: must be 0, so that a later release can give them one. Not in JSON */
} visml_field_kind;

#define VISML_FIELD_REQUIRED 1 /* zero is not allowed: the caller must set it */
#define VISML_FIELD_SPREAD 2   /* an array whose later zeros mean "as the element before" */
#define VISML_FIELD_LIST 4     /* an array that ends at its first zero */
#define VISML_FIELD_OPEN_MIN 8 /* min itself is not allowed */
#define VISML_FIELD_OPEN_MAX 16 /* max itself is not allowed */
/* Two reals, from and to. {x} alone stands for 0 ... x, or for what the other two flags say. They are put in order; JSON takes a number or
 * both. By default from `low` to `fallback`. */
#define VISML_FIELD_RANGE 32
#define VISML_FIELD_MIRRORED 64 /* a range: {x} is -|x| ... |x| */
#define VISML_FIELD_TWICE 128   /* a range: {x} is {x, x} */
#define VISML_FIELD_WHOLE 256   /* whole numbers alone, though F64: for the sake of VISML_ZERO */

/* One field of an options struct. A table of them ends with a field without a name. */
typedef struct visml_field {
    const char *name; /* as in the struct, in JSON and in messages */
    visml_field_kind kind;
    int32_t flags;
    size_t offset;
    size_t count;      /* elements; 1 for a plain field */
    double min, max;   /* of each element */
    double fallback;   /* what zero means */
    const char *const *names; /* VISML_FIELD_ENUM: name of value i, ending with NULL; an empty name is not offered */
    double low;               /* VISML_FIELD_RANGE: what the first element is by default */
} visml_field;

#define VISML_FIELD(type, member, kind_, flags_, count_, min_, max_, default_) \
    {.name = #member, .kind = VISML_FIELD_##kind_, .flags = (flags_), .offset = offsetof(type, member), .count = (count_), \
     .min = (min_), .max = (max_), .fallback = (default_)}
#define VISML_FIELD_OF_RANGE(type, member, flags_, min_, max_, low_, default_) \
    {.name = #member, .kind = VISML_FIELD_F64, .flags = VISML_FIELD_RANGE | (flags_), .offset = offsetof(type, member), .count = 2, \
     .min = (min_), .max = (max_), .fallback = (default_), .low = (low_)}
#define VISML_FIELD_OF_ENUM(type, member, default_, names_) \
    {.name = #member, .kind = VISML_FIELD_ENUM, .offset = offsetof(type, member), .count = 1, .fallback = (default_), .names = (names_)}
#define VISML_FIELD_OF_RESERVED(type) {.name = "reserved", .kind = VISML_FIELD_RESERVED, .offset = offsetof(type, reserved), .count = 1}

/* Applies the size rule: copies the caller's struct (NULL: nothing) into ours[size], the rest zero. Does not look at the fields.
 * `what` names the thing in messages. Errors: VISML_EINVAL. `ours` is written on success only. */
visml_status visml_options_copy(const char *what, const void *user, void *ours, size_t size, visml_error *err);
/* The same, then defaults, VISML_ZERO, required fields, ranges, reserved fields. */
visml_status visml_options_read(const char *what, const visml_field *fields, const void *user, void *ours, size_t size,
                                visml_error *err);

/* Adds every field but NAMEs and RESERVEDs that differs from its default to the object. 0, or -1 when memory ran out. */
int visml_options_to_json(const visml_field *fields, const void *ours, json_t *object);
/* Fills a caller's struct (size set, zeros elsewhere) from an object: for visml_options_read, which comes next. Keys in `known` (NULL-
 * ended; may be NULL) are passed over; any other key that is no field is an error that lists the fields. Errors: VISML_EFORMAT. */
visml_status visml_options_from_json(const char *what, const visml_field *fields, const json_t *object, const char *const *known,
                                     void *user, size_t size, visml_error *err);

#endif
