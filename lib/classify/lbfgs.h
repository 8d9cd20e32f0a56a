/* Minimizing smooth functions of many variables, with or without a sum of magnitudes. */
#ifndef CLASSIFY_LBFGS_H
#define CLASSIFY_LBFGS_H

#include "base/memory.h"

/* L-BFGS (Liu and Nocedal 1989) with a search along the line for the strong conditions of Wolfe (Nocedal and Wright 2006, 3.5 and 3.6);
 * with magnitudes orthant-wise (OWL-QN: Andrew and Gao 2007). All in double. */
typedef struct visml_lbfgs {
    const char *what; /* for messages */
    int64_t n;
    /* *value and gradient[n] of the smooth part at x[n]. Errors are handed through. */
    visml_status (*evaluate)(void *user, const double *x, double *value, double *gradient, visml_error *err);
    void *user;
    /* + l1 times the sum of the magnitudes of the first l1_count variables. */
    double l1;
    int64_t l1_count;
    double tol;   /* ends where no part of the (pseudo-)gradient is larger */
    /* How large the gradient of the last evaluation counts as, in place of that; may be NULL. Not with magnitudes. */
    double (*size)(void *user);
    double noise; /* values are known to this share of themselves */
    int32_t max_iter;
    /* After each iteration; may be NULL. */
    visml_status (*after)(void *user, int64_t iteration, double value, visml_error *err);
} visml_lbfgs;

/* x[n]: where it starts, and what was found. *converged: it ended because of tol. Errors: VISML_ENOMEM, VISML_ENONFINITE (at the start),
 * those of the functions. */
visml_status visml_lbfgs_run(visml_memory *m, const visml_lbfgs *l, double *x, int *converged, visml_error *err);

#endif
