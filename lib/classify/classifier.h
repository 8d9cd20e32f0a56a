/* The inside of a classifier: one const struct a class, one row in classifiers.def. */
#ifndef CLASSIFY_CLASSIFIER_H
#define CLASSIFY_CLASSIFIER_H

#include "classify/labelled_rows.h"
#include "tensor/draft.h"
#include "tensor/object.h"

/* What a class can do. */
#define VISML_CAN_CLASSIFY 1
#define VISML_CAN_REGRESS 2
#define VISML_CAN_CLUSTER 4
#define VISML_CAN_FIND_OUTLIERS 8 /* these four: 1 << task */
#define VISML_CAN_MISS 16         /* NaN in x is a missing number */
#define VISML_CAN_ONE_CLASS 32    /* y may have a single class */
#define VISML_CAN_PARTIAL 64      /* fit is called with run->partial, too */
#define VISML_CAN_WARM 128        /* fit goes on from run->previous */
#define VISML_CAN_WEIGH 256       /* rows may have weights */
#define VISML_CAN_TELL_FINITE 512 /* a row that is not finite has no finite decision, so that x is looked at only then; no `choose` */
#define VISML_CAN_LOOK 1024 /* its decision heeds the looks of its rows: it takes long over few of them */

/* Of one fit. */
typedef struct visml_fit_run {
    uint64_t seed;
    int32_t partial;                    /* only some of the rows; previous is NULL at the first */
    const visml_classifier *previous;   /* fitted, with the same d and classes, to go on from; else NULL */
    const visml_samples *validation;    /* or NULL */
    const visml_classifier_fit_opts *opts;
} visml_fit_run;

/* To be called from the caller's thread at least every 50 ms. loss, validation: NaN where they are not known. Errors: VISML_ECANCELLED. */
visml_status visml_fit_tick(const visml_fit_run *run, int64_t done, int64_t total, double loss, double validation, visml_error *err);

struct visml_row_walk; /* classify/row_walk.h */

typedef struct visml_classifier_class {
    visml_kind kind;
    int32_t can;
    /* Whether it can work by what c->of holds (any number of them). NULL: it works by no others. Errors: VISML_EINVAL. */
    visml_status (*check_of)(const visml_classifier *c, visml_error *err);
    /* By the options. NULL: the one that it can do, or that of the first that it works by. */
    visml_task (*task)(const void *opts);
    /* Fills a classifier that has learned nothing: arrays, parts. c->dims, c->class_count and c->classes are set. On failure all it has
     * is thrown away. */
    visml_status (*fit)(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err);
    /* The same from rows that are not in memory all at once. NULL: by partial fits of one walk where it can do these, else unsupported. */
    visml_status (*fit_rows)(visml_classifier *c, const visml_compute *k, struct visml_row_walk *walk, const visml_fit_run *run,
                             visml_error *err);
    /* Makes c->ready, from the context's memory, of what was learned or loaded; visml_mem_free frees it. NULL: nothing to make. */
    visml_status (*prepare)(visml_classifier *c, const visml_compute *k, visml_error *err);

    /* Columns of the decision. NULL: 1 for two classes and for other tasks than classification and clusters, else their number. */
    int64_t (*outputs)(const visml_classifier *c);
    /* Bytes for one call of the three below over n rows; NULL: none. */
    size_t (*scratch)(const visml_classifier *c, const visml_compute *k, int64_t n);
    /* y[n, outputs]. Allocates nothing. */
    void (*decide)(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *scratch);
    /* p[n, K]. NULL: it has none, or only with some options: then has_probabilities says whether. */
    void (*probabilities)(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *scratch);
    int (*has_probabilities)(const visml_classifier *c);
    /* Places of classes or clusters, where these are not the largest of the decision (the first of equals; of one column: > 0). */
    void (*choose)(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, void *scratch);
} visml_classifier_class;

struct visml_classifier {
    visml_object object;
    int64_t dims;          /* D; 0: nothing learned */
    int64_t class_count;   /* K, or the number of clusters, which fit and restore set; 0 for other tasks */
    visml_tensor *classes; /* [K], VISML_I32, ascending; one reference; NULL: no classification */
    visml_classifier **of; /* what it works by, as given, not fitted; owned */
    size_t of_count;
    visml_classifier **parts; /* what it works by, fitted; owned */
    size_t part_count;
    void *ready; /* see prepare */
};

#define CLASSIFIER(name) extern const visml_classifier_class visml_classifier_##name##_class;
#include "classify/classifiers.def"
#undef CLASSIFIER
/* All classes, in the order of classifiers.def; NULL ends the list. */
extern const visml_classifier_class *const visml_classifier_family[];

static inline const visml_classifier_class *visml_classifier_class_of(const visml_classifier *c) {
    return (const visml_classifier_class *)c->object.kind;
}
static inline visml_memory *visml_classifier_memory(const visml_classifier *c) {
    return &c->object.context->memory;
}
static inline const char *visml_classifier_what(const visml_classifier *c) {
    return c->object.kind->name;
}
visml_classifier *visml_classifier_make(visml_context *ctx, const visml_classifier_class *cls, const void *opts, visml_error *err);
/* One that works by n others. *Consumes* these, also on failure or when one is NULL (VISML_EINVAL). */
visml_classifier *visml_classifier_make_of(visml_context *ctx, const visml_classifier_class *cls, const void *opts,
                                           visml_classifier *const *of, size_t n, visml_error *err);
/* The same class, options and what it works by; nothing learned. NULL: VISML_ENOMEM. */
visml_classifier *visml_classifier_clone(const visml_classifier *c, visml_error *err);
/* Room for n parts, all NULL. */
visml_status visml_classifier_parts_new(visml_classifier *c, size_t n, visml_error *err);

/* Fits c in place of what it has learned, from rows that are checked already: for those that work by others. s->places must be dense when
 * class_count is set: classes are then 0 ... class_count - 1, or `classes` (one more reference is taken). */
visml_status visml_classifier_learn(visml_classifier *c, const visml_compute *k, const visml_samples *s, visml_tensor *classes,
                                    const visml_fit_run *run, visml_error *err);
int64_t visml_classifier_outputs(const visml_classifier *c);
/* A caller's rows for a fitted classifier, checked. Errors: VISML_EINVAL (c may be NULL), VISML_ESTATE. */
visml_status visml_classifier_take_rows(const visml_classifier *c, const visml_compute *k, const visml_tensor *x, visml_samples *s,
                                        visml_error *err);
/* Places of classes or clusters (of outliers 0, of others 1) for each row. y: room for the decision. Allocates nothing. */
void visml_classifier_choose(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, float *y,
                             void *scratch);
static inline int visml_classifier_has_probabilities(const visml_classifier *c) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    return cls->probabilities && (!cls->has_probabilities || cls->has_probabilities(c));
}
static inline size_t visml_classifier_scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    return cls->scratch ? cls->scratch(c, k, n) : 0;
}

/* {"class": name, options that are not default, "of": [...]}, or NULL. */
json_t *visml_classifier_json(const visml_classifier *c);
/* From such an object, not fitted; keys of files are passed over. */
visml_classifier *visml_classifier_from_object(visml_context *ctx, const json_t *object, visml_error *err);
/* The same, or from a name alone. */
visml_classifier *visml_classifier_from_entry(visml_context *ctx, const json_t *entry, visml_error *err);
/* All that a file has to hold of a fitted classifier; the draft is to be cleared, also on failure. Errors: VISML_ENOMEM. */
visml_status visml_classifier_draft(const visml_classifier *c, visml_draft *d, visml_error *err);
/* The fitted classifier of such a file, or part of a file. Errors: VISML_EFORMAT, VISML_EINVAL, VISML_ENOMEM. */
visml_classifier *visml_classifier_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err);

#endif
