/* Learning: what callers give is checked and put into the form that classes take; the class fills a blank classifier, which takes the
 * place of the old one only when all went well. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/checks.h"
#include "classify/classifier.h"
#include "classify/row_walk.h"

/* What a fit needs besides the classifier itself. */
typedef struct fit_job {
    visml_classifier *c;
    visml_compute compute;
    visml_classifier_fit_opts opts;
    visml_samples samples, validation;
    visml_tensor *classes;              /* one reference, or NULL */
    int32_t *places, *validation_places; /* owned */
    float *weights;                     /* owned */
    visml_fit_run run;
} fit_job;

visml_status visml_fit_tick(const visml_fit_run *run, int64_t done, int64_t total, double loss, double validation, visml_error *err) {
    if (!run->opts || !run->opts->progress)
        return VISML_OK;
    visml_classifier_progress p = {.size = sizeof p, .done = done, .total = total, .loss = loss, .validation = validation};
    if (run->opts->progress(run->opts->user, &p) == 0)
        return VISML_OK;
    return visml_fail(err, VISML_ECANCELLED, "stopped by the caller at %lld of %lld", (long long)done, (long long)total);
}

static void clear(fit_job *j) {
    visml_memory *m = visml_classifier_memory(j->c);
    visml_tensor_release(j->classes);
    visml_mem_free(m, j->places);
    visml_mem_free(m, j->validation_places);
    visml_mem_free(m, j->weights);
}

/* ---- options ---- */

static visml_status begin(fit_job *j, visml_classifier *c, const visml_classifier_fit_opts *opts, visml_error *err) {
    *j = (fit_job){.c = c};
    if (!c)
        return visml_fail(err, VISML_EINVAL, "classifier: classifier is NULL");
    const char *what = visml_classifier_what(c);
    VISML_TRY(visml_options_copy(what, opts, &j->opts, sizeof j->opts, err));
    if (j->opts.reserved)
        return visml_fail(err, VISML_EINVAL, "%s: reserved is %d, must be 0", what, (int)j->opts.reserved);
    if (j->opts.warm_start < 0 || j->opts.warm_start > 1)
        return visml_fail(err, VISML_EINVAL, "%s: warm_start is %d, must be 0 or 1", what, (int)j->opts.warm_start);
    if (j->opts.class_weighting < 0 || j->opts.class_weighting > VISML_CLASS_WEIGHT_BALANCED)
        return visml_fail(err, VISML_EINVAL, "%s: class_weighting is %d, must be one of VISML_CLASS_WEIGHT_*", what,
                          (int)j->opts.class_weighting);
    j->compute = visml_context_compute(c->object.context);
    j->run = (visml_fit_run){.seed = j->opts.seed ? j->opts.seed : c->object.context->seed, .opts = &j->opts};
    return VISML_OK;
}

static visml_status check_can(const fit_job *j, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(j->c);
    const visml_classifier_fit_opts *o = &j->opts;
    const char *what = cls->kind.name;
    int classifies = visml_classifier_task(j->c) == VISML_TASK_CLASSIFICATION;
    if ((o->weights || o->class_weights || o->class_weighting) && !(cls->can & VISML_CAN_WEIGH))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it takes no weights", what);
    if ((o->class_weights || o->class_weighting || o->classes) && !classifies)
        return visml_fail(err, VISML_EINVAL, "%s: classes and their weights are for classification alone", what);
    if (o->warm_start && !(cls->can & VISML_CAN_WARM))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it has no warm start", what);
    return VISML_OK;
}

/* ---- y and weights ---- */

static visml_status check_class_count(const fit_job *j, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(j->c);
    if (j->classes->count >= 2 || (cls->can & VISML_CAN_ONE_CLASS))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: y has a single class, %d; it needs two at least", cls->kind.name,
                      (int)((const int32_t *)(const void *)j->classes->data)[0]);
}

static int same_classes(const visml_tensor *a, const visml_tensor *b) {
    return a->count == b->count && memcmp(a->data, b->data, (size_t)a->count * sizeof(int32_t)) == 0;
}

/* Classes that go on from what they have keep those that they know. */
static visml_status find_classes(fit_job *j, const visml_tensor *y, visml_error *err) {
    const char *what = visml_classifier_what(j->c);
    const visml_tensor *given = j->opts.classes;
    if (given)
        VISML_TRY(visml_check_classes(what, given, err));
    if (given && j->run.previous && !same_classes(given, j->run.previous->classes))
        return visml_fail(err, VISML_EINVAL, "%s: classes are others than those that it learned before", what);
    if (j->run.previous)
        j->classes = visml_tensor_retain(j->run.previous->classes);
    else if (given)
        j->classes = visml_tensor_convert(given, VISML_I32, err);
    else
        j->classes = visml_labels_unique(j->c->object.context, (const int32_t *)(const void *)y->data, y->count, err);
    return j->classes ? check_class_count(j, err) : VISML_ENOMEM;
}

/* What y says of rows, for the task. *places is owned by the job. */
static visml_status take_y(fit_job *j, const visml_tensor *y, visml_samples *s, int32_t **places, visml_error *err) {
    const char *what = visml_classifier_what(j->c);
    visml_task task = visml_classifier_task(j->c);
    if (task == VISML_TASK_REGRESSION) {
        VISML_TRY(visml_check_targets(&j->compute, what, y, s->n, err));
        s->targets = (const float *)(const void *)y->data;
        return VISML_OK;
    }
    if (task != VISML_TASK_CLASSIFICATION)
        return y ? visml_fail(err, VISML_EINVAL, "%s: y must be NULL; it learns from x alone", what) : VISML_OK;
    VISML_TRY(visml_check_labels(what, y, s->n, err));
    if (!j->classes)
        VISML_TRY(find_classes(j, y, err));
    *places = visml_mem_alloc(visml_classifier_memory(j->c), (size_t)s->n * sizeof **places, err);
    if (!*places)
        return VISML_ENOMEM;
    VISML_TRY(visml_labels_places(what, j->classes, (const int32_t *)(const void *)y->data, s->n, *places, err));
    s->places = *places, s->class_count = j->classes->count;
    return VISML_OK;
}

static visml_status check_class_weights(const fit_job *j, visml_error *err) {
    const visml_tensor *t = j->opts.class_weights;
    const char *what = visml_classifier_what(j->c);
    if (t->dtype != VISML_F32 || t->shape.rank != 1 || t->count != j->classes->count || !visml_tensor_is_contiguous(t))
        return visml_fail(err, VISML_EINVAL, "%s: class_weights are %s %s, must be float32 [%lld], one a class", what,
                          visml_dtype_name(t->dtype), visml_shape_format(&t->shape).s, (long long)j->classes->count);
    return visml_check_weights(what, t, t->count, err);
}

static void weigh_classes(const fit_job *j, const float *of_class) {
    const visml_samples *s = &j->samples;
    for (int64_t i = 0; i < s->n; i++)
        j->weights[i] = (float)visml_samples_weight(s, i) * of_class[s->places[i]];
}

/* N / (K rows of the class), by weight 1 each. */
static visml_status balance(const fit_job *j, visml_error *err) {
    const visml_samples *s = &j->samples;
    visml_memory *m = visml_classifier_memory(j->c);
    int64_t *counts = visml_mem_zalloc(m, (size_t)s->class_count, sizeof *counts + sizeof(float), err);
    if (!counts)
        return VISML_ENOMEM;
    float *of_class = (float *)(void *)(counts + s->class_count);
    for (int64_t i = 0; i < s->n; i++)
        counts[s->places[i]]++;
    for (int64_t k = 0; k < s->class_count; k++)
        of_class[k] = counts[k] ? (float)((double)s->n / ((double)s->class_count * (double)counts[k])) : 0;
    weigh_classes(j, of_class);
    visml_mem_free(m, counts);
    return VISML_OK;
}

static visml_status take_weights(fit_job *j, visml_error *err) {
    visml_samples *s = &j->samples;
    const visml_classifier_fit_opts *o = &j->opts;
    if (o->weights) {
        VISML_TRY(visml_check_weights(visml_classifier_what(j->c), o->weights, s->n, err));
        s->weights = (const float *)(const void *)o->weights->data;
    }
    if (!o->class_weights && !o->class_weighting)
        return VISML_OK;
    j->weights = visml_mem_alloc(visml_classifier_memory(j->c), (size_t)s->n * sizeof *j->weights, err);
    if (!j->weights)
        return VISML_ENOMEM;
    if (o->class_weights) {
        VISML_TRY(check_class_weights(j, err));
        weigh_classes(j, (const float *)(const void *)o->class_weights->data);
        s->weights = j->weights;
    }
    if (o->class_weighting == VISML_CLASS_WEIGHT_BALANCED)
        VISML_TRY(balance(j, err));
    s->weights = j->weights;
    return VISML_OK;
}

static visml_status take_x(fit_job *j, const visml_tensor *x, visml_samples *s, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(j->c);
    VISML_TRY(visml_samples_of(cls->kind.name, x, s, err));
    if (j->run.previous && s->d != j->run.previous->dims)
        return visml_fail(err, VISML_EINVAL, "%s: x has %lld columns, what it learned before had %lld", cls->kind.name, (long long)s->d,
                          (long long)j->run.previous->dims);
    return visml_samples_check(&j->compute, cls->kind.name, s, cls->can & VISML_CAN_MISS, err);
}

static visml_status take_validation(fit_job *j, visml_error *err) {
    if (!j->opts.validation_x)
        return VISML_OK;
    VISML_TRY(take_x(j, j->opts.validation_x, &j->validation, err));
    if (j->validation.d != j->samples.d)
        return visml_fail(err, VISML_EINVAL, "%s: validation_x has %lld columns, x %lld", visml_classifier_what(j->c),
                          (long long)j->validation.d, (long long)j->samples.d);
    VISML_TRY(take_y(j, j->opts.validation_y, &j->validation, &j->validation_places, err));
    j->run.validation = &j->validation;
    return VISML_OK;
}

/* ---- learning ---- */

/* What was learned changes hands; options and what it works by stay. */
static void swap_learned(visml_classifier *a, visml_classifier *b) {
    visml_classifier old = *a;
    memcpy(a->object.arrays, b->object.arrays, sizeof a->object.arrays);
    a->object.array_count = b->object.array_count;
    a->dims = b->dims, a->class_count = b->class_count, a->classes = b->classes;
    a->parts = b->parts, a->part_count = b->part_count, a->ready = b->ready;
    memcpy(b->object.arrays, old.object.arrays, sizeof b->object.arrays);
    b->object.array_count = old.object.array_count;
    b->dims = old.dims, b->class_count = old.class_count, b->classes = old.classes;
    b->parts = old.parts, b->part_count = old.part_count, b->ready = old.ready;
}

/* A blank one with all that is known before learning. */
static visml_classifier *blank_of(const visml_classifier *c, int64_t d, visml_tensor *classes, visml_error *err) {
    visml_classifier *blank = visml_classifier_clone(c, err);
    if (blank) {
        blank->dims = d;
        blank->classes = visml_tensor_retain(classes);
        blank->class_count = classes ? classes->count : 0;
    }
    return blank;
}

/* Either all went well and c has learned what blank has, or c is as it was. */
static visml_status finish(visml_classifier *c, visml_classifier *blank, const visml_compute *k, visml_status status, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    if (status == VISML_OK && cls->prepare)
        status = cls->prepare(blank, k, err);
    if (status == VISML_OK)
        swap_learned(c, blank);
    visml_classifier_free(blank);
    return status;
}

visml_status visml_classifier_learn(visml_classifier *c, const visml_compute *k, const visml_samples *s, visml_tensor *classes,
                                    const visml_fit_run *run, visml_error *err) {
    visml_classifier *blank = blank_of(c, s->d, classes, err);
    if (!blank)
        return VISML_ENOMEM;
    return finish(c, blank, k, visml_classifier_class_of(c)->fit(blank, k, s, run, err), err);
}

static visml_status fit_all(fit_job *j, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    VISML_TRY(check_can(j, err));
    VISML_TRY(take_x(j, x, &j->samples, err));
    VISML_TRY(take_y(j, y, &j->samples, &j->places, err));
    VISML_TRY(take_weights(j, err));
    VISML_TRY(take_validation(j, err));
    return visml_classifier_learn(j->c, &j->compute, &j->samples, j->classes, &j->run, err);
}

static visml_status fit_job_run(fit_job *j, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    visml_status status = fit_all(j, x, y, err);
    clear(j);
    return status;
}

visml_status visml_classifier_fit(visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                  const visml_classifier_fit_opts *opts, visml_error *err) {
    fit_job j;
    VISML_TRY(begin(&j, classifier, opts, err));
    if (j.opts.warm_start && classifier->dims)
        j.run.previous = classifier;
    return fit_job_run(&j, x, y, err);
}

static visml_status begin_partial(fit_job *j, visml_classifier *c, const visml_classifier_fit_opts *opts, visml_error *err) {
    VISML_TRY(begin(j, c, opts, err));
    if (!(visml_classifier_class_of(c)->can & VISML_CAN_PARTIAL))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it learns from all rows at once; call visml_classifier_fit",
                          visml_classifier_what(c));
    j->run.partial = 1;
    j->run.previous = c->dims ? c : NULL;
    return VISML_OK;
}

visml_status visml_classifier_partial_fit(visml_classifier *classifier, const visml_tensor *x, const visml_tensor *y,
                                          const visml_classifier_fit_opts *opts, visml_error *err) {
    fit_job j;
    VISML_TRY(begin_partial(&j, classifier, opts, err));
    return fit_job_run(&j, x, y, err);
}

/* ---- rows that are not in memory ---- */

/* One walk of partial fits. *to: a clone, which has learned at the end. */
static visml_status fit_by_parts(fit_job *j, visml_row_walk *w, visml_classifier *to, visml_error *err) {
    visml_samples s;
    visml_fit_run run = j->run;
    run.partial = 1;
    for (int64_t done = 0;; done += s.n) {
        VISML_TRY(visml_row_walk_next(w, &j->compute, &s, err));
        if (s.n == 0)
            return VISML_OK;
        run.previous = to->dims ? to : NULL;
        VISML_TRY(visml_classifier_learn(to, &j->compute, &s, j->classes, &run, err));
        VISML_TRY(visml_fit_tick(&run, done + s.n, -1, NAN, NAN, err));
    }
}

static visml_status fit_walk(fit_job *j, visml_row_walk *w, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(j->c);
    VISML_TRY(visml_row_walk_survey(w, &j->compute, &j->classes, err));
    w->classes = j->classes;
    if (j->classes)
        VISML_TRY(check_class_count(j, err));
    visml_classifier *to = cls->fit_rows ? blank_of(j->c, w->d, j->classes, err) : visml_classifier_clone(j->c, err);
    if (!to)
        return VISML_ENOMEM;
    if (cls->fit_rows)
        return finish(j->c, to, &j->compute, cls->fit_rows(to, &j->compute, w, &j->run, err), err);
    visml_status status = fit_by_parts(j, w, to, err);
    if (status == VISML_OK)
        swap_learned(j->c, to);
    visml_classifier_free(to);
    return status;
}

static visml_status check_rows(const fit_job *j, const visml_row_source *rows, visml_error *err) {
    const visml_classifier_class *cls = visml_classifier_class_of(j->c);
    const visml_classifier_fit_opts *o = &j->opts;
    if (!rows || rows->size < sizeof *rows || !rows->next)
        return visml_fail(err, VISML_EINVAL, "%s: rows must be a visml_row_source with a function", cls->kind.name);
    if (rows->reserved)
        return visml_fail(err, VISML_EINVAL, "%s: reserved is %d in rows, must be 0", cls->kind.name, (int)rows->reserved);
    if (!cls->fit_rows && !(cls->can & VISML_CAN_PARTIAL))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: it needs all rows in memory; call visml_classifier_fit", cls->kind.name);
    if (o->weights || o->class_weights || o->class_weighting || o->classes || o->validation_x || o->warm_start)
        return visml_fail(err, VISML_EINVAL,
                          "%s: weights, class_weights, classes, validation and warm_start are not for rows from a source: it gives weights",
                          cls->kind.name);
    return VISML_OK;
}

visml_status visml_classifier_fit_rows(visml_classifier *classifier, const visml_row_source *rows, const visml_classifier_fit_opts *opts,
                                       visml_error *err) {
    fit_job j;
    VISML_TRY(begin(&j, classifier, opts, err));
    VISML_TRY(check_rows(&j, rows, err));
    visml_task task = visml_classifier_task(classifier);
    visml_row_walk w = {.context = classifier->object.context, .what = visml_classifier_what(classifier), .source = rows,
                        .missing = visml_classifier_class_of(classifier)->can & VISML_CAN_MISS,
                        .regression = task == VISML_TASK_REGRESSION, .labels = task == VISML_TASK_CLASSIFICATION};
    visml_status status = fit_walk(&j, &w, err);
    visml_row_walk_clear(&w);
    clear(&j);
    return status;
}
