/* The k nearest rows vote (Fix and Hodges 1951; Dudani 1976 by distance). Nothing is learned but the rows themselves. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "classify/classifier.h"
#include "feature/search.h"

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const weight_names[] = {"uniform", "distance", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_k_neighbors_opts, task, VISML_TASK_CLASSIFICATION, task_names),
    VISML_FIELD(visml_k_neighbors_opts, n_neighbors, I32, 0, 1, 1, 65536, 5),
    VISML_FIELD_OF_ENUM(visml_k_neighbors_opts, weights, VISML_NEIGHBORS_UNIFORM, weight_names),
    VISML_FIELD_OF_ENUM(visml_k_neighbors_opts, metric, VISML_METRIC_L2, visml_metric_names),
    VISML_FIELD_OF_RESERVED(visml_k_neighbors_opts),
    {0},
};

static visml_task task(const void *opts) {
    return ((const visml_k_neighbors_opts *)opts)->task;
}

/* ---- learning ---- */

#define ROWS 1024 /* copied, or searched for, at a time */

/* Of a row as it has been copied. */
static visml_status check_sign(int64_t i, int64_t d, const float *row, visml_error *err) {
    for (int64_t j = 0; j < d; j++)
        if (row[j] < 0)
            return visml_fail(err, VISML_EINVAL, "k_neighbors: x[%lld, %lld] is %g, must not be negative for chi2", (long long)i,
                              (long long)j, (double)row[j]);
    return VISML_OK;
}

static visml_status copy_rows(const visml_samples *s, const visml_fit_run *run, int signs, float *to, visml_error *err) {
    for (int64_t begin = 0; begin < s->n; begin += ROWS) {
        int64_t n = s->n - begin < ROWS ? s->n - begin : ROWS, ld;
        const float *x = visml_samples_rows(s, begin, n, to + begin * s->d, &ld);
        for (int64_t i = 0; x != to + begin * s->d && i < n; i++)
            memcpy(to + (begin + i) * s->d, x + i * ld, (size_t)s->d * sizeof *to);
        for (int64_t i = begin; signs && i < begin + n; i++)
            VISML_TRY(check_sign(i, s->d, to + i * s->d, err));
        VISML_TRY(visml_fit_tick(run, begin + n, s->n, NAN, NAN, err));
    }
    return VISML_OK;
}

/* What the rows were: places of classes, or numbers. */
static visml_status copy_answers(visml_classifier *c, const visml_samples *s, visml_error *err) {
    int classifies = visml_classifier_task(c) == VISML_TASK_CLASSIFICATION;
    const void *from = classifies ? (const void *)s->places : (const void *)s->targets;
    void *to = visml_object_array_new(&c->object, classifies ? "labels" : "targets", classifies ? VISML_I32 : VISML_F32,
                                      VISML_SHAPE(s->n), err);
    if (!to)
        return VISML_ENOMEM;
    memcpy(to, from, (size_t)s->n * sizeof(float));
    return VISML_OK;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_k_neighbors_opts *o = c->object.opts;
    (void)k;
    if (o->n_neighbors > s->n || s->n > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "k_neighbors: n_samples = %lld, must be n_neighbors = %d at least and %d at most",
                          (long long)s->n, (int)o->n_neighbors, INT32_MAX);
    float *rows = visml_object_array_unset(&c->object, "rows", VISML_F32, VISML_SHAPE(s->n, s->d), err);
    if (!rows)
        return VISML_ENOMEM;
    VISML_TRY(copy_rows(s, run, o->metric == VISML_METRIC_CHI2, rows, err));
    return copy_answers(c, s, err);
}

/* Ready: the visml_search. */
static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    const visml_k_neighbors_opts *o = c->object.opts;
    const visml_tensor *rows = visml_object_array_get(&c->object, "rows");
    visml_search *s = c->ready = visml_mem_alloc(visml_classifier_memory(c), sizeof *s, err);
    if (!s)
        return VISML_ENOMEM;
    *s = (visml_search){.metric = o->metric, .n = rows->shape.dims[0], .d = c->dims, .rows = (const float *)(const void *)rows->data,
                        .k = o->n_neighbors};
    visml_search_measure(k, s);
    return VISML_OK;
}

/* ---- votes ---- */

/* How much the neighbours of a row count, in place of their distances. Those at no distance count alone. */
static void weigh(const visml_k_neighbors_opts *o, float *distances) {
    double sum = 0;
    int alike = 0;
    if (o->weights == VISML_NEIGHBORS_DISTANCE)
        for (int32_t i = 0; i < o->n_neighbors; i++)
            alike |= o->metric != VISML_METRIC_INTERSECTION && distances[i] == 0;
    for (int32_t i = 0; i < o->n_neighbors; i++) {
        if (o->weights == VISML_NEIGHBORS_UNIFORM)
            distances[i] = 1;
        else if (o->metric != VISML_METRIC_INTERSECTION)
            distances[i] = alike ? (float)(distances[i] == 0) : 1 / distances[i];
        sum += (double)distances[i];
    }
    for (int32_t i = 0; !(sum > 0 && sum < INFINITY) && i < o->n_neighbors; i++)
        distances[i] = 1;
}

static void vote(const visml_classifier *c, const int32_t *neighbors, const float *weights, double *votes, float *y) {
    const visml_k_neighbors_opts *o = c->object.opts;
    const int32_t *labels = visml_object_array_data(&c->object, "labels");
    double sum = 0;
    memset(votes, 0, (size_t)c->class_count * sizeof *votes);
    for (int32_t i = 0; i < o->n_neighbors; i++) {
        votes[labels[neighbors[i]]] += (double)weights[i];
        sum += (double)weights[i];
    }
    for (int64_t k = 0; k < c->class_count; k++)
        y[k] = (float)(votes[k] / sum);
}

static float mean(const visml_classifier *c, const int32_t *neighbors, const float *weights) {
    const visml_k_neighbors_opts *o = c->object.opts;
    const float *targets = visml_object_array_data(&c->object, "targets");
    double sum = 0, all = 0;
    for (int32_t i = 0; i < o->n_neighbors; i++) {
        sum += (double)weights[i] * (double)targets[neighbors[i]];
        all += (double)weights[i];
    }
    return (float)(sum / all);
}

static int64_t outputs(const visml_classifier *c) {
    return c->class_count ? c->class_count : 1;
}

/* The parts of the scratch, each of a multiple of 64 bytes. */
typedef struct room {
    double *votes;      /* [K] */
    float *queries;     /* [ROWS, D]: those that do not lie in rows */
    int32_t *neighbors; /* [ROWS, n_neighbors] */
    float *distances;
    void *rest;
} room;

static size_t align(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static room room_of(const visml_classifier *c, void *scratch, size_t *bytes) {
    const visml_k_neighbors_opts *o = c->object.opts;
    size_t votes = align((size_t)c->class_count * sizeof(double)), queries = align(ROWS * (size_t)c->dims * sizeof(float));
    size_t found = align(ROWS * (size_t)o->n_neighbors * sizeof(float));
    char *at = scratch;
    *bytes = votes + queries + 2 * found;
    if (!at)
        return (room){0};
    return (room){scratch, (float *)(void *)(at + votes), (int32_t *)(void *)(at + votes + queries),
                  (float *)(void *)(at + votes + queries + found), at + *bytes};
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    size_t own, bytes;
    (void)n;
    room_of(c, NULL, &own);
    return visml_size_add(own, visml_search_scratch(k, c->ready), &bytes) ? bytes : SIZE_MAX;
}

static int look(void *user) {
    visml_looks *l = user;
    if (l->status == VISML_OK)
        l->status = l->look(l->user, l->err);
    return l->status == VISML_OK;
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    const visml_k_neighbors_opts *o = c->object.opts;
    visml_search search = *(const visml_search *)c->ready;
    size_t own;
    room r = room_of(c, memory, &own);
    search.look = s->looks ? look : NULL, search.user = s->looks;
    for (int64_t begin = 0; begin < s->n; begin += ROWS) {
        int64_t n = s->n - begin < ROWS ? s->n - begin : ROWS, ld;
        const float *x = visml_samples_rows(s, begin, n, r.queries, &ld);
        if (!visml_search_run(k, &search, n, x, ld, r.neighbors, r.distances, r.rest)) {
            memset(y + begin * outputs(c), 0, (size_t)((s->n - begin) * outputs(c)) * sizeof *y);
            return;
        }
        for (int64_t i = 0; i < n; i++) {
            const int32_t *neighbors = r.neighbors + i * o->n_neighbors;
            float *weights = r.distances + i * o->n_neighbors, *to = y + (begin + i) * outputs(c);
            weigh(o, weights);
            if (c->class_count)
                vote(c, neighbors, weights, r.votes, to);
            else
                *to = mean(c, neighbors, weights);
        }
    }
}

static int has_probabilities(const visml_classifier *c) {
    return visml_classifier_task(c) == VISML_TASK_CLASSIFICATION;
}

/* ---- files ---- */

static visml_status check_rows(const visml_classifier *c, int64_t n, visml_error *err) {
    const visml_k_neighbors_opts *o = c->object.opts;
    const float *rows = visml_object_array_data(&c->object, "rows");
    if (n < o->n_neighbors || n > INT32_MAX)
        return visml_fail(err, VISML_EFORMAT, "k_neighbors: array \"rows\" has %lld rows, must have n_neighbors, %d, at least",
                          (long long)n, (int)o->n_neighbors);
    for (int64_t i = 0; i < n * c->dims; i++)
        if (!isfinite(rows[i]) || (o->metric == VISML_METRIC_CHI2 && rows[i] < 0))
            return visml_fail(err, VISML_EFORMAT, "k_neighbors: array \"rows\" has %g", (double)rows[i]);
    return VISML_OK;
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    int classifies = visml_classifier_task(c) == VISML_TASK_CLASSIFICATION;
    int64_t dims[2] = {-1, c->dims};
    VISML_TRY(visml_object_array_expect(o, "rows", VISML_F32, 2, dims, err));
    VISML_TRY(visml_object_array_expect(o, classifies ? "labels" : "targets", classifies ? VISML_I32 : VISML_F32, 1, dims, err));
    VISML_TRY(check_rows(c, dims[0], err));
    const int32_t *labels = classifies ? visml_object_array_data(o, "labels") : NULL;
    const float *targets = classifies ? NULL : visml_object_array_data(o, "targets");
    for (int64_t i = 0; i < dims[0]; i++)
        if (labels ? labels[i] < 0 || labels[i] >= c->class_count : !isfinite(targets[i]))
            return visml_fail(err, VISML_EFORMAT, "k_neighbors: array \"%s\"[%lld] is %g", labels ? "labels" : "targets", (long long)i,
                              labels ? (double)labels[i] : (double)targets[i]);
    return VISML_OK;
}

const visml_classifier_class visml_classifier_k_neighbors_class = {
    .kind = {.name = "k_neighbors", .opts_size = sizeof(visml_k_neighbors_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_ONE_CLASS | VISML_CAN_LOOK,
    .task = task,
    .fit = fit,
    .prepare = prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = decide,
    .has_probabilities = has_probabilities,
};

visml_classifier *visml_classifier_k_neighbors(visml_context *ctx, const visml_k_neighbors_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_k_neighbors_class, opts, err);
}
