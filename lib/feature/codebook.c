#include "feature/codebook.h"

#include "base/checked.h"
#include "base/error.h"
#include "feature/kmeans.h"

visml_status visml_codebook_fit(visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, uint64_t seed,
                                visml_error *err) {
    const visml_codebook_opts *o = a->object.opts;
    visml_memory *m = &a->object.context->memory;
    visml_kmeans job = {.x = {n, d, x, d, 1}, .k = o->clusters, .seed = seed, .max_iterations = o->max_iterations, .tolerance = 1e-4};
    if (n < job.k)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows to learn from, must be at least as many as clusters: %lld",
                          a->object.kind->name, (long long)n, (long long)job.k);
    job.labels = visml_mem_alloc(m, (size_t)n * sizeof *job.labels, err);
    job.centers = job.labels ? visml_object_array_new(&a->object, "centers", VISML_F32, VISML_SHAPE(job.k, d), err) : NULL;
    visml_status status = job.centers ? visml_kmeans_fit(m, c, a->object.kind->name, &job, err) : VISML_ENOMEM;
    visml_mem_free(m, job.labels);
    a->dims = status == VISML_OK ? d : 0;
    return status;
}

visml_status visml_codebook_restore(visml_object *o, visml_error *err) {
    int64_t shape[2] = {((const visml_codebook_opts *)o->opts)->clusters, -1};
    VISML_TRY(visml_object_array_expect(o, "centers", VISML_F32, 2, shape, err));
    if (!shape[1])
        return visml_fail(err, VISML_EFORMAT, "%s: array \"centers\" is empty", o->kind->name);
    ((visml_aggregator *)o)->dims = shape[1];
    return VISML_OK;
}

static size_t labels_bytes(int64_t n) {
    return ((size_t)n * sizeof(int32_t) + 63) / 64 * 64;
}

size_t visml_codebook_scratch(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d) {
    int64_t k = visml_codebook_clusters(a);
    size_t bytes;
    return visml_size_add(labels_bytes(n), visml_nearest_bytes(c, d, k), &bytes) &&
                   visml_size_add(bytes, visml_nearest_scratch(c, d, k), &bytes)
               ? bytes
               : SIZE_MAX;
}

const int32_t *visml_codebook_labels(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x,
                                     void *scratch) {
    int64_t k = visml_codebook_clusters(a);
    char *ready = (char *)scratch + labels_bytes(n);
    visml_nearest_plan plan = visml_nearest_prepare(c, d, k, visml_object_array_data(&a->object, "centers"), ready);
    visml_nearest_run(c, &plan, n, x, d, NULL, scratch, NULL, ready + visml_nearest_bytes(c, d, k));
    return scratch;
}
