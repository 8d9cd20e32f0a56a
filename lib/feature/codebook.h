/* What aggregators over a k-means codebook share: the array "centers" [clusters, d]. */
#ifndef FEATURE_CODEBOOK_H
#define FEATURE_CODEBOOK_H

#include "feature/aggregator.h"

/* The options that they begin with. */
typedef struct visml_codebook_opts {
    uint32_t size;
    int32_t clusters;
    int32_t max_iterations;
} visml_codebook_opts;

#define VISML_CODEBOOK_FIELDS(type) \
    VISML_FIELD(type, clusters, I32, 0, 1, 1, 65536, 64), VISML_FIELD(type, max_iterations, I32, 0, 1, 1, 10000, 100)
#define VISML_CODEBOOK_CHECK(type) \
    _Static_assert(offsetof(type, clusters) == offsetof(visml_codebook_opts, clusters) && \
                   offsetof(type, max_iterations) == offsetof(visml_codebook_opts, max_iterations), #type)

static inline int64_t visml_codebook_clusters(const visml_aggregator *a) {
    return ((const visml_codebook_opts *)a->object.opts)->clusters;
}
/* For classes: fit, restore, scratch. */
visml_status visml_codebook_fit(visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, uint64_t seed,
                                visml_error *err);
visml_status visml_codebook_restore(visml_object *o, visml_error *err);
size_t visml_codebook_scratch(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d);
/* The nearest center of each row, within that scratch. */
const int32_t *visml_codebook_labels(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x,
                                     void *scratch);

#endif
