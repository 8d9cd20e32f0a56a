/* Sequential minimal optimization (Platt 1999) with second-order working sets (Fan, Chen and Lin 2005) and shrinking (Joachims 1999, as in
 * Chang and Lin 2011), for the duals of all support vector machines:
 *
 *     least 1/2 b' K b - p' b + epsilon |b|    low <= b <= high, the sum of b (or that of each of two groups) as it is at the beginning
 *
 * A classification's b are y alpha; a regression's alpha - alpha*, whose kink at 0 is treated as a bound that is passed in two steps. */
#ifndef CLASSIFY_SMO_H
#define CLASSIFY_SMO_H

#include "classify/svm_cache.h"

typedef struct visml_smo {
    /* What is to be solved: visml_smo_begin clears all of it; the caller then fills it. */
    int64_t n;      /* variables */
    int64_t group;  /* the first so many have a sum of their own; n: all have one */
    double epsilon; /* >= 0 */
    double *b, *p, *low, *high; /* [n]; b: where it begins */
    double tolerance;       /* of the optimality conditions */
    int64_t max_iterations; /* 0: as many as it takes, within reason */
    int32_t shrinks;

    visml_svm_cache cache; /* its rows: which row of the samples each variable belongs to */

    double *v;              /* p - K b, of active variables */
    double *up, *down;      /* what is added to v where b rises or falls: 0 or epsilon, infinite where it cannot */
    double *own, *score, *spare;
    int32_t *places;        /* where a variable was at the beginning */
    int32_t *order;
    int64_t active, active_group; /* the first variables, and how many of them are of the first group */
    int64_t iterations, most_iterations, until_shrink;
    int64_t cursor;         /* >= 0: v is being made anew, from this variable's part on; -1: iterating */
    int32_t unshrunk, finished;
    int32_t filling; /* 1: columns of the cache are being made */
    int32_t own_found;
    int32_t fetched; /* 1: the second row of an iteration has been made */
    int32_t reserved;
} visml_smo;

/* Room for up to `most` variables. Errors: VISML_ENOMEM. */
visml_status visml_smo_new(visml_smo *s, visml_memory *m, const visml_compute *alone, const visml_svm_function *f, const visml_samples *x,
                           int64_t most, size_t cache_bytes, visml_error *err);
void visml_smo_free(visml_smo *s, visml_memory *m);

/* Begins with what the caller has filled in. */
void visml_smo_begin(visml_smo *s);
/* Goes on until it is finished, or s->cache.work is beyond `enough`. Errors: VISML_ENONFINITE. */
visml_status visml_smo_advance(visml_smo *s, const visml_svm_threads *t, int64_t enough, visml_error *err);
/* The offset that fits the free variables from .. to: all of them, or a group's. */
double visml_smo_level(const visml_smo *s, int64_t from, int64_t to);

#endif
