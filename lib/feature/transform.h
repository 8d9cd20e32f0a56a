/* The inside of a transform: one const struct a class, one row in transforms.def. */
#ifndef FEATURE_TRANSFORM_H
#define FEATURE_TRANSFORM_H

#include "kernel/compute.h"
#include "tensor/object.h"
#include "visml/feature.h"

/* Vectors to learn from, [n, d], row after row. All finite. */
typedef struct visml_vector_rows {
    int64_t n, d;
    const float *x;
    const int32_t *labels; /* [n]; NULL: none. -1: unknown */
} visml_vector_rows;

typedef struct visml_transform_class {
    visml_kind kind;
    /* How long the vectors are that it makes of those of length d; 0 when that cannot be told before it is fitted. */
    int64_t (*length)(const visml_transform *t, int64_t d);
    /* y[n, length] of x[n, d]; y is not x. Allocates nothing. */
    void (*apply)(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch);
    size_t (*scratch)(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d); /* NULL: none */
    /* Classes that learn (else all NULL). fit: from all at once, may be NULL where the others are there. begin, add (block after block, in
     * order), end: where all do not fit in memory; `passes` walks over all blocks, the number of the walk from 0 on is t->pass. What is
     * learned lies in arrays of the object; t->dims is set to d last. */
    visml_status (*fit)(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, uint64_t seed, visml_error *err);
    visml_status (*begin)(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err);
    visml_status (*add)(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err);
    visml_status (*end)(visml_transform *t, const visml_compute *c, visml_error *err);
    int32_t passes; /* 0: 1 */
    int32_t needs_labels;
} visml_transform_class;

struct visml_transform {
    visml_object object;
    int64_t dims; /* d of what was learned; 0: nothing. restore sets it, too */
    int32_t pass;
    void *work; /* of a fit between begin and end: the class' own, from the context's memory; freed by end, or with the object */
};

#define TRANSFORM(name) extern const visml_transform_class visml_transform_##name##_class;
#include "feature/transforms.def"
#undef TRANSFORM
/* All classes, in the order of transforms.def; NULL ends the list. */
extern const visml_transform_class *const visml_transform_classes[];

static inline const visml_transform_class *visml_transform_class_of(const visml_transform *t) {
    return (const visml_transform_class *)t->object.kind;
}
visml_transform *visml_transform_make(visml_context *ctx, const visml_transform_class *cls, const void *opts, visml_error *err);
visml_transform *visml_transform_from_object(visml_context *ctx, const json_t *object, visml_error *err);
/* 1 when it learns and has not. */
int visml_transform_waits(const visml_transform *t);
/* One that learns, from all at once: by fit, or by begin, add, end. */
visml_status visml_transform_learn(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, uint64_t seed,
                                   visml_error *err);
static inline size_t visml_transform_scratch(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d) {
    const visml_transform_class *cls = visml_transform_class_of(t);
    return cls->scratch ? cls->scratch(t, c, n, d) : 0;
}

#endif
