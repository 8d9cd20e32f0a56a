/* What boosting makes small: the logistic loss of two classes, cross-entropy of more, squared errors. */
#ifndef CLASSIFY_BOOSTING_OBJECTIVE_H
#define CLASSIFY_BOOSTING_OBJECTIVE_H

#include "classify/labelled_rows.h"

typedef struct visml_objective {
    int64_t classes; /* 0: regression */
    int64_t outputs; /* sums of trees: 1 for two classes and for regression, else one a class */
} visml_objective;

static inline visml_objective visml_objective_of(int64_t classes) {
    return (visml_objective){classes, classes > 2 ? classes : 1};
}
static inline int64_t visml_objective_columns(const visml_objective *o) {
    return o->classes ? o->classes : 1;
}

/* The sums to begin with, [outputs]: what a constant would best be. */
void visml_objective_base(const visml_objective *o, const visml_samples *s, float *base);
/* p[n, columns]: probabilities, or the sums themselves. */
void visml_objective_predict(const visml_objective *o, const visml_compute *k, int64_t n, const float *sums, float *p);
/* The loss' first and second derivatives by output k, times the weights, [n]. */
void visml_objective_gradients(const visml_objective *o, const visml_compute *c, const visml_samples *s, const float *p, int64_t k,
                               float *first, float *second);
/* Cross-entropy, or the root of the mean squared error. */
double visml_objective_loss(const visml_objective *o, const visml_samples *s, const float *p);

#endif
