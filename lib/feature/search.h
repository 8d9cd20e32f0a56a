/* The nearest rows of a table to each query, exactly: what an index and classifiers by neighbours search with. */
#ifndef FEATURE_SEARCH_H
#define FEATURE_SEARCH_H

#include "kernel/compute.h"
#include "visml/feature.h"

extern const char *const visml_metric_names[]; /* "l2", ... for options; NULL ends them */

typedef struct visml_search {
    visml_metric metric;
    int64_t n, d;      /* n <= INT32_MAX */
    const float *rows; /* [n, d] */
    int64_t k;         /* 1 ... n */
    float longest;     /* the largest sum of squares of a row, where the metric asks for it: by visml_search_measure */
    /* Called after every some milliseconds of work, from the caller's thread; 0: stop. NULL: not wanted. */
    int (*look)(void *user);
    void *user;
} visml_search;

void visml_search_measure(const visml_compute *c, visml_search *s);

/* Bytes for any number of queries. */
size_t visml_search_scratch(const visml_compute *c, const visml_search *s);
/* places[queries, k] and distances[queries, k]: the nearest first, of equals the row that comes first. x: queries [queries, d], ldx from
 * one to the next. Distances are those of differences, not of products, but for the cosine; NaN counts as infinite. The same bits whatever
 * the queries beside a query are. 0: it was stopped, there are no results. */
int visml_search_run(const visml_compute *c, const visml_search *s, int64_t queries, const float *x, int64_t ldx, int32_t *places,
                      float *distances, void *scratch);

#endif
