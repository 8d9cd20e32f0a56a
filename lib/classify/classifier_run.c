/* What a fitted classifier says of rows. */
#include <math.h>

#include "base/error.h"
#include "classify/checks.h"
#include "classify/classifier.h"
#include "kernel/elementwise.h"
#include "kernel/span.h"

/* A call: rows that are checked, and room for the class. */
typedef struct run_job {
    const visml_classifier *c;
    visml_compute compute;
    visml_samples samples;
    void *scratch;
    int late; /* x is looked at when a decision is not finite */
} run_job;

static visml_status take_shape(const visml_classifier *c, const visml_tensor *x, visml_samples *s, visml_error *err) {
    if (!c)
        return visml_fail(err, VISML_EINVAL, "classifier: classifier is NULL");
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    if (!c->dims)
        return visml_fail(err, VISML_ESTATE, "%s: not fitted yet; call visml_classifier_fit first", cls->kind.name);
    VISML_TRY(visml_samples_of(cls->kind.name, x, s, err));
    if (s->d != c->dims)
        return visml_fail(err, VISML_EINVAL, "%s: x has %lld columns, what it learned from had %lld", cls->kind.name, (long long)s->d,
                          (long long)c->dims);
    return VISML_OK;
}

static visml_status check_rows(const visml_classifier *c, const visml_compute *k, const visml_samples *s, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    return visml_samples_check(k, cls->kind.name, s, cls->can & VISML_CAN_MISS, err);
}

visml_status visml_classifier_take_rows(const visml_classifier *c, const visml_compute *k, const visml_tensor *x, visml_samples *s,
                                        visml_error *err) {
    VISML_TRY(take_shape(c, x, s, err));
    return check_rows(c, k, s, err);
}

/* decides: its decision is what comes next. Reading x twice takes longer than the decision of a linear class. */
static visml_status begin(run_job *j, const visml_classifier *c, const visml_tensor *x, int decides, visml_error *err) {
    *j = (run_job){.c = c};
    VISML_TRY(take_shape(c, x, &j->samples, err));
    j->compute = visml_context_compute(c->object.context);
    j->late = decides && visml_classifier_class_of(c)->can & VISML_CAN_TELL_FINITE;
    if (!j->late)
        VISML_TRY(check_rows(c, &j->compute, &j->samples, err));
    j->scratch = visml_mem_alloc(visml_classifier_memory(c), visml_classifier_scratch(c, &j->compute, j->samples.n), err);
    return j->scratch ? VISML_OK : VISML_ENOMEM;
}

static void end(const run_job *j) {
    visml_mem_free(visml_classifier_memory(j->c), j->scratch);
}

static visml_tensor *matrix(const run_job *j, int64_t columns, visml_error *err) {
    return visml_tensor_new(j->c->object.context, VISML_F32, VISML_SHAPE(j->samples.n, columns), err);
}

static visml_tensor *vector(const run_job *j, visml_dtype dtype, visml_error *err) {
    return visml_tensor_new(j->c->object.context, dtype, VISML_SHAPE(j->samples.n), err);
}

/* Numbers too large for the decision are no reason to refuse x. */
static visml_status check_late(const run_job *j, int64_t n, const float *y, visml_error *err) {
    return j->late && !visml_all_finite(&j->compute, (size_t)n, y) ? check_rows(j->c, &j->compute, &j->samples, err) : VISML_OK;
}

/* The decision goes to y, which is *consumed* and may be NULL. */
static visml_tensor *decide(const run_job *j, visml_tensor *y, visml_error *err) {
    if (!y)
        return NULL;
    float *to = (float *)(void *)y->data;
    visml_classifier_class_of(j->c)->decide(j->c, &j->compute, &j->samples, to, j->scratch);
    if (check_late(j, y->count, to, err) == VISML_OK)
        return y;
    visml_tensor_release(y);
    return NULL;
}

visml_tensor *visml_classifier_decision(const visml_classifier *classifier, const visml_tensor *x, visml_error *err) {
    run_job j;
    visml_tensor *y = NULL;
    if (begin(&j, classifier, x, 1, err) == VISML_OK) {
        y = decide(&j, matrix(&j, visml_classifier_outputs(classifier), err), err);
        end(&j);
    }
    return y;
}

visml_tensor *visml_classifier_predict_proba(const visml_classifier *classifier, const visml_tensor *x, visml_error *err) {
    run_job j;
    visml_tensor *p = NULL;
    if (begin(&j, classifier, x, 0, err) < 0)
        return NULL;
    if (visml_classifier_has_probabilities(classifier))
        p = matrix(&j, classifier->class_count, err);
    else
        visml_fail(err, VISML_EUNSUPPORTED, "%s: it has no probabilities%s", visml_classifier_what(classifier),
                   visml_classifier_class_of(classifier)->probabilities ? " with these options" : "; put calibration around it");
    if (p)
        visml_classifier_class_of(classifier)->probabilities(classifier, &j.compute, &j.samples, (float *)(void *)p->data, j.scratch);
    end(&j);
    return p;
}

/* ---- labels ---- */

typedef struct choice {
    int64_t n, columns, rows; /* rows: of a piece of work */
    int tells_apart;
    const float *y; /* [n, columns] */
    int32_t *places;
} choice;

/* The largest of each row, the first of equals; of a single column that tells two apart whether it is above 0. */
static void choose_rows(void *arg, size_t piece, size_t worker) {
    const choice *h = arg;
    int64_t begin = (int64_t)piece * h->rows, end = begin + visml_block_length((int64_t)piece, h->rows, h->n);
    const float *y = h->y + begin * h->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++, y += h->columns) {
        int32_t best = h->tells_apart && y[0] > 0;
        for (int32_t k = 1; k < h->columns; k++)
            if (y[k] > y[best])
                best = k;
        h->places[i] = best;
    }
}

void visml_classifier_choose(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, float *y,
                             void *scratch) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    int64_t columns = visml_classifier_outputs(c);
    choice h = {.n = s->n, .columns = columns, .rows = visml_span_rows(columns), .y = y, .places = places,
                .tells_apart = columns == 1 && (c->class_count == 2 || visml_classifier_task(c) == VISML_TASK_OUTLIERS)};
    if (cls->choose) {
        cls->choose(c, k, s, places, scratch);
        return;
    }
    cls->decide(c, k, s, y, scratch);
    visml_parallel_run(k->parallel, (size_t)visml_blocks(h.n, h.rows), choose_rows, &h);
}

static visml_status find_places(const run_job *j, int32_t *places, visml_error *err) {
    int64_t n = j->samples.n * visml_classifier_outputs(j->c);
    float *y = visml_mem_alloc(visml_classifier_memory(j->c), (size_t)n * sizeof *y, err);
    if (!y)
        return VISML_ENOMEM;
    visml_classifier_choose(j->c, &j->compute, &j->samples, places, y, j->scratch);
    visml_status status = check_late(j, n, y, err);
    visml_mem_free(visml_classifier_memory(j->c), y);
    return status;
}

/* From places to what callers call them. */
static void name_places(const run_job *j, int32_t *places) {
    const int32_t *labels = j->c->classes ? (const int32_t *)(const void *)j->c->classes->data : NULL;
    int outliers = visml_classifier_task(j->c) == VISML_TASK_OUTLIERS;
    for (int64_t i = 0; i < j->samples.n; i++)
        places[i] = labels ? labels[places[i]] : outliers ? 2 * places[i] - 1 : places[i];
}

static visml_tensor *predict_labels(const run_job *j, visml_error *err) {
    visml_tensor *labels = vector(j, VISML_I32, err);
    if (!labels)
        return NULL;
    int32_t *places = (int32_t *)(void *)labels->data;
    if (find_places(j, places, err) < 0) {
        visml_tensor_release(labels);
        return NULL;
    }
    name_places(j, places);
    return labels;
}

visml_tensor *visml_classifier_predict(const visml_classifier *classifier, const visml_tensor *x, visml_error *err) {
    run_job j;
    visml_tensor *y = NULL;
    if (begin(&j, classifier, x, 1, err) == VISML_OK) {
        y = visml_classifier_task(classifier) == VISML_TASK_REGRESSION ? decide(&j, vector(&j, VISML_F32, err), err)
                                                                               : predict_labels(&j, err);
        end(&j);
    }
    return y;
}

/* ---- score ---- */

static double accuracy(int64_t n, const int32_t *found, const int32_t *y, const float *weights) {
    double right = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        double w = weights ? (double)weights[i] : 1;
        all += w;
        right += found[i] == y[i] ? w : 0;
    }
    return right / all;
}

static double r_squared(int64_t n, const float *found, const float *y, const float *weights) {
    double sum = 0, all = 0, left = 0, total = 0;
    for (int64_t i = 0; i < n; i++) {
        double w = weights ? (double)weights[i] : 1;
        all += w;
        sum += w * (double)y[i];
    }
    for (int64_t i = 0; i < n; i++) {
        double w = weights ? (double)weights[i] : 1, e = (double)y[i] - (double)found[i], m = (double)y[i] - sum / all;
        left += w * e * e;
        total += w * m * m;
    }
    return total > 0 ? 1 - left / total : left > 0 ? 0 : 1;
}

static visml_status check_score(const visml_classifier *c, const visml_tensor *x, const visml_tensor *y, const visml_tensor *weights,
                                visml_error *err) {
    const char *what = visml_classifier_what(c);
    visml_samples s;
    visml_compute k = visml_context_compute(c->object.context);
    VISML_TRY(visml_samples_of(what, x, &s, err));
    if (visml_classifier_task(c) == VISML_TASK_REGRESSION)
        VISML_TRY(visml_check_targets(&k, what, y, s.n, err));
    else
        VISML_TRY(visml_check_labels(what, y, s.n, err));
    return weights ? visml_check_weights(what, weights, s.n, err) : VISML_OK;
}

visml_status visml_classifier_score(const visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                    const visml_tensor *weights, double *score, visml_error *err) {
    if (!classifier || !score)
        return visml_fail(err, VISML_EINVAL, "classifier: %s is NULL", classifier ? "score" : "classifier");
    VISML_TRY(check_score(classifier, x, y, weights, err));
    visml_error why = {0};
    visml_tensor *found = visml_classifier_predict(classifier, x, &why);
    if (!found)
        return visml_fail(err, why.code, "%s", why.message);
    const float *w = weights ? (const float *)(const void *)weights->data : NULL;
    if (found->dtype == VISML_F32)
        *score = r_squared(found->count, (const float *)(const void *)found->data, (const float *)(const void *)y->data, w);
    else
        *score = accuracy(found->count, (const int32_t *)(const void *)found->data, (const int32_t *)(const void *)y->data, w);
    visml_tensor_release(found);
    return VISML_OK;
}
