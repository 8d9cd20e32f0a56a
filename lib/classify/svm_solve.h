/* Many small problems of support vector machines, solved some at a time, one on each thread; what comes out does not depend on how many. */
#ifndef CLASSIFY_SVM_SOLVE_H
#define CLASSIFY_SVM_SOLVE_H

#include "classify/classifier.h"
#include "classify/smo.h"

typedef struct visml_svm_work {
    const char *what; /* for messages */
    const visml_samples *samples;
    const visml_svm_function *function;
    int64_t jobs;
    int64_t most; /* variables that a job may have */
    double cache_size; /* MiB */
    double tolerance;
    int64_t max_iterations;
    int32_t shrinks;
    /* Fills in the problem of a job: n, group, epsilon, b, p, low, high and cache.rows. Called by any thread. */
    void (*begin)(void *arg, int64_t job, visml_smo *s);
    /* Takes what was found over; writes nothing that belongs to another job. */
    void (*end)(void *arg, int64_t job, visml_smo *s, const visml_svm_threads *t);
    void *arg;
} visml_svm_work;

/* Errors: VISML_ENONFINITE, VISML_ECANCELLED, VISML_ENOMEM. */
visml_status visml_svm_solve(visml_context *ctx, const visml_compute *k, const visml_svm_work *w, const visml_fit_run *run,
                             visml_error *err);

#endif
