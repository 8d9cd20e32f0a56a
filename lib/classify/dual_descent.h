/* Linear support vector machines by their dual, one variable a row. */
#ifndef CLASSIFY_DUAL_DESCENT_H
#define CLASSIFY_DUAL_DESCENT_H

#include "classify/labelled_rows.h"
#include "classify/classifier.h"

/* Minimizes |w|^2 / 2 + C sum of losses for every output by coordinate descent with shrinking: hinge losses of class against the others
 * (Hsieh et al. 2008), or epsilon-insensitive ones of the targets (Ho and Lin 2012). The intercept is the coefficient of one more column
 * that is `bias` everywhere. */
typedef struct visml_dual_descent {
    const visml_compute *compute;
    const visml_samples *samples; /* with targets: regression */
    const visml_fit_run *run;
    int64_t outputs; /* 1: the second class is the positive one */
    double C, epsilon, bias, tol;
    int32_t squared; /* losses */
    int32_t max_iter;
} visml_dual_descent;

/* w: [outputs, D] coefficients and [outputs] intercepts. *converged: all outputs did. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_dual_descent_run(const visml_dual_descent *d, visml_memory *m, double *w, int *converged, visml_error *err);

#endif
