/* The inside of an aggregator: one const struct a class, one row in aggregators.def. */
#ifndef FEATURE_AGGREGATOR_H
#define FEATURE_AGGREGATOR_H

#include "kernel/compute.h"
#include "tensor/object.h"
#include "visml/feature.h"

typedef struct visml_aggregator_class {
    visml_kind kind;
    /* How long the vector of rows [n, d] is; n is -1 where rows differ in number from picture to picture. 0: cannot be told then, or what
     * does not fit in memory. */
    int64_t (*length)(const visml_aggregator *a, int64_t n, int64_t d);
    size_t (*scratch)(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d); /* NULL: none */
    /* y: [length]. n is 0 or more. Allocates nothing. */
    void (*aggregate)(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch);
    /* Classes that learn; else NULL. x: [n, d], all finite. What is learned lies in arrays of the object; sets a->dims to d last. */
    visml_status (*fit)(visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, uint64_t seed, visml_error *err);
} visml_aggregator_class;

struct visml_aggregator {
    visml_object object;
    int64_t dims; /* d of what was learned; 0: nothing. restore sets it, too */
};

#define AGGREGATOR(name) extern const visml_aggregator_class visml_aggregator_##name##_class;
#include "feature/aggregators.def"
#undef AGGREGATOR
/* All classes, in the order of aggregators.def; NULL ends the list. */
extern const visml_aggregator_class *const visml_aggregator_classes[];

static inline const visml_aggregator_class *visml_aggregator_class_of(const visml_aggregator *a) {
    return (const visml_aggregator_class *)a->object.kind;
}
visml_aggregator *visml_aggregator_make(visml_context *ctx, const visml_aggregator_class *cls, const void *opts, visml_error *err);
visml_aggregator *visml_aggregator_from_object(visml_context *ctx, const json_t *object, visml_error *err);
/* 1 when it learns and has not. */
int visml_aggregator_waits(const visml_aggregator *a);
static inline size_t visml_aggregator_scratch(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d) {
    const visml_aggregator_class *cls = visml_aggregator_class_of(a);
    return cls->scratch ? cls->scratch(a, c, n, d) : 0;
}

#endif
