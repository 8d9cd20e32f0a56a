/* A source of labelled samples: what all kinds of it share. One file a kind: folder.c, csv.c, manifest.c (over files.c), idx.c and
 * arrays.c, callback.c. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "base/arena.h"
#include "data/augment.h"
#include "data/invalid.h"
#include "tensor/tensor.h"
#include "visml/data.h"

typedef struct visml_source visml_source;

/* What a thread that reads samples keeps from one to the next: the bytes of a file, and what augmentation needs. {0} to begin with. */
typedef struct visml_read_buffer {
    unsigned char *bytes;
    size_t capacity;
    visml_augment_room room;
} visml_read_buffer;

typedef struct visml_source_class {
    /* Fills the pixels of sample i (the source's dtype and shape, which are known by then) and its label. Called from several threads at
     * once, each with a buffer of its own. A failure other than VISML_ENOMEM makes the sample invalid. */
    visml_status (*read)(const visml_source *s, int64_t i, visml_read_buffer *buffer, void *pixels, int32_t *label, visml_error *err);
    /* Sample i as a picture of its own, the size not checked, so that it need not be copied; NULL for kinds that make none. Called as read
     * is, with an err. */
    visml_tensor *(*picture)(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_error *err);
    /* The shape that sample i has by itself; NULL for kinds that know the shape from the start. Failures as for read. */
    visml_status (*measure)(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_shape *shape, visml_error *err);
    /* NULL for kinds that are no files. */
    const char *(*path)(const visml_source *s, int64_t i);
    /* Frees what this kind has beyond the common part. May be NULL. */
    void (*free)(visml_source *s);
    int32_t slow; /* 1: worth threads of its own when loaded */
} visml_source_class;

struct visml_source {
    const visml_source_class *class;
    const char *kind;      /* "folder", "csv", ...: for the record in a manifest */
    const char *origin[2]; /* the files or the folder it was made from, or NULL */
    visml_context *context;
    _Atomic int64_t references;
    visml_arena arena; /* names and paths; not touched after the source is made */
    int64_t count;
    int32_t *labels;       /* [count] (owned), or NULL: known only once a sample is read */
    visml_tensor *targets; /* VISML_F32 [count, ...] in place of labels, or NULL */
    const char **class_names; /* [classes] (owned), each of the arena */
    size_t classes;
    visml_source_opts opts; /* checked, with defaults */
    visml_dtype dtype;      /* of the pixels */
    visml_shape shape;      /* of a sample; valid once shape_known is 1 */
    _Atomic int32_t shape_known;
    visml_invalid invalid; /* the samples found invalid */
};

/* Checks a caller's options and fills in the defaults. `what` names the call in messages. Errors: VISML_EINVAL. */
visml_status visml_source_options(const char *what, const visml_source_opts *user, visml_color color, visml_source_opts *ours,
                                  visml_error *err);

/* A source of `bytes` bytes (a struct that starts with visml_source), zeroed, with one reference and the common part set. */
void *visml_source_make(visml_context *ctx, size_t bytes, const visml_source_class *class, const char *kind,
                        const visml_source_opts *opts, visml_error *err);
visml_source *visml_source_retain(visml_source *s);
void visml_source_release(visml_source *s);

/* Copies the class names into the source; NULL: "0", "1", ... Errors: VISML_EINVAL (NULL or empty names, the same twice), VISML_ENOMEM. */
visml_status visml_source_name_classes(visml_source *s, const char *what, const char *const *names, size_t classes, visml_error *err);

/* Makes the shape known: that of the first valid sample. Errors: VISML_EFORMAT (none is valid), VISML_ENOMEM. */
visml_status visml_source_find_shape(visml_source *s, visml_read_buffer *buffer, visml_error *err);
/* Bytes of one sample; the shape must be known. */
size_t visml_source_sample_bytes(const visml_source *s);

/* Brings a picture [H, W, C] to the colour and size of the options. Consumes it, also on failure. */
visml_tensor *visml_picture_fit(const visml_source *s, visml_tensor *picture, visml_error *err);
/* Whether a picture has the source's shape, as it must by now. Errors: VISML_EFORMAT (both sizes). */
visml_status visml_picture_check(const visml_source *s, const visml_tensor *picture, visml_error *err);
/* Checks and copies it. */
visml_status visml_picture_store(const visml_source *s, const visml_tensor *picture, void *pixels, visml_error *err);

/* "DIR/a.jpg" or "sample 17". */
typedef struct visml_sample_name {
    const char *path; /* or NULL: then text */
    char text[32];
} visml_sample_name;
visml_sample_name visml_source_sample_name(const visml_source *s, int64_t i);
static inline const char *visml_sample_name_text(const visml_sample_name *n) {
    return n->path ? n->path : n->text;
}

void visml_read_buffer_free(const visml_source *s, visml_read_buffer *buffer);

#endif
