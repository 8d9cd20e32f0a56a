/* k-means (Lloyd 1982; k-means++ of Arthur and Vassilvitskii 2007), and with partial fits its mini-batches (Sculley 2010): each center
 * moves towards its new rows by the share that they have among all that it has had. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "classify/classifier.h"
#include "feature/kmeans.h"
#include "kernel/kernels.h"

static const char *const init_names[] = {"k-means++", "random", NULL};

static const visml_field fields[] = {
    VISML_FIELD(visml_k_means_opts, n_clusters, I32, 0, 1, 1, 65536, 8),
    VISML_FIELD(visml_k_means_opts, n_init, I32, 0, 1, 0, 10000, 0),
    VISML_FIELD_OF_ENUM(visml_k_means_opts, init, VISML_KMEANS_PLUS_PLUS, init_names),
    VISML_FIELD(visml_k_means_opts, max_iter, I32, 0, 1, 1, 1000000, 300),
    VISML_FIELD_OF_RESERVED(visml_k_means_opts),
    VISML_FIELD(visml_k_means_opts, tol, F64, 0, 1, 0, 1e6, 1e-4),
    {0},
};

/* What is learned, k of each. */
typedef struct tables {
    float *centers;
    double *counts, *inertia;
} tables;

static int64_t clusters_of(const visml_classifier *c) {
    return ((const visml_k_means_opts *)c->object.opts)->n_clusters;
}

static visml_status make_tables(visml_classifier *c, tables *t, visml_error *err) {
    visml_object *o = &c->object;
    int64_t k = clusters_of(c);
    t->centers = visml_object_array_new(o, "centers", VISML_F32, VISML_SHAPE(k, c->dims), err);
    t->counts = t->centers ? visml_object_array_new(o, "counts", VISML_F64, VISML_SHAPE(k), err) : NULL;
    t->inertia = t->counts ? visml_object_array_new(o, "inertia", VISML_F64, VISML_SHAPE(1), err) : NULL;
    c->class_count = k;
    return t->inertia ? VISML_OK : VISML_ENOMEM;
}

/* ---- all rows at once ---- */

/* Progress: iterations of all runs. */
typedef struct progress {
    const visml_fit_run *run;
    int64_t before, total;
} progress;

static visml_status tick(void *user, int32_t iteration, double inertia, visml_error *err) {
    const progress *p = user;
    return visml_fit_tick(p->run, p->before + iteration, p->total, iteration ? inertia : NAN, NAN, err);
}

static visml_kmeans job_of(const visml_classifier *c, const visml_samples *s, uint64_t seed) {
    const visml_k_means_opts *o = c->object.opts;
    /* As many trials as scikit-learn takes. */
    return (visml_kmeans){.x = visml_samples_view(s), .k = o->n_clusters, .random = o->init == VISML_KMEANS_RANDOM,
                          .trials = 2 + (int32_t)log((double)o->n_clusters), .seed = seed, .max_iterations = o->max_iter,
                          .tolerance = o->tol, .tick = tick};
}

static int32_t runs_of(const visml_k_means_opts *o) {
    return o->n_init ? o->n_init : o->init == VISML_KMEANS_RANDOM ? 10 : 1;
}

/* The best of several runs goes to the tables. room: [k, d] for the centers of a run. */
static visml_status run_all(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, const tables *t,
                            float *room, int32_t *labels, visml_error *err) {
    const visml_k_means_opts *o = c->object.opts;
    int32_t runs = runs_of(o);
    progress p = {.run = run, .total = (int64_t)runs * o->max_iter};
    for (int32_t i = 0; i < runs; i++, p.before += o->max_iter) {
        visml_kmeans job = job_of(c, s, visml_key(run->seed, (uint64_t)i));
        job.user = &p;
        job.centers = room;
        job.labels = labels;
        VISML_TRY(visml_kmeans_fit(visml_classifier_memory(c), k, "k_means", &job, err));
        if (i && job.inertia >= t->inertia[0])
            continue;
        memcpy(t->centers, room, (size_t)(job.k * s->d) * sizeof *room);
        memset(t->counts, 0, (size_t)job.k * sizeof *t->counts);
        for (int64_t r = 0; r < s->n; r++)
            t->counts[labels[r]]++;
        t->inertia[0] = job.inertia;
    }
    return VISML_OK;
}

static visml_status fit_all(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, const tables *t,
                            visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    float *room = visml_mem_alloc(m, (size_t)(clusters_of(c) * s->d) * sizeof *room, err);
    int32_t *labels = room ? visml_mem_alloc(m, (size_t)s->n * sizeof *labels, err) : NULL;
    visml_status status = labels ? run_all(c, k, s, run, t, room, labels, err) : VISML_ENOMEM;
    visml_mem_free(m, room);
    visml_mem_free(m, labels);
    return status;
}

/* ---- some rows more ---- */

static visml_status begin_batches(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                  const tables *t, visml_error *err) {
    if (run->previous) {
        const visml_object *o = &run->previous->object;
        memcpy(t->centers, visml_object_array_data(o, "centers"), (size_t)(clusters_of(c) * s->d) * sizeof *t->centers);
        memcpy(t->counts, visml_object_array_data(o, "counts"), (size_t)clusters_of(c) * sizeof *t->counts);
        return VISML_OK;
    }
    if (s->n < clusters_of(c))
        return visml_fail(err, VISML_EINVAL, "k_means: the first rows are %lld, must be at least as many as clusters: %lld",
                          (long long)s->n, (long long)clusters_of(c));
    progress p = {.run = run, .total = -1};
    visml_kmeans job = job_of(c, s, visml_key(run->seed, 0));
    job.user = &p;
    job.centers = t->centers;
    return visml_kmeans_seed(visml_classifier_memory(c), k, &job, err);
}

#define BATCH 1024 /* rows whose clusters are found before centers move */

typedef struct batch_room {
    void *ready, *scratch;
    int32_t *labels;
    float *squares, *buffer;
} batch_room;

/* Centers move row by row, by 1 / count: they are the means of all rows that they have had. */
static void move_centers(const tables *t, int64_t n, int64_t d, const float *x, int64_t ldx, const int32_t *labels) {
    for (int64_t i = 0; i < n; i++) {
        float *center = t->centers + labels[i] * d;
        double share = 1 / (t->counts[labels[i]] += 1);
        for (int64_t j = 0; j < d; j++)
            center[j] += (float)(share * ((double)x[i * ldx + j] - (double)center[j]));
    }
}

static visml_status add_batches(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                const tables *t, const batch_room *r, visml_error *err) {
    for (int64_t begin = 0, ld; begin < s->n; begin += BATCH) {
        int64_t n = s->n - begin < BATCH ? s->n - begin : BATCH;
        const float *x = visml_samples_rows(s, begin, n, r->buffer, &ld);
        visml_nearest_plan plan = visml_nearest_prepare(k, s->d, clusters_of(c), t->centers, r->ready);
        visml_nearest_run(k, &plan, n, x, ld, NULL, r->labels, r->squares, r->scratch);
        for (int64_t i = 0; i < n; i++)
            t->inertia[0] += (double)r->squares[i];
        move_centers(t, n, s->d, x, ld, r->labels);
        VISML_TRY(visml_fit_tick(run, begin + n, s->n, t->inertia[0], NAN, err));
    }
    return VISML_OK;
}

static visml_status fit_batches(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                const tables *t, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    batch_room r = {0};
    VISML_TRY(begin_batches(c, k, s, run, t, err));
    r.buffer = visml_mem_alloc(m, BATCH * (size_t)(s->d + 2) * sizeof *r.buffer, err);
    r.ready = r.buffer ? visml_mem_alloc(m, visml_nearest_bytes(k, s->d, clusters_of(c)), err) : NULL;
    r.scratch = r.ready ? visml_mem_alloc(m, visml_nearest_scratch(k, s->d, clusters_of(c)), err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (r.scratch) {
        r.squares = r.buffer + BATCH * s->d;
        r.labels = (int32_t *)(void *)(r.squares + BATCH);
        status = add_batches(c, k, s, run, t, &r, err);
    }
    visml_mem_free(m, r.buffer);
    visml_mem_free(m, r.ready);
    visml_mem_free(m, r.scratch);
    return status;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    tables t;
    VISML_TRY(make_tables(c, &t, err));
    return (run->partial ? fit_batches : fit_all)(c, k, s, run, &t, err);
}

/* ---- running ---- */

/* Ready: what visml_nearest_prepare makes. */
static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    size_t bytes = sizeof(visml_nearest_plan) + 64;
    bytes = visml_size_add(bytes, visml_nearest_bytes(k, c->dims, c->class_count), &bytes) ? bytes : SIZE_MAX;
    c->ready = visml_mem_alloc(visml_classifier_memory(c), bytes, err);
    if (!c->ready)
        return VISML_ENOMEM;
    char *memory = (char *)c->ready + (sizeof(visml_nearest_plan) + 63) / 64 * 64;
    visml_nearest_plan plan = visml_nearest_prepare(k, c->dims, c->class_count, visml_object_array_data(&c->object, "centers"), memory);
    memcpy(c->ready, &plan, sizeof plan);
    return VISML_OK;
}

#define ROWS 256

static size_t buffer_bytes(const visml_classifier *c) {
    return (ROWS * (size_t)c->dims * sizeof(float) + 63) / 64 * 64;
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    size_t bytes;
    (void)n;
    return visml_size_add(buffer_bytes(c), visml_nearest_scratch(k, c->dims, c->class_count), &bytes) ? bytes : SIZE_MAX;
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *room) {
    int64_t clusters = c->class_count;
    for (int64_t begin = 0, ld; begin < s->n; begin += ROWS) {
        int64_t n = s->n - begin < ROWS ? s->n - begin : ROWS;
        const float *x = visml_samples_rows(s, begin, n, room, &ld);
        visml_nearest_squares(k, c->ready, n, x, ld, y + begin * clusters, (char *)room + buffer_bytes(c));
        for (int64_t i = begin * clusters; i < (begin + n) * clusters; i++)
            y[i] = -sqrtf(y[i]);
    }
}

static void choose(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, void *room) {
    for (int64_t begin = 0, ld; begin < s->n; begin += ROWS) {
        int64_t n = s->n - begin < ROWS ? s->n - begin : ROWS;
        const float *x = visml_samples_rows(s, begin, n, room, &ld);
        visml_nearest_run(k, c->ready, n, x, ld, NULL, places + begin, NULL, (char *)room + buffer_bytes(c));
    }
}

static int64_t outputs(const visml_classifier *c) {
    return c->class_count;
}

/* ---- files ---- */

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    int64_t k = clusters_of(c), one = 1, shape[2] = {k, c->dims};
    VISML_TRY(visml_object_array_expect(o, "centers", VISML_F32, 2, shape, err));
    VISML_TRY(visml_object_array_expect(o, "counts", VISML_F64, 1, shape, err));
    VISML_TRY(visml_object_array_expect(o, "inertia", VISML_F64, 1, &one, err));
    const float *centers = visml_object_array_data(o, "centers");
    const double *counts = visml_object_array_data(o, "counts"), *inertia = visml_object_array_data(o, "inertia");
    for (int64_t i = 0; i < k * c->dims; i++)
        if (!isfinite(centers[i]))
            return visml_fail(err, VISML_EFORMAT, "k_means: array \"centers\" has %g, must be finite", (double)centers[i]);
    for (int64_t i = 0; i < k; i++)
        if (!isfinite(counts[i]) || counts[i] < 0)
            return visml_fail(err, VISML_EFORMAT, "k_means: array \"counts\" has %g, must be 0 or more", counts[i]);
    if (!isfinite(inertia[0]) || inertia[0] < 0)
        return visml_fail(err, VISML_EFORMAT, "k_means: array \"inertia\" has %g, must be 0 or more", inertia[0]);
    c->class_count = k;
    return VISML_OK;
}

const visml_classifier_class visml_classifier_k_means_class = {
    .kind = {.name = "k_means", .opts_size = sizeof(visml_k_means_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLUSTER | VISML_CAN_PARTIAL,
    .fit = fit,
    .prepare = prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .choose = choose,
};

visml_classifier *visml_classifier_k_means(visml_context *ctx, const visml_k_means_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_k_means_class, opts, err);
}
